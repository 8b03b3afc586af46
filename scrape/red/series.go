package red

import (
	"math"
	"slices"

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
	last, value := c.value, wholeCount(exposed)
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
func (c *counter) fell(exposed float64) bool { return wholeCount(exposed) < c.value }

// buckets follows one histogram, with the memory for its increase.
type buckets struct {
	bounds     []float64 // as exposed, shared
	cumulative []uint64  // rounded; empty if there is no state yet
	sum        float64
	increase   []uint64
	counted    uint64 // the observations in increase, if they are known
}

// advance takes the new state. Afterwards b.increase holds the increase of
// each bucket, not cumulative, b.counted that of all, and sum that of the sum,
// NaN if it is not known or beyond belief; ok is false where none can be known.
// relaid tells that the bounds are not those of before, so that old and new
// counts cannot be compared.
//
// A bucket that fell means that the whole series began anew. Where a lower
// bucket grew by more than a higher one, the higher is raised to it, as
// Prometheus' histogram_quantile does with inconsistent buckets.
func (b *buckets) advance(h *exposition.Histogram, past history) (sum float64, ok, relaid bool) {
	if len(b.cumulative) == 0 && past != fromZero {
		past = baseline // the last state was refused
	}
	relaid = past != baseline && past != fromZero && !b.hasBounds(h.Bounds)
	fell := b.take(h, relaid)
	switch {
	case past == baseline:
	case past == fromZero || fell:
		b.setIncrease(b.cumulative)
		sum, ok = h.Sum, true
	case past == continued && !relaid:
		b.setIncrease(b.increase)
		sum, ok = h.Sum-b.sum, true
	}
	b.bounds, b.sum = h.Bounds, h.Sum
	if sum = max(0, sum); sum > maxCount {
		sum = math.NaN()
	}
	return sum, ok, relaid && !ok
}

// hasBounds is cheap in the usual case that the bounds are shared.
func (b *buckets) hasBounds(bounds []float64) bool {
	if len(b.bounds) != len(bounds) {
		return false
	}
	return len(bounds) == 0 || &b.bounds[0] == &bounds[0] || slices.Equal(b.bounds, bounds)
}

// take makes the counts the current ones and leaves in b.increase how much
// each grew. It reports whether one fell; of a histogram with other buckets
// than before, only the counts of all observations can be compared.
func (b *buckets) take(h *exposition.Histogram, relaid bool) (fell bool) {
	n := len(h.Cumulative)
	b.increase = slices.Grow(b.increase[:0], n)[:n]
	if relaid || len(b.cumulative) == 0 {
		fell = relaid && b.fell(h)
		b.cumulative = slices.Grow(b.cumulative[:0], n)[:n]
		clear(b.cumulative)
	}
	for i, exposed := range h.Cumulative {
		count, before := wholeCount(exposed), b.cumulative[i]
		fell = fell || count < before
		b.cumulative[i], b.increase[i] = count, count-before
	}
	return fell
}

// fell reports whether all observations are fewer than they were.
func (b *buckets) fell(h *exposition.Histogram) bool {
	return wholeCount(h.Count()) < b.count()
}

// setIncrease makes b.increase and b.counted of cumulative, which may be
// b.increase itself.
func (b *buckets) setIncrease(cumulative []uint64) {
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

// forget drops the state.
func (b *buckets) forget() { b.bounds, b.cumulative = nil, b.cumulative[:0] }

// maxCount is the greatest count that is believed, and the greatest increase
// of a sum. Beyond it float64 cannot tell one request from none.
const maxCount = 1 << 53

// wholeCount rounds: some libraries count in fractions.
func wholeCount(v float64) uint64 {
	switch {
	case !(v > 0):
		return 0
	case v >= maxCount:
		return maxCount
	}
	whole := int64(v)
	if v-float64(whole) >= 0.5 {
		whole++
	}
	return uint64(whole)
}
