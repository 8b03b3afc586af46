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
	// continued: the last scrape had it; the increase is the difference.
	continued
	// fromZero: it began after the last scrape; the increase is its value.
	fromZero
	// returned: it vanished for a while. What it counted meanwhile happened
	// at an unknown time, so it is a new baseline; unless it is lower than
	// remembered, for then it began anew.
	returned
)

// counter follows one series that counts.
type counter struct{ value float64 }

// advance takes the new value and gives the increase; ok is false where none
// can be known.
func (c *counter) advance(value float64, h history) (increase float64, ok bool) {
	last := c.value
	c.value = value
	switch {
	case h == baseline:
		return 0, false
	case h == fromZero || value < last:
		return value, true
	case h == returned:
		return 0, false
	default:
		return value - last, true
	}
}

// buckets follows one histogram, with the memory for its increase.
type buckets struct {
	bounds     []float64 // as exposed, shared
	cumulative []float64
	sum        float64
	increase   []uint64
}

// advance takes the new state. Afterwards b.increase holds the increase of
// each bucket, not cumulative, and sum that of the sum, NaN if it is not known
// or beyond belief; ok is false where none can be known. relaid tells that the
// bounds are not those of before, so that old and new counts cannot be
// compared.
//
// A bucket that fell means that the whole series began anew. Where a lower
// bucket grew by more than a higher one, the higher is raised to it, as
// Prometheus' histogram_quantile does with inconsistent buckets.
func (b *buckets) advance(h *exposition.Histogram, past history) (sum float64, ok, relaid bool) {
	if len(b.cumulative) == 0 && past != fromZero {
		past = baseline // the last state was refused
	}
	relaid = past != baseline && past != fromZero && !slices.Equal(b.bounds, h.Bounds)
	switch {
	case past == baseline:
	case past == fromZero || !relaid && b.fell(h) || relaid && h.Count() < b.count():
		sum, ok = b.setIncrease(h, nil, 0), true
	case past == continued && !relaid:
		sum, ok = b.setIncrease(h, b.cumulative, b.sum), true
	}
	b.bounds = h.Bounds
	b.cumulative = append(b.cumulative[:0], h.Cumulative...)
	b.sum = h.Sum
	return sum, ok, relaid && !ok
}

func (b *buckets) count() float64 { return b.cumulative[len(b.cumulative)-1] }

func (b *buckets) fell(h *exposition.Histogram) bool {
	for i, c := range h.Cumulative {
		if c < b.cumulative[i] {
			return true
		}
	}
	return false
}

// setIncrease fills b.increase with the difference to before (nil: to zero)
// and returns the difference of the sums.
func (b *buckets) setIncrease(h *exposition.Histogram, before []float64, sumBefore float64) float64 {
	b.increase = slices.Grow(b.increase[:0], len(h.Cumulative))[:len(h.Cumulative)]
	var below uint64
	for i, c := range h.Cumulative {
		if before != nil {
			c -= before[i]
		}
		upTo := max(below, wholeCount(c))
		b.increase[i] = upTo - below
		below = upTo
	}
	sum := max(0, h.Sum-sumBefore)
	if sum > maxCount {
		return math.NaN()
	}
	return sum
}

// maxCount is the greatest increase that is believed, of counts as of sums.
// Beyond it float64 cannot tell one request from none.
const maxCount = 1 << 53

// wholeCount rounds: some libraries count in fractions.
func wholeCount(v float64) uint64 {
	return uint64(math.Round(min(max(v, 0), maxCount)))
}
