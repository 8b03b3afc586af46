package red

import (
	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// native follows one native histogram, with the memory for its increase.
type native struct {
	state    redpoll.Exponents
	total    uint64 // of all observations; durations that are NaN are in no bucket
	sum      float64
	known    bool // there is a state
	exposed  int  // the schema of state as exposed, before it was made coarser
	increase redpoll.Exponents
	counted  uint64 // the observations since the last state, if they are known
}

// advance takes the new state and leaves what it grew by in n.increase, over
// the buckets of the new state: they change seldom, while those that grow do
// from scrape to scrape.
func (n *native) advance(h *exposition.Native, past history) growth {
	if !n.known && past != fromZero {
		past = baseline
	}
	n.increase.Set(&h.Buckets)
	total, difference := max(redpoll.WholeCount(h.Count), h.Buckets.Count()), redpoll.Grew
	if past == continued || past == returned {
		if h.ExposedSchema <= n.exposed { // what looks finer was made coarser before, to save buckets
			n.increase.Reduce(min(n.increase.Schema, n.state.Schema))
		}
		if difference = n.increase.Subtract(&n.state); total < n.total {
			difference = redpoll.BeganAnew
		}
	}
	g := growth{ok: true}
	switch {
	case past == fromZero || difference == redpoll.BeganAnew:
		n.increase.Set(&h.Buckets)
		n.counted, g.sum = total, plausibleSum(h.Sum, total)
	case past != continued || difference == redpoll.Incomparable:
		g.ok = false
	default:
		n.counted = total - n.total
		g.sum = plausibleSum(h.Sum-n.sum, n.counted)
	}
	n.state.Set(&h.Buckets)
	n.total, n.sum, n.exposed, n.known = total, h.Sum, h.ExposedSchema, true
	return g
}

// fell reports whether all observations are fewer than they were.
func (n *native) fell(h *exposition.Native) bool { return redpoll.WholeCount(h.Count) < n.total }
