package rules

import (
	"testing"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func TestFastSummariesSpeakPlainly(t *testing.T) {
	value := func(v float64) *float64 { return &v }
	get := redpoll.EndpointKey{Job: "shop", Method: "GET", Path: "/cart"}
	for _, tc := range []struct {
		alert redpoll.Alert
		want  string
	}{
		{redpoll.Alert{Metric: "error_rate", Endpoint: get, Value: value(0.0721), Threshold: 0.05, Above: true},
			"error rate of GET /cart was 7.21 %, above 5 %"},
		{redpoll.Alert{Metric: "p99.9", Endpoint: redpoll.EndpointKey{Path: "/cart"}, Value: value(1.2), Threshold: 0.8, Above: true},
			"p99.9 of /cart was 1.2 s, above 800 ms"},
		{redpoll.Alert{Metric: "p99", Endpoint: get, Value: value(0.32), Peak: value(0.9), Threshold: 0.5, Above: true, State: redpoll.Resolved},
			"p99 of GET /cart is back at 320 ms, no longer above 500 ms; at worst it was 900 ms"},
		{redpoll.Alert{Metric: "p99", Endpoint: get, Value: value(0.8), Threshold: 0.5, Above: true, State: redpoll.Unknown, Cause: redpoll.TargetDown},
			"p99 of GET /cart is not known: target down; last it was 800 ms, above 500 ms"},
		{redpoll.Alert{Metric: "p99", Endpoint: get, State: redpoll.Unknown, Cause: redpoll.FirstScrape},
			"p99 of GET /cart is not known: first scrape"},
		{redpoll.Alert{Metric: "throughput", Endpoint: get, Value: value(12.34), Threshold: 200},
			"throughput of GET /cart was 12.3/s, below 200/s"},
		{redpoll.Alert{Metric: "cdn_cache_hit_ratio", Value: value(0.8249), Threshold: 0.9},
			"cache hit ratio was 82.5 %, below 90 %"},
		{redpoll.Alert{Metric: "cdn_bandwidth", Value: value(123456789), Threshold: 1e8, Above: true},
			"CDN bandwidth was 123 MB/s, above 100 MB/s"},
		{redpoll.Alert{Metric: "system_memory", Value: value(5 << 30), Threshold: 4.5 * (1 << 30), Above: true},
			"memory in use was 5 GiB, above 4.5 GiB"},
		{redpoll.Alert{Metric: "system_uptime", Value: value(40), Threshold: 600},
			"uptime was 40 s, below 10 min"},
	} {
		m, err := metricByName(tc.alert.Metric)
		if err != nil {
			t.Fatal(err)
		}
		a := alert{Alert: tc.alert}
		if got := a.summary(&rule{metric: m}); got != tc.want {
			t.Errorf("got  %q\nwant %q", got, tc.want)
		}
	}
}

func TestFastAGivenSummaryStays(t *testing.T) {
	rule := slow("")
	rule.Annotations = map[string]string{"summary": "call the owner"}
	if got := one(t, newDriver(t, rule).eval(latency(0.8))); got.Annotations["summary"] != "call the owner" {
		t.Errorf("summary is %q", got.Annotations["summary"])
	}
}

func TestFastNumbersHaveThreeSignificantDigits(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.0001234: "0.000123", 0.5: "0.5", 7.2: "7.2", 99.96: "100", 812: "812", 812.4: "812",
		123456: "123456", -12.34: "-12.3", 1e-12: "0",
	} {
		if got := significant(v); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
	for v, want := range map[float64]string{
		0.00025: "250 µs", 0.0004999: "500 µs", 0.0123: "12.3 ms", 59: "59 s", 150: "2.5 min", 7200: "2 h", 86400 * 3: "3 days",
	} {
		if got := formatSeconds(v); got != want {
			t.Errorf("%v s is written %s, want %s", v, got, want)
		}
	}
}
