package rules

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const interval = 5 * time.Second

// start is at the beginning of a minute, which baselines depend on.
var start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

var checkout = redpoll.EndpointKey{Job: "shop", Method: "POST", Path: "/checkout"}

// driver feeds an engine one snapshot after the other, interval apart.
type driver struct {
	t      *testing.T
	engine *Engine
	now    time.Time // of the next snapshot
}

// newDriver starts an engine with the given rules only: redpoll's own are off.
func newDriver(t *testing.T, rules ...RuleConfig) *driver {
	t.Helper()
	return newThresholdDriver(t, allOff, rules...)
}

var allOff = Thresholds{off, off, off, off, off}

func newThresholdDriver(t *testing.T, th Thresholds, rules ...RuleConfig) *driver {
	t.Helper()
	d := &driver{t: t, engine: NewEngine(Options{}), now: start}
	d.apply(th, rules...)
	return d
}

func (d *driver) apply(th Thresholds, rules ...RuleConfig) {
	d.t.Helper()
	if err := d.engine.Apply(th, rules); err != nil {
		d.t.Fatal(err)
	}
}

// eval makes a snapshot of the endpoints and judges it.
func (d *driver) eval(endpoints ...redpoll.EndpointMetrics) []redpoll.Alert {
	return d.evalSnapshot(&redpoll.Snapshot{Endpoints: endpoints})
}

func (d *driver) evalSnapshot(s *redpoll.Snapshot) []redpoll.Alert {
	s.Time, s.Interval = d.now, interval
	d.now = d.now.Add(interval)
	return d.engine.Eval(s)
}

// one makes sure that there is one alert and returns it.
func one(t *testing.T, alerts []redpoll.Alert) redpoll.Alert {
	t.Helper()
	if len(alerts) != 1 {
		t.Fatalf("got %d alerts, want 1: %v", len(alerts), alerts)
	}
	return alerts[0]
}

// latency is an endpoint whose every quantile is v seconds, in 100 requests.
func latency(v float64) redpoll.EndpointMetrics {
	in := redpoll.Increase{Elapsed: interval, Requests: 100}
	return redpoll.EndpointMetrics{Key: checkout, P50: redpoll.Exactly(v), P95: redpoll.Exactly(v), P99: redpoll.Exactly(v), Window: in, New: &in, Instances: 1}
}

// failures is an endpoint at which failed of requests failed.
func failures(failed, requests uint64) redpoll.EndpointMetrics {
	in := redpoll.Increase{Elapsed: interval, Requests: requests, Errors: failed, ErrorsKnown: true}
	return redpoll.EndpointMetrics{
		Key: checkout, ErrorRate: in.ErrorRate(), Throughput: in.Throughput(),
		Window: in, New: &in, Instances: 1,
	}
}

// silent is an endpoint without figures.
func silent(cause redpoll.NoData) redpoll.EndpointMetrics {
	return redpoll.EndpointMetrics{Key: checkout, Cause: cause}
}

// letter writes the state after an evaluation: "." inactive, P pending, F
// firing, U unknown, R resolved in this evaluation. Severities other than
// critical are lower case. The letter is that of the transition or, without
// one, of the active alert.
func letter(transitions, active []redpoll.Alert) string {
	all := append(transitions, active...)
	if len(all) == 0 {
		return "."
	}
	a := all[0]
	if a.State == redpoll.Inactive {
		return "."
	}
	l := strings.ToUpper(string(a.State[:1]))
	if a.Severity != redpoll.Critical {
		l = strings.ToLower(l)
	}
	return l
}
