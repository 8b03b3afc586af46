package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// buckets reach from the fastest answers to beyond patience; they are close
// enough together that an interpolated median is good to a few percent.
var buckets = []float64{
	0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075,
	0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2.5, 5, 10,
}

// life is the shop from one restart to the next, as one process would be: its
// server and its counters.
type life struct {
	server  *http.Server
	cancel  context.CancelFunc // ends requests in flight
	serving sync.WaitGroup
}

// begin serves the shop on the listener until end is called.
func begin(listener net.Listener, s *Shop) *life {
	ctx, cancel := context.WithCancel(context.Background())
	l := &life{
		cancel: cancel,
		server: &http.Server{
			Handler:           s.handler(time.Now()),
			ReadHeaderTimeout: 5 * time.Second,
			BaseContext:       func(net.Listener) context.Context { return ctx },
			ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		},
	}
	l.serving.Go(func() {
		if err := l.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("demo: the shop stopped serving", "err", err)
		}
	})
	return l
}

// end closes the listener and every connection, as the end of a process would.
func (l *life) end() error {
	l.cancel()
	err := l.server.Close()
	l.serving.Wait()
	return err
}

// handler routes the shop's requests, with metrics that begin at zero.
func (s *Shop) handler(started time.Time) http.Handler {
	registry := prometheus.NewRegistry()
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "http_request_duration_seconds",
		Help:    "Time from a request's arrival to its answer.",
		Buckets: buckets,
	}, []string{"method", "route", "code"})
	registry.MustRegister(durations, collectors.NewGoCollector(), startTime(started), buildInfo(s.release))

	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		Registry: registry,
	}))
	for i := range routes {
		r := &routes[i]
		// An endpoint is there before its first request, at zero.
		durations.WithLabelValues(r.method, r.path, strconv.Itoa(http.StatusOK))
		mux.HandleFunc(r.method+" "+r.path, s.serve(r, durations))
	}
	return mux
}

// startTime is when this life of the shop began. client_golang's process
// collector is left out: it would tell redpoll's own start, and redpoll's
// memory and CPU a second time.
func startTime(started time.Time) prometheus.Collector {
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "process_start_time_seconds",
		Help: "Start time of the shop since unix epoch in seconds.",
	})
	g.Set(float64(started.UnixMilli()) / 1000)
	return g
}

// buildInfo tells the version, as applications with a pipeline do: it changes
// with every restart, which makes that a deploy.
func buildInfo(release int) prometheus.Collector {
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "shop_build_info",
		Help:        "Always 1; the label says which version of the shop runs.",
		ConstLabels: prometheus.Labels{"version": fmt.Sprintf("1.4.%d", release)},
	})
	g.Set(1)
	return g
}

// serve answers requests to a route and measures them. A request whose client
// leaves before the answer is not counted: it got none.
func (s *Shop) serve(r *route, durations *prometheus.HistogramVec) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		begun := time.Now()
		takes, status := r.outcome(s.dice, effectOn(r.method, r.path, s.elapsed()))
		if !wait(req.Context(), takes) {
			return
		}
		w.WriteHeader(status)
		if _, err := fmt.Fprintln(w, http.StatusText(status)); err != nil {
			return // the client left
		}
		durations.WithLabelValues(r.method, r.path, strconv.Itoa(status)).Observe(time.Since(begun).Seconds())
	}
}
