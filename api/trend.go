package api

import (
	"math"
	"net/http"
	"slices"
	"sync"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// trendLength is how many snapshots a sparkline covers.
const trendLength = 60

// gap stands for "no observation" in the rings below, where a pointer would
// triple the memory. It leaves them as null.
var gap = float32(math.NaN())

// isGap is true of infinities, too: a latency beyond what a float32 holds is no
// latency, and JSON has no word for it.
func isGap(v float32) bool { return v != v || math.IsInf(float64(v), 0) }

// ring holds one figure of the newest snapshots; trend.next is where the
// oldest stands.
type ring [trendLength]float32

// trend remembers every endpoint's p95, and the overall throughput and error
// rate, over the newest snapshots: 240 bytes per endpoint. Endpoints that have
// left all of them are forgotten.
type trend struct {
	mu         sync.RWMutex
	times      [trendLength]int64 // Unix ms
	throughput ring               // requests/s
	errorRate  ring               // ratio
	endpoints  map[redpoll.EndpointKey]*trendSeries
	count      int // snapshots seen
}

type trendSeries struct {
	p95  ring // seconds
	last int  // trend.count when the endpoint was last seen
}

func newTrend() *trend {
	return &trend{endpoints: map[redpoll.EndpointKey]*trendSeries{}}
}

// add takes in a snapshot.
func (t *trend) add(s *redpoll.Snapshot) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.count % trendLength
	t.count++
	t.times[at] = s.Time.UnixMilli()
	sum := addUp(s.Endpoints)
	t.throughput[at], t.errorRate[at] = coarse(sum.throughput), coarse(sum.errorRate)
	for i := range s.Endpoints {
		e := &s.Endpoints[i]
		series := t.endpoints[e.Key]
		if series == nil {
			series = newTrendSeries()
			t.endpoints[e.Key] = series
		}
		series.p95[at] = coarse(e.P95.Seconds())
		series.last = t.count
	}
	for key, series := range t.endpoints {
		switch {
		case series.last == t.count:
		case t.count-series.last >= trendLength:
			delete(t.endpoints, key)
		default:
			series.p95[at] = gap
		}
	}
}

func newTrendSeries() *trendSeries {
	s := &trendSeries{}
	for i := range s.p95 {
		s.p95[i] = gap
	}
	return s
}

func coarse(v *float64) float32 {
	if v == nil {
		return gap
	}
	return float32(*v)
}

// wire copies the trend, oldest snapshot first, endpoints in order.
func (t *trend) wire() wireTrend {
	t.mu.RLock()
	defer t.mu.RUnlock()
	w := wireTrend{
		Timestamps: make([]int64, 0, trendLength),
		Throughput: plainLine(t.unroll(&t.throughput)),
		ErrorRate:  percentLine(t.unroll(&t.errorRate)),
		Endpoints:  make([]wireTrendEndpoint, 0, len(t.endpoints)),
	}
	for i := max(0, t.count-trendLength); i < t.count; i++ {
		w.Timestamps = append(w.Timestamps, t.times[i%trendLength])
	}
	keys := make([]redpoll.EndpointKey, 0, len(t.endpoints))
	for key := range t.endpoints {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, redpoll.EndpointKey.Compare)
	for _, k := range keys {
		p95 := millisLine(t.unroll(&t.endpoints[k].p95))
		w.Endpoints = append(w.Endpoints, wireTrendEndpoint{Job: k.Job, Method: k.Method, Path: k.Path, P95: p95})
	}
	return w
}

// unroll copies the ring, oldest figure first.
func (t *trend) unroll(r *ring) []float32 {
	line := make([]float32, 0, trendLength)
	for i := max(0, t.count-trendLength); i < t.count; i++ {
		line = append(line, r[i%trendLength])
	}
	return line
}

// currentTrend answers the sparklines of everything.
func (a *API) currentTrend(r *http.Request) (any, error) {
	if p := readParams(r); p.err != nil {
		return nil, p.err
	}
	return a.trend.wire(), nil
}
