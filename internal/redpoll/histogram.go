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
	// Sum is the sum of all observations in seconds. It means nothing if
	// SumUnknown, which is true also of what a part without a sum was added to.
	Sum        float64
	SumUnknown bool
	// Scale says how observations are taken to lie inside a bucket.
	Scale Scale
	// Schema is the resolution of an Exponential histogram, see
	// NewExponential; 0 for the others.
	Schema int8
}

// Scale is how observations are taken to lie inside a bucket, and what is known
// of the bounds. Merge relies on the order.
type Scale uint8

// The scales.
const (
	// Linear: evenly, as Prometheus takes classic histograms.
	Linear Scale = iota
	// Geometric: evenly on a logarithmic axis, which fits durations better.
	Geometric
	// Exponential: as Geometric, and the bounds are those of a Prometheus
	// native histogram, so that bounds may be added where nothing was counted.
	Exponential
)

// Estimate is a quantile, in seconds, with how sure it is: the true one lies
// above Lower, which is finite, and not above Upper, which is +Inf in the last
// bucket. Value then is Lower. Where an application states the quantile itself,
// all three are the same.
type Estimate struct {
	Value, Lower, Upper float64
}

// Exactly is the estimate of a quantile that is known.
func Exactly(seconds float64) *Estimate { return &Estimate{seconds, seconds, seconds} }

// Seconds is the Value; nil if there is no estimate.
func (e *Estimate) Seconds() *float64 {
	if e == nil {
		return nil
	}
	v := e.Value
	return &v
}

// MaxCount is the greatest count there is, and the greatest sum of durations that
// is believed: up to it a float64 holds every whole number, beyond it one request
// more makes no difference. Nothing honest comes near; what is exposed above it
// is refused or taken for it, and what adds up to more stays there.
const MaxCount = 1 << 53

// WholeCount rounds what is exposed as a count: some libraries count in
// fractions. It is 0 for what is NaN or below zero, and at most MaxCount.
func WholeCount(v float64) uint64 {
	switch {
	case !(v > 0):
		return 0
	case v >= MaxCount:
		return MaxCount
	}
	whole := int64(v)
	if v-float64(whole) >= 0.5 {
		whole++
	}
	return uint64(whole)
}

// AddCounts is the sum of two counts, at most MaxCount: what a hostile target
// makes up must not come out as a small number.
func AddCounts(a, b uint64) uint64 {
	return min(min(a, MaxCount)+min(b, MaxCount), MaxCount)
}

// NewHistogram makes an empty histogram that shares bounds.
func NewHistogram(bounds []float64) *Histogram {
	return &Histogram{Bounds: bounds, Counts: make([]uint64, len(bounds)+1)}
}

// Clone copies the counts and shares the bounds.
func (h *Histogram) Clone() *Histogram {
	c := *h
	c.Counts = slices.Clone(h.Counts)
	return &c
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
// of both are known, so nothing is invented. An Exponential histogram has every
// bound of its schema, also where it counted nothing; two of them have those of
// the coarser schema. Of different scales the first in the order Linear,
// Geometric, Exponential is kept: it takes the least for granted. A histogram
// without observations has no say in the bounds of one that has some.
//
// h may get new Bounds and Counts; o is left as it is. Merging is commutative. It
// is associative, too, while native histograms fit in MaxExponents buckets. Where
// some do not, and the zero bucket of another swallows what made them too wide,
// the order decides how coarse the sum is; never what is counted up to a bound
// that it has.
func (h *Histogram) Merge(o *Histogram) {
	sum, sumUnknown := h.Sum+o.Sum, h.SumUnknown || o.SumUnknown
	h.mergeBuckets(o)
	h.Sum, h.SumUnknown = sum, sumUnknown
}

func (h *Histogram) mergeBuckets(o *Histogram) {
	switch {
	case h.SameLayout(o):
	case o.Empty() && !h.Empty():
		return
	case h.Empty() && !o.Empty():
		h.Bounds, h.Counts = o.Bounds, append(h.Counts[:0], o.Counts...)
		h.Scale, h.Schema = o.Scale, o.Schema
		return
	case h.Scale == Exponential && o.Scale == Exponential:
		h.mergeExponential(o)
		return
	default:
		common := commonBounds(h, o)
		scale := min(h.Scale, o.Scale)
		o = o.Clone()
		h.coarsen(common, scale)
		o.coarsen(common, scale)
	}
	for i, c := range o.Counts {
		h.Counts[i] = AddCounts(h.Counts[i], c)
	}
}

// Empty reports whether there are no observations.
func (h *Histogram) Empty() bool {
	for _, c := range h.Counts {
		if c > 0 {
			return false
		}
	}
	return true
}

// SameLayout reports whether the buckets mean the same. It is cheap in the usual
// case that both share one slice of bounds.
func (h *Histogram) SameLayout(o *Histogram) bool {
	return h.Scale == o.Scale && h.Schema == o.Schema && sameBounds(h.Bounds, o.Bounds)
}

// sameBounds is cheap in the usual case that both share one slice.
func sameBounds(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	return len(a) == 0 || &a[0] == &b[0] || slices.Equal(a, b)
}

// commonBounds are those at which the cumulative counts of both are known.
func commonBounds(a, b *Histogram) []float64 {
	if a.Scale == Exponential {
		a, b = b, a
	}
	var common []float64
	for _, v := range a.Bounds {
		if b.hasBound(v) {
			common = append(common, v)
		}
	}
	return common
}

// hasBound reports whether it is known how many observations were v at most.
func (h *Histogram) hasBound(v float64) bool {
	if _, ok := slices.BinarySearch(h.Bounds, v); ok {
		return true
	}
	return h.Scale == Exponential && v > h.Bounds[0] && isPower(h.Schema, v)
}

// coarsen sorts the counts into other buckets. Every one of bounds must be one
// of which hasBound is true.
func (h *Histogram) coarsen(bounds []float64, scale Scale) {
	h.Scale, h.Schema = scale, 0
	if sameBounds(h.Bounds, bounds) {
		return
	}
	counts := make([]uint64, len(bounds)+1)
	to := 0
	for i, c := range h.Counts {
		for to < len(bounds) && (i == len(h.Bounds) || bounds[to] < h.Bounds[i]) {
			to++
		}
		counts[to] = AddCounts(counts[to], c)
	}
	h.Bounds, h.Counts = bounds, counts
}

// Quantile estimates the q-quantile in seconds as Prometheus'
// histogram_quantile does
// (https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile):
//
//   - in the bucket that holds rank q × count it interpolates by Scale: linearly
//     for Linear, which is Prometheus' way with classic histograms, on a
//     logarithmic axis for Exponential, its way with native ones, and for
//     Geometric, which Prometheus does not have;
//   - the lowest bucket starts at 0 if its bound is positive, and is linear
//     whatever the Scale; otherwise its bound is the answer;
//   - in the bucket up to +Inf the highest finite bound is the answer, which
//     is then a lower limit of the true value.
//
// ok is false without observations, without any finite bound, or for q outside
// 0–1.
func (h *Histogram) Quantile(q float64) (e Estimate, ok bool) {
	n := h.Count()
	if n == 0 || len(h.Bounds) == 0 || !(q >= 0 && q <= 1) {
		return Estimate{}, false
	}
	b, share := h.locate(q, n)
	e.Lower, e.Upper = h.bucketRange(b)
	switch {
	case b == len(h.Bounds):
		e.Value = e.Lower
	case math.IsInf(e.Lower, -1):
		e.Value, e.Lower = e.Upper, min(0, e.Upper) // no duration is negative
	default:
		e.Value = h.Scale.between(e.Lower, e.Upper, share)
	}
	return e, true
}

// between is the point at the share f of the way from lower to upper.
func (s Scale) between(lower, upper, f float64) float64 {
	if s == Linear || lower <= 0 {
		return lower + (upper-lower)*f
	}
	from, to := math.Log2(lower), math.Log2(upper)
	return min(upper, max(lower, math.Exp2(from+(to-from)*f)))
}

// locate finds the bucket that holds the q-quantile of n observations, and which
// share of that bucket's observations lies below it.
//
// As Prometheus does, it counts from the highest bucket down for the upper half
// of a native histogram. A quantile that falls exactly between two buckets then
// belongs to the higher one, which is another figure if there are empty buckets
// between them.
func (h *Histogram) locate(q float64, n uint64) (bucket int, share float64) {
	if h.Scale == Exponential && q >= 0.5 {
		return h.locateFromAbove((1 - q) * float64(n))
	}
	rank, below := q*float64(n), uint64(0)
	last := len(h.Counts) - 1
	for i, c := range h.Counts[:last] {
		upTo := AddCounts(below, c)
		if float64(upTo) >= rank && (c > 0 || h.Scale != Exponential) {
			return i, shareOf(rank-float64(below), c)
		}
		below = upTo
	}
	return last, 0
}

// locateFromAbove is locate for the quantile that has rank observations above
// it.
func (h *Histogram) locateFromAbove(rank float64) (bucket int, share float64) {
	above := uint64(0)
	for i := len(h.Counts) - 1; i >= 0; i-- {
		c := h.Counts[i]
		upTo := AddCounts(above, c)
		if c > 0 && float64(upTo) >= rank {
			return i, shareOf(float64(upTo)-rank, c)
		}
		above = upTo
	}
	return 0, 0
}

// shareOf is rank / count, and all of a bucket that is empty.
func shareOf(rank float64, count uint64) float64 {
	if count == 0 {
		return 1
	}
	return rank / float64(count)
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
