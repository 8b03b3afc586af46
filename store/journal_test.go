package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// many makes a snapshot of n endpoints.
func many(at time.Time, n int) *redpoll.Snapshot {
	snap := snapshot(at)
	for i := range n {
		k := redpoll.EndpointKey{Job: "shop", Method: "GET", Path: fmt.Sprintf("/products/%05d", i)}
		snap.Endpoints = append(snap.Endpoints, endpointMetrics(k, increase(1, 0, 10, 20, 5)))
	}
	return snap
}

func count(t testing.TB, s *Store, query string, args ...any) (n int) {
	t.Helper()
	if err := s.read.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// limitPages lets the database grow to n pages, as a full disk would.
func limitPages(t *testing.T, s *Store, n int) {
	t.Helper()
	if _, err := s.write.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", n)); err != nil {
		t.Fatal(err)
	}
}

const unlimited = 1 << 30

func TestCanaryFullDiskLosesNothingOnceThereIsRoom(t *testing.T) {
	registry := prometheus.NewRegistry()
	s, err := Open(t.Context(), Config{Path: newPath(t)}, Options{Registerer: registry})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	appendAll(t, s, many(noon, 500))
	limitPages(t, s, 1)
	for i := 1; i <= 40; i++ { // over minutes, with endpoints that are new
		err := s.Append(t.Context(), many(at(5*i), 500+i), []redpoll.Alert{firing(fmt.Sprint(i), i)})
		if err == nil || !strings.Contains(err.Error(), "full") || !strings.Contains(err.Error(), fmt.Sprintf("%d snapshots", i)) {
			t.Fatalf("Append %d on a full disk: %v", i, err)
		}
	}
	if pending, failed := metric(t, registry, "redpoll_store_pending_ticks"), metric(t, registry, "redpoll_store_commit_failures_total"); pending != 40 || failed != 40 {
		t.Errorf("%g ticks are pending and %g failed, want 40 and 40", pending, failed)
	}
	limitPages(t, s, unlimited)
	for i := 41; s.pending.Load() > 0 || i < 43; i++ {
		appendAll(t, s, many(at(5*i), 600))
	}
	wantRequests(t, s, many(noon, 1).Endpoints[0].Key, 43*35)
	wantRequests(t, s, many(noon, 540).Endpoints[539].Key, 3*35) // new in the last snapshot that failed
	if n := count(t, s, "SELECT count(*) FROM anomaly_alerts"); n != 40 {
		t.Errorf("%d alerts, want 40", n)
	}
	// Endpoint 510 was new in the tenth snapshot that failed, the minute's last but one.
	if n := count(t, s, "SELECT requests FROM minute WHERE ts = ? AND endpoint_id = 510", noon.UnixMilli()); n != 2*35 {
		t.Errorf("the minute row of endpoint 510 has %d requests, want 70", n)
	}
}

// wantRequests checks how many requests an endpoint's history has, in
// snapshots and in minutes.
func wantRequests(t *testing.T, s *Store, k redpoll.EndpointKey, want uint64) {
	t.Helper()
	for _, step := range []time.Duration{5 * time.Second, time.Minute} {
		var got uint64
		for _, p := range history(t, s, k, noon, noon.Add(time.Hour), step).Points {
			got += p.Requests
		}
		if got != want {
			t.Errorf("%s by steps of %s: %d requests, want %d", k.Path, step, got, want)
		}
	}
}

func metric(t *testing.T, g prometheus.Gatherer, name string) float64 {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			m := f.GetMetric()[0]
			return m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

func TestPendingSnapshotsAreBoundedButAlertsAreKept(t *testing.T) {
	registry := prometheus.NewRegistry()
	s, err := Open(t.Context(), Config{Path: newPath(t)}, Options{Registerer: registry})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for i := range maxPendingTicks + 30 {
		var alerts []redpoll.Alert
		switch i {
		case 0:
			alerts = []redpoll.Alert{firing("kept", 0)}
		case 20:
			alerts = []redpoll.Alert{resolved(firing("kept", 0), 100)}
		}
		err := s.Append(cancelled, snapshot(at(5*i), endpointMetrics(checkout, increase(0, 1))), alerts)
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if n := metric(t, registry, "redpoll_store_dropped_ticks_total"); n != 30 {
		t.Errorf("%g ticks were dropped, want 30", n)
	}
	// Close would write them, too, but takes no longer than closeTimeout.
	s.mu.Lock()
	err = s.drain(t.Context(), maxPendingTicks)
	s.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, s.config.Path)
	if n := count(t, s, "SELECT count(*) FROM tick"); n != maxPendingTicks {
		t.Errorf("%d ticks, want %d", n, maxPendingTicks)
	}
	if n := count(t, s, "SELECT count(*) FROM anomaly_alerts WHERE state = 'resolved'"); n != 1 {
		t.Error("the alert of the dropped ticks is lost")
	}
}

func TestClockSetBackKeepsOrderAndIsLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	s, err := Open(t.Context(), Config{Path: newPath(t)}, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, seconds := range []int{0, 5, 10, -3600, -3595, -3590, 15} {
		appendAll(t, s, snapshot(at(seconds), endpointMetrics(checkout, increase(0, 2))))
	}
	h := history(t, s, checkout, at(-7200), at(60), time.Millisecond*1500)
	var got []int
	for _, p := range h.Points {
		got = append(got, int(p.Requests))
	}
	if fmt.Sprint(got) != "[2 2 8 2]" { // those of the past right after 10 s
		t.Errorf("requests by step are %v", got)
	}
	if n := strings.Count(log.String(), "set back"); n != 1 {
		t.Errorf("logged %d times, want once:\n%s", n, &log)
	}
}

// A quiet snapshot leaves no row. When it ends a minute, a restart and a clock
// that is a little behind must not reopen that minute.
func TestClosedMinuteIsNotReopened(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	appendAll(t, s, snapshot(at(55), endpointMetrics(checkout, increase(0, 3))), snapshot(at(61)))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	appendAll(t, s, snapshot(at(58), endpointMetrics(checkout, increase(0, 4))), snapshot(at(200)))
	h := history(t, s, checkout, noon, at(300), time.Minute)
	if len(h.Points) != 2 || h.Points[0].Requests != 3 || h.Points[1].Requests != 4 {
		t.Errorf("minutes are %+v", h.Points)
	}
}

func TestMinuteRowsOfManyEndpointsAreSpreadAndSurviveAKill(t *testing.T) {
	const n = 2500
	path := newPath(t)
	s := open(t, path)
	minuteRows := func(s *Store) int { return count(t, s, "SELECT count(*) FROM minute WHERE ts = ?", noon.UnixMilli()) }
	appendAll(t, s, many(at(50), n), many(at(60), n))
	some := minuteRows(s)
	if some == 0 || some >= n/6 {
		t.Errorf("%d rows come with the tick that ends the minute, want a twelfth of %d", some, n)
	}
	killed := newPath(t)
	for _, suffix := range []string{"", "-wal"} {
		copyFile(t, path+suffix, killed+suffix)
	}
	for _, s := range []*Store{s, open(t, killed)} {
		for i := range 12 { // the last one ends the next minute
			appendAll(t, s, many(at(65+5*i), n))
		}
		if got := minuteRows(s); got != n {
			t.Errorf("%d rows after a minute, want %d", got, n)
		}
	}
	// What a gap leaves over comes with the end of the minute after.
	appendAll(t, s, many(at(600), n))
	if got := count(t, s, "SELECT count(*) FROM minute WHERE ts = ?", at(60).UnixMilli()); got != n {
		t.Errorf("%d rows of the minute before a gap, want %d", got, n)
	}
}

func TestPruneKeepsWhatItsRetentionSays(t *testing.T) {
	s := open(t, newPath(t)) // 2 h, 7 d, minute rows and gauges 48 h
	uptime := 1.0
	for i := range 10 * 24 {
		snap := snapshot(noon.Add(time.Duration(i)*time.Hour), endpointMetrics(checkout, increase(0, 1)))
		snap.System = redpoll.System{Uptime: &uptime, Source: "node"}
		appendAll(t, s, snap)
	}
	f := func(table string, want int) {
		t.Helper()
		if got := count(t, s, "SELECT count(*) FROM "+table); got != want {
			t.Errorf("%s has %d rows, want %d", table, got, want)
		}
	}
	f("tick", 3)
	f("mtick", 7*24)
	f("minute", 48)
	f("gauge", 49)
	f("endpoint_metrics", 48)
	h := history(t, s, checkout, noon.Add(60*time.Hour), noon.Add(240*time.Hour), 30*time.Second)
	if h.Step != time.Minute || h.Resolution != time.Minute || len(h.Points) != 7*24+1 {
		t.Errorf("got %d points of %s at a resolution of %s", len(h.Points), h.Step, h.Resolution)
	}
	if last := count(t, s, "SELECT last_ts FROM endpoint"); last < int(noon.Add(237*time.Hour).UnixMilli()) {
		t.Errorf("last_ts is %d", last)
	}
}

func TestMalformedHistogramIsLeftOutAndNamed(t *testing.T) {
	s := open(t, newPath(t))
	bad := increase(1, 5)
	bad.Latency.Counts = bad.Latency.Counts[:3]
	unsorted := increase(1, 5)
	unsorted.Latency.Bounds = []float64{3, 2, 1}
	unsorted.Latency.Counts = []uint64{5, 0, 0, 0}
	unreal := increase(1, 5)
	unreal.Latency.Scale = redpoll.Exponential
	k := redpoll.EndpointKey{Job: "shop", Path: "/unsorted"}
	u := redpoll.EndpointKey{Job: "shop", Path: "/unreal"}
	err := s.Append(t.Context(), snapshot(noon, endpointMetrics(cart, increase(0, 9)),
		endpointMetrics(checkout, bad), endpointMetrics(k, unsorted), endpointMetrics(u, unreal)), nil)
	if err == nil || !strings.Contains(err.Error(), "/checkout") {
		t.Errorf("got %v, want an error that names the endpoint", err)
	}
	for k, want := range map[redpoll.EndpointKey]uint64{cart: 9, checkout: 5, k: 5, u: 5} {
		h := history(t, s, k, noon, at(1), time.Second)
		if len(h.Points) != 1 || h.Points[0].Requests != want {
			t.Errorf("%s: %+v, want %d requests", k.Path, h.Points, want)
		}
	}
}

func TestMetricsOfTheStore(t *testing.T) {
	registry := prometheus.NewRegistry()
	s, err := Open(t.Context(), Config{Path: newPath(t)}, Options{Registerer: registry})
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, s, many(noon, 3))
	for name, want := range map[string]float64{
		"redpoll_store_commit_duration_seconds":  1,
		"redpoll_store_commit_failures_total":    0,
		"redpoll_store_dropped_ticks_total":      0,
		"redpoll_store_dropped_histograms_total": 0,
		"redpoll_store_pending_ticks":            0,
		"redpoll_store_endpoints":                3,
	} {
		if got := metric(t, registry, name); got != want {
			t.Errorf("%s is %g, want %g", name, got, want)
		}
	}
	if got := metric(t, registry, "redpoll_store_size_bytes"); got < 4096 {
		t.Errorf("size is %g", got)
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := testutil.GatherAndCount(registry); n != 0 || err != nil {
		t.Errorf("%d metrics are left after Close (%v)", n, err)
	}
}

// Of observations up to 3.3 µs the quantiles are 1.65, 3.135 and 3.267 µs.
func TestFastMinuteRowsAreRounded(t *testing.T) {
	in := redpoll.Increase{
		Elapsed: 4999600 * time.Microsecond, Requests: 10,
		Latency: &redpoll.Histogram{Bounds: []float64{3.3e-6}, Counts: []uint64{10, 0}},
	}
	row := minuteRow{ts: noon.UnixMilli(), id: 7, increase: &in}
	want := []any{noon.UnixMilli(), int64(7), int64(2), int64(3), int64(3), nil, nil, int64(10), int64(5000)}
	if diff := cmp.Diff(want, row.appendTo(nil)); diff != "" {
		t.Error(diff)
	}
}
