package store

import (
	"fmt"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the store's own.
type metrics struct {
	registerer prometheus.Registerer
	collectors []prometheus.Collector

	duration   prometheus.Histogram
	failures   prometheus.Counter
	dropped    prometheus.Counter
	histograms prometheus.Counter
}

// newMetrics registers the metrics of s; a nil registerer leaves them
// unregistered.
func newMetrics(r prometheus.Registerer, s *Store) (*metrics, error) {
	m := &metrics{
		registerer: r,
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "redpoll_store_commit_duration_seconds",
			Help:    "Time to write one snapshot to the database, failed attempts included.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "redpoll_store_commit_failures_total",
			Help: "Attempts to write a snapshot to the database that failed.",
		}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "redpoll_store_dropped_ticks_total",
			Help: "Snapshots that were lost because the database could not be written for too long.",
		}),
		histograms: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "redpoll_store_dropped_histograms_total",
			Help: "Histograms left out of the history because there were too many bucket layouts.",
		}),
	}
	m.collectors = append(m.gauges(s), m.duration, m.failures, m.dropped, m.histograms)
	return m, m.register()
}

func (m *metrics) gauges(s *Store) []prometheus.Collector {
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	return []prometheus.Collector{
		gauge("redpoll_store_size_bytes", "Size of the database file and its write-ahead log.",
			func() float64 { return float64(fileSize(s.config.Path) + fileSize(s.config.Path+"-wal")) }),
		gauge("redpoll_store_pending_ticks", "Snapshots kept in memory because they could not be written yet.",
			func() float64 { return float64(s.pending.Load()) }),
		gauge("redpoll_store_endpoints", "Endpoints that the database has history of.",
			func() float64 { return float64(s.catalog.size()) }),
	}
}

// register registers all or nothing.
func (m *metrics) register() error {
	if m.registerer == nil {
		return nil
	}
	for i, c := range m.collectors {
		if err := m.registerer.Register(c); err != nil {
			m.collectors = m.collectors[:i]
			return fmt.Errorf("register metrics: %w", err)
		}
	}
	return nil
}

func (m *metrics) unregister() {
	if m.registerer == nil {
		return
	}
	for _, c := range m.collectors {
		m.registerer.Unregister(c)
	}
}

func (m *metrics) committed(took time.Duration, err error) {
	m.duration.Observe(took.Seconds())
	if err != nil {
		m.failures.Inc()
	}
}

// fileSize is 0 for a file that is not there. It does not open the file, which
// would cost SQLite its locks.
func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
