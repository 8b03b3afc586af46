package red

import (
	"math"
	"strings"
	"time"

	"github.com/redpoll/redpoll/scrape/exposition"
)

// System is what a target tells about the machine or the process behind it.
// Fields that it does not tell are nil.
type System struct {
	Machine Usage // node_*
	Process Usage // process_*
	// Own is true for redpoll itself.
	Own bool
}

// Usage is of a machine or a process.
type Usage struct {
	Started *float64 // boot or start, seconds since the Unix epoch
	Memory  *float64 // bytes in use
	CPU     *float64 // cores in use since the last scrape
	Cores   float64  // cores there are; 0 for a process
}

// systemRole is what a series says about the system.
type systemRole uint8

const (
	noRole systemRole = iota
	processStart
	processMemory
	processCPU
	nodeBoot
	nodeMemoryTotal
	nodeMemoryAvailable
	nodeCPU
	nodeIdle
	ownSeries
	roleCount
)

func systemRoleOf(s *exposition.Series) systemRole {
	switch s.Name {
	case "process_start_time_seconds":
		return processStart
	case "process_resident_memory_bytes":
		return processMemory
	case "process_cpu_seconds_total":
		return processCPU
	case "node_boot_time_seconds":
		return nodeBoot
	case "node_memory_MemTotal_bytes":
		return nodeMemoryTotal
	case "node_memory_MemAvailable_bytes":
		return nodeMemoryAvailable
	case "node_cpu_seconds_total":
		if s.Label("mode") == "idle" {
			return nodeIdle
		}
		return nodeCPU
	}
	if strings.HasPrefix(s.Name, "redpoll_") {
		return ownSeries
	}
	return noRole
}

// systemReader adds up the series of each role, over the scrape and the one
// before.
type systemReader struct {
	now, before    [roleCount]float64
	has, hadBefore [roleCount]bool
}

func (r *systemReader) begin() {
	r.before, r.hadBefore = r.now, r.has
	r.now, r.has = [roleCount]float64{}, [roleCount]bool{}
}

// add takes a value; NaN and infinity say nothing.
func (r *systemReader) add(role systemRole, v float64) {
	if !math.IsNaN(v) && !math.IsInf(v, 0) {
		r.now[role] += v
		r.has[role] = true
	}
}

func (r *systemReader) value(role systemRole) *float64 {
	if !r.has[role] {
		return nil
	}
	v := r.now[role]
	return &v
}

// rate is the growth per second; nil if unknown or if the counter fell.
func (r *systemReader) rate(role systemRole, elapsed time.Duration) *float64 {
	growth := r.now[role] - r.before[role]
	if !r.has[role] || !r.hadBefore[role] || elapsed <= 0 || growth < 0 {
		return nil
	}
	v := growth / elapsed.Seconds()
	return &v
}

func (r *systemReader) result(elapsed time.Duration) System {
	s := System{
		Machine: Usage{Started: r.value(nodeBoot), CPU: r.rate(nodeCPU, elapsed)},
		Process: Usage{
			Started: r.value(processStart),
			Memory:  r.value(processMemory),
			CPU:     r.rate(processCPU, elapsed),
		},
		Own: r.has[ownSeries],
	}
	if r.has[nodeMemoryTotal] && r.has[nodeMemoryAvailable] {
		used := max(0, r.now[nodeMemoryTotal]-r.now[nodeMemoryAvailable])
		s.Machine.Memory = &used
	}
	if idle := r.rate(nodeIdle, elapsed); idle != nil && s.Machine.CPU != nil {
		s.Machine.Cores = *s.Machine.CPU + *idle
	} else {
		s.Machine.CPU = nil
	}
	return s
}

// process watches when the target's process says it started.
type process struct {
	started     float64 // seconds since the Unix epoch; 0 if not said
	restarts    int
	restartedIn uint64 // the last scrape that saw a restart; 0 if none did
}

// startJitter is how far the start may move without a restart: it is worked
// out from the boot time, which moves by a second when the clock is adjusted.
const startJitter = 1.5

// observe reports whether the process began anew since the last scrape.
func (p *process) observe(r *systemReader, scrape uint64) bool {
	started := r.now[processStart]
	if started <= 0 || started > maxUnix {
		return false
	}
	restarted := p.started > 0 && started-p.started > startJitter
	p.started = started
	if restarted {
		p.restarts++
		p.restartedIn = scrape
	}
	return restarted
}

// maxUnix is the end of the year 9999, after which no clock is believed.
const maxUnix = 253402300799

func (p *process) startTime() time.Time {
	if p.started == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(p.started * 1000))
}
