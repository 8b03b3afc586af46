package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/common/model"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// oracle answers queries from a plain list of everything that was appended.
type oracle struct {
	entries []oracleEntry
	last    int64
}

type oracleEntry struct {
	ts int64
	redpoll.EndpointKey
	redpoll.Increase
}

func (o *oracle) append(snap *redpoll.Snapshot) {
	o.last = max(snap.Time.UnixMilli(), o.last+1)
	for _, e := range snap.Endpoints {
		if e.New != nil {
			o.entries = append(o.entries, oracleEntry{o.last, e.Key, *e.New})
		}
	}
}

// answer groups what happened between start and end, in steps.
func (o *oracle) answer(k redpoll.EndpointKey, start, end time.Time, step time.Duration) (points []redpoll.HistoryPoint) {
	sums := map[int64]*redpoll.Increase{}
	ms := step.Milliseconds()
	for _, e := range o.entries {
		at := e.ts / ms * ms
		if e.EndpointKey != k || at+ms <= start.UnixMilli() || at >= end.UnixMilli() {
			continue
		}
		if sums[at] == nil {
			sums[at] = new(redpoll.Increase)
		}
		sums[at].Append(e.Increase)
	}
	for _, at := range slices.Sorted(maps.Keys(sums)) {
		points = append(points, redpoll.HistoryPoint{Time: time.UnixMilli(at), Increase: *sums[at]})
	}
	return points
}

// step is the one that a query must be answered with: longer than asked for if
// it has no whole minutes and the snapshots, kept since rawFrom, do not reach
// back to start while the minutes do.
func (o *oracle) step(start, end time.Time, step time.Duration, rawFrom int64) time.Duration {
	if step%time.Minute == 0 {
		return step
	}
	ms := step.Milliseconds()
	from := start.UnixMilli() / ms * ms / minuteMS * minuteMS
	to := (end.UnixMilli() + ms - 1) / ms * ms
	for _, e := range o.entries {
		minute := e.ts / minuteMS * minuteMS
		if minute >= from && minute < to && minute < rawFrom/minuteMS*minuteMS {
			return (step + time.Minute - 1) / time.Minute * time.Minute
		}
	}
	return step
}

// traffic makes random snapshots of a few endpoints.
type traffic struct {
	*rand.Rand
	now  time.Time
	apps [8]nativeApp // by endpoint
}

var layouts = [][]float64{bounds, bounds, bounds, {0.01, 0.1, 1, 7}, {0.333}}

// latency makes a histogram without observations: every other endpoint has
// native ones, which now and then were classic ones for a snapshot.
func (g *traffic) latency(endpoint int) *redpoll.Histogram {
	if endpoint%2 == 0 && g.IntN(50) > 0 {
		return g.apps[endpoint].histogram(g.Rand)
	}
	h := redpoll.NewHistogram(layouts[g.IntN(len(layouts))])
	if g.IntN(10) == 0 {
		h.Scale = redpoll.Geometric
	}
	return h
}

// nativeApp exposes a native histogram that reaches over all that the
// application has observed since it started.
type nativeApp struct {
	schema      int8
	threshold   float64
	first, last int
}

func (a *nativeApp) histogram(g *rand.Rand) *redpoll.Histogram {
	octaves := func(n float64) int { return int(math.Ldexp(n, int(a.schema))) }
	if a.first == a.last || g.IntN(60) == 0 {
		a.schema = int8(g.IntN(13) - 4)
		a.threshold = []float64{0, math.Exp2(-128), 0.001}[g.IntN(3)]
		a.first = octaves(-5) // 31 ms
		a.last = a.first + 1
	}
	if g.IntN(4) == 0 {
		a.first = max(octaves(-20), a.first-g.IntN(1+octaves(1)))
		a.last = min(octaves(10)+1, a.last+g.IntN(2+octaves(1))) // about 1,000 s
	}
	h, ok := redpoll.NewExponential(redpoll.Exponents{
		Schema: a.schema, Threshold: a.threshold, First: a.first, Counts: make([]uint64, a.last-a.first+1),
	})
	if !ok {
		panic(fmt.Sprintf("%+v is no native histogram", a))
	}
	return h
}

func (g *traffic) increase(endpoint int) redpoll.Increase {
	in := redpoll.Increase{Elapsed: time.Duration(1+g.IntN(20000)) * time.Millisecond, Requests: g.Uint64N(1000)}
	if in.ErrorsKnown = g.IntN(4) > 0; in.ErrorsKnown {
		in.Errors = g.Uint64N(in.Requests + 1)
		in.ClientErrors = g.Uint64N(in.Requests-in.Errors+1) * g.Uint64N(2)
	}
	if g.IntN(5) == 0 {
		return in // counters only
	}
	in.Latency = g.latency(endpoint)
	in.Latency.Sum, in.Latency.SumUnknown = float64(g.IntN(1e9))/1e9, g.IntN(20) == 0
	for range g.IntN(6) {
		if i := g.IntN(len(in.Latency.Counts)); canCount(in.Latency, i) {
			in.Latency.Counts[i] += g.Uint64N(300)
		}
	}
	return in
}

// canCount is false for the two buckets of a native histogram that are empty:
// between zero and the first one, and up to +Inf.
func canCount(h *redpoll.Histogram, bucket int) bool {
	return h.Scale != redpoll.Exponential || bucket != 1 && bucket != len(h.Counts)-1
}

func (g *traffic) snapshot() *redpoll.Snapshot {
	switch g.IntN(40) {
	case 0:
		g.now = g.now.Add(time.Duration(g.IntN(7200)) * time.Second) // a gap
	case 1:
		g.now = g.now.Add(-time.Duration(g.IntN(90)) * time.Second) // the clock is set back
	default:
		g.now = g.now.Add(time.Duration(1+g.IntN(15000)) * time.Millisecond)
	}
	snap := snapshot(g.now, endpointMetrics(g.key(0), g.increase(0)))
	for i := 1; i < 8; i++ {
		e := redpoll.EndpointMetrics{Key: g.key(i)}
		if g.IntN(3) > 0 {
			in := g.increase(i)
			e.New = &in
		}
		snap.Endpoints = append(snap.Endpoints, e)
	}
	return snap
}

func (g *traffic) key(i int) redpoll.EndpointKey {
	return redpoll.EndpointKey{Job: "shop", Method: "GET", Path: fmt.Sprintf("/p%d", i)}
}

// TestCanaryHistoryEqualsOracle runs random snapshots through a store that is
// restarted, killed and kept from writing, and asks random questions.
func TestCanaryHistoryEqualsOracle(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			g := &traffic{Rand: rand.New(rand.NewPCG(seed, 9)), now: noon}
			w := &world{t: t, g: g, path: newPath(t)}
			w.open()
			for range 700 {
				w.step()
			}
			w.check()
			w.checkMinuteRows()
			w.close()
		})
	}
}

// world is a store and its oracle.
type world struct {
	t      *testing.T
	g      *traffic
	path   string
	store  *Store
	oracle oracle
}

func (w *world) open() {
	w.t.Helper()
	retention := Retention{Raw: model.Duration(10 * time.Minute), Minute: model.Duration(1000 * time.Hour)}
	s, err := Open(w.t.Context(), Config{Path: w.path, Synchronous: "normal", Retention: retention}, Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.store = s
}

func (w *world) close() {
	w.t.Helper()
	if err := w.store.Close(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) step() {
	w.t.Helper()
	snap := w.g.snapshot()
	w.oracle.append(snap)
	if w.g.IntN(20) == 0 { // cannot write just now
		ctx, cancel := context.WithCancel(w.t.Context())
		cancel()
		if err := w.store.Append(ctx, snap, nil); !errors.Is(err, context.Canceled) {
			w.t.Fatalf("Append with a cancelled context: %v", err)
		}
		return
	}
	if err := w.store.Append(w.t.Context(), snap, nil); err != nil {
		w.t.Fatal(err)
	}
	switch w.g.IntN(30) {
	case 0:
		w.close()
		w.open()
	case 1:
		w.kill()
	case 2:
		w.check()
	}
}

// kill goes on with the files as a killed process would leave them.
func (w *world) kill() {
	w.t.Helper()
	path := newPath(w.t)
	for _, suffix := range []string{"", "-wal"} {
		copyFile(w.t, w.path+suffix, path+suffix)
	}
	w.close()
	w.path = path
	w.open()
}

// check asks questions about a random stretch of time.
func (w *world) check() {
	w.t.Helper()
	var rawFrom int64
	if err := w.store.read.QueryRow("SELECT coalesce(min(ts), 1<<60) FROM tick").Scan(&rawFrom); err != nil {
		w.t.Fatal(err)
	}
	if len(w.store.journal.pending) > 0 {
		return // not to be read before it is written
	}
	for range 10 {
		k := w.g.key(w.g.IntN(8))
		length := time.Duration(w.g.IntN(int(3 * time.Hour)))
		start := w.g.now.Add(-time.Duration(w.g.IntN(int(3 * time.Hour)))).Truncate(time.Millisecond)
		end := start.Add(length).Truncate(time.Millisecond)
		step := []time.Duration{2500 * time.Millisecond, 5 * time.Second, 90 * time.Second, time.Minute, 5 * time.Minute, time.Hour}[w.g.IntN(6)]
		got := history(w.t, w.store, k, start, end, step)
		if want := w.oracle.step(start, end, step, rawFrom); end.After(start) && got.Step != want {
			w.t.Fatalf("step %s from %s is answered in %s, want %s", step, start, got.Step, want)
		}
		want := w.oracle.answer(k, start, end, got.Step)
		if !end.After(start) {
			want = nil
		}
		meaningful(want)
		meaningful(got.Points)
		if diff := cmp.Diff(want, got.Points, cmpopts.EquateApprox(0, 1e-6), cmpopts.EquateEmpty()); diff != "" {
			w.t.Fatalf("%s from %s to %s, step %s (-want +got):\n%s", k.Path, start, end, got.Step, diff)
		}
	}
}

// checkMinuteRows compares the minute table's rows, of which there must be no
// more and no fewer, with the minutes that have ended.
func (w *world) checkMinuteRows() {
	w.t.Helper()
	appendAll(w.t, w.store, snapshot(w.g.now.Add(time.Hour))) // ends the last minute, writes what is pending
	rows, err := w.store.read.Query(`SELECT ts, path, requests, elapsed_ms, p99_us / 1e6
		FROM minute JOIN endpoint ON endpoint.id = endpoint_id ORDER BY path, ts`)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	var got, want []minuteFigures
	for rows.Next() {
		var f minuteFigures
		if err := rows.Scan(&f.TS, &f.Path, &f.Requests, &f.ElapsedMS, &f.P99); err != nil {
			w.t.Fatal(err)
		}
		got = append(got, f)
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	for i := range 8 {
		for _, p := range w.oracle.answer(w.g.key(i), w.rowsFrom(), w.g.now.Add(time.Hour), time.Minute) {
			want = append(want, minuteFigures{p.Time.UnixMilli(), w.g.key(i).Path, p.Requests, p.Elapsed.Milliseconds(), p.Quantile(0.99).Seconds()})
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 2e-6)); diff != "" {
		w.t.Fatalf("minute rows (-want +got):\n%s", diff)
	}
}

type minuteFigures struct {
	TS        int64
	Path      string
	Requests  uint64
	ElapsedMS int64
	P99       *float64
}

// rowsFrom is where the minute table's retention ends.
func (w *world) rowsFrom() time.Time {
	last := time.UnixMilli(w.oracle.last).Truncate(time.Minute)
	if now := w.g.now.Add(time.Hour).Truncate(time.Minute); now.After(last) {
		last = now
	}
	return last.Add(-minuteRowRetention)
}

// meaningful clears what means nothing.
func meaningful(points []redpoll.HistoryPoint) {
	for i := range points {
		if !points[i].ErrorsKnown {
			points[i].Errors, points[i].ClientErrors = 0, 0
		}
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(filepath.Clean(to))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
