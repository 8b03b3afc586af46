package red

import (
	"math"
	"slices"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// history says what a series' new value has to be compared with.
type history uint8

const (
	// baseline: nothing is known about before, the value is only remembered.
	baseline history = iota
	// continued: the last scrape had it, or one shortly before; the increase
	// is the difference.
	continued
	// fromZero: it began after the last scrape; the increase is its value.
	fromZero
	// returned: it vanished for long. What it counted meanwhile happened
	// at an unknown time, so it is a new baseline; unless it is lower than
	// remembered, for then it began anew.
	returned
)

// counter follows one series that counts.
type counter struct{ value uint64 }

// advance takes the new value and gives the increase; ok is false where none
// can be known. Totals are rounded, not increases: of a counter that grows by
// 0.4 at each scrape nothing is lost.
func (c *counter) advance(exposed float64, past history) (increase uint64, ok bool) {
	last, value := c.value, redpoll.WholeCount(exposed)
	c.value = value
	switch {
	case past == baseline:
		return 0, false
	case past == fromZero || value < last:
		return value, true
	case past == returned:
		return 0, false
	default:
		return value - last, true
	}
}

// fell reports whether a value is lower than the last one.
func (c *counter) fell(exposed float64) bool { return redpoll.WholeCount(exposed) < c.value }

// growth is what the new state of a histogram's series says about the time
// since the one before.
type growth struct {
	ok   bool    // the increase is known
	bare bool    // its buckets are not: the track has the number in its classic ones, without bounds
	sum  float64 // of the durations; NaN if that is not known or beyond belief
	// doubt says what could not be compared with before; empty otherwise.
	doubt string
}

// buckets follows one classic histogram, with the memory for its increase.
type buckets struct {
	bounds     []float64 // as exposed, shared
	cumulative []uint64  // rounded; empty if there is no state yet
	sum        float64

	// The increase, if it is known, not cumulative: over all bounds, or over
	// those that the state before had too.
	increase []uint64
	over     []float64
	counted  uint64 // the observations in increase
}

// advance takes the new state and leaves what it grew by in b.increase.
//
// A bucket that fell means that the whole series began anew. A sum alone that
// fell does not: a clock that is set back makes a duration negative. It leaves
// the sum of the increase unknown. Where a lower bucket grew by more than a higher one, the higher is
// raised to it, as Prometheus' histogram_quantile does with inconsistent
// buckets. Where the bounds are not those of before, the increase is told at
// the bounds that both states have.
func (b *buckets) advance(h *exposition.Histogram, past history) growth {
	if len(b.cumulative) == 0 && past != fromZero {
		past = baseline // the last state was refused
	}
	g := growth{ok: past == fromZero || past == continued}
	relaid := past != baseline && past != fromZero && !b.hasBounds(h.Bounds)
	var fell bool
	if relaid {
		fell = b.compareCommon(h)
	} else {
		fell = b.compare(h)
	}
	switch {
	case past == baseline:
	case past == fromZero || fell:
		b.setIncrease(h.Bounds, b.cumulative)
		g.ok, g.sum = true, plausibleSum(h.Sum, b.counted)
	case past == continued:
		over := h.Bounds
		if relaid {
			over, g.doubt = b.over, "has other buckets than before, so its increase is told at the bounds that both have"
		}
		b.setIncrease(over, b.increase)
		g.sum = plausibleSum(h.Sum-b.sum, b.counted)
	}
	b.bounds, b.sum = h.Bounds, h.Sum
	return g
}

// hasBounds is cheap in the usual case that the bounds are shared.
func (b *buckets) hasBounds(bounds []float64) bool {
	if len(b.bounds) != len(bounds) {
		return false
	}
	return len(bounds) == 0 || &b.bounds[0] == &bounds[0] || slices.Equal(b.bounds, bounds)
}

// compare makes h the state and leaves in b.increase by how much each cumulative
// count grew, since zero if there was no state. It reports whether one fell.
func (b *buckets) compare(h *exposition.Histogram) (fell bool) {
	n := len(h.Cumulative)
	b.increase = slices.Grow(b.increase[:0], n)[:n]
	if len(b.cumulative) != n {
		b.cumulative = slices.Grow(b.cumulative[:0], n)[:n]
		clear(b.cumulative)
	}
	for i, exposed := range h.Cumulative {
		count, before := redpoll.WholeCount(exposed), b.cumulative[i]
		fell = fell || count < before
		b.cumulative[i], b.increase[i] = count, count-before
	}
	return fell
}

// compareCommon is as compare, for the bounds that both h and the state before
// have, which it leaves in b.over.
func (b *buckets) compareCommon(h *exposition.Histogram) (fell bool) {
	b.over, b.increase = nil, b.increase[:0]
	add := func(now float64, before uint64) {
		count := redpoll.WholeCount(now)
		fell = fell || count < before
		b.increase = append(b.increase, count-before)
	}
	for i, bound := range h.Bounds {
		if at, ok := slices.BinarySearch(b.bounds, bound); ok {
			b.over = append(b.over, bound)
			add(h.Cumulative[i], b.cumulative[at])
		}
	}
	add(h.Count(), b.count())
	b.cumulative = b.cumulative[:0]
	for _, exposed := range h.Cumulative {
		b.cumulative = append(b.cumulative, redpoll.WholeCount(exposed))
	}
	return fell
}

// setIncrease makes b.increase and b.counted of cumulative, which may be
// b.increase itself.
func (b *buckets) setIncrease(over []float64, cumulative []uint64) {
	b.over = over
	b.increase = slices.Grow(b.increase[:0], len(cumulative))[:len(cumulative)]
	var below uint64
	for i, upTo := range cumulative {
		upTo = max(below, upTo)
		b.increase[i] = upTo - below
		below = upTo
	}
	b.counted = below
}

// count is the number of all observations, 0 if there is no state yet.
func (b *buckets) count() uint64 {
	if n := len(b.cumulative); n > 0 {
		return b.cumulative[n-1]
	}
	return 0
}

// fell reports whether all observations are fewer than they were.
func (b *buckets) fell(h *exposition.Histogram) bool {
	return redpoll.WholeCount(h.Count()) < b.count()
}

// forget drops the state.
func (b *buckets) forget() { b.bounds, b.cumulative, b.sum = nil, b.cumulative[:0], 0 }

// plausibleSum is the sum of so many durations, NaN where it is below zero or
// beyond belief. That of none is known whatever is exposed.
func plausibleSum(sum float64, observations uint64) float64 {
	switch {
	case sum >= 0 && sum <= redpoll.MaxCount:
		return sum
	case observations == 0:
		return 0
	default:
		return math.NaN()
	}
}
