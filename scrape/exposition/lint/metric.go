package lint

import (
	"bytes"
	"slices"
)

// metric is what is known of the samples that have the same labels, apart from
// those labels that tell buckets, quantiles and states from each other.
type metric struct {
	timestamp    float64
	hasTimestamp bool
	point        point
}

// point is what a metric said at one time.
type point struct {
	line     int // of its first sample
	has      roles
	bound    float64 // of the last bucket
	bucket   float64 // what the last bucket holds
	all      float64 // what the bucket +Inf holds
	below    bool    // there is a bucket for values below zero
	endless  bool    // there is the bucket +Inf
	quantile float64 // the last one
	count    float64
	sum      float64
}

// roles is a set of them.
type roles uint16

func (r roles) with(one role) roles { return r | 1<<one }
func (r roles) have(one role) bool  { return r&(1<<one) != 0 }

// checkLabels sorts the labels and checks their names.
func (c *checker) checkLabels(labels []label) {
	slices.SortFunc(labels, func(a, b label) int { return bytes.Compare(a.name, b.name) })
	for i, l := range labels {
		switch {
		case i > 0 && bytes.Equal(l.name, labels[i-1].name):
			c.complain("label %s is there twice; keep one", show(l.name))
		case string(l.name) == "__name__":
			c.complain("label %s is reserved for the name of the metric; take it away", show(l.name))
		case c.openMetrics && l.name[0] == '_':
			c.complain("label %s begins with an underscore, which is reserved; rename it", show(l.name))
		}
	}
}

// isRepeated tells whether a series is there a second time. With timestamps
// OpenMetrics allows it.
func (c *checker) isRepeated() bool {
	s := &c.sample
	if c.openMetrics && s.hasTimestamp {
		return false
	}
	k := c.hash.series(s.name, s.labels, "")
	if _, seen := c.series[k]; seen {
		return true
	}
	c.series[k] = struct{}{}
	return false
}

// place finds the point that the sample is part of, and checks that it stands
// next to the others of its metric, in the order of time. The pointer holds
// until the next sample.
func (c *checker) place(r role) *point {
	s, f := &c.sample, &c.family
	k := c.hash.series(nil, s.labels, f.kind.ownLabel(r, f.name))
	at, seen := f.places[k]
	if !seen {
		at = len(f.metrics)
		f.places[k] = at
		f.metrics = append(f.metrics, metric{
			timestamp: s.timestamp, hasTimestamp: s.hasTimestamp, point: point{line: c.line},
		})
	} else if c.openMetrics {
		if k != f.current {
			c.complain("the samples of %s with these labels are not all together; put them one after the other", show(f.name))
		}
		c.checkTime(&f.metrics[at])
	}
	f.current = k
	return &f.metrics[at].point
}

// checkTime checks the timestamp of the sample against the one before it of the
// same metric. A new time begins a new point.
func (c *checker) checkTime(m *metric) {
	s := &c.sample
	switch {
	case s.hasTimestamp != m.hasTimestamp:
		c.complain("of the samples with these labels some have a timestamp and some have none; give it to all or to none")
	case !s.hasTimestamp || s.timestamp == m.timestamp:
		return
	case s.timestamp < m.timestamp:
		c.complain("the timestamp %v comes after the later %v; put the samples of a metric in the order of time", s.timestamp, m.timestamp)
	default:
		c.endPoint(&m.point)
		m.point = point{line: c.line}
	}
	m.timestamp, m.hasTimestamp = s.timestamp, s.hasTimestamp
}

// endPoint checks that a point has all that its type asks for.
func (c *checker) endPoint(p *point) {
	f := &c.family
	if f.spoilt {
		return
	}
	switch f.kind {
	case histogram, gaugeHistogram:
		c.endHistogram(p)
	case counter:
		if c.openMetrics && !p.has.have(totalValue) {
			c.findings.add(p.line, "the counter %s has no total with these labels; expose %s", show(f.name), show(append(bytes.Clone(f.name), "_total"...)))
		}
	}
}
