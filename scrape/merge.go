package scrape

import (
	"cmp"
	"slices"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// merger adds up a job's endpoints over all that expose them. The Manager's
// mutex guards it.
type merger struct {
	job       string
	ranking   *ranking
	endpoints map[redpoll.EndpointKey]*endpoint
	order     []*endpoint // the same, in the order of their keys once sorted
	sorted    bool
	snapshot  uint64  // number of the current one
	asked     int     // the largest max_endpoints of the pools that gave something to it
	teller    *window // the first target that is up and gave something; it tells the advice
	advice    jobAdvice
}

// endpoint collects one endpoint's parts during a snapshot.
type endpoint struct {
	key      redpoll.EndpointKey
	covered  time.Time // up to which news were told; zero if nothing was seen yet
	snapshot uint64    // the last one that a target contributed or explained
	parts    []part    // those of one instance of a target stand together
	foreign  bool      // some part is of another instance than its target
	seen     seen
	mixed    bool // buckets were given up, because not all parts have them
}

// seen are the times of several instances' newest scrapes.
type seen struct {
	first     time.Time
	later     time.Duration // by how much the others are, added up
	instances int
}

func (s *seen) add(at time.Time) {
	if s.instances == 0 {
		s.first = at
	}
	s.later += at.Sub(s.first)
	s.instances++
}

// mean is the average of at least one.
func (s *seen) mean() time.Time { return s.first.Add(s.later / time.Duration(s.instances)) }

// part is what one target contributes. It shares the figures with the target.
type part struct {
	*figures // nil if nothing is known
	from     *window
	of       string // the instance, if that is not the target's own
	news     bool
	cause    redpoll.NoData // why nothing is known, if nothing is
}

func newMerger(job string, maxEndpoints int) *merger {
	return &merger{job: job, ranking: newRanking(maxEndpoints), endpoints: make(map[redpoll.EndpointKey]*endpoint)}
}

// find is the endpoint of a key.
func (m *merger) find(key redpoll.EndpointKey) *endpoint {
	e := m.endpoints[key]
	if e == nil {
		e = &endpoint{key: key}
		m.endpoints[key] = e
		m.order, m.sorted = append(m.order, e), false
	}
	return e
}

// collect takes what a target has of an endpoint for this snapshot.
func (m *merger) collect(w *window, c *contribution, fit bool) {
	key := rest(m.job)
	if c.place != nil {
		c.place.snapshot = m.snapshot
		if c.pending != nil {
			c.place.requests = redpoll.AddCounts(c.place.requests, c.pending.Requests)
		}
		if c.place.shown {
			key = c.key
		}
	}
	if c.endpoint == nil || c.endpoint.key != key || m.endpoints[key] != c.endpoint {
		c.endpoint = m.find(key)
	}
	c.endpoint.collect(w, c, fit, m.snapshot)
}

// collect takes one contribution. The endpoint that takes the rest gets
// several of one target.
func (e *endpoint) collect(w *window, c *contribution, fit bool, snapshot uint64) {
	if e.snapshot != snapshot {
		e.snapshot, e.parts, e.foreign, e.seen = snapshot, e.parts[:0], false, seen{}
	}
	figures, news, cause := c.take(fit)
	e.parts = append(e.parts, part{figures, w, c.instance, news, cause})
	e.foreign = e.foreign || c.instance != ""
	if figures != nil || cause == redpoll.FirstScrape {
		e.seen.add(w.newest)
	}
}

// moreTelling chooses between the causes of two targets: that figures will
// come soon, then that a target is down, then that it no longer exposes them.
func moreTelling(a, b redpoll.NoData) redpoll.NoData {
	for _, cause := range []redpoll.NoData{redpoll.FirstScrape, redpoll.TargetDown, redpoll.SeriesGone} {
		if a == cause || b == cause {
			return cause
		}
	}
	return redpoll.HasData
}

// appendEndpoints appends the figures of all endpoints in the order of their
// keys, and forgets those that no target has any more, or that are part of the
// rest now.
func (m *merger) appendEndpoints(to []redpoll.EndpointMetrics) []redpoll.EndpointMetrics {
	m.ranking.forget(m.snapshot)
	m.order = slices.DeleteFunc(m.order, func(e *endpoint) bool {
		gone := e.snapshot != m.snapshot
		if gone {
			delete(m.endpoints, e.key)
		}
		return gone
	})
	if !m.sorted {
		slices.SortFunc(m.order, func(a, b *endpoint) int { return a.key.Compare(b.key) })
		m.sorted = true
	}
	to = slices.Grow(to, len(m.order))
	for _, e := range m.order {
		to = append(to, e.metrics())
	}
	return to
}

// metrics works out the figures over all targets.
func (e *endpoint) metrics() redpoll.EndpointMetrics {
	if e.foreign {
		slices.SortStableFunc(e.parts, func(a, b part) int { return cmp.Compare(a.instance(), b.instance()) })
	}
	c := combine(e.key, e.parts)
	e.mixed = c.mixed
	switch {
	case c.known == 0 && e.covered.IsZero() && e.seen.instances > 0:
		e.covered = e.seen.mean()
	case c.news > 0:
		c.New = e.news(c.Window, c.news == c.known)
	}
	return c.EndpointMetrics
}

// instance is whose part it is.
func (p *part) instance() string { return cmp.Or(p.of, p.from.instance) }

// sameInstance reports whether both parts are of one instance of one target.
func (p *part) sameInstance(o *part) bool { return p.from == o.from && p.of == o.of }

// instances works out the figures of every instance's own parts.
func (e *endpoint) instances() []redpoll.InstanceMetrics {
	var list []redpoll.InstanceMetrics
	for rest := e.parts; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].sameInstance(&rest[0]) {
			n++
		}
		c := combine(e.key, rest[:n])
		list = append(list, redpoll.InstanceMetrics{Instance: rest[0].instance(), EndpointMetrics: c.EndpointMetrics})
		rest = rest[n:]
	}
	return list
}

// combined are an endpoint's figures from several parts, without New.
type combined struct {
	redpoll.EndpointMetrics
	known, news int  // parts that are known, and those of them that are news
	mixed       bool // buckets were given up, because not all parts have them
}

func combine(key redpoll.EndpointKey, parts []part) combined {
	out := combined{EndpointMetrics: redpoll.EndpointMetrics{Key: key}}
	throughput, buckets := 0.0, 0
	var last *part
	for i := range parts {
		p := &parts[i]
		out.Cause = moreTelling(out.Cause, p.cause)
		if p.figures == nil {
			continue
		}
		if out.known++; last == nil || !p.sameInstance(last) {
			out.Instances++
		}
		last = p
		out.Window.Merge(p.Increase)
		throughput += *p.Throughput()
		if p.news {
			out.news++
		}
		if p.Latency != nil && !p.Latency.Empty() {
			buckets = max(buckets, len(p.Latency.Bounds))
		}
	}
	if last == nil {
		return out
	}
	if h := out.Window.Latency; h != nil {
		out.mixed = h.Scale != redpoll.Exponential && len(h.Bounds) < buckets
	}
	out.Throughput = &throughput
	setFigures(&out.EndpointMetrics)
	if out.known == 1 && out.Window.Requests > 0 {
		setOwn(&out.EndpointMetrics, last.own)
	}
	return out
}

// setFigures works out those that the Window tells.
func setFigures(out *redpoll.EndpointMetrics) {
	out.Cause = redpoll.HasData
	if out.Window.Requests == 0 {
		out.Cause = redpoll.NoTraffic
	}
	out.ErrorRate, out.ClientErrorRate = out.Window.ErrorRate(), out.Window.ClientErrorRate()
	out.P50, out.P95, out.P99 = out.Window.Quantile(.50), out.Window.Quantile(.95), out.Window.Quantile(.99)
	out.Mean = out.Window.Mean()
}

// setOwn makes the quantiles that the application states the endpoint's. They
// are shared: nobody writes to them.
func setOwn(out *redpoll.EndpointMetrics, own []redpoll.OwnQuantile) {
	out.Own = own
	for i := range own {
		exactly := redpoll.Exactly(own[i].Value)
		switch own[i].Q {
		case .50:
			out.P50 = exactly
		case .95:
			out.P95 = exactly
		case .99:
			out.P99 = exactly
		}
	}
}

// news is what no snapshot has told before. Where that is everything, it
// shares the window's histogram: nobody writes to a snapshot. The time that it
// covers begins where that of the last news ended, so that times add up as
// counts do however scrapes and snapshots fall.
//
// It ends at the average of the instances' newest scrapes: where one of two
// instances brings news of 5 s, the endpoint is known for 2.5 s more. With the
// newest of all, an instance scraped shortly after another would seem to have
// served all its requests in the moment between.
func (e *endpoint) news(window redpoll.Increase, everything bool) *redpoll.Increase {
	in := window
	if !everything {
		in = redpoll.Increase{}
		for _, p := range e.parts {
			if p.news {
				in.Merge(p.Increase)
			}
		}
	}
	until := e.seen.mean()
	if !e.covered.IsZero() {
		in.Elapsed = min(in.Elapsed, max(0, until.Sub(e.covered)))
	}
	if until.After(e.covered) {
		e.covered = until
	}
	return &in
}
