package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func TestCanaryAlertsSurviveARestart(t *testing.T) {
	rules := []RuleConfig{slow("15s"), {Alert: "AtOnce", Metric: "p99", Above: "500ms"}}
	before := newDriver(t, rules...)
	stored := before.eval(latency(0.8)) // transitions are what the store has
	before.eval(latency(0.8))
	lastEval := before.now.Add(-interval)

	after := newDriver(t, rules...)
	after.now = before.now.Add(time.Hour)
	after.engine.Restore(stored, lastEval)
	if diff := cmp.Diff(stored, after.engine.Active()); diff != "" {
		t.Errorf("before the first evaluation (-stored +active):\n%s", diff)
	}
	if got := after.eval(latency(0.8)); len(got) != 0 {
		t.Errorf("an hour of downtime counted towards for: %v", got)
	}
	after.eval(latency(0.8))
	fired := one(t, after.eval(latency(0.8)))
	if fired.State != redpoll.Firing || !fired.Since.Equal(start) || fired.ID != alertOf(stored, "Slow").ID {
		t.Errorf("the pending alert became %+v", fired)
	}
	for _, a := range after.eval(latency(0.1)) {
		if a.State != redpoll.Resolved || a.ID != alertOf(stored, a.Rule).ID {
			t.Errorf("it ended as %+v", a)
		}
	}
}

func alertOf(alerts []redpoll.Alert, rule string) redpoll.Alert {
	for _, a := range alerts {
		if a.Rule == rule {
			return a
		}
	}
	return redpoll.Alert{}
}

func TestFastARestoredPendingAlertKeepsItsTime(t *testing.T) {
	pending := redpoll.Alert{
		ID: "p", Rule: "Slow", Metric: "p99", Endpoint: checkout, Severity: redpoll.Critical, State: redpoll.Pending,
		Since: start.Add(-time.Minute), UpdatedAt: start.Add(-time.Minute),
	}
	lost := pending
	lost.State, lost.Before, lost.UpdatedAt = redpoll.Unknown, redpoll.Pending, start.Add(-20*time.Second)
	for _, tc := range []struct {
		name     string
		stored   redpoll.Alert
		lastEval time.Time
		want     string
	}{
		{"25 s were known", pending, start.Add(-35 * time.Second), "PF"},
		{"20 s were known", pending, start.Add(-40 * time.Second), "PPF"},
		{"the last evaluation is not known", pending, time.Time{}, "PPPPPPF"},
		{"40 s were known when its data was lost", lost, start, "F"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDriver(t, slow("30s"))
			d.engine.Restore([]redpoll.Alert{tc.stored}, tc.lastEval)
			if got := d.play(strings.Repeat("X", len(tc.want))); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestFastARestoredAlertWaitsForItsEndpoint(t *testing.T) {
	before := newDriver(t, slow(""))
	before.eval(latency(0.8))
	d := newDriver(t, slow(""))
	d.engine.Restore(before.engine.Active(), start)
	if got := one(t, d.eval()); got.State != redpoll.Unknown || got.Cause != redpoll.FirstScrape {
		t.Errorf("before the first scrape: %+v", got)
	}
	if got := one(t, d.eval(latency(0.8))); got.State != redpoll.Firing || !got.FiredAt.Equal(start) {
		t.Errorf("after it: %+v", got)
	}
}

func TestFastARestoredAlertWithoutItsRuleEnds(t *testing.T) {
	before := newDriver(t, slow(""))
	before.eval(latency(0.8))
	stored := before.engine.Active()
	d := newDriver(t)
	d.engine.Restore(stored, start)
	if got := one(t, d.eval(latency(0.8))); got.State != redpoll.Resolved || got.ID != stored[0].ID {
		t.Errorf("got %+v", got)
	}
	if got := d.eval(latency(0.8)); len(got) != 0 {
		t.Errorf("and again: %v", got)
	}
}

func TestFastOfTwoStoredAlertsForOneEndpointOneEnds(t *testing.T) {
	before := newDriver(t, slow(""))
	before.eval(latency(0.8))
	a := one(t, before.engine.Active())
	b := a.Clone()
	b.ID = "another"
	d := newDriver(t, slow(""))
	d.engine.Restore([]redpoll.Alert{a, b}, start)
	if got := one(t, d.eval(latency(0.8))); got.ID != "another" || got.State != redpoll.Resolved {
		t.Errorf("got %+v", got)
	}
	if got := one(t, d.engine.Active()); got.ID != a.ID {
		t.Errorf("active is %+v", got)
	}
}

func TestFastAReloadKeepsAlertsAndTimersOfRulesWithTheSameName(t *testing.T) {
	d := newDriver(t, slow("10s"))
	pending := one(t, d.eval(latency(0.8)))
	d.eval(latency(0.8))
	changed := slow("10s")
	changed.Above = "600ms"
	d.apply(allOff, changed, RuleConfig{Alert: "More", Metric: "p50", Above: "10s"})
	fired := one(t, d.eval(latency(0.8)))
	if fired.ID != pending.ID || fired.State != redpoll.Firing || fired.Threshold != 0.6 {
		t.Errorf("after the reload: %+v", fired)
	}
	changed.For = "1h"
	d.apply(allOff, changed)
	if got := d.eval(latency(0.8)); len(got) != 0 {
		t.Errorf("a longer for changed a firing alert: %v", got)
	}
	changed.Severity = redpoll.Info
	d.apply(allOff, changed)
	if got := one(t, d.eval(latency(0.8))); got.Severity != redpoll.Info || got.State != redpoll.Firing {
		t.Errorf("a new severity gives %+v", got)
	}
	changed.Above = "900ms"
	d.apply(allOff, changed)
	if got := one(t, d.eval(latency(0.8))); got.State != redpoll.Resolved || got.ID != pending.ID {
		t.Errorf("a threshold that is not crossed gives %+v", got)
	}
}

func TestFastAReloadEndsAlertsOfRemovedRules(t *testing.T) {
	elsewhere := slow("")
	elsewhere.Match.Path = "/search"
	other := slow("")
	other.Metric = "p50"
	for name, rules := range map[string][]RuleConfig{
		"removed": nil, "matching other endpoints": {elsewhere}, "judging another metric": {other},
	} {
		d := newDriver(t, slow(""), RuleConfig{Alert: "Waiting", Metric: "p99", Above: "1ms", For: "1h"})
		d.eval(latency(0.8))
		d.apply(allOff, rules...)
		got := d.eval(latency(0.8))
		if name == "judging another metric" {
			begun := one(t, got[2:])
			if begun.Metric != "p50" || begun.State != redpoll.Firing || begun.ID == got[0].ID {
				t.Errorf("the other metric's alert is %+v", begun)
			}
			got = got[:2]
		}
		if len(got) != 2 || got[0].State != redpoll.Resolved || got[1].State != redpoll.Inactive {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestFastARuleThatComesBackBeforeTheNextEvaluationKeepsItsAlert(t *testing.T) {
	d := newDriver(t, slow(""))
	d.eval(latency(0.8))
	d.apply(allOff)
	d.apply(allOff, slow(""))
	if got := d.eval(latency(0.8)); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestFastABadReloadLeavesTheOldRules(t *testing.T) {
	d := newDriver(t, slow(""))
	d.eval(latency(0.8))
	if err := d.engine.Apply(allOff, []RuleConfig{{Alert: "New", Metric: "p99", Above: "1s"}, {Alert: "Bad"}}); err == nil {
		t.Fatal("the bad rule was accepted")
	}
	if rules := d.engine.Rules(); len(rules) != 1 || rules[0].Name != "Slow" || rules[0].Active[redpoll.Firing] != 1 {
		t.Errorf("rules are %+v", rules)
	}
}
