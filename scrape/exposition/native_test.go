package exposition

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// spans are those of pairs of an offset and a length.
func spans(pairs ...int) []*dto.BucketSpan {
	var s []*dto.BucketSpan
	for i := 0; i < len(pairs); i += 2 {
		s = append(s, &dto.BucketSpan{Offset: new(int32(pairs[i])), Length: new(uint32(pairs[i+1]))})
	}
	return s
}

// nativeOf reads a body that has one histogram.
func nativeOf(t *testing.T, h *dto.Histogram) (*Native, Skipped) {
	t.Helper()
	s := readProtobuf(t, protobufOf(t, dtoFamily("h", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: h})))
	if len(s.Samples) == 0 {
		return nil, s.Skipped
	}
	if s.Taken != 1 {
		t.Errorf("a native histogram is %d samples, want 1", s.Taken)
	}
	return s.Samples[0].Native, s.Skipped
}

func TestFastNativeBucketsAreMadeDense(t *testing.T) {
	f := func(name string, h *dto.Histogram, want *Native) {
		t.Helper()
		got, skipped := nativeOf(t, h)
		want.ExposedSchema = int(h.GetSchema())
		if diff := cmp.Diff(want, got); diff != "" || skipped.Count != 0 {
			t.Errorf("%s: %s%v", name, diff, skipped)
		}
	}
	f("the specification's example", &dto.Histogram{
		Schema: new(int32(2)), SampleCount: new(uint64(14)), SampleSum: new(3.5),
		PositiveSpan: spans(-2, 2, 2, 1, 1, 2), PositiveDelta: []int64{3, 2, -4, 2, -1},
	}, &Native{Buckets: redpoll.Exponents{Schema: 2, First: -2, Counts: []uint64{3, 5, 0, 0, 1, 0, 3, 2}}, Count: 14, Sum: 3.5})
	f("the same, written otherwise", &dto.Histogram{
		Schema: new(int32(2)), SampleCount: new(uint64(14)), SampleSum: new(3.5),
		PositiveSpan: spans(-4, 0, 2, 2, 0, 0, 0, 6), PositiveDelta: []int64{3, 2, -5, 0, 1, -1, 3, -1},
	}, &Native{Buckets: redpoll.Exponents{Schema: 2, First: -2, Counts: []uint64{3, 5, 0, 0, 1, 0, 3, 2}}, Count: 14, Sum: 3.5})
	f("float counts are rounded", &dto.Histogram{
		Schema: new(int32(0)), SampleCountFloat: new(4.5), ZeroCountFloat: new(0.5), ZeroThreshold: new(0.25), SampleSum: new(-1.0),
		PositiveSpan: spans(1, 2), PositiveCount: []float64{1.5, 2.5},
	}, &Native{Buckets: redpoll.Exponents{Threshold: .25, Zero: 1, First: 1, Counts: []uint64{2, 3}}, Count: 4.5, Sum: -1})
	f("nothing observed yet, by a span of nothing", &dto.Histogram{
		Schema: new(int32(3)), PositiveSpan: spans(0, 0),
	}, &Native{Buckets: redpoll.Exponents{Schema: 3}})
	f("only in the zero bucket", &dto.Histogram{
		Schema: new(int32(3)), ZeroThreshold: new(0.001), ZeroCount: new(uint64(7)), SampleCount: new(uint64(7)),
	}, &Native{Buckets: redpoll.Exponents{Schema: 3, Threshold: .001, Zero: 7}, Count: 7})
	f("negative buckets without observations", &dto.Histogram{
		Schema: new(int32(0)), SampleCount: new(uint64(1)),
		NegativeSpan: spans(0, 2), NegativeDelta: []int64{0, 0}, PositiveSpan: spans(0, 1), PositiveDelta: []int64{1},
	}, &Native{Buckets: redpoll.Exponents{Counts: []uint64{1}}, Count: 1})
	f("more than is kept: 8,192 powers of 2^(1/256) become 512 of 2^(1/16)", &dto.Histogram{
		Schema: new(int32(8)), SampleCount: new(uint64(5)),
		PositiveSpan: spans(1, 17, 8174, 1), PositiveDelta: append([]int64{1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0}, 1),
	}, &Native{Buckets: redpoll.Exponents{Schema: 4, First: 1, Counts: append(append([]uint64{2, 1}, make([]uint64, 509)...), 2)}, Count: 5})
	f("finer than is kept", &dto.Histogram{
		Schema: new(int32(10)), SampleCount: new(uint64(15)), PositiveSpan: spans(1, 5), PositiveDelta: []int64{1, 1, 1, 1, 1},
	}, &Native{Buckets: redpoll.Exponents{Schema: 8, First: 1, Counts: []uint64{10, 5}}, Count: 15})
}

func TestFastNativeHistogramsThatCannotBeUsedSayWhy(t *testing.T) {
	f := func(why string, h *dto.Histogram) {
		t.Helper()
		if h.SampleCount == nil {
			h.SampleCount = new(uint64(3))
		}
		n, skipped := nativeOf(t, h)
		if n != nil || skipped.Count != 1 || skipped.Reason != "h "+why {
			t.Errorf("read %v, skipped %v; want %q", n, skipped, why)
		}
	}
	const mismatch = "has more or fewer native buckets than counts of them"
	const unsound = "has a native bucket without a sound count"
	const far = "has native buckets beyond any duration"
	f("has custom buckets (schema -53), whose bounds the protobuf format cannot tell",
		&dto.Histogram{Schema: new(int32(-53)), PositiveSpan: spans(0, 1), PositiveDelta: []int64{3}})
	f("has native buckets of schema -5, which is none of the exponential ones", &dto.Histogram{Schema: new(int32(-5)), PositiveSpan: spans(0, 0)})
	f("has native buckets of schema 53, which is none of the exponential ones", &dto.Histogram{Schema: new(int32(53)), PositiveSpan: spans(0, 0)})
	f("has observations below zero, which no duration is", &dto.Histogram{NegativeSpan: spans(0, 2), NegativeDelta: []int64{0, 3}})
	f("has observations below zero, which no duration is", &dto.Histogram{NegativeSpan: spans(0, 1), NegativeCount: []float64{.5}})
	f("has a zero bucket that is not finite", &dto.Histogram{PositiveSpan: spans(0, 0), ZeroThreshold: new(math.NaN())})
	f("has a zero bucket that is not finite", &dto.Histogram{PositiveSpan: spans(0, 0), ZeroThreshold: new(math.Inf(1))})
	f("has a zero bucket that is not finite", &dto.Histogram{PositiveSpan: spans(0, 0), ZeroThreshold: new(-1.0)})
	f("has no sound count of its observations", &dto.Histogram{PositiveSpan: spans(0, 0), SampleCountFloat: new(math.NaN())})
	f("has no sound count of its observations", &dto.Histogram{PositiveSpan: spans(0, 0), ZeroCountFloat: new(-1.0)})
	f("has no sound count of its observations", &dto.Histogram{PositiveSpan: spans(0, 0), SampleCount: new(uint64(math.MaxUint64))})
	f(mismatch, &dto.Histogram{PositiveSpan: spans(0, 2), PositiveDelta: []int64{3}})
	f(mismatch, &dto.Histogram{PositiveSpan: spans(0, 1), PositiveDelta: []int64{3, 4}})
	f(mismatch, &dto.Histogram{PositiveSpan: spans(0, math.MaxUint32, 0, math.MaxUint32), PositiveDelta: []int64{3}})
	f(mismatch, &dto.Histogram{NegativeSpan: spans(0, 2)})
	f("has native buckets that overlap", &dto.Histogram{PositiveSpan: spans(0, 2, -1, 1), PositiveDelta: []int64{1, 1, 1}})
	f("has native buckets with whole and with float counts",
		&dto.Histogram{PositiveSpan: spans(0, 2), PositiveDelta: []int64{1}, PositiveCount: []float64{1}})
	f(unsound, &dto.Histogram{PositiveSpan: spans(0, 2), PositiveDelta: []int64{1, -2}})
	f(unsound, &dto.Histogram{PositiveSpan: spans(0, 2), PositiveDelta: []int64{1, math.MaxInt64}})
	f(unsound, &dto.Histogram{PositiveSpan: spans(0, 1), PositiveDelta: []int64{math.MinInt64}})
	f(unsound, &dto.Histogram{PositiveSpan: spans(0, 2), PositiveDelta: []int64{1 << 53, 0}})
	f(unsound, &dto.Histogram{PositiveSpan: spans(0, 1), PositiveCount: []float64{math.NaN()}})
	f(unsound, &dto.Histogram{PositiveSpan: spans(0, 2), PositiveCount: []float64{3, -1}})
	f(far, &dto.Histogram{PositiveSpan: spans(math.MinInt32, 1), PositiveDelta: []int64{1}})
	f(far, &dto.Histogram{PositiveSpan: spans(1024, 1), PositiveDelta: []int64{1}})
	f(far, &dto.Histogram{PositiveSpan: spans(0, 1, math.MaxInt32, 1, math.MaxInt32, 1), PositiveDelta: []int64{1, 0, 0}})
}

// TestFastNativeBucketsHoldWhatWasObserved compares with a count by hand.
func TestFastNativeBucketsHoldWhatWasObserved(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, factor := range []float64{1.003, 1.1, 4} {
		registry := prometheus.NewRegistry()
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", NativeHistogramBucketFactor: factor, Buckets: []float64{.1, 1}})
		registry.MustRegister(h)
		var observed []float64
		for range 1000 {
			observed = append(observed, math.Exp(2*r.NormFloat64()-3))
			h.Observe(observed[len(observed)-1])
		}
		body, contentType := exposed(t, registry, acceptProtobuf)
		s, err := readBody(newReader(nil), body, contentType)
		if err != nil {
			t.Fatal(err)
		}
		n, classic := s.Samples[0].Native, s.Samples[0].Histogram
		x := n.Buckets
		want := make([]uint64, len(x.Counts))
		var fast float64
		for _, v := range observed {
			want[int(math.Ceil(math.Log2(v)*math.Exp2(float64(x.Schema))))-x.First]++
			if v <= .1 {
				fast++
			}
		}
		if diff := cmp.Diff(want, x.Counts); diff != "" || n.Count != 1000 {
			t.Errorf("factor %v, %v observations: %s", factor, n.Count, diff)
		}
		if classic.Cumulative[0] != fast || classic.Count() != 1000 {
			t.Errorf("factor %v: classic buckets %v, want %v of 1000 up to 0.1", factor, classic, fast)
		}
		if s.Taken != 1+5 { // two bounds, +Inf, sum and count
			t.Errorf("%d samples, want 6", s.Taken)
		}
	}
}

func TestFastTheClassicHalfOfAHistogramOutlivesTheNativeOne(t *testing.T) {
	s := readProtobuf(t, protobufOf(t, dtoFamily("h", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
		SampleCount: new(uint64(3)), SampleSum: new(1.0),
		Bucket:       []*dto.Bucket{{UpperBound: new(1.0), CumulativeCount: new(uint64(2))}},
		NegativeSpan: spans(0, 1), NegativeDelta: []int64{1},
	}})))
	want := []float64{2, 3}
	if diff := cmp.Diff(want, s.Samples[0].Histogram.Cumulative); diff != "" || s.Samples[0].Native != nil {
		t.Errorf("%v %s", s.Samples[0].Native, diff)
	}
	if s.Taken != 4 || s.Skipped.Count != 1 {
		t.Errorf("%d exposed, %d skipped; want 4, 1", s.Taken, s.Skipped.Count)
	}
}

func TestFastABucketForAnExemplarMakesNoClassicHistogram(t *testing.T) {
	n, _ := nativeOf(t, &dto.Histogram{
		SampleCount: new(uint64(1)), PositiveSpan: spans(0, 1), PositiveDelta: []int64{1},
		Bucket: []*dto.Bucket{{UpperBound: new(math.Inf(1)), CumulativeCount: new(uint64(1))}},
	})
	if n == nil || n.Count != 1 {
		t.Errorf("read %v", n)
	}
}

// TestFastSparseBucketsOfABodyAreBounded reads series that are 512 buckets wide
// and few bytes long.
func TestFastSparseBucketsOfABodyAreBounded(t *testing.T) {
	var metrics []*dto.Metric
	for i := range 2000 {
		metrics = append(metrics, &dto.Metric{
			Label:     []*dto.LabelPair{{Name: new("path"), Value: new(strings.Repeat("x", i))}},
			Histogram: &dto.Histogram{SampleCount: new(uint64(2)), PositiveSpan: spans(0, 1, 510, 1), PositiveDelta: []int64{1, 0}},
		})
	}
	s := readProtobuf(t, protobufOf(t, dtoFamily("h", dto.MetricType_HISTOGRAM, metrics...)))
	if want := MaxBuckets / 512; len(s.Samples) != want || s.Skipped.Count != len(metrics)-want {
		t.Errorf("%d series are read, %d skipped; want %d, %d", len(s.Samples), s.Skipped.Count, want, len(metrics)-want)
	}
	if !strings.Contains(s.Skipped.Reason, "the body has more than 1000000 native buckets") {
		t.Error(s.Skipped.Reason)
	}
}
