package redpoll

import (
	"math"
	"slices"
	"sort"
)

// Histogram counts observations in buckets. Unlike Prometheus' exposed
// buckets the counts are not cumulative.
type Histogram struct {
	// Bounds are the finite upper bounds (inclusive) in ascending order, in
	// seconds; the last bucket, up to +Inf, has none. Histograms may share
	// Bounds: it is never written to.
	Bounds []float64
	// Counts has one entry more than Bounds. They add up as AddCounts does.
	Counts []uint64
	// Sum is the sum of all observations in seconds.
	Sum float64
}

// maxCount is where counts stay when they add up to more: the greatest whole
// number up to which a float64 holds every one. Honest counts do not reach it.
const maxCount = 1 << 53

// AddCounts is the sum of two counts, at most 2^53: what a hostile target makes
// up must not come out as a small number.
func AddCounts(a, b uint64) uint64 {
	return min(min(a, maxCount)+min(b, maxCount), maxCount)
}

// NewHistogram makes an empty histogram that shares bounds.
func NewHistogram(bounds []float64) *Histogram {
	return &Histogram{Bounds: bounds, Counts: make([]uint64, len(bounds)+1)}
}

// Clone copies the counts and shares the bounds.
func (h *Histogram) Clone() *Histogram {
	return &Histogram{Bounds: h.Bounds, Counts: slices.Clone(h.Counts), Sum: h.Sum}
}

// Count is the number of observations, as far as AddCounts goes.
func (h *Histogram) Count() uint64 {
	var n uint64
	for _, c := range h.Counts {
		n = AddCounts(n, c)
	}
	return n
}

// Merge adds o's observations. Where the bounds differ, the result keeps only
// the bounds that both have: at those, and nowhere else, the cumulative counts
// of both are known, so nothing is invented. h may get new Bounds and Counts;
// o is left as it is.
func (h *Histogram) Merge(o *Histogram) {
	if !sameBounds(h.Bounds, o.Bounds) {
		common := commonBounds(h.Bounds, o.Bounds)
		h.coarsen(common)
		o = o.Clone()
		o.coarsen(common)
	}
	for i, c := range o.Counts {
		h.Counts[i] = AddCounts(h.Counts[i], c)
	}
	h.Sum += o.Sum
}

// sameBounds is cheap in the usual case that both share one slice.
func sameBounds(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	return len(a) == 0 || &a[0] == &b[0] || slices.Equal(a, b)
}

func commonBounds(a, b []float64) []float64 {
	var common []float64
	for _, v := range a {
		if _, ok := slices.BinarySearch(b, v); ok {
			common = append(common, v)
		}
	}
	return common
}

// coarsen joins buckets so that only bounds, a subset of h.Bounds, remain.
func (h *Histogram) coarsen(bounds []float64) {
	if sameBounds(h.Bounds, bounds) {
		return
	}
	counts := make([]uint64, len(bounds)+1)
	to := 0
	for i, c := range h.Counts {
		counts[to] = AddCounts(counts[to], c)
		if to < len(bounds) && i < len(h.Bounds) && h.Bounds[i] == bounds[to] {
			to++
		}
	}
	h.Bounds, h.Counts = bounds, counts
}

// Quantile estimates the q-quantile in seconds as Prometheus'
// histogram_quantile does for classic histograms
// (https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile):
//
//   - linear interpolation inside the bucket that holds rank q × count;
//   - the lowest bucket starts at 0 if its bound is positive, otherwise its
//     bound is the answer;
//   - in the bucket up to +Inf the highest finite bound is the answer, which
//     is then a lower limit of the true value.
//
// ok is false, and the value 0, without observations, without any finite
// bound, or for q outside 0–1.
func (h *Histogram) Quantile(q float64) (v float64, ok bool) {
	n := h.Count()
	if n == 0 || len(h.Bounds) == 0 || !(q >= 0 && q <= 1) {
		return 0, false
	}
	b, below := h.bucketOf(q * float64(n))
	lower, upper := h.bucketRange(b)
	if b == len(h.Bounds) {
		return lower, true
	}
	if math.IsInf(lower, -1) || h.Counts[b] == 0 {
		return upper, true
	}
	rank := q*float64(n) - float64(below)
	return lower + (upper-lower)*(rank/float64(h.Counts[b])), true
}

// QuantileRange gives the bounds of the bucket that holds the q-quantile: the
// true value lies above lower and not above upper. upper is +Inf in the last
// bucket. ok is as for Quantile.
func (h *Histogram) QuantileRange(q float64) (lower, upper float64, ok bool) {
	n := h.Count()
	if n == 0 || len(h.Bounds) == 0 || !(q >= 0 && q <= 1) {
		return 0, 0, false
	}
	b, _ := h.bucketOf(q * float64(n))
	lower, upper = h.bucketRange(b)
	return lower, upper, true
}

// bucketOf finds the first bucket whose cumulative count reaches rank, and the
// number of observations below that bucket.
func (h *Histogram) bucketOf(rank float64) (bucket int, below uint64) {
	last := len(h.Counts) - 1
	for i, c := range h.Counts[:last] {
		upTo := AddCounts(below, c)
		if float64(upTo) >= rank {
			return i, below
		}
		below = upTo
	}
	return last, below
}

func (h *Histogram) bucketRange(b int) (lower, upper float64) {
	switch {
	case b == len(h.Bounds):
		return h.Bounds[b-1], math.Inf(1)
	case b > 0:
		return h.Bounds[b-1], h.Bounds[b]
	case h.Bounds[0] > 0:
		return 0, h.Bounds[0]
	default:
		return math.Inf(-1), h.Bounds[0]
	}
}

// Median is the middle of values, the mean of the two middle ones for an even
// number; ok is false for none. It reorders values.
func Median(values []float64) (m float64, ok bool) {
	n := len(values)
	if n == 0 {
		return 0, false
	}
	sort.Float64s(values)
	if n%2 == 1 {
		return values[n/2], true
	}
	return (values[n/2-1] + values[n/2]) / 2, true
}
