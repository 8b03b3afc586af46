package redpoll

import (
	"math"
	"slices"
)

// maxThreshold is beyond any zero bucket of durations, in seconds.
const maxThreshold = 1 << 32

// NewExponential makes an Exponential histogram, without a sum, out of a native
// histogram of durations in seconds, which stays as it is. ok is false for a
// schema that there is not, a threshold that no duration can be, or bounds that
// float64 does not have.
//
// The first of Bounds is the threshold, raised to the next power of base; the
// bucket behind it, up to the first of x.Counts, is empty.
func NewExponential(x Exponents) (h *Histogram, ok bool) {
	if x.Schema < MinSchema || x.Schema > MaxSchema || !(x.Threshold >= 0 && x.Threshold <= maxThreshold) {
		return nil, false
	}
	if len(x.Counts) > 0 {
		if !CanBound(int(x.Schema), x.First, x.last()) {
			return nil, false
		}
		if fitting := FittingSchema(int(x.Schema), x.First, x.last()); fitting < x.Schema {
			x.Counts = slices.Clone(x.Counts)
			x.Reduce(fitting)
		}
	}
	x.absorb()
	return x.histogram(), true
}

// ExponentialLayout names all bounds of an Exponential histogram by whole
// numbers, which mean the same on every machine; the last bits of a bound may
// not.
type ExponentialLayout struct {
	Schema int8
	// Threshold is the number of the bucket that the first bound ends;
	// NoThreshold if that bound is 0.
	Threshold int
	// First is the number of the first positive bucket, Buckets how many there
	// are. First is 0 if there are none.
	First, Buckets int
}

// NoThreshold: only durations of 0 are in the zero bucket.
const NoThreshold = math.MinInt32

// ExponentialLayout gives the layout of an Exponential histogram. Of one that
// NewExponential did not make, and that is no sum of such ones, it means
// nothing.
func (h *Histogram) ExponentialLayout() ExponentialLayout {
	if len(h.Bounds) == 0 || len(h.Counts) != len(h.Bounds)+1 {
		return ExponentialLayout{}
	}
	x := h.exponents()
	l := ExponentialLayout{Schema: x.Schema, Threshold: NoThreshold, First: x.First, Buckets: len(x.Counts)}
	if x.Threshold > 0 {
		l.Threshold = powerOf(x.Schema, x.Threshold)
	}
	return l
}

// Histogram makes an empty histogram of the layout; ok is false if none can
// have it.
func (l ExponentialLayout) Histogram() (h *Histogram, ok bool) {
	if l.Buckets < 0 || l.Buckets > MaxExponents {
		return nil, false
	}
	threshold := 0.0
	if l.Threshold != NoThreshold {
		threshold = UpperBound(l.Schema, l.Threshold)
	}
	h, ok = NewExponential(Exponents{Schema: l.Schema, Threshold: threshold, First: l.First, Counts: make([]uint64, l.Buckets)})
	if !ok || h.ExponentialLayout() != l {
		return nil, false
	}
	return h, true
}

// exponents are an Exponential histogram's buckets without the empty one between
// zero and the first. Counts are h's.
func (h *Histogram) exponents() Exponents {
	x := Exponents{Schema: h.Schema, Threshold: h.Bounds[0], Zero: h.Counts[0]}
	if len(h.Bounds) > 1 {
		last := len(h.Counts) - 1
		x.First, x.Counts = powerOf(h.Schema, h.Bounds[1])+1, h.Counts[2:last:last]
	}
	return x
}

func (x *Exponents) histogram() *Histogram {
	bounds := []float64{x.Threshold}
	if len(x.Counts) > 0 {
		bounds = slices.Grow(bounds, len(x.Counts)+1)
		for number := x.First - 1; number <= x.last(); number++ {
			bounds = append(bounds, UpperBound(x.Schema, number))
		}
	}
	h := NewHistogram(bounds)
	h.Scale, h.Schema = Exponential, x.Schema
	h.Counts[0] = x.Zero
	copy(h.Counts[2:], x.Counts)
	return h
}

// absorb raises the threshold to a bound, so that it does not depend on the
// order in which histograms are merged, and takes what lies below into the zero
// bucket.
func (x *Exponents) absorb() {
	if x.Threshold <= 0 {
		return
	}
	end := powerOf(x.Schema, x.Threshold)
	if UpperBound(x.Schema, end) < x.Threshold {
		end++
	}
	x.Threshold = UpperBound(x.Schema, end)
	for len(x.Counts) > 0 && x.First <= end {
		x.Zero = AddCounts(x.Zero, x.Counts[0])
		x.First, x.Counts = x.First+1, x.Counts[1:]
	}
}

// mergeExponential is mergeBuckets for two Exponential histograms.
func (h *Histogram) mergeExponential(o *Histogram) {
	x, added := h.exponents(), o.exponents()
	x.Add(&added)
	x.absorb()
	*h = *x.histogram()
}

// powerOf is the number of the bucket whose upper bound is v, if there is one.
func powerOf(schema int8, v float64) int {
	return int(math.Round(math.Ldexp(math.Log2(v), int(schema))))
}

func isPower(schema int8, v float64) bool {
	return v > 0 && !math.IsInf(v, 1) && UpperBound(schema, powerOf(schema, v)) == v
}
