package api

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// The answers for 10,000 targets with 40 labels before and after relabelling:
//
//	go test -run '^$' -bench Targets -benchmem ./api
func BenchmarkTargets(b *testing.B) {
	targets := manyTargets(10_000, 40)
	handler := New(DefaultConfig, Options{
		Dashboard: http.NotFoundHandler(), Gatherer: prometheus.NewRegistry(),
		Targets: func() []redpoll.TargetStatus { return targets },
		Dropped: func() ([]redpoll.DroppedTarget, map[string]int) { return nil, nil },
	}).Handler()
	for _, path := range []string{"/api/targets", "/api/v1/targets"} {
		b.Run(path[1:], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := &counter{header: http.Header{}}
				handler.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), "GET", path, nil))
				b.SetBytes(w.bytes)
			}
		})
	}
}

// counter counts what it is sent and throws it away.
type counter struct {
	header http.Header
	bytes  int64
}

func (c *counter) Header() http.Header { return c.header }
func (c *counter) WriteHeader(int)     {}
func (c *counter) Write(b []byte) (int, error) {
	c.bytes += int64(len(b))
	return len(b), nil
}
