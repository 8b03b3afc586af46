package rules

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// engineMetrics are what the engine tells of itself.
type engineMetrics struct {
	duration    prometheus.Histogram
	evaluations prometheus.Counter
	dropped     prometheus.Counter
	alerts      *prometheus.GaugeVec
	transitions *prometheus.CounterVec
}

var (
	activeStates = []redpoll.AlertState{redpoll.Pending, redpoll.Firing, redpoll.Unknown}
	// severities are all there are, most severe first.
	severities = []redpoll.Severity{redpoll.Critical, redpoll.Warning, redpoll.Info}
)

func newEngineMetrics(r prometheus.Registerer) *engineMetrics {
	auto := promauto.With(r)
	m := &engineMetrics{
		duration: auto.NewHistogram(prometheus.HistogramOpts{
			Name:    "redpoll_rule_evaluation_duration_seconds",
			Help:    "Time to judge one snapshot by all rules.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 8),
		}),
		evaluations: auto.NewCounter(prometheus.CounterOpts{
			Name: "redpoll_rule_evaluations_total",
			Help: "Evaluations of single rules.",
		}),
		dropped: auto.NewCounter(prometheus.CounterOpts{
			Name: "redpoll_alerts_dropped_total",
			Help: "Times that a condition got no alert because too many were active.",
		}),
		alerts: auto.NewGaugeVec(prometheus.GaugeOpts{
			Name: "redpoll_alerts",
			Help: "Active alerts by state and severity.",
		}, []string{"state", "severity"}),
		transitions: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "redpoll_alert_transitions_total",
			Help: "Changes of an alert's state or severity, by the state after it.",
		}, []string{"state"}),
	}
	for _, state := range append([]redpoll.AlertState{redpoll.Resolved, redpoll.Inactive}, activeStates...) {
		m.transitions.WithLabelValues(string(state))
	}
	return m
}

// evaluated counts one evaluation of all rules.
func (m *engineMetrics) evaluated(watches []*watch, t *tick, took time.Duration) {
	m.duration.Observe(took.Seconds())
	m.evaluations.Add(float64(len(watches)))
	m.dropped.Add(float64(t.dropped))
	for i := range t.transitions {
		m.transitions.WithLabelValues(string(t.transitions[i].State)).Inc()
	}
	type kind struct {
		state    redpoll.AlertState
		severity redpoll.Severity
	}
	counts := map[kind]int{}
	for _, w := range watches {
		for _, a := range w.alerts {
			counts[kind{a.State, a.Severity}]++
		}
	}
	for _, state := range activeStates {
		for _, severity := range severities {
			m.alerts.WithLabelValues(string(state), string(severity)).Set(float64(counts[kind{state, severity}]))
		}
	}
}
