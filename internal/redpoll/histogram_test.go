package redpoll

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func hist(bounds []float64, counts ...uint64) *Histogram {
	return &Histogram{Bounds: bounds, Counts: counts}
}

func TestFastQuantileFollowsHistogramQuantile(t *testing.T) {
	bounds := []float64{0.1, 0.5, 1}
	f := func(q float64, h *Histogram, want float64) {
		t.Helper()
		got, ok := h.Quantile(q)
		if !ok || math.Abs(got.Value-want) > 1e-12 {
			t.Errorf("Quantile(%g) of %v = %v, %v; want %g", q, h.Counts, got, ok, want)
		}
	}
	// 100 observations: rank 50 is the 10th of 40 in (0.1, 0.5].
	f(0.5, hist(bounds, 40, 40, 20, 0), 0.1+0.4*10/40)
	// Rank 95 is the 15th of 20 in (0.5, 1].
	f(0.95, hist(bounds, 40, 40, 20, 0), 0.5+0.5*15/20)
	// The lowest bucket starts at 0.
	f(0.5, hist(bounds, 10, 0, 0, 0), 0.05)
	f(0, hist(bounds, 10, 0, 0, 0), 0)
	// In the bucket up to +Inf the highest finite bound is the answer.
	f(0.99, hist(bounds, 1, 0, 0, 99), 1)
	// A rank that falls exactly on a bucket's end is that bucket's bound.
	f(0.5, hist(bounds, 50, 50, 0, 0), 0.1)
	f(1, hist(bounds, 50, 50, 0, 0), 0.5)
	// A lowest bound that is not positive has no lower end to interpolate from.
	f(0.5, hist([]float64{0, 1}, 10, 0, 0), 0)
	f(0.25, hist([]float64{-1, 1}, 10, 10, 0), -1)
}

func TestFastQuantileOfNothingIsNoValue(t *testing.T) {
	f := func(q float64, h *Histogram) {
		t.Helper()
		if e, ok := h.Quantile(q); ok || e != (Estimate{}) {
			t.Errorf("Quantile(%g) of %v = %v, %v; want no value", q, h, e, ok)
		}
	}
	f(0.5, hist([]float64{1, 2}, 0, 0, 0))
	f(0.5, hist(nil, 7)) // only the +Inf bucket: nothing is known
	f(-0.1, hist([]float64{1}, 1, 1))
	f(1.1, hist([]float64{1}, 1, 1))
	f(math.NaN(), hist([]float64{1}, 1, 1))
}

func TestFastQuantileIsBetweenTheBoundsOfItsBucket(t *testing.T) {
	f := func(q, lower, upper float64) {
		t.Helper()
		e, ok := hist([]float64{0.1, 0.5}, 10, 10, 10).Quantile(q)
		if !ok || e.Lower != lower || e.Upper != upper {
			t.Errorf("Quantile(%g) = %v, %v; want it above %g and up to %g", q, e, ok, lower, upper)
		}
	}
	f(0.2, 0, 0.1)
	f(0.5, 0.1, 0.5)
	f(0.9, 0.5, math.Inf(1))
}

func TestFastGeometricQuantileIsEvenOnALogarithmicAxis(t *testing.T) {
	f := func(q, want float64, bounds []float64, counts ...uint64) {
		t.Helper()
		h := hist(bounds, counts...)
		h.Scale = Geometric
		e, ok := h.Quantile(q)
		if !ok || math.Abs(e.Value-want) > 1e-12 {
			t.Errorf("Quantile(%g) of %v = %v, %v; want %g", q, counts, e, ok, want)
		}
	}
	f(0.5, 0.2, []float64{0.1, 0.4}, 0, 10, 0)  // the geometric mean of 0.1 and 0.4
	f(0.5, 0.05, []float64{0.1, 0.4}, 10, 0, 0) // the lowest bucket has no logarithm
	f(0.9, 0.4, []float64{0.1, 0.4}, 0, 0, 10)
}

func TestFastMergeOfDifferentBoundsKeepsTheCommonOnes(t *testing.T) {
	h := hist([]float64{0.1, 0.5, 1}, 1, 2, 3, 4)
	o := hist([]float64{0.2, 0.5, 2}, 10, 20, 30, 40)
	before := o.Clone()
	h.Merge(o)
	// Up to 0.5: 1+2 and 10+20; above: 3+4 and 30+40.
	want := hist([]float64{0.5}, 33, 77)
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, o); diff != "" {
		t.Errorf("Merge changed its argument: %s", diff)
	}
}

// TestFastCountsStayAtTheirGreatest adds 3,000 series that each claim 2^53
// requests in each bucket, which is more than an uint64 holds.
func TestFastCountsStayAtTheirGreatest(t *testing.T) {
	bounds := []float64{0.1, 1}
	sum := NewHistogram(bounds)
	for range 3000 {
		sum.Merge(hist(bounds, 1<<53, 1<<53, 1<<53))
	}
	want := hist(bounds, 1<<53, 1<<53, 1<<53)
	if diff := cmp.Diff(want, sum); diff != "" {
		t.Error(diff)
	}
	if n := sum.Count(); n != 1<<53 {
		t.Errorf("counts %d observations, want 2^53", n)
	}
	if e, ok := sum.Quantile(0.5); !ok || e.Value != 0.05 {
		t.Errorf("p50 is %v, %v; want half of the first bucket", e, ok)
	}
	sum.Merge(hist([]float64{1}, 1, 1))
	if diff := cmp.Diff(hist([]float64{1}, 1<<53, 1<<53), sum); diff != "" {
		t.Errorf("joined buckets: %s", diff)
	}
	if n := AddCounts(1<<64-1, 1<<64-1); n != 1<<53 {
		t.Errorf("the greatest counts add up to %d, want 2^53", n)
	}
	if n := AddCounts(2, 3); n != 5 {
		t.Errorf("2 + 3 is %d", n)
	}
}

// randomHistogram draws classic bounds from a small set, so that layouts overlap
// in part, or a native layout; and counts that include zeros.
func randomHistogram(r *rand.Rand) *Histogram {
	h := randomExponential(r)
	if r.IntN(2) == 0 {
		var bounds []float64
		for _, b := range []float64{-1, 0, 0.125, 0.2, 0.5, 1, 2, 5} {
			if r.IntN(3) > 0 {
				bounds = append(bounds, b)
			}
		}
		h = NewHistogram(bounds)
		h.Scale = Scale(r.IntN(2))
	}
	for i := range h.Counts[:len(h.Bounds)] {
		h.Counts[i] = uint64(r.IntN(5))
	}
	if h.Scale != Exponential {
		h.Counts[len(h.Bounds)] = uint64(r.IntN(5))
	} else if len(h.Bounds) > 1 {
		h.Counts[1] = 0
	}
	h.Sum = float64(r.IntN(100))
	return h
}

func randomExponential(r *rand.Rand) *Histogram {
	thresholds := []float64{0, 0, math.Ldexp(1, -128), 0.001, 0.3, 7}
	h, ok := NewExponential(Exponents{
		Schema: int8(r.IntN(6) - 2), Threshold: thresholds[r.IntN(len(thresholds))], First: r.IntN(40) - 20, Counts: make([]uint64, r.IntN(10)),
	})
	if !ok {
		panic("a sound native histogram was refused")
	}
	return h
}

// withoutEmpty leaves out the buckets that tell nothing: where an Exponential
// histogram has empty ones at its ends depends on the order of merging if a zero
// bucket swallows others.
func withoutEmpty(h *Histogram) map[[2]float64]uint64 {
	told := make(map[[2]float64]uint64)
	for i, c := range h.Counts {
		if c > 0 {
			lower, upper := h.bucketRange(i)
			told[[2]float64{lower, upper}] = c
		}
	}
	return told
}

func TestFastMergeIsAssociativeAndCommutative(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	merged := func(hs ...*Histogram) *Histogram {
		m := hs[0].Clone()
		for _, h := range hs[1:] {
			m.Merge(h)
		}
		return m
	}
	equal := cmp.Comparer(func(a, b *Histogram) bool {
		if a.Scale != b.Scale || a.Sum != b.Sum {
			return false
		}
		if a.Scale == Exponential {
			return a.Schema == b.Schema && cmp.Equal(withoutEmpty(a), withoutEmpty(b))
		}
		return cmp.Equal(a.Counts, b.Counts) && sameBounds(a.Bounds, b.Bounds)
	})
	for range 2000 {
		a, b, c := randomHistogram(r), randomHistogram(r), randomHistogram(r)
		if diff := cmp.Diff(merged(a, b), merged(b, a), equal); diff != "" {
			t.Fatalf("a+b differs from b+a: %s", diff)
		}
		if diff := cmp.Diff(merged(merged(a, b), c), merged(a, merged(b, c)), equal); diff != "" {
			t.Fatalf("(a+b)+c differs from a+(b+c): %s", diff)
		}
		if got, want := merged(a, b, c).Count(), a.Count()+b.Count()+c.Count(); got != want {
			t.Fatalf("merging changed the number of observations: %d, want %d", got, want)
		}
	}
}

func TestFastQuantileIsMonotoneAndInsideItsBucket(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		h := randomHistogram(r)
		last := math.Inf(-1)
		for q := 0.0; q <= 1; q += 0.01 {
			e, ok := h.Quantile(q)
			if !ok {
				break
			}
			if e.Value < last || e.Value < e.Lower || e.Value > e.Upper || math.IsNaN(e.Value) {
				t.Fatalf("Quantile(%g) = %v after %g, %+v", q, e, last, h)
			}
			last = e.Value
		}
	}
}

func TestFastAHistogramWithoutObservationsHasNoSayInTheBounds(t *testing.T) {
	busy, idle := hist([]float64{0.1, 0.5}, 1, 2, 3), hist([]float64{0.3}, 0, 0)
	f := func(h, o *Histogram) {
		t.Helper()
		h = h.Clone()
		h.Merge(o)
		if diff := cmp.Diff(busy, h); diff != "" {
			t.Error(diff)
		}
	}
	f(busy, idle)
	f(idle, busy)
	f(busy, hist(nil, 0))
	f(busy, native(t, 0, 0, 0, 1, 0))
	f(native(t, 0, 0, 0, 1, 0), busy)
	lacking := idle.Clone()
	lacking.SumUnknown = true
	if lacking.Merge(busy); !lacking.SumUnknown {
		t.Error("a sum that was not known has become known")
	}
}
