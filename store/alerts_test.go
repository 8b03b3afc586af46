package store

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// hostile is text that breaks what is glued together.
const hostile = "'; DROP TABLE tick; --\"\x00\n\u202e{}"

func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

func firing(id string, since int) redpoll.Alert {
	value, peak, baseline, lower, upper := 0.75, 0.9, 0.5, 0.25, math.Inf(1)
	return redpoll.Alert{
		ID: id, Rule: "CheckoutSlow", Metric: "latency_spike", Severity: redpoll.Critical, State: redpoll.Firing,
		Endpoint: checkout, Value: &value, Peak: &peak, Threshold: 0.5, Above: true, Unit: redpoll.Ratio, Baseline: &baseline, Lower: &lower, Upper: &upper, PeakIsLowerLimit: true,
		Labels: map[string]string{"team": hostile}, Annotations: map[string]string{"summary": "slow"},
		Since: at(since), FiredAt: at(since + 30), UpdatedAt: at(since + 60), SilencedBy: "s1",
	}
}

func resolved(a redpoll.Alert, seconds int) redpoll.Alert {
	a.State, a.ResolvedAt = redpoll.Resolved, at(seconds)
	return a
}

func putAll(t *testing.T, s *Store, alerts ...redpoll.Alert) {
	t.Helper()
	if err := s.Append(t.Context(), snapshot(noon), alerts); err != nil {
		t.Fatal(err)
	}
}

func ids(alerts []redpoll.Alert) (ids []string) {
	for _, a := range alerts {
		ids = append(ids, a.ID)
	}
	return ids
}

func TestCanaryAlertsComeBackAfterRestartAsTheyWere(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	pending := firing("3", 300)
	pending.State, pending.FiredAt, pending.Value, pending.Baseline = redpoll.Pending, time.Time{}, nil, nil
	pending.Upper = nil
	unknown := firing("2", 200)
	unknown.State, unknown.Before, unknown.Cause, unknown.Above = redpoll.Unknown, redpoll.Firing, redpoll.TargetDown, false
	unknown.Lower, unknown.Upper = nil, nil
	unknown.Labels, unknown.Annotations, unknown.Endpoint = nil, nil, redpoll.EndpointKey{}
	putAll(t, s, firing("1", 100), unknown, pending)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := open(t, path).ActiveAlerts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]redpoll.Alert{pending, unknown, firing("1", 100)}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAlertsThatNeverFiredLeaveNothing(t *testing.T) {
	s := open(t, newPath(t))
	a := firing("1", 0)
	a.State, a.FiredAt = redpoll.Pending, time.Time{}
	putAll(t, s, a)
	a.State = redpoll.Inactive
	putAll(t, s, a)
	var n int
	if err := s.read.QueryRow("SELECT count(*) FROM anomaly_alerts").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows are left (%v)", n, err)
	}
}

func TestAlertsAreFoundByTimeEndpointAndPage(t *testing.T) {
	s := open(t, newPath(t))
	elsewhere := resolved(firing("2", 100), 200)
	elsewhere.Endpoint = redpoll.EndpointKey{Job: hostile, Method: hostile, Path: hostile}
	putAll(t, s, resolved(firing("1", 0), 100), elsewhere, resolved(firing("3", 200), 300), firing("4", 400))
	f := func(name string, q redpoll.AlertQuery, want ...string) {
		t.Helper()
		got, err := s.Alerts(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, ids(got), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	f("all", redpoll.AlertQuery{}, "4", "3", "2", "1")
	f("overlapping", redpoll.AlertQuery{Start: at(150), End: at(250)}, "3", "2")
	f("still active", redpoll.AlertQuery{Start: at(10_000)}, "4")
	f("before all", redpoll.AlertQuery{End: at(0)})
	f("endpoint", redpoll.AlertQuery{Endpoint: &elsewhere.Endpoint}, "2")
	f("first page", redpoll.AlertQuery{Limit: 2}, "4", "3")
	f("second page", redpoll.AlertQuery{Limit: 2, Before: "3"}, "2", "1")
	f("hostile page", redpoll.AlertQuery{Before: hostile})
}

func TestAlertsPageIsBoundedByDefault(t *testing.T) {
	s := open(t, newPath(t))
	var alerts []redpoll.Alert
	for i := range defaultAlertLimit + 5 {
		alerts = append(alerts, firing(fmt.Sprintf("%04d", i), i))
	}
	putAll(t, s, alerts...)
	got, err := s.Alerts(t.Context(), redpoll.AlertQuery{})
	if err != nil || len(got) != defaultAlertLimit {
		t.Errorf("got %d alerts (%v), want %d", len(got), err, defaultAlertLimit)
	}
}

func TestResolvedAlertsAreKeptForAYear(t *testing.T) {
	s := open(t, newPath(t))
	putAll(t, s, resolved(firing("1", 0), 100), firing("2", 0))
	for _, later := range []time.Duration{alertRetention, alertRetention + 5*time.Minute} {
		appendAll(t, s, snapshot(noon.Add(later), endpointMetrics(checkout, increase(0, 1))))
	}
	got, err := s.Alerts(t.Context(), redpoll.AlertQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"2"}, ids(got)); diff != "" {
		t.Error(diff)
	}
}

func TestSilencesAreKeptReplacedAndDeleted(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	first := redpoll.Silence{
		ID: "1", Matchers: []redpoll.Matcher{{Name: "rule", Value: "*"}, {Name: hostile, Value: hostile}},
		StartsAt: at(0), EndsAt: at(60), CreatedBy: hostile, Comment: "deploying",
	}
	second := redpoll.Silence{ID: "2", Matchers: []redpoll.Matcher{{Name: "job", Value: "shop"}}, StartsAt: at(0), EndsAt: at(600)}
	for _, v := range []redpoll.Silence{second, first} {
		if err := s.PutSilence(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	}
	first.EndsAt = at(900)
	if err := s.PutSilence(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	got, err := s.Silences(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]redpoll.Silence{first, second}, got); diff != "" {
		t.Error(diff)
	}
	if err := s.DeleteSilence(t.Context(), "1"); err != nil {
		t.Error(err)
	}
	if err := s.DeleteSilence(t.Context(), "1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("deleting twice: %v, want ErrNotFound", err)
	}
}
