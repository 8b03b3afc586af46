package rules

import (
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func TestCanaryAnAlertSaysEverything(t *testing.T) {
	d := newDriver(t, RuleConfig{
		Alert: "CheckoutSlow", Metric: "p99", Match: Match{Method: "post", Path: "/check*"}, Above: "500ms", Severity: redpoll.Critical,
		Labels: map[string]string{"team": "payments"}, Annotations: map[string]string{"runbook": "https://example.org/slow"},
	})
	got := one(t, d.eval(latency(0.812)))
	if id, err := uuid.Parse(got.ID); err != nil || id.Version() != 7 {
		t.Errorf("id %q is no UUIDv7", got.ID)
	}
	value := 0.812
	want := redpoll.Alert{
		ID: got.ID, Rule: "CheckoutSlow", Metric: "p99", Severity: redpoll.Critical, State: redpoll.Firing, Endpoint: checkout,
		Value: &value, Threshold: 0.5, Above: true, Unit: redpoll.Seconds,
		Labels: map[string]string{
			"alertname": "CheckoutSlow", "severity": "critical", "job": "shop", "method": "POST", "path": "/checkout", "team": "payments",
		},
		Annotations: map[string]string{
			"runbook": "https://example.org/slow", "summary": "p99 of POST /checkout is 812 ms, above 500 ms",
		},
		Since: start, FiredAt: start, UpdatedAt: start,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("alert differs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]redpoll.Alert{want}, d.engine.Active()); diff != "" {
		t.Errorf("the active alert differs (-want +got):\n%s", diff)
	}
}

func TestFastASignalsAlertHasNoEndpointLabels(t *testing.T) {
	d := newThresholdDriver(t, Thresholds{off, off, off, off, "85%"})
	used := 0.91
	var got []redpoll.Alert
	for range 13 {
		got = append(got, d.evalSnapshot(&redpoll.Snapshot{CDN: redpoll.CDN{Storage: &used}})...)
	}
	if len(got) != 2 || got[1].State != redpoll.Firing {
		t.Fatalf("after a minute: %v", got)
	}
	if diff := cmp.Diff(map[string]string{"alertname": "StorageFull", "severity": "warning"}, got[1].Labels); diff != "" {
		t.Errorf("labels differ (-want +got):\n%s", diff)
	}
	lost := one(t, d.evalSnapshot(&redpoll.Snapshot{}))
	if lost.State != redpoll.Unknown || lost.Cause != redpoll.NoSignal {
		t.Errorf("without the signal: %+v", lost)
	}
}

func TestFastASignalsAlertSurvivesRestartAndReload(t *testing.T) {
	full := Thresholds{off, off, off, off, "85%"}
	used := 0.91
	snapshot := func() *redpoll.Snapshot { return &redpoll.Snapshot{CDN: redpoll.CDN{Storage: &used}} }
	before := newThresholdDriver(t, full)
	for range 13 {
		before.evalSnapshot(snapshot())
	}
	d := newThresholdDriver(t, full)
	d.engine.Restore(before.engine.Active(), start)
	d.apply(full, slow(""))
	if got := d.evalSnapshot(snapshot()); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	used = 0.5
	if got := one(t, d.evalSnapshot(snapshot())); got.State != redpoll.Resolved || !got.Since.Equal(start) {
		t.Errorf("its end is %+v", got)
	}
}

func TestFastActiveValuesAreThoseOfTheLastEvaluation(t *testing.T) {
	d := newDriver(t, slow(""))
	first := one(t, d.eval(latency(0.8)))
	if got := d.eval(latency(0.9)); len(got) != 0 {
		t.Errorf("a new value is no transition, got %v", got)
	}
	got := one(t, d.engine.Active())
	if *got.Value != 0.9 || !got.UpdatedAt.Equal(start.Add(interval)) || *first.Value != 0.8 {
		t.Errorf("active %v at %v, the transition's copy %v", *got.Value, got.UpdatedAt, *first.Value)
	}
}

func TestFastCopiesBelongToTheCaller(t *testing.T) {
	d := newDriver(t, slow(""))
	got := one(t, d.eval(latency(0.8)))
	got.Labels["severity"] = "changed"
	active := d.engine.Active()
	active[0].Annotations["summary"] = "changed"
	again := one(t, d.engine.Active())
	if again.Labels["severity"] != "critical" || again.Annotations["summary"] == "changed" {
		t.Errorf("the engine's alert changed: %+v", again)
	}
}

func TestFastActiveAlertsAreOrderedBySeverityThenAge(t *testing.T) {
	rule := func(name, path string, severity redpoll.Severity) RuleConfig {
		return RuleConfig{Alert: name, Metric: "p99", Match: Match{Path: path}, Above: "500ms", Severity: severity}
	}
	d := newDriver(t, rule("Note", "/a", redpoll.Info), rule("Old", "/a", redpoll.Warning),
		rule("New", "/b", redpoll.Warning), rule("Worst", "/b", redpoll.Critical))
	a, b := latency(0.8), latency(0.8)
	a.Key.Path, b.Key.Path = "/a", "/b"
	d.eval(a)
	d.eval(a, b)
	var got []string
	for _, alert := range d.engine.Active() {
		got = append(got, alert.Rule)
	}
	if want := "Worst Old New Note"; strings.Join(got, " ") != want {
		t.Errorf("order is %v, want %s", got, want)
	}
}

func TestFastRulesMatchByGlobs(t *testing.T) {
	for _, tc := range []struct {
		match Match
		want  bool
	}{
		{Match{}, true},
		{Match{Job: "shop"}, true},
		{Match{Job: "sh*", Method: "Po*", Path: "*out"}, true},
		{Match{Job: "shopping"}, false},
		{Match{Method: "GET"}, false},
		{Match{Path: "/check"}, false},
	} {
		d := newDriver(t, RuleConfig{Alert: "A", Metric: "p99", Above: "1ms", Match: tc.match})
		if got := len(d.eval(latency(0.8))) > 0; got != tc.want {
			t.Errorf("%+v matches: %v, want %v", tc.match, got, tc.want)
		}
	}
}

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

func TestFastSilencesHoldWhileTheyLast(t *testing.T) {
	d := newDriver(t, slow(""))
	d.engine.SetSilences([]redpoll.Silence{
		{ID: "other", Matchers: []redpoll.Matcher{{Name: "path", Value: "/search"}}, StartsAt: start, EndsAt: start.Add(time.Hour)},
		{ID: "s", Matchers: []redpoll.Matcher{{Name: "path", Value: "/check*"}, {Name: "severity", Value: "critical"}},
			StartsAt: start.Add(interval), EndsAt: start.Add(3 * interval)},
	})
	var got []string
	for range 4 {
		transitions := d.eval(latency(0.8))
		active := one(t, d.engine.Active())
		got = append(got, active.SilencedBy+"/"+strconv.Itoa(len(transitions)))
	}
	if want := "/1 s/0 s/0 /0"; strings.Join(got, " ") != want {
		t.Errorf("silenced by/transitions: %q, want %q", got, want)
	}
	d.now = start.Add(interval)
	if got := one(t, d.eval(latency(0.1))); got.State != redpoll.Resolved || got.SilencedBy != "s" {
		t.Errorf("the end of a silenced alert is %+v", got)
	}
}

func TestFastTooManyAlertsWaitForRoom(t *testing.T) {
	var log strings.Builder
	registry := prometheus.NewRegistry()
	d := newDriver(t)
	d.engine = NewEngine(Options{Logger: slog.New(slog.NewTextHandler(&log, nil)), Registerer: registry})
	d.apply(allOff, slow(""))
	endpoints := make([]redpoll.EndpointMetrics, maxAlerts+5)
	for i := range endpoints {
		endpoints[i] = latency(0.8)
		endpoints[i].Key.Path = strconv.Itoa(i)
	}
	if got := len(d.eval(endpoints...)); got != maxAlerts {
		t.Errorf("%d alerts, want %d", got, maxAlerts)
	}
	d.eval(endpoints...)
	if got := testutil.ToFloat64(d.engine.metrics.dropped); got != 10 {
		t.Errorf("counted %v, want 10", got)
	}
	for i := range 5 {
		endpoints[i].P99 = new(float64)
	}
	if got := len(d.eval(endpoints...)); got != 10 {
		t.Errorf("%d transitions, want 5 ends and 5 beginnings", got)
	}
	d.eval(endpoints...)
	if n := strings.Count(log.String(), "Too many alerts"); n != 1 {
		t.Errorf("said %d times:\n%s", n, log.String())
	}
	if n := strings.Count(log.String(), "room for all"); n != 1 {
		t.Errorf("said %d times:\n%s", n, log.String())
	}
}

func TestMetricsTellOfAlertsAndTransitions(t *testing.T) {
	registry := prometheus.NewRegistry()
	d := newDriver(t)
	d.engine = NewEngine(Options{Registerer: registry})
	d.apply(allOff, slow(""), RuleConfig{Alert: "Waiting", Metric: "p99", Above: "1ms", For: "1h"})
	d.play("oXX-X")
	want := `
# HELP redpoll_alert_transitions_total Changes of an alert's state or severity, by the state after it.
# TYPE redpoll_alert_transitions_total counter
redpoll_alert_transitions_total{state="firing"} 2
redpoll_alert_transitions_total{state="inactive"} 0
redpoll_alert_transitions_total{state="pending"} 2
redpoll_alert_transitions_total{state="resolved"} 0
redpoll_alert_transitions_total{state="unknown"} 2
# HELP redpoll_alerts Active alerts by state and severity.
# TYPE redpoll_alerts gauge
redpoll_alerts{severity="critical",state="firing"} 1
redpoll_alerts{severity="critical",state="pending"} 0
redpoll_alerts{severity="critical",state="unknown"} 0
redpoll_alerts{severity="info",state="firing"} 0
redpoll_alerts{severity="info",state="pending"} 0
redpoll_alerts{severity="info",state="unknown"} 0
redpoll_alerts{severity="warning",state="firing"} 0
redpoll_alerts{severity="warning",state="pending"} 1
redpoll_alerts{severity="warning",state="unknown"} 0
# HELP redpoll_rule_evaluations_total Evaluations of single rules.
# TYPE redpoll_rule_evaluations_total counter
redpoll_rule_evaluations_total 10
`
	err := testutil.GatherAndCompare(registry, strings.NewReader(want),
		"redpoll_alert_transitions_total", "redpoll_alerts", "redpoll_rule_evaluations_total")
	if err != nil {
		t.Error(err)
	}
	if n, err := testutil.GatherAndCount(registry, "redpoll_rule_evaluation_duration_seconds"); n != 1 || err != nil {
		t.Errorf("%d durations, %v", n, err)
	}
}

func TestTheEngineMayBeUsedConcurrently(t *testing.T) {
	d := newDriver(t, slow(""))
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for _, use := range []func(){
		func() {
			for _, a := range d.engine.Active() {
				a.Labels["mine"] = a.ID + strconv.FormatFloat(*a.Value, 'g', -1, 64)
			}
		},
		func() {
			for _, r := range d.engine.Rules() {
				r.Active[redpoll.Firing]++
			}
		},
		func() { d.engine.SetSilences([]redpoll.Silence{{ID: "s"}}) },
		func() { _ = d.engine.Apply(DefaultThresholds, []RuleConfig{slow("")}) },
		func() { d.engine.Learn(checkout, minutes(start, 0.1)) },
	} {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					use()
				}
			}
		})
	}
	d.play(strings.Repeat("oXX-X_", 100))
	close(stop)
	readers.Wait()
}
