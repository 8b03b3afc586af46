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
	buildInfo
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
	if isInfo(s.Name) {
		return buildInfo
	}
	if strings.HasPrefix(s.Name, "redpoll_") {
		return ownSeries
	}
	return noRole
}

// systemReader adds up the series of each role, over the scrape and the one
// before.
type systemReader struct {
	now, before          [roleCount]float64
	series, seriesBefore [roleCount]int
}

func (r *systemReader) begin() {
	r.before, r.seriesBefore = r.now, r.series
	r.now, r.series = [roleCount]float64{}, [roleCount]int{}
}

// add takes a value; NaN and infinity say nothing.
func (r *systemReader) add(role systemRole, v float64) {
	if !math.IsNaN(v) && !math.IsInf(v, 0) {
		r.now[role] += v
		r.series[role]++
	}
}

// value is the sum over the series; nil if there is none.
func (r *systemReader) value(role systemRole) *float64 {
	if r.series[role] == 0 {
		return nil
	}
	v := r.now[role]
	return &v
}

// single is the value of the only series; nil if there are several, whose sum
// would mean nothing.
func (r *systemReader) single(role systemRole) *float64 {
	if r.series[role] > 1 {
		return nil
	}
	return r.value(role)
}

// fell reports whether a counter is lower than in the scrape before.
func (r *systemReader) fell(role systemRole) bool {
	return r.series[role] > 0 && r.series[role] == r.seriesBefore[role] && r.now[role] < r.before[role]
}

// rate is the growth per second; nil if unknown or if the counter fell.
func (r *systemReader) rate(role systemRole, elapsed time.Duration) *float64 {
	growth := r.now[role] - r.before[role]
	if r.series[role] == 0 || r.seriesBefore[role] == 0 || elapsed <= 0 || growth < 0 {
		return nil
	}
	v := growth / elapsed.Seconds()
	return &v
}

func (r *systemReader) result(elapsed time.Duration) System {
	s := System{
		Machine: Usage{Started: r.single(nodeBoot), CPU: r.rate(nodeCPU, elapsed)},
		Process: Usage{
			Started: r.single(processStart),
			Memory:  r.value(processMemory),
			CPU:     r.rate(processCPU, elapsed),
		},
		Own: r.series[ownSeries] > 0,
	}
	if r.series[nodeMemoryTotal] > 0 && r.series[nodeMemoryAvailable] > 0 {
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
	seen        float64 // the time of the last scrape that said it, likewise
	restarts    int
	restartedIn uint64 // the last scrape that saw a restart; 0 if none did
	restartRead uint64 // the exposition.Scrape.Read of that scrape
}

// startJitter is how far the start may move without a restart: it is worked
// out from the boot time, which moves by a second when the clock is adjusted.
const startJitter = 1.5

// clockTolerance is how far the clocks of a target and of redpoll may differ.
const clockTolerance = 2

// observe takes the start that the scrape at the time now says. moved tells that
// it is later than before; believable, that it lies between the last scrape and
// this one: where it does not, the process ran before, and its clock was set.
// Several starts, as a gateway exposes of several processes, say nothing.
func (p *process) observe(r *systemReader, now float64) (moved, believable bool) {
	if r.series[processStart] > 1 {
		p.started = 0
		return false, false
	}
	started := r.now[processStart]
	if started <= 0 || started > maxUnix {
		return false, false
	}
	moved = p.started > 0 && started-p.started > startJitter
	believable = plausiblyBetween(p.seen, started, now)
	p.started, p.seen = started, now
	return moved, believable
}

// restart notes that the process began anew before a scrape.
func (p *process) restart(scrape, read uint64) {
	p.restarts++
	p.restartedIn, p.restartRead = scrape, read
}

// maxUnix is the end of the year 9999, after which no clock is believed.
const maxUnix = 253402300799

func (p *process) startTime() time.Time {
	if p.started == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(p.started * 1000))
}
