package store

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// withBounds is 5 s with one request in the first bucket.
func withBounds(bounds ...float64) redpoll.Increase {
	h := redpoll.NewHistogram(bounds)
	h.Counts[0] = 1
	return redpoll.Increase{Elapsed: 5 * time.Second, Requests: 1, ErrorsKnown: true, Latency: h}
}

func TestCanaryBucketsThatChangeAllTheTimeDoNotFillTheDatabase(t *testing.T) {
	var log bytes.Buffer
	registry := prometheus.NewRegistry()
	path := newPath(t)
	s, err := Open(t.Context(), Config{Path: path}, Options{Logger: slog.New(slog.NewTextHandler(&log, nil)), Registerer: registry})
	if err != nil {
		t.Fatal(err)
	}
	const n = 20 * maxLayoutsBrought
	for i := range n {
		appendAll(t, s, snapshot(at(5*i),
			endpointMetrics(checkout, withBounds(float64(1+i), float64(2+i))), endpointMetrics(cart, withBounds(0.1, 1))))
	}
	if got := count(t, s, "SELECT count(*) FROM bounds"); got > maxLayoutsBrought+1 {
		t.Errorf("%d bucket layouts are stored, want at most %d and the one of the other endpoint", got, maxLayoutsBrought)
	}
	if got := metric(t, registry, "redpoll_store_dropped_histograms_total"); got < n-maxLayoutsBrought {
		t.Errorf("%g histograms were dropped, want %d at least", got, n-maxLayoutsBrought)
	}
	if got := strings.Count(log.String(), "left out"); got != 1 || !strings.Contains(log.String(), checkout.Path) {
		t.Errorf("logged %d times, want once and with the endpoint:\n%s", got, &log)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	for _, k := range []redpoll.EndpointKey{checkout, cart} {
		wantRequests(t, s, k, n)
	}
	for _, p := range history(t, s, cart, noon, noon.Add(time.Hour), time.Minute).Points {
		if p.Quantile(0.95) == nil {
			t.Fatalf("the other endpoint has no quantiles at %s", p.Time)
		}
	}
}

// The application observes ever longer durations and restarts now and then: it
// has many more layouts than a classic histogram may have.
func TestCanaryNativeHistogramsNeverRunOutOfLayouts(t *testing.T) {
	registry := prometheus.NewRegistry()
	path := newPath(t)
	s, err := Open(t.Context(), Config{Path: path}, Options{Registerer: registry})
	if err != nil {
		t.Fatal(err)
	}
	const n = 20 * maxLayoutsBrought
	layouts := map[redpoll.ExponentialLayout]bool{}
	minutes := map[int64]*redpoll.Histogram{}
	for i := range n {
		grown := 1 + i%(5*maxLayoutsBrought)
		counts := make([]uint64, grown)
		counts[grown-1], counts[grown/2] = 1, 2
		h := native(t, 3, math.Exp2(-128), 1, -i/60-grown/3, counts...)
		layouts[h.ExponentialLayout()] = true
		minute := floor(at(5*i).UnixMilli(), minuteMS)
		if minutes[minute] == nil {
			minutes[minute] = h.Clone()
		} else {
			minutes[minute].Merge(h)
		}
		appendAll(t, s, snapshot(at(5*i), endpointMetrics(checkout, redpoll.Increase{Requests: h.Count(), Latency: h})))
	}
	if len(layouts) < 10*maxLayoutsBrought {
		t.Fatalf("only %d layouts were made", len(layouts))
	}
	if got := metric(t, registry, "redpoll_store_dropped_histograms_total"); got != 0 {
		t.Errorf("%g histograms were dropped", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	for _, p := range history(t, s, checkout, noon, at(5*n), time.Minute).Points {
		if diff := cmp.Diff(minutes[p.Time.UnixMilli()], p.Latency); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", p.Time, diff)
		}
	}
}

func TestFastMemoryForExponentialLayoutsIsBounded(t *testing.T) {
	c := newCatalog()
	for i := range 2 * maxExponentialBounds / 500 {
		h := native(t, 8, 0, 0, i, make([]uint64, 500)...)
		if err := c.exponentials.check(h); err != nil {
			t.Fatal(err)
		}
		bounds := 0
		for _, known := range c.exponentials.known {
			bounds += len(known.Bounds)
		}
		if bounds != c.exponentials.bounds || bounds > maxExponentialBounds {
			t.Fatalf("%d bounds are known, %d are counted", bounds, c.exponentials.bounds)
		}
	}
}

// One layout each: the same bounds on another scale mean something else.
func TestScalesAreKeptApart(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	linear, geometric := withBounds(0.1, 1), withBounds(0.1, 1)
	geometric.Latency.Scale = redpoll.Geometric
	appendAll(t, s, snapshot(noon, endpointMetrics(cart, geometric)),
		snapshot(at(5), endpointMetrics(cart, linear)), snapshot(at(10), endpointMetrics(cart, geometric)))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var got []redpoll.Scale
	for _, p := range history(t, open(t, path), cart, noon, at(15), 5*time.Second).Points {
		got = append(got, p.Latency.Scale)
	}
	if diff := cmp.Diff([]redpoll.Scale{redpoll.Geometric, redpoll.Linear, redpoll.Geometric}, got); diff != "" {
		t.Error(diff)
	}
}

func TestBoundsOfAllLayoutsTogetherAreLimited(t *testing.T) {
	c := newCatalog()
	intern := func(i int) error {
		bounds := make([]float64, maxBounds/8)
		for j := range bounds {
			bounds[j] = float64(i + j)
		}
		_, _, err := c.intern(redpoll.EndpointKey{Path: fmt.Sprint(i)}, 0, redpoll.NewHistogram(bounds))
		return err
	}
	for i := range 8 {
		if err := intern(i); err != nil {
			t.Fatal(err)
		}
	}
	if err := intern(8); !errors.Is(err, errTooManyLayouts) {
		t.Errorf("one layout too many: %v, want errTooManyLayouts", err)
	}
	if err := intern(7); err != nil {
		t.Errorf("a known layout: %v", err)
	}
	c.forget(24 * hourMS)
	if err := intern(8); err != nil {
		t.Errorf("once the others are forgotten: %v", err)
	}
}

func TestNumberOfEndpointsIsLimited(t *testing.T) {
	c := newCatalog()
	c.lastID = maxEndpointID - maxEndpoints/2 // ids come round
	intern := func(i int, ts int64) (int64, error) {
		id, _, err := c.intern(redpoll.EndpointKey{Path: fmt.Sprint(i)}, ts, nil)
		return id, err
	}
	for i := range maxEndpoints {
		if id, err := intern(i, int64(i%2)*24*hourMS); err != nil || id < 1 || id > maxEndpointID {
			t.Fatalf("endpoint %d has the id %d (%v)", i, id, err)
		}
	}
	if _, err := intern(maxEndpoints, 0); !errors.Is(err, errTooManyEndpoints) {
		t.Errorf("one endpoint too many: %v, want errTooManyEndpoints", err)
	}
	c.forget(24 * hourMS)
	if got := c.size(); got != maxEndpoints/2 || len(c.byID) != got {
		t.Errorf("%d endpoints by key and %d by id are left, want %d", got, len(c.byID), maxEndpoints/2)
	}
	if _, err := intern(maxEndpoints, 0); err != nil {
		t.Errorf("once others are forgotten: %v", err)
	}
}

func TestEndpointsAreForgottenWithTheirLastRecord(t *testing.T) {
	path := newPath(t)
	s := open(t, path) // records live 7 d
	appendAll(t, s, snapshot(noon, endpointMetrics(checkout, withBounds(1, 2)), endpointMetrics(cart, withBounds(0.1))))
	known := func(day int) int {
		for h := range 24 {
			now := noon.Add(time.Duration(24*day+h) * time.Hour)
			appendAll(t, s, snapshot(now, endpointMetrics(cart, withBounds(0.1))), snapshot(now.Add(time.Minute)))
		}
		endpoints, layouts := count(t, s, "SELECT count(*) FROM endpoint"), count(t, s, "SELECT count(*) FROM bounds")
		if endpoints != s.catalog.size() || layouts != len(s.catalog.layouts) || layouts != endpoints {
			t.Errorf("%d endpoints with %d layouts are stored, %d with %d known", endpoints, layouts, s.catalog.size(), len(s.catalog.layouts))
		}
		return endpoints
	}
	for day := range 7 {
		if got := known(day); got != 2 {
			t.Fatalf("%d endpoints on day %d, want 2", got, day)
		}
	}
	if got := known(7); got != 1 {
		t.Errorf("%d endpoints a day after the last record went, want 1", got)
	}
	appendAll(t, s, snapshot(noon.Add(8*24*time.Hour), endpointMetrics(checkout, withBounds(5, 6))))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	h := history(t, open(t, path), checkout, noon, noon.Add(9*24*time.Hour), time.Hour)
	if len(h.Points) != 1 || h.Points[0].Latency == nil || h.Points[0].Latency.Bounds[0] != 5 {
		t.Errorf("the endpoint that came back has %+v", h.Points)
	}
}

// TestForgettingLeavesEveryRecordReadable has endpoints come and go with
// layouts that come and go, and reads every record again and again.
func TestForgettingLeavesEveryRecordReadable(t *testing.T) {
	g := rand.New(rand.NewPCG(3, 1))
	c := Config{Path: newPath(t), Synchronous: "normal"}
	c.Retention = Retention{Raw: model.Duration(5 * time.Minute), Minute: model.Duration(50 * time.Hour)}
	s, err := Open(t.Context(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { s.Close() }()
	forgotten := 0
	for i, now := 0, noon; i < 1500; i++ {
		now = now.Add(time.Duration(g.IntN(40)) * time.Minute)
		if g.IntN(200) == 0 {
			now = now.Add(time.Duration(g.IntN(100)) * time.Hour)
		}
		snap := snapshot(now)
		for j := range 40 {
			if g.IntN(80) == 0 || j == 0 {
				k := redpoll.EndpointKey{Path: fmt.Sprint(j)}
				snap.Endpoints = append(snap.Endpoints, endpointMetrics(k, withBounds(1, float64(2+g.IntN(30)))))
			}
		}
		before := s.catalog.size()
		appendAll(t, s, snap)
		forgotten += max(0, before-s.catalog.size())
		if g.IntN(50) > 0 {
			continue
		}
		readable(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if s, err = Open(t.Context(), c, Options{}); err != nil {
			t.Fatal(err)
		}
		readable(t, s)
	}
	if forgotten < 10 {
		t.Errorf("only %d endpoints were forgotten", forgotten)
	}
}

// readable checks that every record of the journal can be read and every
// minute row has its endpoint.
func readable(t *testing.T, s *Store) {
	t.Helper()
	for _, table := range []string{"tick", "mtick"} {
		rows, err := s.read.Query("SELECT data FROM " + table)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var blob []byte
			if err := rows.Scan(&blob); err != nil {
				t.Fatal(err)
			}
			err := eachRecord(blob, s.catalog, func(id int64, in redpoll.Increase) {
				if _, ok := s.catalog.key(id); !ok || in.Latency == nil {
					t.Fatalf("a %s refers to endpoint %d: %+v", table, id, in)
				}
			})
			if err != nil {
				t.Fatalf("%s: %v", table, err)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, s, "SELECT count(*) FROM minute WHERE endpoint_id NOT IN (SELECT id FROM endpoint)"); n > 0 {
		t.Fatalf("%d minute rows have no endpoint", n)
	}
}

// A layout may be noted an hour before an endpoint that came to have it.
func TestLayoutsAreKeptAsLongAsAnEndpointHasThem(t *testing.T) {
	c := newCatalog()
	h := redpoll.NewHistogram([]float64{1, 2})
	if _, _, err := c.intern(cart, 0, h); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.intern(checkout, hourMS-1, h); err != nil {
		t.Fatal(err)
	}
	c.forget(hourMS/2 + lastSeenLag.Milliseconds())
	if _, ok := c.find(cart); ok {
		t.Error("the first endpoint is still known")
	}
	if len(c.layouts) != 1 {
		t.Error("the layout of the second one is forgotten")
	}
	c.forget(3*hourMS + lastSeenLag.Milliseconds())
	if len(c.byID) > 0 || len(c.layouts) > 0 || len(c.byShape) > 0 || c.bounds != 0 {
		t.Errorf("something is left: %+v", c)
	}
}
