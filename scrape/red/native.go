package red

import (
	"math"
	"slices"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// exponents are the buckets of a native histogram: counts[i] are observations
// above base^(first+i-1) and up to base^(first+i), where base is 2^(2^-schema);
// zero are those up to threshold.
// (https://prometheus.io/docs/specs/native_histograms/)
type exponents struct {
	schema    int8
	threshold float64 // in the unit of the family
	zero      uint64
	first     int
	counts    []uint64
}

// set takes over what is exposed, reusing the memory.
func (x *exponents) set(n *exposition.Native) {
	x.schema, x.threshold, x.first = n.Schema, n.ZeroThreshold, n.First
	x.zero = wholeCount(n.Zero)
	x.counts = x.counts[:0]
	for _, count := range n.Counts {
		x.counts = append(x.counts, wholeCount(count))
	}
}

// total is the number of observations.
func (x *exponents) total() uint64 {
	n := x.zero
	for _, count := range x.counts {
		n = redpoll.AddCounts(n, count)
	}
	return n
}

// The finest and the coarsest schema.
const (
	maxSchema = 8
	minSchema = -4
)

// upperBound is the upper bound of bucket number i.
func upperBound(schema int8, i int) float64 { return math.Exp2(math.Ldexp(float64(i), -int(schema))) }

// coarser is the number of the bucket that holds bucket i at a schema that is
// lower by shift.
func coarser(i int, shift int8) int { return (i-1)>>shift + 1 }

// comparison is what subtracting an earlier state says.
type comparison uint8

const (
	grew         comparison = iota // the difference is known
	fellBack                       // it began anew in between
	incomparable                   // the zero bucket now cuts one of those before in two
)

// subtract takes the counts of an earlier state away. The earlier one may be
// finer and have a smaller zero bucket: an application makes room that way. Its
// buckets are put together as they are here. A finer schema, a smaller zero
// bucket or a fallen count means that the series began anew, as for Prometheus
// (FloatHistogram.DetectReset). Only after grew do the counts mean anything.
func (x *exponents) subtract(before *exponents) comparison {
	if x.schema > before.schema || x.threshold < before.threshold {
		return fellBack
	}
	zero := before.zero
	for i, count := range before.counts {
		if count == 0 {
			continue
		}
		number := before.first + i
		if x.threshold > before.threshold && upperBound(before.schema, number-1) < x.threshold {
			if upperBound(before.schema, number) > x.threshold {
				return incomparable
			}
			zero = redpoll.AddCounts(zero, count)
			continue
		}
		at := coarser(number, before.schema-x.schema) - x.first
		if at < 0 || at >= len(x.counts) || x.counts[at] < count {
			return fellBack
		}
		x.counts[at] -= count
	}
	if x.zero < zero {
		return fellBack
	}
	x.zero -= zero
	return grew
}

// maxExponents bounds the buckets of a sum. An application has a few hundred.
const maxExponents = 4096

// add adds the observations of o, at the coarser schema and the larger zero
// bucket of the two, or coarser yet if there were too many buckets.
func (x *exponents) add(o *exponents) {
	x.reduce(min(x.schema, o.schema))
	x.threshold = max(x.threshold, o.threshold)
	x.zero = redpoll.AddCounts(x.zero, o.zero)
	if len(o.counts) == 0 {
		return
	}
	for x.together(o) > maxExponents && x.schema > minSchema {
		x.reduce(x.schema - 1)
	}
	shift := o.schema - x.schema
	x.cover(coarser(o.first, shift), coarser(o.first+len(o.counts)-1, shift))
	for i, count := range o.counts {
		at := coarser(o.first+i, shift) - x.first
		x.counts[at] = redpoll.AddCounts(x.counts[at], count)
	}
}

// together is how many buckets x needs to hold those of the finer o as well.
func (x *exponents) together(o *exponents) int {
	shift := o.schema - x.schema
	first, last := coarser(o.first, shift), coarser(o.first+len(o.counts)-1, shift)
	if len(x.counts) > 0 {
		first, last = min(first, x.first), max(last, x.first+len(x.counts)-1)
	}
	return last - first + 1
}

// reduce changes to a coarser schema, whose buckets are unions of its own.
func (x *exponents) reduce(schema int8) {
	shift := x.schema - schema
	x.schema = schema
	if shift <= 0 || len(x.counts) == 0 {
		return
	}
	first := coarser(x.first, shift)
	for i, count := range x.counts {
		at := coarser(x.first+i, shift) - first // i at most
		x.counts[i] = 0
		x.counts[at] = redpoll.AddCounts(x.counts[at], count)
	}
	last := coarser(x.first+len(x.counts)-1, shift)
	x.first, x.counts = first, x.counts[:last-first+1]
}

// cover extends the buckets, by empty ones, to those from first to last.
func (x *exponents) cover(first, last int) {
	n := len(x.counts)
	if n == 0 {
		x.first = first
	}
	last = max(last, x.first+n-1)
	below := max(0, x.first-first)
	x.first -= below
	size := last - x.first + 1
	x.counts = slices.Grow(x.counts, size-n)[:size]
	copy(x.counts[below:], x.counts[:n])
	clear(x.counts[:below])
	clear(x.counts[below+n:])
}

// native follows one native histogram, with the memory for its increase.
type native struct {
	state    exponents
	total    uint64 // of all observations; durations that are NaN are in no bucket
	sum      float64
	known    bool // there is a state
	exposed  int  // the schema of state as exposed, before it was made coarser
	increase exponents
	counted  uint64 // the observations since the last state, if they are known
}

// advance takes the new state and leaves what it grew by in n.increase, over
// the buckets of the new state: they change seldom, while those that grow do
// from scrape to scrape.
func (n *native) advance(h *exposition.Native, past history) growth {
	if !n.known && past != fromZero {
		past = baseline
	}
	n.increase.set(h)
	total := max(wholeCount(h.Count), n.increase.total())
	c := grew
	if past == continued || past == returned {
		if h.ExposedSchema <= n.exposed { // what looks finer was made coarser before, to save buckets
			n.increase.reduce(min(n.increase.schema, n.state.schema))
		}
		if c = n.increase.subtract(&n.state); total < n.total {
			c = fellBack
		}
	}
	g := growth{ok: true}
	switch {
	case past == fromZero || c == fellBack:
		n.increase.set(h)
		n.counted, g.sum = total, plausibleSum(h.Sum, total)
	case past != continued || c == incomparable:
		g.ok = false
	default:
		n.counted = total - n.total
		g.sum = plausibleSum(h.Sum-n.sum, n.counted)
	}
	n.state.set(h)
	n.total, n.sum, n.exposed, n.known = total, h.Sum, h.ExposedSchema, true
	return g
}

// fell reports whether all observations are fewer than they were.
func (n *native) fell(h *exposition.Native) bool { return wholeCount(h.Count) < n.total }
