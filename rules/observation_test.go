package rules

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// between is an endpoint whose every quantile is v, in a bucket with these
// bounds.
func between(lower, v, upper float64) redpoll.EndpointMetrics {
	m := latency(v)
	e := &redpoll.Estimate{Value: v, Lower: lower, Upper: upper}
	m.P50, m.P95, m.P99 = e, e, e
	return m
}

// atLeastSeconds is one whose latencies lie beyond the highest bucket.
func atLeastSeconds(bound float64) redpoll.EndpointMetrics {
	return between(bound, bound, math.Inf(1))
}

// In the scripts "o" is a latency of 1 s, "X" one of 40 s, "8" and "9" one in
// the bucket beyond 8 or 9 s.
func (d *driver) playBuckets(script string) string {
	var states strings.Builder
	for _, c := range script {
		m := map[rune]redpoll.EndpointMetrics{
			'o': between(0.5, 1, 2), 'X': between(30, 40, 60), '8': atLeastSeconds(8), '9': atLeastSeconds(9),
		}[c]
		transitions := d.eval(m)
		states.WriteString(letter(transitions, d.engine.Active()))
	}
	return states.String()
}

func TestCanaryNoAlertIsMissedOrResolvedByABound(t *testing.T) {
	f := func(name string, rule RuleConfig, script, want string) {
		t.Helper()
		rule.Alert, rule.Severity = "A", redpoll.Critical
		if got := newDriver(t, rule).playBuckets(script); got != want {
			t.Errorf("%s: %s gives %s, want %s", name, script, got, want)
		}
	}
	above, below := RuleConfig{Metric: "p99", Above: "9s"}, RuleConfig{Metric: "p99", Below: "9s"}
	f("beyond the bound that is the threshold, it is crossed", above, "9o", "FR")
	f("a threshold beyond the bound cannot be seen to be crossed", above, "8o8", "...")
	f("nor to be crossed no longer", above, "X88o", "FUUR")
	f("the bound that is the threshold is not below it", below, "o9", "FR")
	f("a bound below the threshold says nothing of what lies beyond", below, "o8o", "FUF")
	f("a bound off by rounding is the threshold all the same",
		RuleConfig{Metric: "p99", Above: "9.000000000000002s"}, "9", "F")
}

// A median of 1 s is usual. Beyond 1.5 s it is a spike of 50 % at least.
func TestFastASpikeBeyondTheBucketsIsOneIfTheBoundIs(t *testing.T) {
	f := func(bound float64, want string, cause redpoll.NoData) {
		t.Helper()
		d := newThresholdDriver(t, Thresholds{"50%", off, off, off, off})
		for range 12 * (baselineMin + 1) {
			d.eval(between(0.5, 1, 2))
		}
		for range 4 {
			d.eval(between(8, 9, 10)) // fires
		}
		got := letter(d.eval(atLeastSeconds(bound)), d.engine.Active())
		if active := d.engine.Active(); got != want || len(active) != 1 || active[0].Cause != cause {
			t.Errorf("beyond %g s: %s, %v, want %s for %q", bound, got, active, want, cause)
		}
	}
	f(1.6, "F", redpoll.HasData)
	f(1.4, "U", redpoll.BeyondBuckets)
	f(0.9, "U", redpoll.BeyondBuckets)
}

func TestFastAlertsCarryTheBoundsOfTheirLatency(t *testing.T) {
	p := func(v float64) *float64 { return &v }
	f := func(metric string, m redpoll.EndpointMetrics, lower, upper *float64) {
		t.Helper()
		rule := RuleConfig{Alert: "A", Metric: metric, Above: "100ms"}
		if metric == "throughput" {
			rule.Above = "1/s"
		}
		a := one(t, newDriver(t, rule).eval(m))
		if diff := cmp.Diff([]*float64{lower, upper}, []*float64{a.Lower, a.Upper}); diff != "" {
			t.Errorf("bounds of %s differ (-want +got):\n%s", metric, diff)
		}
	}
	f("p95", between(0.5, 0.8, 1), p(0.5), p(1))
	f("p95", atLeastSeconds(10), p(10), nil)
	f("p99", latency(0.7), p(0.7), p(0.7)) // the application's own
	own := latency(0.7)
	own.Own = []redpoll.OwnQuantile{{Q: 0.999, Value: 2}}
	f("p99.9", own, p(2), p(2))
	busy := latency(0.7)
	busy.Throughput = p(5)
	f("throughput", busy, nil, nil)
}

func TestFastSummariesSayWhereALatencyIsALowerLimit(t *testing.T) {
	d := newDriver(t, RuleConfig{Alert: "A", Metric: "p99", Above: "9s"})
	f := func(m redpoll.EndpointMetrics, want string) {
		t.Helper()
		if got := one(t, d.eval(m)).Annotations["summary"]; got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	f(atLeastSeconds(10), "p99 of POST /checkout was ≥ 10 s, above 9 s")
	f(silent(redpoll.TargetDown), "p99 of POST /checkout is not known: target down; last it was ≥ 10 s, above 9 s")
	f(atLeastSeconds(10), "p99 of POST /checkout was ≥ 10 s, above 9 s")
	f(between(0.5, 1, 2), "p99 of POST /checkout is back at 1 s, no longer above 9 s; at worst it was ≥ 10 s")
}

func TestFastARestoredAlertKnowsThatItsPeakIsALowerLimit(t *testing.T) {
	rule := RuleConfig{Alert: "A", Metric: "p99", Above: "9s"}
	before := one(t, newDriver(t, rule).eval(atLeastSeconds(10)))
	d := newDriver(t, rule)
	d.engine.Restore([]redpoll.Alert{before}, start)
	got := one(t, d.eval(between(0.5, 1, 2)))
	if want := "; at worst it was ≥ 10 s"; !strings.HasSuffix(got.Annotations["summary"], want) {
		t.Errorf("summary is %q, want it to end %q", got.Annotations["summary"], want)
	}
}
