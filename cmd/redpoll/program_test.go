package main

import (
	"fmt"
	"math"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// usual is 100 requests: 40 up to 0.1 s, 40 up to 0.5 s, 20 up to 1 s, ten of
// them failing. By hand:
//
//	p50: rank 50 is the 10th of 40 in (0.1, 0.5]: 0.1 + 0.4 × 10/40 = 0.2 s
//	p95: rank 95 is the 15th of 20 in (0.5, 1]:   0.5 + 0.5 × 15/20 = 0.875 s
//	p99: rank 99 is the 19th of 20 in (0.5, 1]:   0.5 + 0.5 × 19/20 = 0.975 s
//	error rate: 10 of 100
var usual = unit{"200": {40, 40, 10, 0}, "500": {0, 0, 10, 0}}

// slow is 100 requests between 1 and 2 s: p50 = 1.5 s.
var slow = unit{"200": {0, 0, 0, 100}}

const programConfig = `
global: {scrape_interval: 100ms, scrape_timeout: 100ms, evaluation_interval: 100ms}
scrape_configs:
  - job_name: shop
    static_configs: [{targets: [%q]}]
thresholds: {latency_spike: off, error_rate_critical: off, error_rate_warning: off}
rules:
  - alert: Slow
    metric: p50
    match: {path: "/check*"}
    above: 1s
    for: 300ms
    severity: critical
web: {listen_address: "127.0.0.1:0"}
`

// deployed is what the target's next version is marked by.
var deployed = mark{Job: "shop", Kind: "deploy", Text: "1.4.1 → 1.4.2"}

// wantUsual compares an endpoint with the figures worked out above.
func wantUsual(t *testing.T, from string, e *endpoint) {
	t.Helper()
	if e == nil {
		t.Fatalf("%s: no endpoint", from)
	}
	if e.Job != "shop" || e.Method != "POST" || e.Path != "/checkout" {
		t.Errorf("%s: endpoint is %s %s %s", from, e.Job, e.Method, e.Path)
	}
	figure := func(name string, got *float64, want float64) {
		t.Helper()
		if got == nil || math.Abs(*got-want) > 1e-3 {
			t.Errorf("%s: %s is %v, want %g", from, name, got, want)
		}
	}
	figure("p50", e.P50, 200)
	figure("p95", e.P95, 875)
	figure("p99", e.P99, 975)
	figure("errorRate", e.ErrorRate, 10)
	wantRanges(t, from, [3][2]float64{{100, 500}, {500, 1000}, {500, 1000}}, e.Ranges)
	if e.Throughput == nil || *e.Throughput <= 0 {
		t.Fatalf("%s: no throughput", from)
	}
	if elapsed := e.Requests / *e.Throughput; elapsed < 0.02 || elapsed > patience.Seconds() {
		t.Errorf("%s: %g requests at %g/s took %g s, which is no interval", from, e.Requests, *e.Throughput, elapsed)
	}
}

// wantRanges compares the bounds of p50, p95 and p99.
func wantRanges(t *testing.T, from string, want [3][2]float64, got [][]*float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d ranges, want %d", from, len(got), len(want))
		return
	}
	for i, r := range got {
		if len(r) != 2 || r[0] == nil || r[1] == nil || *r[0] != want[i][0] || *r[1] != want[i][1] {
			t.Errorf("%s: range %d is %v, want %v", from, i, r, want[i])
		}
	}
}

func isUsual(m message) bool {
	e := m.Data.endpoint("shop", "/checkout")
	return e != nil && e.P50 != nil && math.Abs(*e.P50-200) < 1e-3
}

// TestCanaryProgramFromTargetToWatcherAndBack is the main job end to end: the
// figures are right everywhere, an alert fires and resolves, and a killed
// redpoll knows everything when it is started again.
func TestCanaryProgramFromTargetToWatcherAndBack(t *testing.T) {
	target := newScriptedTarget(usual)
	server := httptest.NewServer(target)
	defer server.Close()
	dir := t.TempDir()
	writeConfig(t, dir, fmt.Sprintf(programConfig, strings.TrimPrefix(server.URL, "http://")))

	p := startRedpoll(t, dir)
	s := p.dial()
	if first := s.next(); first.Type != "snapshot" {
		t.Fatalf("first message is %q, want snapshot", first.Type)
	}
	m := s.until("the usual figures", isUsual)
	wantUsual(t, "WebSocket", m.Data.endpoint("shop", "/checkout"))
	var now snapshot
	p.get("/api/metrics", &now)
	wantUsual(t, "REST", now.endpoint("shop", "/checkout"))
	wantInstance(t, p, strings.TrimPrefix(server.URL, "http://"))
	sse := p.firstSSE()
	wantUsual(t, "SSE", sse.Data.endpoint("shop", "/checkout"))

	target.set(slow)
	fired := s.untilAlert("firing", "")
	if fired.Rule != "Slow" || fired.Path != "/checkout" || fired.Value == nil || *fired.Value < 1000 {
		t.Errorf("alert is %+v", fired)
	}
	target.set(usual)
	s.untilAlert("resolved", fired.ID)
	target.deploy("1.4.2")
	s.until("the deploy", func(m message) bool { return slices.Contains(m.Data.Marks, deployed) })
	target.set(slow)
	again := s.untilAlert("firing", "")
	if again.ID == fired.ID {
		t.Error("a new incident has the id of the old one")
	}

	p.signal(syscall.SIGKILL)
	p.wait()
	served := target.served()

	p = startRedpoll(t, dir)
	s = p.dial()
	s.untilAlert("firing", again.ID) // in the snapshot, or as soon as there are data again
	target.set(usual)
	s.untilAlert("resolved", again.ID)
	wantHistory(t, p, served, fired.ID, again.ID)
	var kept struct{ Marks []mark }
	if p.get("/api/marks?job=shop", &kept); !slices.Equal(kept.Marks, []mark{deployed}) {
		t.Errorf("marks in the history are %+v, want %+v alone", kept.Marks, deployed)
	}

	p.signal(syscall.SIGTERM)
	wantGoingAway(t, s)
	if code := p.wait(); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
	if _, err := os.Stat(filepath.Join(dir, "redpoll.db-wal")); err == nil {
		t.Error("the write-ahead log is left behind after a clean stop")
	}
}

// wantInstance checks that the one instance has all figures of the endpoint.
func wantInstance(t *testing.T, p *process, name string) {
	t.Helper()
	var list struct {
		Instances []struct {
			Instance string `json:"instance"`
			endpoint
		} `json:"instances"`
	}
	p.get("/api/instances?job=shop&method=POST&path=/checkout", &list)
	if len(list.Instances) != 1 || list.Instances[0].Instance != name {
		t.Fatalf("instances are %+v, want %s alone", list.Instances, name)
	}
	wantUsual(t, "instances", &list.Instances[0].endpoint)
}

// wantHistory checks what was stored before and after the kill: no request is
// counted twice, at most the last interval and the scrapes around the kill are
// missing, and both alerts are known.
func wantHistory(t *testing.T, p *process, servedBefore int, ids ...string) {
	t.Helper()
	var h struct {
		Requests []*float64 `json:"requests"`
		P99      []*float64 `json:"p99"`
	}
	start := time.Now().Add(-2 * patience).UnixMilli()
	p.get(fmt.Sprintf("/api/history?job=shop&method=POST&path=/checkout&step=1s&start=%d", start), &h)
	sum, points := 0.0, 0
	for i, n := range h.Requests {
		if n == nil {
			continue
		}
		points++
		sum += *n
		if *n > 0 && h.P99[i] == nil {
			t.Errorf("point %d has %g requests and no p99", i, *n)
		}
	}
	if most, least := 100*float64(servedBefore), 100*float64(servedBefore)*0.5; sum < least || points == 0 {
		t.Errorf("history has %g requests in %d points; before the kill there were %g", sum, points, most)
	}
	var list struct {
		Alerts []alert `json:"alerts"`
	}
	p.get("/api/alerts", &list)
	for _, id := range ids {
		found := false
		for _, a := range list.Alerts {
			if a.ID == id && a.State == "resolved" {
				found = true
				wantInRange(t, &a)
			}
		}
		if !found {
			t.Errorf("resolved alert %s is not in /api/alerts: %+v", id, list.Alerts)
		}
	}
}

// wantInRange checks that the stored alert knows the bucket of its value, which
// depends on how many scrapes were missed.
func wantInRange(t *testing.T, a *alert) {
	t.Helper()
	if a.Value == nil || len(a.Range) != 2 || a.Range[0] == nil || a.Range[1] == nil {
		t.Errorf("alert %s has the value %v in %v", a.ID, a.Value, a.Range)
		return
	}
	if v, lower, upper := *a.Value, *a.Range[0], *a.Range[1]; !(lower <= v && v <= upper && lower < upper) {
		t.Errorf("alert %s has the value %g between %g and %g", a.ID, v, lower, upper)
	}
}

func wantGoingAway(t *testing.T, s *stream) {
	t.Helper()
	for {
		_ = s.conn.SetReadDeadline(time.Now().Add(patience))
		if _, _, err := s.conn.ReadMessage(); err != nil {
			if !websocket.IsCloseError(err, websocket.CloseGoingAway) {
				t.Errorf("stream ended with %v, want close code 1001", err)
			}
			return
		}
	}
}
