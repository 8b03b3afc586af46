package rules

import (
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// LearnFrom gives a function that teaches the engine single minutes of the
// past, as Learn does, in ascending order for each endpoint. Minutes in which
// one of the past alerts was on about a spike are left out: an incident must
// not become usual by a restart.
func (e *Engine) LearnFrom(past []redpoll.Alert) func(redpoll.EndpointKey, redpoll.HistoryPoint) {
	spikes := map[redpoll.EndpointKey][]redpoll.Alert{}
	for i := range past {
		if m, err := metricByName(past[i].Metric); err == nil && m.kind == latencySpike {
			spikes[past[i].Endpoint] = append(spikes[past[i].Endpoint], past[i])
		}
	}
	return func(key redpoll.EndpointKey, minute redpoll.HistoryPoint) {
		if !duringAny(spikes[key], minute.Time) {
			e.Learn(key, []redpoll.HistoryPoint{minute})
		}
	}
}

// duringAny reports whether the minute from t on touches one of the alerts.
func duringAny(alerts []redpoll.Alert, t time.Time) bool {
	for i := range alerts {
		a := &alerts[i]
		begun := t.Add(time.Minute).After(a.Since)
		if begun && (a.ResolvedAt.IsZero() || t.Before(a.ResolvedAt)) {
			return true
		}
	}
	return false
}
