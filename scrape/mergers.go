package scrape

import (
	"maps"
	"slices"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// mergers add up the endpoints of every job that some target has series of. The
// job is the label, whatever the configuration calls what was scraped: several
// pools may share one, and a target may pass on series of many. The Manager's
// mutex guards them.
type mergers struct {
	byJob    map[string]*merger
	snapshot uint64 // number of the current one
}

// of finds or makes the merger of a job, for a pool whose limit is most.
func (m *mergers) of(job string, most int) *merger {
	found := m.byJob[job]
	if found == nil {
		found = newMerger(job, most)
		found.snapshot = m.snapshot
		m.byJob[job] = found
	}
	return found
}

// find is the endpoint of a key as of the last snapshot, nil if that has none.
func (m *mergers) find(key redpoll.EndpointKey) *endpoint {
	one := m.byJob[key.Job]
	if one == nil {
		return nil
	}
	if e := one.endpoints[key]; e != nil && e.snapshot == m.snapshot {
		return e
	}
	return nil
}

// meet gives places to the endpoints that a target of a pool has exposed for the
// first time.
func (m *mergers) meet(w *window, most int) {
	for _, c := range w.fresh {
		c.merger = m.of(c.key.Job, most)
		if c.key != rest(c.key.Job) {
			c.place = c.merger.ranking.meet(c)
		}
	}
	w.fresh = nil // most targets have all their endpoints in the first scrape
}

// begin starts a snapshot, after all endpoints known by now were met.
func (m *mergers) begin(now time.Time) {
	m.snapshot++
	for _, one := range m.byJob {
		one.snapshot, one.asked, one.teller = m.snapshot, 0, nil
		one.ranking.rank(now)
	}
}

// collect takes what a target of a pool has for this snapshot.
func (m *mergers) collect(w *window, most int, fit bool) {
	m.meet(w, most) // what was scraped since the ranking
	for _, c := range w.endpoints {
		c.merger.asked = max(c.merger.asked, most)
		if fit && c.merger.teller == nil {
			c.merger.teller = w
		}
		c.merger.collect(w, c, fit)
	}
}

// appendEndpoints appends the figures of all endpoints in the order of their
// keys, and forgets jobs that have none any more.
func (m *mergers) appendEndpoints(to []redpoll.EndpointMetrics) []redpoll.EndpointMetrics {
	for _, job := range slices.Sorted(maps.Keys(m.byJob)) {
		one := m.byJob[job]
		to = one.appendEndpoints(to)
		if len(one.order) == 0 {
			delete(m.byJob, job)
			continue
		}
		one.ranking.most = one.asked
		one.advise()
	}
	return to
}

// advice is what each target has to tell about whole jobs, by its window.
func (m *mergers) advice() map[*window][]redpoll.Advice {
	by := make(map[*window][]redpoll.Advice)
	for _, job := range slices.Sorted(maps.Keys(m.byJob)) {
		if one := m.byJob[job]; one.teller != nil && len(one.advice.list) > 0 {
			by[one.teller] = append(by[one.teller], one.advice.list...)
		}
	}
	return by
}
