package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// hundred is a snapshot of 100 endpoints.
func hundred() *redpoll.Snapshot {
	endpoints := make([]redpoll.EndpointMetrics, 100)
	for i := range endpoints {
		e := checkout
		e.Key.Path = fmt.Sprintf("/api/v1/resource%d", i)
		e.P50 = &redpoll.Estimate{Value: 0.02 + float64(i)/7e3, Lower: 0.01, Upper: 0.05}
		e.P95 = &redpoll.Estimate{Value: 0.09 + float64(i)/6e3, Lower: 0.05, Upper: 0.25}
		e.P99 = &redpoll.Estimate{Value: 0.24 + float64(i)/5e3, Lower: 0.1, Upper: 0.5}
		endpoints[i] = e
	}
	return snapshotAt(0, endpoints...)
}

// What one evaluation costs before anybody listens:
//
//	go test -run '^$' -bench Publish -benchmem ./api
func BenchmarkPublish(b *testing.B) {
	a := New(DefaultConfig, Options{Dashboard: http.NotFoundHandler(), Gatherer: prometheus.NewRegistry()})
	s := hundred()
	for b.Loop() {
		a.Publish(s, nil, nil)
	}
}

// The answer of /api/metrics beside encoding it for every request:
//
//	go test -run '^$' -bench MetricsAnswer -benchmem ./api
func BenchmarkMetricsAnswer(b *testing.B) {
	a := New(DefaultConfig, Options{Dashboard: http.NotFoundHandler(), Gatherer: prometheus.NewRegistry()})
	s := hundred()
	a.Publish(s, nil, nil)
	request := httptest.NewRequestWithContext(b.Context(), "GET", "/api/metrics", nil)
	b.Run("encoded once", func(b *testing.B) {
		for b.Loop() {
			w := httptest.NewRecorder()
			a.Handler().ServeHTTP(w, request)
			if w.Code != 200 {
				b.Fatal(w.Code)
			}
		}
	})
	b.Run("encoded per request", func(b *testing.B) {
		for b.Loop() {
			w := httptest.NewRecorder()
			snapshot := toWireSnapshot(s)
			body, err := snapshot.encode()
			if err != nil {
				b.Fatal(err)
			}
			_, _ = w.Write(body)
		}
	})
}
