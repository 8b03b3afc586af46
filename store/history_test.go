package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func TestCanaryViewShowsTheMinutesFigures(t *testing.T) {
	s := open(t, newPath(t))
	counters := redpoll.Increase{Elapsed: 5 * time.Second, Requests: 10}
	both := increase(5, 0, 0, 90, 10)
	both.ClientErrors = 20
	quiet := increase(0)
	for i := range 12 {
		appendAll(t, s, snapshot(at(5*i),
			endpointMetrics(checkout, both), // 10–25 ms, 25–50 ms
			endpointMetrics(cart, counters),
			endpointMetrics(redpoll.EndpointKey{Job: "shop", Method: hostile, Path: "/quiet"}, quiet)))
	}
	appendAll(t, s, snapshot(at(60)))
	f := func(endpoint string, want ...float64) { // NaN stands for NULL
		t.Helper()
		got := make([]sql.NullFloat64, 6)
		var job, clock string
		var timestamp int64
		err := s.read.QueryRow(`SELECT job, p50, p95, p99, error_rate, client_error_rate, throughput, timestamp, time
			FROM endpoint_metrics WHERE endpoint = ?`, endpoint).
			Scan(&job, &got[0], &got[1], &got[2], &got[3], &got[4], &got[5], &timestamp, &clock)
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range want {
			if got[i].Valid == math.IsNaN(w) || got[i].Valid && math.Abs(got[i].Float64-w) > 1e-3 {
				t.Errorf("%s: column %d is %v, want %g", endpoint, i, got[i], w)
			}
		}
		if job != "shop" || timestamp != noon.UnixMilli() || clock != "2026-03-01 12:00:00" {
			t.Errorf("%s: %s at %d, %s", endpoint, job, timestamp, clock)
		}
	}
	null := math.NaN()
	f("/checkout", 10+15*50.0/90, 25+25*0.5, 25+25*0.9, 5, 20, 20)
	f("/cart", null, null, null, null, null, 2)
	f("/quiet", null, null, null, null, null, 0)
}

func TestViewIsReadBySqlite3WhileRedpollRuns(t *testing.T) {
	sqlite3, err := exec.LookPath("sqlite3")
	if err != nil {
		const message = "the sqlite3 command is not installed: apt-get install sqlite3"
		if os.Getenv("CI") != "" {
			t.Fatal(message)
		}
		t.Skip(message)
	}
	path := newPath(t)
	s := open(t, path)
	appendAll(t, s, snapshot(noon, endpointMetrics(checkout, increase(1, 0, 4))), snapshot(at(60)))
	out, err := exec.CommandContext(t.Context(), sqlite3, path, "SELECT method, endpoint, error_rate, time FROM endpoint_metrics").CombinedOutput()
	if want := "POST|/checkout|25.0|2026-03-01 12:00:00"; err != nil || strings.TrimSpace(string(out)) != want {
		t.Errorf("sqlite3 prints %q (%v), want %q", out, err, want)
	}
}

func TestRunningMinuteIsPartOfHistory(t *testing.T) {
	s := open(t, newPath(t))
	for i := range 15 { // a whole minute and three snapshots
		appendAll(t, s, snapshot(at(5*i), endpointMetrics(checkout, increase(0, 1))))
	}
	h := history(t, s, checkout, noon, at(3600), 5*time.Minute)
	if len(h.Points) != 1 || h.Points[0].Requests != 15 || h.Points[0].Elapsed != 75*time.Second {
		t.Errorf("got %+v, want 15 requests in 75 s", h.Points)
	}
}

func TestUnknownEndpointHasNoHistory(t *testing.T) {
	s := open(t, newPath(t))
	appendAll(t, s, snapshot(noon, endpointMetrics(checkout, increase(0, 1))))
	if h := history(t, s, cart, noon, at(60), time.Second); len(h.Points) != 0 || h.Step != time.Second {
		t.Errorf("got %+v", h)
	}
	if h := history(t, s, checkout, at(60), noon, time.Second); len(h.Points) != 0 {
		t.Errorf("a stretch of time that ends before it begins has %+v", h)
	}
}

func TestTooManyPointsSaysWhichStepDoes(t *testing.T) {
	s := open(t, newPath(t))
	appendAll(t, s, snapshot(noon, endpointMetrics(checkout, increase(0, 1))))
	q := redpoll.HistoryQuery{Key: checkout, Start: noon.Add(1234 * time.Millisecond), End: noon.Add(31 * 24 * time.Hour), Step: 5 * time.Second}
	_, err := s.Range(t.Context(), q)
	if !errors.Is(err, ErrTooManyPoints) {
		t.Fatalf("got %v, want ErrTooManyPoints", err)
	}
	_, text, _ := strings.Cut(err.Error(), "a step of ")
	text, _, _ = strings.Cut(text, " ")
	if q.Step, err = time.ParseDuration(text); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Range(t.Context(), q); err != nil {
		t.Errorf("with the step suggested: %v", err)
	}
	q.Step = 0
	if _, err := s.Range(t.Context(), q); err == nil {
		t.Error("a step of 0 is accepted")
	}
}

func TestRangeKeepsToTheDeadline(t *testing.T) {
	s := open(t, newPath(t))
	appendAll(t, s, snapshot(noon, endpointMetrics(checkout, increase(0, 1))))
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	_, err := s.Range(ctx, redpoll.HistoryQuery{Key: checkout, Start: noon, End: at(60), Step: time.Second})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want DeadlineExceeded", err)
	}
}

func TestHostileNamesAreStoredAsTheyAre(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	keys := []redpoll.EndpointKey{
		{Job: hostile, Method: hostile, Path: hostile},
		{Job: "\xff\xfe", Method: "", Path: strings.Repeat("long", 10_000)},
		{Job: "a", Path: "b\x00c"}, {Job: "a", Path: "b\x00d"}, {Job: "a", Path: "b"},
	}
	snap := snapshot(noon)
	for i, k := range keys {
		snap.Endpoints = append(snap.Endpoints, endpointMetrics(k, increase(0, uint64(i+1))))
	}
	appendAll(t, s, snap)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	for i, k := range keys {
		if h := history(t, s, k, noon, at(1), time.Second); len(h.Points) != 1 || h.Points[0].Requests != uint64(i+1) {
			t.Errorf("endpoint %d: %+v", i, h.Points)
		}
	}
}

func TestUnreadableSnapshotIsAnErrorOfTheQueryNotOfOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "redpoll.db")
	s := open(t, path)
	appendAll(t, s, snapshot(noon, endpointMetrics(checkout, increase(0, 1))))
	if _, err := s.write.Exec("UPDATE tick SET data = x'01ff'"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	appendAll(t, s, snapshot(at(5), endpointMetrics(checkout, increase(0, 2))))
	_, err := s.Range(t.Context(), redpoll.HistoryQuery{Key: checkout, Start: noon, End: at(60), Step: time.Second})
	if !errors.Is(err, errCorrupt) {
		t.Errorf("got %v, want errCorrupt", err)
	}
	if h := history(t, s, checkout, at(5), at(60), time.Second); len(h.Points) != 1 || h.Points[0].Requests != 2 {
		t.Errorf("what follows is %+v", h.Points)
	}
}
