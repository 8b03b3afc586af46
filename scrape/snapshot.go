package scrape

import (
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/red"
)

// Snapshot is the state of everything at now. It takes what came in since the
// one before, so that each increase is New in exactly one snapshot, and each mark
// is in exactly one. interval is the time between two snapshots. The result is
// never written to again.
//
// A target that has nothing new repeats its last figures while it is up and
// its last scrape began less than two intervals ago, its own or the snapshots',
// whichever is longer. Otherwise it contributes nothing, and Cause says why if
// no other target does.
func (m *Manager) Snapshot(now time.Time, interval time.Duration) *redpoll.Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &redpoll.Snapshot{Time: now, Interval: interval}
	var systems []red.System
	for _, j := range m.jobs {
		for _, t := range j.targets {
			t.introduce(&m.mergers)
		}
	}
	m.mergers.begin(now)
	for _, j := range m.jobs {
		for _, t := range j.targets {
			c := t.contribute(&m.mergers, now, interval)
			if c.up {
				systems = append(systems, c.system)
			}
			s.Marks = append(s.Marks, c.marks...)
		}
	}
	s.Endpoints = m.mergers.appendEndpoints(s.Endpoints)
	s.Targets = m.statusesOf(m.jobs)
	s.System = mergeSystems(systems, now)
	return s
}

// Instances are the parts of every target in an endpoint's figures, as of the
// last snapshot, in the order of instances. A target that serves the endpoint
// and is down has a part without figures whose Cause says so; one that was never
// seen to serve it has none. nil if the last snapshot has no such endpoint.
func (m *Manager) Instances(key redpoll.EndpointKey) []redpoll.InstanceMetrics {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.mergers.find(key); e != nil {
		return e.instances()
	}
	return nil
}

// introduce tells the mergers of endpoints that they have not seen.
func (t *target) introduce(to *mergers) {
	t.mu.Lock()
	defer t.mu.Unlock()
	to.meet(&t.window, t.job.config.MaxEndpoints)
}

// contributed is what a target has for a snapshot beside its endpoints.
type contributed struct {
	system red.System
	up     bool
	marks  []redpoll.Mark // new since the last snapshot
}

// contribute hands the mergers what the target has for this snapshot.
func (t *target) contribute(to *mergers, now time.Time, interval time.Duration) contributed {
	t.mu.Lock()
	defer t.mu.Unlock()
	overdue := now.Sub(t.status.LastScrape) >= 2*max(interval, t.status.Interval)
	up := t.status.Health == redpoll.HealthUp && !overdue
	t.window.expire(now)
	to.collect(&t.window, t.job.config.MaxEndpoints, up)
	marks := t.marks
	t.marks = nil
	return contributed{t.system, up, marks}
}

// mergeSystems adds up machines, or processes where no target is a machine;
// redpoll's own process counts only if there is no other.
func mergeSystems(systems []red.System, now time.Time) redpoll.System {
	var machines, processes, own []red.Usage
	for _, s := range systems {
		switch {
		case s.Machine != red.Usage{}:
			machines = append(machines, s.Machine)
		case s.Process == red.Usage{}:
		case s.Own:
			own = append(own, s.Process)
		default:
			processes = append(processes, s.Process)
		}
	}
	switch {
	case len(machines) > 0:
		return mergeUsage("node", machines, now)
	case len(processes) > 0:
		return mergeUsage("process", processes, now)
	case len(own) > 0:
		return mergeUsage("process", own, now)
	}
	return redpoll.System{}
}

// mergeUsage adds up; the uptime is the shortest. The CPU of machines is a share
// of their cores.
func mergeUsage(source string, usages []red.Usage, now time.Time) redpoll.System {
	s := redpoll.System{Source: source}
	cores := 0.0
	for _, u := range usages {
		if uptime := uptimeOf(u.Started, now); uptime != nil && (s.Uptime == nil || *uptime < *s.Uptime) {
			s.Uptime = uptime
		}
		s.Memory = sum(s.Memory, u.Memory)
		s.CPU = sum(s.CPU, u.CPU)
		cores += u.Cores
	}
	if s.CPU != nil && cores > 0 {
		share := min(1, *s.CPU/cores)
		s.CPU = &share
	}
	return s
}

// clockSkew is how far the clock of a target may be ahead.
const clockSkew = time.Hour

// uptimeOf is the time since started, in seconds; nil if that is unknown, in
// the future, or not after 1970, as of a machine that never had the time.
func uptimeOf(started *float64, now time.Time) *float64 {
	seconds := float64(now.UnixMilli()) / 1000
	if started == nil || !(*started > 0 && *started <= seconds+clockSkew.Seconds()) {
		return nil
	}
	uptime := max(0, seconds-*started)
	return &uptime
}

// sum adds what is known.
func sum(a, b *float64) *float64 {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	v := *a + *b
	return &v
}
