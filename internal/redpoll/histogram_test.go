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
		if !ok || math.Abs(got-want) > 1e-12 {
			t.Errorf("Quantile(%g) of %v = %g, %v; want %g", q, h.Counts, got, ok, want)
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
		if v, ok := h.Quantile(q); ok || v != 0 {
			t.Errorf("Quantile(%g) of %v = %g, %v; want no value", q, h, v, ok)
		}
		if _, _, ok := h.QuantileRange(q); ok {
			t.Errorf("QuantileRange(%g) of %v has a value", q, h)
		}
	}
	f(0.5, hist([]float64{1, 2}, 0, 0, 0))
	f(0.5, hist(nil, 7)) // only the +Inf bucket: nothing is known
	f(-0.1, hist([]float64{1}, 1, 1))
	f(1.1, hist([]float64{1}, 1, 1))
	f(math.NaN(), hist([]float64{1}, 1, 1))
}

func TestFastQuantileRangeIsTheBucket(t *testing.T) {
	f := func(q, lower, upper float64) {
		t.Helper()
		lo, hi, ok := hist([]float64{0.1, 0.5}, 10, 10, 10).QuantileRange(q)
		if !ok || lo != lower || hi != upper {
			t.Errorf("QuantileRange(%g) = %g, %g, %v; want %g, %g", q, lo, hi, ok, lower, upper)
		}
	}
	f(0.2, 0, 0.1)
	f(0.5, 0.1, 0.5)
	f(0.9, 0.5, math.Inf(1))
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
	if v, ok := sum.Quantile(0.5); !ok || v != 0.05 {
		t.Errorf("p50 is %g, %v; want half of the first bucket", v, ok)
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

// randomHistogram draws bounds from a small set, so that layouts overlap in
// part, and counts that include zeros.
func randomHistogram(r *rand.Rand) *Histogram {
	var bounds []float64
	for _, b := range []float64{-1, 0, 0.1, 0.2, 0.5, 1, 2, 5} {
		if r.IntN(3) > 0 {
			bounds = append(bounds, b)
		}
	}
	h := NewHistogram(bounds)
	for i := range h.Counts {
		h.Counts[i] = uint64(r.IntN(5))
	}
	h.Sum = float64(r.IntN(100))
	return h
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
		return cmp.Equal(a.Counts, b.Counts) && a.Sum == b.Sum && sameBounds(a.Bounds, b.Bounds)
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
			v, ok := h.Quantile(q)
			if !ok {
				break
			}
			lo, hi, _ := h.QuantileRange(q)
			if v < last || v < lo || v > hi || math.IsNaN(v) {
				t.Fatalf("Quantile(%g) = %g after %g, bucket (%g, %g], %+v", q, v, last, lo, hi, h)
			}
			last = v
		}
	}
}
