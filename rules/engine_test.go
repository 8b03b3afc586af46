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
		Value: &value, Peak: &value, Threshold: 0.5, Above: true, Unit: redpoll.Seconds, Lower: &value, Upper: &value,
		Labels: map[string]string{
			"alertname": "CheckoutSlow", "severity": "critical", "job": "shop", "method": "POST", "path": "/checkout", "team": "payments",
		},
		Annotations: map[string]string{
			"runbook": "https://example.org/slow", "summary": "p99 of POST /checkout was 812 ms, above 500 ms",
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
		endpoints[i].P99 = redpoll.Exactly(0)
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
