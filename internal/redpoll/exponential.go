package redpoll

import "math"

// The resolutions of native histograms. Each power of two is divided into
// 2^schema buckets; below 0, 2^-schema powers of two make one bucket.
// (https://prometheus.io/docs/specs/native_histograms/#schema)
const (
	minSchema = -4
	maxSchema = 8
)

// maxExponentialBuckets bounds an Exponential histogram. One that reaches over
// more is made coarser, as Prometheus' native_histogram_bucket_limit does; the
// coarsest schema always fits.
const maxExponentialBuckets = 512

// maxThreshold is beyond any zero bucket of durations, in seconds.
const maxThreshold = 1 << 32

// NewExponential makes an Exponential histogram, without a sum, out of a
// Prometheus native histogram's zero bucket, which counts durations from 0 to
// threshold, and its positive buckets: counts[i] are durations above
// base^(first+i-1) and up to base^(first+i), where base is 2^(2^-schema). ok is
// false for a schema that there is not, a threshold that no duration can be, or
// bounds beyond the range of float64.
//
// The first of Bounds is the threshold, raised to the next power of base; the
// bucket behind it, up to the first of counts, is empty.
func NewExponential(schema int8, threshold float64, zero uint64, first int, counts []uint64) (h *Histogram, ok bool) {
	if schema < minSchema || schema > maxSchema || !(threshold >= 0 && threshold <= maxThreshold) {
		return nil, false
	}
	x := exponential{schema: schema, threshold: threshold, zero: zero, first: first, counts: counts}
	if !x.isFinite() {
		return nil, false
	}
	x.fit()
	return x.histogram(), true
}

// ExponentialLayout names all bounds of an Exponential histogram by whole
// numbers, which mean the same on every machine; the last bits of a bound may
// not.
type ExponentialLayout struct {
	Schema int8
	// Threshold is the number of the bucket that the first bound ends, as
	// NewExponential numbers them; NoThreshold if that bound is 0.
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
	x := exponentialOf(h)
	l := ExponentialLayout{Schema: x.schema, Threshold: NoThreshold, First: x.first, Buckets: len(x.counts)}
	if x.threshold > 0 {
		l.Threshold = powerOf(x.schema, x.threshold)
	}
	return l
}

// Histogram makes an empty histogram of the layout; ok is false if none can
// have it.
func (l ExponentialLayout) Histogram() (h *Histogram, ok bool) {
	if l.Buckets < 0 || l.Buckets > maxExponentialBuckets {
		return nil, false
	}
	threshold := 0.0
	if l.Threshold != NoThreshold {
		threshold = power(l.Schema, l.Threshold)
	}
	h, ok = NewExponential(l.Schema, threshold, 0, l.First, make([]uint64, l.Buckets))
	if !ok || h.ExponentialLayout() != l {
		return nil, false
	}
	return h, true
}

// exponential is an Exponential histogram by the numbers of its buckets, without
// the empty one between zero and the first.
type exponential struct {
	schema    int8
	threshold float64
	zero      uint64
	first     int
	counts    []uint64 // may belong to someone else
}

// isFinite reports whether every bound lies within float64's normal range.
func (x *exponential) isFinite() bool {
	const lowest, highest = -1022, 1023 // powers of two
	if len(x.counts) == 0 {
		return true
	}
	first, last := float64(x.first), float64(x.first)+float64(len(x.counts))-1
	per := math.Exp2(float64(x.schema)) // buckets per power of two
	return first-1 >= lowest*per && last <= highest*per
}

func exponentialOf(h *Histogram) exponential {
	x := exponential{schema: h.Schema, threshold: h.Bounds[0], zero: h.Counts[0]}
	if len(h.Bounds) > 1 {
		x.first = powerOf(h.Schema, h.Bounds[1]) + 1
		x.counts = h.Counts[2 : len(h.Counts)-1]
	}
	return x
}

func (x *exponential) histogram() *Histogram {
	h := &Histogram{Scale: Exponential, Schema: x.schema}
	h.Bounds, h.Counts = append(h.Bounds, x.threshold), append(h.Counts, x.zero)
	if len(x.counts) > 0 {
		h.Bounds, h.Counts = append(h.Bounds, power(x.schema, x.first-1)), append(h.Counts, 0)
		for i, c := range x.counts {
			h.Bounds, h.Counts = append(h.Bounds, power(x.schema, x.first+i)), append(h.Counts, c)
		}
	}
	h.Counts = append(h.Counts, 0)
	return h
}

// fit makes it coarser until it is small enough, and takes what the zero bucket
// covers into it.
func (x *exponential) fit() {
	for len(x.counts) > maxExponentialBuckets && x.schema > minSchema {
		x.reduce(x.schema - 1)
	}
	x.absorb()
}

// reduce changes to a coarser schema, whose buckets are unions of its own.
func (x *exponential) reduce(schema int8) {
	shift := uint(x.schema - schema)
	x.schema = schema
	if shift == 0 || len(x.counts) == 0 {
		return
	}
	first, last := coarser(x.first, shift), coarser(x.first+len(x.counts)-1, shift)
	counts := make([]uint64, last-first+1)
	for i, c := range x.counts {
		at := coarser(x.first+i, shift) - first
		counts[at] = AddCounts(counts[at], c)
	}
	x.first, x.counts = first, counts
}

// coarser is the number of the bucket that holds bucket i at a schema that is
// lower by shift.
func coarser(i int, shift uint) int { return (i-1)>>shift + 1 }

// absorb raises the threshold to a bound, so that it does not depend on the
// order in which histograms are merged, and takes what lies below into the zero
// bucket.
func (x *exponential) absorb() {
	if x.threshold <= 0 {
		return
	}
	end := powerOf(x.schema, x.threshold)
	if power(x.schema, end) < x.threshold {
		end++
	}
	x.threshold = power(x.schema, end)
	for len(x.counts) > 0 && x.first <= end {
		x.zero = AddCounts(x.zero, x.counts[0])
		x.first, x.counts = x.first+1, x.counts[1:]
	}
}

// cover extends the buckets, by empty ones, to those from first to last.
func (x *exponential) cover(first, last int) {
	if len(x.counts) == 0 {
		x.first = first
	}
	counts := make([]uint64, last-first+1)
	copy(counts[x.first-first:], x.counts)
	x.first, x.counts = first, counts
}

// align gives both Exponential histograms the same layout: that of the coarser
// schema and the higher threshold, over the buckets of both. It changes h and
// returns what to add of o.
func (h *Histogram) align(o *Histogram) *Histogram {
	a, b := exponentialOf(h), exponentialOf(o)
	schema := min(a.schema, b.schema)
	a.reduce(schema)
	b.reduce(schema)
	first, last := span(&a, &b)
	for last-first+1 > maxExponentialBuckets && a.schema > minSchema {
		a.reduce(a.schema - 1)
		b.reduce(b.schema - 1)
		first, last = span(&a, &b)
	}
	a.cover(first, last)
	b.cover(first, last)
	a.threshold = max(a.threshold, b.threshold)
	b.threshold = a.threshold
	a.absorb()
	b.absorb()
	sum, unknown := h.Sum, h.SumUnknown
	*h = *a.histogram()
	h.Sum, h.SumUnknown = sum, unknown
	aligned := b.histogram()
	aligned.Sum, aligned.SumUnknown = o.Sum, o.SumUnknown
	return aligned
}

// span are the first and the last bucket that either has.
func span(a, b *exponential) (first, last int) {
	switch {
	case len(a.counts) == 0 && len(b.counts) == 0:
		return 1, 0
	case len(a.counts) == 0:
		return b.first, b.first + len(b.counts) - 1
	case len(b.counts) == 0:
		return a.first, a.first + len(a.counts) - 1
	}
	return min(a.first, b.first), max(a.first+len(a.counts), b.first+len(b.counts)) - 1
}

// power is base^i, the upper bound of bucket i. A coarser schema has the very
// same float64 for the bounds that they share.
func power(schema int8, i int) float64 {
	return math.Exp2(math.Ldexp(float64(i), -int(schema)))
}

// powerOf is the i for which power(schema, i) is v, if there is one.
func powerOf(schema int8, v float64) int {
	return int(math.Round(math.Ldexp(math.Log2(v), int(schema))))
}

func isPower(schema int8, v float64) bool {
	return v > 0 && !math.IsInf(v, 1) && power(schema, powerOf(schema, v)) == v
}
