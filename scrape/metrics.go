package scrape

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// metrics are the stage's own. The job label has as many values as there are
// jobs in the configuration.
type metrics struct {
	duration *prometheus.HistogramVec
	scrapes  *prometheus.CounterVec
	failures *prometheus.CounterVec
	samples  *prometheus.CounterVec
	skipped  *prometheus.CounterVec
}

// newMetrics registers with r, which may be nil.
func newMetrics(r prometheus.Registerer, m *Manager) *metrics {
	auto := promauto.With(r)
	counter := func(name, help string) *prometheus.CounterVec {
		return auto.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"job"})
	}
	for _, health := range []redpoll.Health{redpoll.HealthUp, redpoll.HealthDown, redpoll.HealthUnknown} {
		auto.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "redpoll_targets",
			Help:        "Targets by the health that their last scrape showed.",
			ConstLabels: prometheus.Labels{"health": string(health)},
		}, func() float64 { return m.countTargets(health) })
	}
	if r != nil {
		r.MustRegister(reports{m})
	}
	return &metrics{
		duration: auto.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "redpoll_scrape_duration_seconds",
			Help:    "Time from the request to the end of the body.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"job"}),
		scrapes: counter("redpoll_scrapes_total", "Scrapes that ended, successful or not."),
		failures: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "redpoll_scrape_failures_total",
			Help: "Scrapes that failed, by why they did.",
		}, []string{"job", "reason"}),
		samples: counter("redpoll_scrape_samples_total", "Samples that scrapes took."),
		skipped: counter("redpoll_scrape_samples_skipped_total", "Samples that scrapes could not use."),
	}
}

func (m *metrics) observe(job string, o *outcome) {
	m.duration.WithLabelValues(job).Observe(o.fetched.Seconds())
	m.scrapes.WithLabelValues(job).Inc()
	for _, why := range reasons { // born at 0, so that the first failure shows as an increase
		failures := m.failures.WithLabelValues(job, string(why))
		if o.failure != "" && o.reason == why {
			failures.Inc()
		}
	}
	m.samples.WithLabelValues(job).Add(float64(o.scraped.Taken))
	m.skipped.WithLabelValues(job).Add(float64(o.skipped.Count))
}

// forget drops the series of a job that is gone.
func (m *metrics) forget(job string) {
	m.duration.DeleteLabelValues(job)
	m.failures.DeletePartialMatch(prometheus.Labels{"job": job})
	for _, v := range []*prometheus.CounterVec{m.scrapes, m.samples, m.skipped} {
		v.DeleteLabelValues(job)
	}
}

func (m *Manager) countTargets(health redpoll.Health) float64 {
	n := 0
	for _, status := range m.Targets() {
		if status.Health == health {
			n++
		}
	}
	return float64(n)
}
