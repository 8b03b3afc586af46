package rules

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// benchmarkEngine has 20 rules (4 of its own) and 10,000 endpoints.
//
//	go test ./rules -run '^$' -bench . -benchmem
func benchmarkEngine(b *testing.B, value float64) (*Engine, *redpoll.Snapshot) {
	b.Helper()
	configs := []RuleConfig{
		{Alert: "Tail", Metric: "p99.9", Above: "500ms", For: "30s"},
		{Alert: "Spike", Metric: "latency_spike", Above: "200%", For: "30s"},
		{Alert: "Quiet", Metric: "throughput", Below: "1/s", Match: Match{Path: "/api/*/1*"}},
	}
	for i := len(configs); i < 16; i++ {
		configs = append(configs, RuleConfig{
			Alert: fmt.Sprint("Slow", i), Metric: "p99", Above: "500ms", For: "30s", Match: Match{Job: "job-*", Path: "/api/*"},
		})
	}
	e := NewEngine(Options{})
	if err := e.Apply(DefaultThresholds, configs); err != nil {
		b.Fatal(err)
	}
	h := redpoll.NewHistogram([]float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10})
	h.Counts[5] = 100
	s := &redpoll.Snapshot{Interval: interval, Endpoints: make([]redpoll.EndpointMetrics, 10_000)}
	for i := range s.Endpoints {
		in := redpoll.Increase{Elapsed: interval, Requests: 100, ErrorsKnown: true, Latency: h}
		s.Endpoints[i] = redpoll.EndpointMetrics{
			Key: redpoll.EndpointKey{Job: "job-1", Method: "GET", Path: "/api/v1/" + strconv.Itoa(i)},
			P50: redpoll.Exactly(value), P95: redpoll.Exactly(value), P99: redpoll.Exactly(value), ErrorRate: in.ErrorRate(), Throughput: in.Throughput(),
			Window: in, New: &in,
		}
	}
	return e, s
}

func benchmarkEval(b *testing.B, value float64) {
	e, s := benchmarkEngine(b, value)
	s.Time = start
	e.Eval(s)
	b.ReportAllocs()
	for b.Loop() {
		s.Time = s.Time.Add(interval)
		e.Eval(s)
	}
}

// BenchmarkEvalQuiet is the usual case: nothing is wrong anywhere.
func BenchmarkEvalQuiet(b *testing.B) { benchmarkEval(b, 0.1) }

// BenchmarkEvalStorm has as many alerts as there may be.
func BenchmarkEvalStorm(b *testing.B) { benchmarkEval(b, 0.9) }

// BenchmarkActiveStorm copies and orders that many.
func BenchmarkActiveStorm(b *testing.B) {
	e, s := benchmarkEngine(b, 0.9)
	s.Time = start
	e.Eval(s)
	b.ReportAllocs()
	for b.Loop() {
		e.Active()
	}
}

// BenchmarkMinuteEnd is the tick at which every endpoint's baseline moves.
func BenchmarkMinuteEnd(b *testing.B) {
	ep := &endpoint{}
	at := start
	for b.Loop() {
		ep.baseline.learn(at, 0.1)
		at = at.Add(60 * interval)
	}
}

// BenchmarkRules is for how long asking for the rules, and with them for the
// advice on buckets, keeps an evaluation waiting.
func BenchmarkRules(b *testing.B) {
	e, s := benchmarkEngine(b, 0.1)
	s.Time = start
	e.Eval(s)
	b.ReportAllocs()
	for b.Loop() {
		e.Rules()
	}
}
