package redpoll

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// How far quantiles out of client_golang's default buckets are from the true
// ones, for 200 endpoints whose durations are log-normal, with medians from 3 ms
// to 1 s. Printed are the median and the greatest relative errors.
//
// go test -run '^$' -bench Estimates -benchtime 1x ./internal/redpoll
func BenchmarkEstimates(b *testing.B) {
	bounds := []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	for name, scale := range map[string]Scale{"linear": Linear, "geometric": Geometric} {
		b.Run(name, func(b *testing.B) {
			errors := map[string][]float64{}
			for b.Loop() {
				errors = estimateErrors(bounds, scale)
			}
			for q, list := range errors {
				median, _ := Median(list)
				b.ReportMetric(100*median, q+"-%-off")
				b.ReportMetric(100*slices.Max(list), q+"-%-off-at-most")
			}
		})
	}
}

func estimateErrors(bounds []float64, scale Scale) map[string][]float64 {
	r := rand.New(rand.NewPCG(31, 32))
	errors := map[string][]float64{}
	for range 200 {
		median, sigma := 0.003*math.Pow(1000.0/3, r.Float64()), 0.4+0.5*r.Float64()
		durations := make([]float64, 10_000)
		h := NewHistogram(bounds)
		h.Scale = scale
		for i := range durations {
			durations[i] = median * math.Exp(sigma*r.NormFloat64())
			bucket, _ := slices.BinarySearch(bounds, durations[i])
			h.Counts[bucket]++
		}
		slices.Sort(durations)
		for name, q := range map[string]float64{"p50": .5, "p95": .95, "p99": .99} {
			if e, ok := h.Quantile(q); ok && !math.IsInf(e.Upper, 1) {
				truth := durations[int(q*float64(len(durations)))]
				errors[name] = append(errors[name], math.Abs(e.Value/truth-1))
			}
		}
	}
	return errors
}
