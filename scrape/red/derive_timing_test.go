package red

import (
	"testing"
	"time"

	"github.com/redpoll/redpoll/scrape/exposition"
)

// Derivation of 10,000 endpoints with 3 codes and 12 buckets each, as one
// target would expose them; parsing is not included.
//
// go test -run '^$' -bench Derive -benchmem ./scrape/red
func BenchmarkDerive(b *testing.B) {
	const endpoints = 10_000
	bounds := []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	var scrape exposition.Scrape
	for e := range endpoints {
		path := "/api/v1/resource" + string(rune('a'+e%26)) + time.Duration(e).String()
		for _, code := range []string{"200", "404", "500"} {
			scrape.Samples = append(scrape.Samples, exposition.Sample{
				Series: &exposition.Series{
					Ref: len(scrape.Samples), Name: "http_request_duration_seconds", Type: exposition.HistogramType,
					Labels: []exposition.Label{{Name: "code", Value: code}, {Name: "method", Value: "GET"}, {Name: "path", Value: path}},
				},
				Histogram: &exposition.Histogram{Bounds: bounds, Cumulative: make([]float64, len(bounds)+1)},
			})
		}
	}
	d := NewDeriver(Options{MaxEndpoints: endpoints})
	at := epoch
	step := func() *Derived {
		for i := range scrape.Samples {
			h := scrape.Samples[i].Histogram
			for j := range h.Cumulative {
				h.Cumulative[j] += float64(j + 1)
			}
			h.Sum += 3
		}
		at = at.Add(5 * time.Second)
		return d.Derive(scrape, at)
	}
	step()
	if n := len(step().Endpoints); n != endpoints {
		b.Fatalf("%d endpoints", n)
	}
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
}
