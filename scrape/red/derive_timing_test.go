package red

import (
	"testing"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// The endpoints of a benchmark, each with 3 status codes.
const timedEndpoints = 10_000

// Derivation of 10,000 endpoints with 3 codes and 12 buckets each, as one
// target would expose them; parsing is not included.
//
// go test -run '^$' -bench Derive -benchmem ./scrape/red
func BenchmarkDerive(b *testing.B) {
	bounds := []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	benchmarkDerive(b, func(s *exposition.Sample, _ int) {
		s.Histogram = &exposition.Histogram{Bounds: bounds, Cumulative: make([]float64, len(bounds)+1)}
	}, func(s *exposition.Sample) {
		for j := range s.Histogram.Cumulative {
			s.Histogram.Cumulative[j] += float64(j + 1)
		}
		s.Histogram.Sum += 3
	})
}

// As BenchmarkDerive, with native histograms of 40 buckets, whose range differs
// from code to code.
func BenchmarkDeriveNative(b *testing.B) {
	const buckets = 40
	benchmarkDerive(b, func(s *exposition.Sample, code int) {
		s.Native = &exposition.Native{Buckets: redpoll.Exponents{Schema: 3, Threshold: 0x1p-128, First: 8*code - 50, Counts: make([]uint64, buckets)}}
	}, func(s *exposition.Sample) {
		for j := range s.Native.Buckets.Counts {
			s.Native.Buckets.Counts[j]++
		}
		s.Native.Count += buckets
		s.Native.Sum += 3
	})
}

// benchmarkDerive lets every sample grow by step between scrapes.
func benchmarkDerive(b *testing.B, begin func(s *exposition.Sample, code int), step func(*exposition.Sample)) {
	var scrape exposition.Scrape
	for e := range timedEndpoints {
		path := "/api/v1/resource" + string(rune('a'+e%26)) + time.Duration(e).String()
		for i, code := range []string{"200", "404", "500"} {
			scrape.Samples = append(scrape.Samples, exposition.Sample{Ref: len(scrape.Samples), Series: &exposition.Series{
				Name: "http_request_duration_seconds", Type: exposition.HistogramType,
				Labels: []exposition.Label{{Name: "code", Value: code}, {Name: "method", Value: "GET"}, {Name: "path", Value: path}},
			}})
			begin(&scrape.Samples[len(scrape.Samples)-1], i)
		}
	}
	d := NewDeriver(Options{MaxEndpoints: timedEndpoints})
	at := epoch
	next := func() *Derived {
		for i := range scrape.Samples {
			step(&scrape.Samples[i])
		}
		at = at.Add(5 * time.Second)
		return d.Derive(scrape, at)
	}
	next()
	if n := len(next().Endpoints); n != timedEndpoints {
		b.Fatalf("%d endpoints", n)
	}
	b.ReportAllocs()
	for b.Loop() {
		next()
	}
}
