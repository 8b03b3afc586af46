package rules

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// defaultBounds are client_golang's DefBuckets.
var defaultBounds = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// bucketed is an endpoint whose latencies are counted in buckets with these
// bounds.
func bucketed(job, path string, bounds []float64) redpoll.EndpointMetrics {
	return redpoll.EndpointMetrics{
		Key:    redpoll.EndpointKey{Job: job, Method: "GET", Path: path},
		Window: redpoll.Increase{Elapsed: interval, Latency: redpoll.NewHistogram(bounds)},
	}
}

func adviceTexts(d *driver) []string {
	var texts []string
	for _, s := range d.engine.Rules() {
		for _, a := range s.Advice {
			texts = append(texts, a.Text)
		}
	}
	return texts
}

func TestFastAThresholdInsideAWideBucketIsBlurred(t *testing.T) {
	none := bucket{}
	f := func(threshold float64, want bucket, bounds ...float64) {
		t.Helper()
		if got, ok := blurs(bounds, threshold); ok != (want != none) || ok && got != want {
			t.Errorf("%g among %v: %v, %v; want %v", threshold, bounds, got, ok, want)
		}
	}
	f(0.3, bucket{0.25, 0.5}, defaultBounds...)  // 250 ms wide, 83 % of the threshold
	f(0.5, none, defaultBounds...)               // at a bound
	f(0.5, none, 0.25, 0.5000000000000001, 1)    // at a bound but for rounding
	f(0.5, none, 0.25, 0.4999999999999999, 1)    // likewise
	f(2.4, bucket{1, 2.5}, defaultBounds...)     // 63 %
	f(0.45, none, 0.3, 0.5)                      // 44 %
	f(0.003, bucket{0, 0.005}, defaultBounds...) // the lowest bucket begins at 0
	f(10, none, defaultBounds...)                // what is in the bucket up to +Inf is above 10
	f(10.1, bucket{10, math.Inf(1)}, defaultBounds...)
	f(0, none, defaultBounds...)
	f(0, none, -1, 1)
}

func TestFastAdviceNamesTheBucketToAddAndWhereItIsMissing(t *testing.T) {
	d := newDriver(t,
		RuleConfig{Alert: "Slow", Metric: "p99", Above: "300ms"},
		RuleConfig{Alert: "Stuck", Metric: "p99", Above: "30s", Match: Match{Job: "shop"}},
		RuleConfig{Alert: "Fine", Metric: "p95", Above: "500ms"},
		RuleConfig{Alert: "Failing", Metric: "error_rate", Above: "3%"},
	)
	d.eval(
		bucketed("blog", "/posts", defaultBounds),
		bucketed("blog", "/tags", []float64{0.1, 0.2}),
		bucketed("docs", "/", append([]float64(nil), defaultBounds...)), // equal bounds elsewhere in memory
		bucketed("shop", "/cart", defaultBounds),
		redpoll.EndpointMetrics{Key: redpoll.EndpointKey{Job: "shop", Path: "/idle"}},
	)
	want := []string{
		"300 ms lies inside the wide bucket from 250 ms to 500 ms of 3 endpoints of blog, docs and shop, e.g. GET /posts: " +
			"near it, p99 is an estimate; add 0.3 to the histogram's buckets (in seconds)",
		"300 ms is beyond the highest bucket, 200 ms, of GET /tags of blog: " +
			"whether p99 is above cannot be told; add 0.3 to the histogram's buckets (in seconds), and a few beyond",
		"30 s is beyond the highest bucket, 10 s, of GET /cart of shop: " +
			"whether p99 is above cannot be told; add 30 to the histogram's buckets (in seconds), and a few beyond",
		"500 ms is beyond the highest bucket, 200 ms, of GET /tags of blog: " +
			"whether p95 is above cannot be told; add 0.5 to the histogram's buckets (in seconds), and a few beyond",
	}
	if diff := cmp.Diff(want, adviceTexts(d)); diff != "" {
		t.Errorf("advice differs (-want +got):\n%s", diff)
	}
}

func TestFastAdviceStandsWithoutTrafficAndGoesWithItsCause(t *testing.T) {
	d := newDriver(t, RuleConfig{Alert: "Slow", Metric: "p99", Above: "300ms"})
	f := func(name string, want int, endpoints ...redpoll.EndpointMetrics) {
		t.Helper()
		d.eval(endpoints...)
		if got := adviceTexts(d); len(got) != want {
			t.Errorf("%s: %d pieces of advice, want %d: %q", name, len(got), want, got)
		}
	}
	idle := bucketed("shop", "/", nil)
	idle.Window.Latency = nil
	f("coarse buckets", 1, bucketed("shop", "/", defaultBounds))
	f("no traffic", 1, idle)
	f("an endpoint that is gone", 0)
	f("back again", 1, idle)
	f("the bucket was added", 0, bucketed("shop", "/", []float64{0.25, 0.3, 0.5}))

	native := bucketed("shop", "/", nil)
	native.Window.Latency, _ = redpoll.NewExponential(redpoll.Exponents{First: -3, Counts: []uint64{1, 1}})
	f("coarse again", 1, bucketed("shop", "/", defaultBounds))
	f("a native histogram", 0, native)
}

func TestFastAdviceIsBounded(t *testing.T) {
	d := newDriver(t, RuleConfig{Alert: "Slow", Metric: "p99", Above: "300ms"})
	var endpoints []redpoll.EndpointMetrics
	for i := range 100 {
		job, path := fmt.Sprintf("job%02d", i), fmt.Sprintf("/%d", i)
		endpoints = append(endpoints,
			bucketed(job, path, []float64{0.1, 1}),
			bucketed(job, path+"/odd", []float64{float64(i) / 1e5, 1}))
	}
	d.eval(endpoints...)
	got := adviceTexts(d)
	if len(got) != maxAdvice || !strings.Contains(got[0], "100 endpoints of job00, job01, job02 and 97 more jobs") {
		t.Errorf("%d pieces of advice: %q", len(got), got)
	}
}
