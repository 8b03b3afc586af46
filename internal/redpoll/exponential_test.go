package redpoll

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func native(t *testing.T, schema int8, threshold float64, zero uint64, first int, counts ...uint64) *Histogram {
	t.Helper()
	h, ok := NewExponential(Exponents{Schema: schema, Threshold: threshold, Zero: zero, First: first, Counts: counts})
	if !ok {
		t.Fatalf("schema %d from bucket %d was refused", schema, first)
	}
	return h
}

// At schema 0 bucket i reaches from 2^(i-1) to 2^i.
func TestFastExponentialQuantileInterpolatesOnALogarithmicAxis(t *testing.T) {
	h := native(t, 0, 0.25, 4, 1, 6, 0, 10) // 4 up to 0.25, 6 in (1, 2], 10 in (4, 8]
	f := func(q, value, lower, upper float64) {
		t.Helper()
		e, ok := h.Quantile(q)
		if !ok || math.Abs(e.Value-value) > 1e-12 || e.Lower != lower || e.Upper != upper {
			t.Errorf("Quantile(%g) = %v, %v; want %g above %g, up to %g", q, e, ok, value, lower, upper)
		}
	}
	f(0.1, 0.125, 0, 0.25)          // rank 2 of 4, linear from 0
	f(0.35, math.Exp2(0.5), 1, 2)   // rank 7, the third of 6
	f(0.5, 4, 4, 8)                 // between the 6 and the 10: the higher bucket
	f(0.75, 4*math.Exp2(0.5), 4, 8) // rank 15, the fifth of 10
	f(1, 8, 4, 8)
}

func TestFastExponentialHistogramsMergeAtTheCoarserSchema(t *testing.T) {
	h := native(t, 1, 0, 1, 1, 2, 3) // (1, √2] and (√2, 2]
	o := native(t, 0, 0, 10, 3, 20)  // (4, 8]
	before := o.Clone()
	h.Sum, o.Sum, before.Sum = 1, 2, 2
	h.Merge(o)
	want := native(t, 0, 0, 11, 1, 5, 0, 20)
	want.Sum = 3
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, o); diff != "" {
		t.Errorf("Merge changed its argument: %s", diff)
	}
}

func TestFastExponentialHistogramHasEveryBoundOfItsSchema(t *testing.T) {
	h := native(t, 0, 0, 0, 1, 7) // (1, 2]
	o := hist([]float64{0.5, 3, 4}, 1, 2, 3, 4)
	h.Merge(o)
	// 3 is no power of two; 0.5 and 4 are, although nothing was counted there.
	if diff := cmp.Diff(hist([]float64{0.5, 4}, 1, 7+2+3, 4), h); diff != "" {
		t.Error(diff)
	}
}

func TestFastExponentialHistogramOfAnyReachStaysSmall(t *testing.T) {
	h := native(t, 8, 0, 0, -100_000, 1)
	h.Merge(native(t, 8, 0, 0, 100_000, 1))
	if n := len(h.Counts); n > MaxExponents+4 {
		t.Errorf("%d buckets", n)
	}
	if h.Count() != 2 {
		t.Errorf("%d observations of 2", h.Count())
	}
}

func TestFastExponentialHistogramThatCannotBeIsRefused(t *testing.T) {
	f := func(schema int8, threshold float64, first int) {
		t.Helper()
		if _, ok := NewExponential(Exponents{Schema: schema, Threshold: threshold, First: first, Counts: []uint64{1}}); ok {
			t.Errorf("schema %d, threshold %g, bucket %d was accepted", schema, threshold, first)
		}
	}
	f(9, 0, 1)
	f(-5, 0, 1)
	f(-53, 0, 1)
	f(0, -1, 1)
	f(0, math.NaN(), 1)
	f(0, math.Inf(1), 1)
	f(0, 0, 5000)
	f(0, 0, -5000)
	f(0, 0, math.MaxInt)
	f(0, 0, math.MinInt)
}

func TestFastCoarserSchemaHasTheSameBounds(t *testing.T) {
	for schema := int8(MinSchema + 1); schema <= MaxSchema; schema++ {
		for i := -3000; i <= 3000; i++ {
			fine, coarse := UpperBound(schema, 2*i), UpperBound(schema-1, i)
			if fine != coarse && !math.IsInf(fine, 1) {
				t.Fatalf("bound %d of schema %d is %g, and %g at schema %d", 2*i, schema, fine, coarse, schema-1)
			}
			if v := UpperBound(schema, i); v > 1e-300 && v < 1e300 && powerOf(schema, v) != i {
				t.Fatalf("bound %d of schema %d is taken for %d", i, schema, powerOf(schema, v))
			}
		}
	}
}

func TestFastExponentialLayoutNamesEveryBound(t *testing.T) {
	f := func(h *Histogram) {
		t.Helper()
		empty, ok := h.ExponentialLayout().Histogram()
		if !ok || !empty.SameLayout(h) || empty.Count() != 0 {
			t.Errorf("%+v comes back as %+v, %v", h, empty, ok)
		}
	}
	f(native(t, 0, 0, 1, 0))
	f(native(t, 3, math.Exp2(-128), 1, -70, make([]uint64, 200)...))
	f(native(t, 8, 0.001, 0, -2000, make([]uint64, 2500)...)) // made coarser, partly absorbed
	f(native(t, -4, 0, 0, -60, make([]uint64, 100)...))
	sum := native(t, 4, 0, 1, 5, 1, 2, 3)
	sum.Merge(native(t, 2, 1e-9, 1, -5, 1, 2, 3))
	f(sum)
}

func TestFastExponentialLayoutsThatNobodyCanHaveAreRefused(t *testing.T) {
	f := func(name string, l ExponentialLayout) {
		t.Helper()
		if h, ok := l.Histogram(); ok {
			t.Errorf("%s: %+v gives %+v", name, l, h)
		}
	}
	f("no such schema", ExponentialLayout{Schema: 9, Threshold: NoThreshold})
	f("too many buckets", ExponentialLayout{Threshold: NoThreshold, First: 1, Buckets: MaxExponents + 1})
	f("a negative number of buckets", ExponentialLayout{Threshold: NoThreshold, Buckets: -1})
	f("beyond float64", ExponentialLayout{Threshold: NoThreshold, First: math.MaxInt, Buckets: 2})
	f("a threshold beyond any duration", ExponentialLayout{Threshold: 33})
	f("a threshold below float64", ExponentialLayout{Threshold: -1200})
	f("a bucket below the threshold", ExponentialLayout{Threshold: 3, First: 1, Buckets: 9})
	f("a first bucket without buckets", ExponentialLayout{Threshold: NoThreshold, First: 7})
}

// b and c together are too wide, but not above 1, where a's zero bucket ends.
func TestFastTheOrderOfMergingWideHistogramsChangesNoCount(t *testing.T) {
	wide := make([]uint64, 501)
	wide[0], wide[290], wide[500] = 1, 2, 3
	a, b, c := native(t, 3, 1, 5, 8, 7), native(t, 3, 0, 0, -300, wide...), native(t, 3, 0, 4, 212, 6)
	fine, coarse := a.Clone(), b.Clone()
	fine.Merge(b)
	fine.Merge(c)
	coarse.Merge(c)
	coarse.Merge(a)
	if fine.Schema != 3 || coarse.Schema != 2 {
		t.Errorf("the schemas are %d and %d, want 3 and 2", fine.Schema, coarse.Schema)
	}
	upTo := func(h *Histogram, bound float64) (n uint64) {
		for i, v := range h.Bounds {
			if v <= bound {
				n += h.Counts[i]
			}
		}
		return n
	}
	for _, bound := range coarse.Bounds {
		if got, want := upTo(coarse, bound), upTo(fine, bound); got != want {
			t.Errorf("%d observations up to %v, %d in the other order", got, bound, want)
		}
	}
	if coarse.Count() != 28 || fine.Count() != 28 {
		t.Errorf("%d and %d observations of 28", coarse.Count(), fine.Count())
	}
}

// The widest buckets that are taken keep finite bounds when they are made coarser.
func TestFastBucketsThatCanBeBoundCanBeAtEveryCoarserSchema(t *testing.T) {
	for schema := MinSchema; schema <= MaxSchema; schema++ {
		reach := int(math.Floor(math.Ldexp(1008, schema)))
		first, last := 1-reach, reach
		if !CanBound(schema, first, last) || CanBound(schema, first-1, last) || CanBound(schema, first, last+1) {
			t.Fatalf("schema %d does not end at bucket %d", schema, last)
		}
		for coarse := MinSchema; coarse <= schema; coarse++ {
			lower, upper := UpperBound(int8(coarse), Coarser(first, schema-coarse)-1), UpperBound(int8(coarse), Coarser(last, schema-coarse))
			if lower != 0x1p-1008 || upper != 0x1p1008 {
				t.Errorf("from schema %d to %d: bounds from %v to %v", schema, coarse, lower, upper)
			}
		}
		if fitting, want := FittingSchema(schema, first, last), int8(min(schema, -2)); fitting != want { // 504 buckets at -2
			t.Errorf("schema %d becomes %d, want %d", schema, fitting, want)
		}
	}
}
