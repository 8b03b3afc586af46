package red

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// natives feeds states of one native histogram to a deriver, five seconds apart.
type natives struct {
	deriver *Deriver
	series  *exposition.Series
	at      time.Time
}

func newNatives(o Options, family string) *natives {
	o.MaxEndpoints = 10
	return &natives{
		deriver: NewDeriver(o),
		series: &exposition.Series{Name: family, Type: exposition.HistogramType, Labels: []exposition.Label{
			{Name: "code", Value: "200"}, {Name: "path", Value: "/a"},
		}},
		at: epoch,
	}
}

func (n *natives) scrape(state exposition.Native) *Derived {
	return n.scrapeSample(exposition.Sample{Native: &state})
}

// scrapeSample takes a sample of the series.
func (n *natives) scrapeSample(sample exposition.Sample) *Derived {
	sample.Series = n.series
	n.at = n.at.Add(5 * time.Second)
	return n.deriver.Derive(exposition.Scrape{Samples: []exposition.Sample{sample}}, n.at)
}

// nativeOf makes a state whose count is that of its buckets and whose sum is
// half of it.
func nativeOf(schema int8, threshold float64, zero uint64, first int, counts ...uint64) exposition.Native {
	n := exposition.Native{
		Buckets:       redpoll.Exponents{Schema: schema, Threshold: threshold, Zero: zero, First: first, Counts: counts},
		ExposedSchema: int(schema),
	}
	n.Count = float64(n.Buckets.Count())
	n.Sum = n.Count / 2
	return n
}

func TestFastIncreasesOfNativeHistograms(t *testing.T) {
	// With schema 0 bucket 1 is from 1 to 2, bucket 2 to 4, bucket 0 from 1/2.
	before := nativeOf(0, 0.001, 5, 1, 10, 20)
	fewer := nativeOf(0, 0.001, 5, 1, 9, 40)
	for name, c := range map[string]struct {
		before, after exposition.Native
		want          map[float64]uint64 // by upper bound
		requests      uint64
	}{
		"are differences of buckets": {
			before, nativeOf(0, 0.001, 6, 0, 3, 11, 20, 7),
			map[float64]uint64{0.001953125: 1, 1: 3, 2: 1, 8: 7}, 12,
		},
		"are known after the schema got coarser": {
			// Bucket 1 of schema -1 is from 1 to 4.
			before, nativeOf(-1, 0.001, 5, 0, 2, 33),
			map[float64]uint64{1: 2, 4: 3}, 5,
		},
		"are known after the zero bucket got larger": {
			nativeOf(0, 0.001, 5, -1, 1, 2, 3), nativeOf(0, 1, 10, 1, 4),
			map[float64]uint64{1: 2, 2: 1}, 3,
		},
		"count from zero where a bucket fell":               {before, fewer, map[float64]uint64{0.001953125: 5, 2: 9, 4: 40}, 54},
		"count from zero where a bucket is gone":            {before, nativeOf(0, 0.001, 5, 2, 70), map[float64]uint64{0.001953125: 5, 4: 70}, 75},
		"count from zero where the zero bucket fell":        {before, nativeOf(0, 0.001, 4, 1, 20, 20), map[float64]uint64{0.001953125: 4, 2: 20, 4: 20}, 44},
		"count from zero where the schema got finer":        {before, nativeOf(1, 0.001, 6, 1, 10, 20, 30, 40), map[float64]uint64{math.Exp2(-9.5): 6, math.Exp2(.5): 10, 2: 20, math.Exp2(1.5): 30, 4: 40}, 106},
		"count from zero where the zero bucket got smaller": {before, nativeOf(0, 0, 6, 1, 40, 50), map[float64]uint64{0: 6, 2: 40, 4: 50}, 96},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNatives(Options{}, "http_request_duration_seconds")
			n.scrape(c.before)
			in := n.scrape(c.after).Endpoints[0].Increase
			if diff := cmp.Diff(c.want, bucketsOf(in.Latency)); diff != "" || in.Requests != c.requests {
				t.Errorf("%d requests, want %d; buckets (-want +got):\n%s", in.Requests, c.requests, diff)
			}
			if in.Latency.Scale != redpoll.Exponential {
				t.Errorf("the scale is %v", in.Latency.Scale)
			}
		})
	}
}

// bucketsOf are the counts that are not zero by their upper bounds.
func bucketsOf(h *redpoll.Histogram) map[float64]uint64 {
	counts := make(map[float64]uint64)
	for i, c := range h.Counts {
		switch {
		case c == 0:
		case i == len(h.Bounds):
			counts[math.Inf(1)] = c
		default:
			counts[h.Bounds[i]] = c
		}
	}
	return counts
}

// Durations that are NaN are requests, and in no bucket.
func TestFastNativeObservationsThatAreNaNAreRequests(t *testing.T) {
	n := newNatives(Options{}, "http_request_duration_seconds")
	n.scrape(nativeOf(0, 0, 0, 1, 10))
	state := nativeOf(0, 0, 0, 1, 12)
	state.Count, state.Sum = 13, math.NaN()
	e := n.scrape(state).Endpoints[0]
	if in := e.Increase; in.Requests != 3 || in.Latency.Count() != 2 || in.Mean() != nil {
		t.Errorf("%d requests, %d durations, mean %v; want 3, 2, none", in.Requests, in.Latency.Count(), in.Mean())
	}
}

// 4 of 8 ms and more are in buckets of powers of two of a millisecond, which
// are no powers of two of a second.
func TestFastNativeHistogramsInMillisecondsKeepTheirBounds(t *testing.T) {
	n := newNatives(Options{Conventions: []Convention{mapping(t, "shop_ms", "ms")}}, "shop_ms")
	n.scrape(nativeOf(0, 0, 0, 1, 1))
	in := n.scrape(nativeOf(0, 0, 3, 1, 1, 5, 0, 4)).Endpoints[0].Increase
	const microsecond = 1. / 1024 / 1000 // the lowest bound
	if diff := cmp.Diff(map[float64]uint64{microsecond: 3, 0.004: 5, 0.016: 4}, bucketsOf(in.Latency)); diff != "" {
		t.Error(diff)
	}
	// Rank 11.4 is 3.4 of 4 into the bucket from 8 to 16 ms.
	if got, want := in.Quantile(.95), 0.008*math.Exp2(.85); math.Abs(got.Value-want) > 1e-12 || got.Lower != 0.008 || got.Upper != 0.016 {
		t.Errorf("p95 is %+v, want %v", *got, want)
	}
	if in.Latency.Sum != 0.006 {
		t.Errorf("the sum is %v, want 6 ms", in.Latency.Sum)
	}
}

func TestFastGridsOfAllSchemasCanBeMerged(t *testing.T) {
	for schema := int8(redpoll.MinSchema); schema < maxGridSchema; schema++ {
		coarse, lowest := grid(schema, 1e-3)
		fine, _ := grid(schema+1, 1e-3)
		if len(coarse) < 2 || coarse[0] != redpoll.UpperBound(schema, lowest)*1e-3 {
			t.Fatalf("schema %d: bounds %v from number %d", schema, coarse, lowest)
		}
		a, b := redpoll.NewHistogram(coarse), redpoll.NewHistogram(fine)
		if b.Merge(a); len(b.Bounds) != len(coarse) {
			t.Errorf("schemas %d and %d have %d bounds in common, want %d", schema, schema+1, len(b.Bounds), len(coarse))
		}
	}
}

func mapping(t *testing.T, name string, unit Unit) Convention {
	t.Helper()
	c := Convention{Family: name, Unit: unit, Path: LabelNames{"path"}, Status: LabelNames{"code"}}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return c
}

// Two instances' states are added, subtracted and made coarser in any order.
func TestFastSumsOfNativeBucketsDoNotDependOnTheOrder(t *testing.T) {
	states := []exposition.Native{
		nativeOf(3, 1e-9, 2, -5, 1, 0, 4, 2), nativeOf(1, 1e-4, 1, 0, 7, 1), nativeOf(3, 0, 0, 40, 5), nativeOf(-2, 0.25, 3, 0), nativeOf(8, 0, 0, -900, 2, 2),
	}
	var want map[float64]uint64
	for turn := range states {
		var l latencies
		for i := range states {
			l.addNative(&states[(i+turn)%len(states)].Buckets, 1, false)
		}
		h := l.total(1)
		if got := bucketsOf(h); want == nil {
			want = got
		} else if diff := cmp.Diff(want, got); diff != "" || h.Sum != 5 {
			t.Errorf("beginning with %d: sum %v, buckets\n%s", turn, h.Sum, diff)
		}
	}
}
