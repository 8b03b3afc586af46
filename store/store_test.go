package store

import (
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	bounds = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
	// noon begins a minute.
	noon     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	checkout = redpoll.EndpointKey{Job: "shop", Method: "POST", Path: "/checkout"}
	cart     = redpoll.EndpointKey{Job: "shop", Method: "GET", Path: "/cart"}
)

// open opens a store that is closed with the test.
func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{Path: path}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "redpoll.db") }

// increase is 5 s with the given counts by bucket of bounds.
func increase(errors uint64, counts ...uint64) redpoll.Increase {
	h := redpoll.NewHistogram(bounds)
	copy(h.Counts, counts)
	h.Sum = 0.25
	return redpoll.Increase{Elapsed: 5 * time.Second, Requests: h.Count(), Errors: errors, ErrorsKnown: true, Latency: h}
}

func native(t testing.TB, schema int8, threshold float64, zero uint64, first int, counts ...uint64) *redpoll.Histogram {
	t.Helper()
	h, ok := redpoll.NewExponential(redpoll.Exponents{Schema: schema, Threshold: threshold, Zero: zero, First: first, Counts: counts})
	if !ok {
		t.Fatalf("schema %d from bucket %d was refused", schema, first)
	}
	return h
}

func endpointMetrics(k redpoll.EndpointKey, in redpoll.Increase) redpoll.EndpointMetrics {
	return redpoll.EndpointMetrics{Key: k, Window: in, New: &in}
}

func snapshot(at time.Time, endpoints ...redpoll.EndpointMetrics) *redpoll.Snapshot {
	return &redpoll.Snapshot{Time: at, Interval: 5 * time.Second, Endpoints: endpoints}
}

func appendAll(t testing.TB, s *Store, snaps ...*redpoll.Snapshot) {
	t.Helper()
	for _, snap := range snaps {
		if err := s.Append(t.Context(), snap, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func history(t testing.TB, s *Store, k redpoll.EndpointKey, start, end time.Time, step time.Duration) redpoll.History {
	t.Helper()
	h, err := s.Range(t.Context(), redpoll.HistoryQuery{Key: k, Start: start, End: end, Step: step})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestCanaryHistorySurvivesRestart(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	for i := range 30 {
		appendAll(t, s, snapshot(noon.Add(time.Duration(i)*5*time.Second),
			endpointMetrics(checkout, increase(1, 0, 0, 90, 10))))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	h := history(t, open(t, path), checkout, noon, noon.Add(time.Hour), time.Minute)
	if len(h.Points) != 3 || h.Step != time.Minute {
		t.Fatalf("got %d points of %s, want 3 of 1m: %+v", len(h.Points), h.Step, h.Points)
	}
	for i, want := range []uint64{1200, 1200, 600} {
		p := h.Points[i]
		if !p.Time.Equal(noon.Add(time.Duration(i)*time.Minute)) || p.Requests != want {
			t.Errorf("point %d: %d requests at %s, want %d", i, p.Requests, p.Time, want)
		}
		if got := p.Quantile(0.95).Value; got < 0.0374 || got > 0.0376 {
			t.Errorf("point %d: p95 is %g, want 0.0375", i, got)
		}
	}
}
