package rules

import (
	"testing"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// Ten minutes at 30 ms, of which the spike's five at 300 ms do not count; with
// them the median would be 165 ms, and 60 ms no spike at all.
func TestFastPastSpikesAreNotLearned(t *testing.T) {
	d := newThresholdDriver(t, DefaultThresholds)
	past := []redpoll.Alert{{
		Metric: "latency_spike", Endpoint: checkout, State: redpoll.Resolved,
		Since: start.Add(-5 * time.Minute), ResolvedAt: start,
	}}
	learn := d.engine.LearnFrom(past)
	for _, p := range minutes(start, 0.03, 0.03, 0.03, 0.03, 0.03, 0.3, 0.3, 0.3, 0.3, 0.3) {
		learn(checkout, p)
	}
	if usual := d.engine.endpoint(checkout).baseline.usual; usual < 0.029 || usual > 0.031 {
		t.Errorf("usual is %g s, want 0.03", usual)
	}
}

func TestFastMinutesOfASpikeAreFound(t *testing.T) {
	minute := func(m float64) time.Time { return time.Unix(0, 0).Add(time.Duration(m * float64(time.Minute))) }
	over := redpoll.Alert{Since: minute(2.5), ResolvedAt: minute(4)}
	firing := redpoll.Alert{Since: minute(8)}
	f := func(m float64, want bool) {
		t.Helper()
		if got := duringAny([]redpoll.Alert{over, firing}, minute(m)); got != want {
			t.Errorf("minute %g: %v, want %v", m, got, want)
		}
	}
	f(1, false)
	f(2, true) // it begins in the middle of it
	f(3, true)
	f(4, false)
	f(7, false)
	f(8, true)
	f(20, true) // not over yet
}
