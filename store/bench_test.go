package store

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// load makes snapshots like a busy site's: a fifth of the endpoints nearly
// idle, the others at a median of 5 requests per second with a long tail,
// latencies log-normal around an endpoint's own median.
type load struct {
	*rand.Rand
	empty     *redpoll.Histogram
	endpoints []loadEndpoint
}

type loadEndpoint struct {
	key   redpoll.EndpointKey
	rate  float64 // requests per snapshot
	share []float64
}

// newLoad makes n endpoints with histograms like empty.
func newLoad(n int, empty *redpoll.Histogram) *load {
	l := &load{Rand: rand.New(rand.NewPCG(42, 7)), empty: empty}
	for i := range n {
		e := loadEndpoint{key: redpoll.EndpointKey{Job: "shop", Method: "GET", Path: fmt.Sprintf("/products/%05d", i)}, rate: 0.1}
		if l.Float64() > 0.2 {
			e.rate = 25 * math.Exp(1.7*l.NormFloat64())
		}
		median, below := 0.02*math.Exp(l.NormFloat64()), 0.0
		for _, b := range empty.Bounds {
			upTo := 0.5 * math.Erfc(-math.Log(b/median)/0.8/math.Sqrt2)
			e.share = append(e.share, upTo-below)
			below = upTo
		}
		e.share = append(e.share, 1-below)
		l.endpoints = append(l.endpoints, e)
	}
	return l
}

func (l *load) snapshot(at time.Time) *redpoll.Snapshot {
	snap := snapshot(at)
	for _, e := range l.endpoints {
		h := l.empty.Clone()
		for i, share := range e.share {
			h.Counts[i] = l.poisson(e.rate * share)
		}
		n := h.Count()
		h.Sum = float64(n) * 0.03 * l.Float64()
		elapsed := 5*time.Second + time.Duration(l.IntN(20)-10)*time.Millisecond
		snap.Endpoints = append(snap.Endpoints, endpointMetrics(e.key,
			redpoll.Increase{Elapsed: elapsed, Requests: n, Errors: l.poisson(0.002 * float64(n)), ErrorsKnown: true, Latency: h}))
	}
	return snap
}

func (l *load) poisson(mean float64) uint64 {
	if mean > 30 {
		return uint64(max(0, mean+math.Sqrt(mean)*l.NormFloat64()+0.5))
	}
	limit, p, n := math.Exp(-mean), l.Float64(), uint64(0)
	for ; p > limit; n++ {
		p *= l.Float64()
	}
	return n
}

// BenchmarkRange reads one of 1,000 endpoints from a history of 24 h.
//
//	go test -run '^$' -bench Range ./store
func BenchmarkRange(b *testing.B) {
	s, end := filled(b, 1000, 24*time.Hour)
	k := redpoll.EndpointKey{Job: "shop", Method: "GET", Path: "/products/00700"}
	for _, q := range []struct{ length, step time.Duration }{
		{time.Hour, 5 * time.Second},
		{time.Hour, 15 * time.Second},
		{time.Hour, time.Minute},
		{24 * time.Hour, 5 * time.Minute},
	} {
		b.Run(fmt.Sprintf("%s/step=%s", q.length, q.step), func(b *testing.B) {
			var points int
			for b.Loop() {
				points = len(history(b, s, k, end.Add(-q.length), end, q.step).Points)
			}
			b.ReportMetric(float64(points), "points")
		})
	}
}

// filled is a store with a history of the given length, the last hour of it in
// snapshots 5 s apart and what is before one minute apart.
func filled(b *testing.B, endpoints int, length time.Duration) (s *Store, end time.Time) {
	b.Helper()
	c := Config{Path: newPath(b), Synchronous: "normal"}
	c.Retention.Raw, c.Retention.Minute = model.Duration(2*time.Hour), model.Duration(7*24*time.Hour)
	s, err := Open(b.Context(), c, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	l := newLoad(endpoints, redpoll.NewHistogram(bounds))
	end = noon
	for step := time.Minute; end.Before(noon.Add(length)); end = end.Add(step) {
		if end.Equal(noon.Add(length - time.Hour)) {
			step = 5 * time.Second
		}
		appendAll(b, s, l.snapshot(end))
	}
	return s, end
}

// BenchmarkOpen replays a minute of 5 s snapshots.
func BenchmarkOpen(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		b.Run(fmt.Sprintf("endpoints=%d", n), func(b *testing.B) {
			s := open(b, newPath(b))
			l := newLoad(n, redpoll.NewHistogram(bounds))
			for i := range 24 {
				appendAll(b, s, l.snapshot(at(5*i)))
			}
			for b.Loop() {
				b.StopTimer()
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				var err error
				if s, err = Open(b.Context(), s.config, Options{}); err != nil {
					b.Fatal(err)
				}
			}
			s.Close()
		})
	}
}
