package redpoll

import (
	"math"
	"slices"
)

// Exponents are the buckets of a Prometheus native histogram, of values above
// zero only: Counts[i] are observations above base^(First+i-1) and up to
// base^(First+i), where base is 2^(2^-Schema); Zero are those from 0 up to
// Threshold. First+i is called the number of the bucket. The unit is whatever
// was observed in. (https://prometheus.io/docs/specs/native_histograms/)
//
// The zero value is empty. No count is above MaxCount, and they add up as AddCounts
// does. Methods that change the buckets write to Counts, and allocate only where
// its capacity is too small.
type Exponents struct {
	// Schema is from MinSchema to MaxSchema.
	Schema    int8
	Threshold float64
	Zero      uint64
	First     int // means nothing without Counts
	Counts    []uint64
}

// The coarsest and the finest schema. Each power of two is divided into 2^schema
// buckets; below 0, 2^-schema powers of two make one bucket.
// (https://prometheus.io/docs/specs/native_histograms/#schema)
const (
	MinSchema = -4
	MaxSchema = 8
)

// MaxExponents is how many buckets native histograms have at most, the empty
// ones between others included. One that reaches over more is made coarser, as
// Prometheus' native_histogram_bucket_limit does; the coarsest schema always
// fits.
const MaxExponents = 512

// UpperBound is the upper bound of a bucket. A coarser schema has the very same
// float64 for the bounds that the two share.
func UpperBound(schema int8, number int) float64 {
	return math.Exp2(math.Ldexp(float64(number), -int(schema)))
}

// Coarser is the number of the bucket that holds a bucket's observations at a
// schema that is lower by shift, which is not negative.
func Coarser(number, shift int) int { return (number-1)>>shift + 1 }

// CanBound reports whether float64 has every bound of the buckets from first to
// last, at this schema, which may be finer than MaxSchema, and at all that are
// coarser.
func CanBound(schema, first, last int) bool {
	const reach = 1008 // powers of two; a multiple of 16, so that MinSchema ends there
	most := reach * math.Exp2(float64(schema))
	return first <= last && float64(first)-1 >= -most && float64(last) <= most
}

// FittingSchema is the finest schema that there is and that is no finer than the
// given one, which may be finer than MaxSchema, at which no more than
// MaxExponents hold what its buckets from first to last do.
func FittingSchema(schema, first, last int) int8 {
	fitting := min(schema, MaxSchema)
	for fitting > MinSchema && Coarser(last, schema-fitting)-Coarser(first, schema-fitting) >= MaxExponents {
		fitting--
	}
	return int8(fitting)
}

// last is the number of the last bucket, less than First if there is none.
func (x *Exponents) last() int { return x.First + len(x.Counts) - 1 }

// Set makes x a copy of o that shares nothing with it.
func (x *Exponents) Set(o *Exponents) {
	counts := append(x.Counts[:0], o.Counts...)
	*x = *o
	x.Counts = counts
}

// Count is the number of observations.
func (x *Exponents) Count() uint64 {
	n := x.Zero
	for _, count := range x.Counts {
		n = min(n+count, MaxCount) // neither is more than MaxCount
	}
	return n
}

// Reduce changes to a schema that is not finer, whose buckets are unions of x's.
func (x *Exponents) Reduce(schema int8) {
	shift := int(x.Schema - schema)
	x.Schema = schema
	if shift == 0 || len(x.Counts) == 0 {
		return
	}
	first, last := Coarser(x.First, shift), Coarser(x.last(), shift)
	for i, count := range x.Counts {
		at := Coarser(x.First+i, shift) - first // i at most
		x.Counts[i] = 0
		x.Counts[at] = AddCounts(x.Counts[at], count)
	}
	x.First, x.Counts = first, x.Counts[:last-first+1]
}

// Cover extends the buckets, by empty ones, so that those from first to last are
// among them.
func (x *Exponents) Cover(first, last int) {
	n := len(x.Counts)
	if n == 0 {
		x.First = first
	}
	last = max(last, x.last())
	below := max(0, x.First-first)
	x.First -= below
	size := last - x.First + 1
	x.Counts = slices.Grow(x.Counts, size-n)[:size]
	copy(x.Counts[below:], x.Counts[:n])
	clear(x.Counts[:below])
	clear(x.Counts[below+n:])
}

// Add adds the observations of o, which stays as it is, at the coarser schema
// and the larger threshold of the two, or coarser yet if there were more than
// MaxExponents. Buckets below the threshold stay beside the zero bucket.
func (x *Exponents) Add(o *Exponents) {
	x.Reduce(min(x.Schema, o.Schema))
	x.Threshold = max(x.Threshold, o.Threshold)
	x.Zero = AddCounts(x.Zero, o.Zero)
	if len(o.Counts) == 0 {
		return
	}
	shift := int(o.Schema - x.Schema)
	first, last := Coarser(o.First, shift), Coarser(o.last(), shift)
	if len(x.Counts) > 0 {
		first, last = min(first, x.First), max(last, x.last())
	}
	fitting := FittingSchema(int(x.Schema), first, last)
	coarser := int(x.Schema - fitting)
	x.Reduce(fitting)
	x.Cover(Coarser(first, coarser), Coarser(last, coarser))
	shift += coarser
	for i, count := range o.Counts {
		at := Coarser(o.First+i, shift) - x.First
		x.Counts[at] = AddCounts(x.Counts[at], count)
	}
}

// Difference is what subtracting an earlier state of a histogram says.
type Difference uint8

// The differences.
const (
	// Grew: what was observed in between is known.
	Grew Difference = iota
	// BeganAnew: the state counts from zero.
	BeganAnew
	// Incomparable: the zero bucket now ends inside a bucket of before.
	Incomparable
)

// Subtract takes the counts of an earlier state away, which stays as it is. The
// earlier one may be finer and have a smaller zero bucket: an application makes
// room that way. Its buckets are put together as they are here. A finer schema, a
// smaller zero bucket or a fallen count means that the histogram began anew, as
// for Prometheus (FloatHistogram.DetectReset). Only after Grew do x's counts mean
// anything.
func (x *Exponents) Subtract(before *Exponents) Difference {
	if x.Schema > before.Schema || x.Threshold < before.Threshold {
		return BeganAnew
	}
	zero, shift := before.Zero, int(before.Schema-x.Schema)
	for i, count := range before.Counts {
		if count == 0 {
			continue
		}
		number := before.First + i
		if x.Threshold > before.Threshold && UpperBound(before.Schema, number-1) < x.Threshold {
			if UpperBound(before.Schema, number) > x.Threshold {
				return Incomparable
			}
			zero = AddCounts(zero, count)
			continue
		}
		at := Coarser(number, shift) - x.First
		if at < 0 || at >= len(x.Counts) || x.Counts[at] < count {
			return BeganAnew
		}
		x.Counts[at] -= count
	}
	if x.Zero < zero {
		return BeganAnew
	}
	x.Zero -= zero
	return Grew
}
