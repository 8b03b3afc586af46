package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is the time in all tests.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// server is an API under test with fakes behind it.
type server struct {
	*httptest.Server
	api      *API
	history  *fakeHistory
	rules    *fakeRules
	registry *prometheus.Registry
	targets  []redpoll.TargetStatus
	dropped  []redpoll.DroppedTarget
	metadata map[string][]redpoll.Metadata // by the targets' ids
	// expose answers for shopTarget; nil exposes nothing.
	expose func(context.Context) (Exposition, error)
	// instances are those of checkout.
	instances []redpoll.InstanceMetrics
	reload    error
}

// testLimits are those of the running program, with shorter waits for what no
// test waits for to happen.
func testLimits() limits {
	l := defaultLimits(100)
	l.closeGrace = 200 * time.Millisecond
	return l
}

func newServer(t *testing.T, change ...func(*Config, *limits)) *server {
	t.Helper()
	c, l := DefaultConfig, testLimits()
	for _, f := range change {
		f(&c, &l)
	}
	s := &server{history: &fakeHistory{}, rules: &fakeRules{}, registry: prometheus.NewRegistry()}
	s.api = newAPI(c, Options{
		Registerer: s.registry, Gatherer: s.registry,
		History: s.history, Rules: s.rules,
		Targets:    func() []redpoll.TargetStatus { return s.targets },
		Dropped:    s.listDropped,
		Metadata:   func(id string) []redpoll.Metadata { return s.metadata[id] },
		Exposition: s.exposition,
		Instances: func(k redpoll.EndpointKey) []redpoll.InstanceMetrics {
			if k != checkout.Key {
				return nil
			}
			return s.instances
		},
		Config: func() []byte { return []byte("global: {}\n") },
		Reload: func(context.Context) error { return s.reload },
		Dashboard: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "the dashboard")
		}),
		Hostname: "scraper.example",
		Version:  "1.2.3", Revision: "abc", Branch: "main", BuildUser: "me@here", BuildDate: "20260301",
	}, l, func() time.Time { return noon })
	s.api.SetReady(true)
	s.Server = httptest.NewServer(s.api.Handler())
	t.Cleanup(func() {
		if err := s.api.Close(context.Background()); err != nil {
			t.Error(err)
		}
		s.Server.Close()
	})
	return s
}

// listDropped knows the pools web, of shopTarget, and idle, without targets.
func (s *server) listDropped() (dropped []redpoll.DroppedTarget, counts map[string]int) {
	counts = map[string]int{"web": 0, "idle": 0}
	for _, d := range s.dropped {
		counts[d.Pool]++
	}
	return s.dropped, counts
}

func (s *server) exposition(ctx context.Context, id string) (Exposition, error) {
	if id != shopTarget.ID {
		return Exposition{}, ErrNoTarget
	}
	if s.expose == nil {
		return Exposition{}, nil
	}
	return s.expose(ctx)
}

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// decode reads the body into a T.
func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%d %q: %v", a.status, a.body, err)
	}
	return v
}

// do sends a request; headers are "Name: value".
func (s *server) do(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
		if name == "Host" {
			r.Host = value
		}
	}
	resp, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, b}
}

func (s *server) get(t *testing.T, path string, headers ...string) answer {
	t.Helper()
	return s.do(t, "GET", path, "", headers...)
}

// wantError checks status and that the text contains what it must say.
func wantError(t *testing.T, a answer, status int, says string) {
	t.Helper()
	e := decode[wireError](t, a)
	if a.status != status || !strings.Contains(e.Error, says) {
		t.Errorf("got %d %q, want %d with %q", a.status, e.Error, status, says)
	}
}

// fakeHistory answers what a test puts in, and remembers what it was asked.
type fakeHistory struct {
	mu       sync.Mutex
	history  redpoll.History
	alerts   []redpoll.Alert
	marks    []redpoll.Mark
	silences []redpoll.Silence
	err      error

	ranged []redpoll.HistoryQuery
	marked []redpoll.MarkQuery
}

var _ History = (*fakeHistory)(nil)

func (f *fakeHistory) Range(_ context.Context, q redpoll.HistoryQuery) (redpoll.History, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ranged = append(f.ranged, q)
	h := f.history
	h.Step = max(h.Step, q.Step)
	return h, f.err
}

func (f *fakeHistory) Alerts(_ context.Context, q redpoll.AlertQuery) ([]redpoll.Alert, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var page []redpoll.Alert
	for _, a := range f.alerts {
		if (q.Before == "" || a.ID < q.Before) && len(page) < q.Limit {
			page = append(page, a)
		}
	}
	return page, f.err
}

func (f *fakeHistory) Marks(_ context.Context, q redpoll.MarkQuery) ([]redpoll.Mark, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.marked = append(f.marked, q)
	return f.marks, f.err
}

func (f *fakeHistory) PutSilence(_ context.Context, s redpoll.Silence) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.silences = append(f.silences, s)
	return f.err
}

func (f *fakeHistory) DeleteSilence(_ context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.silences {
		if f.silences[i].ID == id {
			f.silences = append(f.silences[:i:i], f.silences[i+1:]...)
			return f.err
		}
	}
	return errors.New("not found")
}

func (f *fakeHistory) Silences(context.Context) ([]redpoll.Silence, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]redpoll.Silence(nil), f.silences...), f.err
}

type fakeRules struct {
	mu       sync.Mutex
	active   []redpoll.Alert
	rules    []redpoll.RuleStatus
	silences []redpoll.Silence
}

var _ Rules = (*fakeRules)(nil)

func (f *fakeRules) Active() []redpoll.Alert     { return f.active }
func (f *fakeRules) Rules() []redpoll.RuleStatus { return f.rules }
func (f *fakeRules) SetSilences(s []redpoll.Silence) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.silences = s
}

func ptr[T any](v T) *T { return &v }

// checkout is an endpoint with figures that are easily told apart.
var checkout = redpoll.EndpointMetrics{
	Key:       redpoll.EndpointKey{Job: "shop", Method: "POST", Path: "/checkout"},
	P50:       &redpoll.Estimate{Value: 0.020, Lower: 0.01, Upper: 0.025},
	P95:       &redpoll.Estimate{Value: 0.0905, Lower: 0.05, Upper: 0.1},
	P99:       &redpoll.Estimate{Value: 0.25, Lower: 0.25, Upper: math.Inf(1)},
	Mean:      ptr(0.0325),
	ErrorRate: ptr(0.015), ClientErrorRate: ptr(0.04), Throughput: ptr(42.5),
	Window:    redpoll.Increase{Elapsed: 5 * time.Second, Requests: 200, Errors: 3, ClientErrors: 8, ErrorsKnown: true},
	Instances: 2,
}

// instanceOf is a part of checkout.
func instanceOf(name string) redpoll.InstanceMetrics {
	in := redpoll.InstanceMetrics{Instance: name, EndpointMetrics: checkout}
	in.Instances = 1
	return in
}

// deployed is what happened to shopTarget.
var deployed = redpoll.Mark{Time: noon, Job: "shop", Instance: "10.0.0.1:80", Kind: redpoll.Deploy, Text: "1.4.1 → 1.4.2"}

// idle is one without.
var idle = redpoll.EndpointMetrics{
	Key:        redpoll.EndpointKey{Job: "shop", Method: "GET", Path: "/idle"},
	Throughput: ptr(0.0), Cause: redpoll.NoTraffic, Instances: 2,
}

// snapshotAt is noon's snapshot and those that follow at every interval.
func snapshotAt(n int, endpoints ...redpoll.EndpointMetrics) *redpoll.Snapshot {
	if endpoints == nil {
		endpoints = []redpoll.EndpointMetrics{checkout, idle}
	}
	return &redpoll.Snapshot{
		Time: noon.Add(time.Duration(n) * 5 * time.Second), Interval: 5 * time.Second,
		Endpoints: endpoints,
		Targets:   []redpoll.TargetStatus{shopTarget, deadTarget},
		CDN:       redpoll.CDN{CacheHitRatio: ptr(0.95)},
		System:    redpoll.System{Uptime: ptr(3600.0), Memory: ptr(1e9), CPU: ptr(0.25), Source: "node"},
	}
}

var shopTarget = redpoll.TargetStatus{
	Target: redpoll.Target{
		ID: "5k0", Pool: "web", Job: "shop", Instance: "10.0.0.1:80", URL: "http://10.0.0.1:80/metrics",
		Labels: map[string]string{"job": "shop", "instance": "10.0.0.1:80", "env": "prod"},
		Discovered: map[string]string{
			"__address__": "10.0.0.1:80", "__meta_env": "prod", "__metrics_path__": "/metrics", "__scheme__": "http",
			"__scrape_interval__": "5s", "__scrape_timeout__": "4s", "job": "web",
		},
	},
	Health: redpoll.HealthUp, LastScrape: noon, LastDuration: 12500 * time.Microsecond,
	Durations: []time.Duration{9750 * time.Microsecond, 12500 * time.Microsecond},
	Interval:  5 * time.Second, Timeout: 4 * time.Second, Samples: 100, Relabelled: 90, Added: 3, Bytes: 4096, Started: noon.Add(-time.Hour),
	Warnings:   []string{"sample_limit is 90: 10 samples were left out"},
	Recognised: []redpoll.Recognised{{Convention: "client_golang", Family: "http_request_duration_seconds", Kind: "histogram", Endpoints: 2}},
	Ignored:    []redpoll.Ignored{{Family: "http_requests_total", Reason: "the histogram counts the same requests"}},
	Advice:     []redpoll.Advice{{Text: "the path is missing: map its label", YAML: "endpoints: {path_label: url}"}},
}

var deadTarget = redpoll.TargetStatus{
	Target: redpoll.Target{ID: "9zz", Pool: "web", Job: "shop", Instance: "10.0.0.2:80", URL: "http://10.0.0.2:80/metrics"},
	Health: redpoll.HealthDown, Error: "connection refused: is it running?",
	Interval: 5 * time.Second, Timeout: 4 * time.Second,
}

var droppedTarget = redpoll.DroppedTarget{
	Pool: "web", Reason: "dropped by relabel_configs", Discovered: map[string]string{"__address__": "10.0.0.3:80", "__meta_env": "test", "job": "web"},
}

var requestsTotal = redpoll.Metadata{Family: "http_requests_total", Type: "counter", Help: "Requests served.", Unit: "requests"}

var slowRule = redpoll.RuleStatus{
	Name: "CheckoutSlow", Metric: "p99", Match: map[string]string{"job": "shop", "path": "/checkout*"}, Above: true,
	Levels: []redpoll.Level{{Severity: redpoll.Critical, Threshold: 0.5}, {Severity: redpoll.Warning, Threshold: 0.2}},
	Unit:   redpoll.Seconds, For: 30 * time.Second, MinRequests: 10,
	Labels: map[string]string{"team": "pay"}, Annotations: map[string]string{"summary": "slow"},
	LastEvaluation: noon, Duration: 250 * time.Microsecond,
	Active: map[redpoll.AlertState]int{redpoll.Firing: 1},
	Advice: []redpoll.Advice{{Text: "add 0.5 to the histogram's buckets"}},
}

var cacheRule = redpoll.RuleStatus{
	Name: "CacheHitRatioLow", Metric: "cdn_cache_hit_ratio", Unit: redpoll.Ratio, Default: true,
	Levels: []redpoll.Level{{Severity: redpoll.Warning, Threshold: 0.9}},
	Note:   "nothing feeds the signal",
}

var slowAlert = redpoll.Alert{
	ID: "019ca900-0000-7000-8000-000000000009", Rule: "CheckoutSlow", Metric: "p99",
	Severity: redpoll.Warning, State: redpoll.Firing, Endpoint: checkout.Key,
	Value: ptr(0.25), Lower: ptr(0.25), Threshold: 0.2, Above: true, Unit: redpoll.Seconds,
	Labels: map[string]string{"team": "pay"}, Annotations: map[string]string{"summary": "slow"},
	Since: noon.Add(-time.Minute), FiredAt: noon.Add(-30 * time.Second), UpdatedAt: noon,
}

// resolvedAlert has an id below slowAlert's, and the lower the greater n.
func resolvedAlert(n int) redpoll.Alert {
	a := slowAlert.Clone()
	a.ID = "019ca900-0000-7000-8000-00000000000" + string(rune('8'-n))
	a.State, a.ResolvedAt = redpoll.Resolved, noon
	return a
}
