package rules

import (
	"testing"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func TestFastOtherQuantilesComeFromTheWindowsBuckets(t *testing.T) {
	d := newDriver(t, RuleConfig{Alert: "Tail", Metric: "p99.9", Above: "900ms"})
	h := redpoll.NewHistogram([]float64{0.1, 1})
	h.Counts[0], h.Counts[1] = 990, 10 // rank 999 is the 9th of 10 between 0.1 and 1
	got := one(t, d.eval(redpoll.EndpointMetrics{
		Key: checkout, Window: redpoll.Increase{Elapsed: interval, Requests: 1000, Latency: h},
	}))
	if v := *got.Value; v < 0.9099 || v > 0.9101 {
		t.Errorf("p99.9 is %v, want 0.91", v)
	}
}

func TestFastEveryMetricReadsItsOwnFigure(t *testing.T) {
	p := func(v float64) *float64 { return &v }
	s := &redpoll.Snapshot{
		Endpoints: []redpoll.EndpointMetrics{{
			Key: checkout, P50: redpoll.Exactly(1), P95: redpoll.Exactly(2), P99: redpoll.Exactly(3), Mean: p(1.5), ErrorRate: p(0.4), Throughput: p(5),
			Window: redpoll.Increase{Requests: 1},
		}},
		CDN:    redpoll.CDN{Bandwidth: p(6), CacheHitRatio: p(0.7), Storage: p(0.8)},
		System: redpoll.System{Uptime: p(9), Memory: p(10), CPU: p(11)},
	}
	want := map[string]float64{
		"p50": 1, "p95": 2, "p99": 3, "mean": 1.5, "error_rate": 0.4, "throughput": 5, "cdn_bandwidth": 6,
		"cdn_cache_hit_ratio": 0.7, "cdn_storage": 0.8, "system_uptime": 9, "system_memory": 10, "system_cpu": 11,
	}
	zero := map[string]Value{"p50": "0s", "p95": "0s", "p99": "0s", "mean": "0s", "error_rate": "0%", "throughput": "0/s",
		"cdn_cache_hit_ratio": "0%", "cdn_storage": "0%"}
	var rules []RuleConfig
	for name := range want {
		above := zero[name]
		if above == "" {
			above = "0"
		}
		rules = append(rules, RuleConfig{Alert: name, Metric: name, Above: above})
	}
	got := newDriver(t, rules...).evalSnapshot(s)
	if len(got) != len(want) {
		t.Errorf("%d alerts, want %d", len(got), len(want))
	}
	for _, a := range got {
		if *a.Value != want[a.Metric] {
			t.Errorf("%s is %v, want %v", a.Metric, *a.Value, want[a.Metric])
		}
	}
}

func TestFastTheMeanIsJudgedWhereThereAreNoQuantiles(t *testing.T) {
	d := newDriver(t, RuleConfig{Alert: "Slow", Metric: "mean", Above: "100ms"})
	v := 0.12
	got := one(t, d.eval(redpoll.EndpointMetrics{Key: checkout, Mean: &v, Window: redpoll.Increase{Requests: 50}}))
	if got.State != redpoll.Firing || got.Unit != redpoll.Seconds || got.Lower != nil ||
		got.Annotations["summary"] != "mean latency of POST /checkout was 120 ms, above 100 ms" {
		t.Errorf("got %+v", got)
	}
}

func TestFastMissingFiguresAreExplained(t *testing.T) {
	v := 0.8
	for _, tc := range []struct {
		name, metric string
		now          redpoll.EndpointMetrics
		want         redpoll.NoData
	}{
		{"the cause that the scrape gave comes first", "p99", silent(redpoll.TargetDown), redpoll.TargetDown},
		{"no request", "p99", redpoll.EndpointMetrics{Key: checkout}, redpoll.NoTraffic},
		{"requests but no durations", "p99", redpoll.EndpointMetrics{Key: checkout, Window: redpoll.Increase{Requests: 50}}, redpoll.NoQuantiles},
		{"requests but no sum of durations", "mean", redpoll.EndpointMetrics{Key: checkout, Window: redpoll.Increase{Requests: 50}}, redpoll.NoMean},
		{"requests but no status", "error_rate", redpoll.EndpointMetrics{Key: checkout, Window: redpoll.Increase{Requests: 50}}, redpoll.NoErrorLabel},
		{"requests but no buckets", "p99.9", redpoll.EndpointMetrics{Key: checkout, Window: redpoll.Increase{Requests: 50}}, redpoll.NoQuantiles},
		{"no time covered", "throughput", redpoll.EndpointMetrics{Key: checkout}, redpoll.FirstScrape},
		{"fewer requests than asked for", "p99", redpoll.EndpointMetrics{Key: checkout, P99: redpoll.Exactly(v), Window: redpoll.Increase{Requests: 9}}, redpoll.TooFew},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rule := RuleConfig{Alert: "A", Metric: tc.metric, MinRequests: 10}
			bad := latency(0.8)
			bad.Mean, bad.ErrorRate, bad.Throughput = &v, &v, &v
			bad.Window.Latency = redpoll.NewHistogram([]float64{0.5, 1})
			bad.Window.Latency.Counts[1] = 100
			switch tc.metric {
			case "p99", "p99.9", "mean":
				rule.Above = "500ms"
			case "error_rate":
				rule.Above = "5%"
			case "throughput":
				rule.Above, rule.MinRequests = "0.1/s", 0
			}
			d := newDriver(t, rule)
			if got := one(t, d.eval(bad)); got.State != redpoll.Firing {
				t.Fatalf("at first it is %s", got.State)
			}
			if got := one(t, d.eval(tc.now)); got.State != redpoll.Unknown || got.Cause != tc.want {
				t.Errorf("it is %s for %q, want unknown for %q", got.State, got.Cause, tc.want)
			}
		})
	}
}

func TestFastNoThroughputIsAValueOfItsOwn(t *testing.T) {
	d := newDriver(t, RuleConfig{Alert: "Quiet", Metric: "throughput", Below: "1/s"})
	zero := 0.0
	got := one(t, d.eval(redpoll.EndpointMetrics{Key: checkout, Throughput: &zero, Cause: redpoll.NoTraffic}))
	if got.State != redpoll.Firing || *got.Value != 0 {
		t.Errorf("got %+v", got)
	}
}
