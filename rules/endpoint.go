package rules

import (
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// forgetAfter is how long an endpoint must be absent from the snapshots before
// its alerts end and its baseline is dropped.
const forgetAfter = time.Hour

// endpoint is what the engine remembers of one endpoint. The one with the zero
// key stands for all signals.
type endpoint struct {
	key redpoll.EndpointKey
	// metrics are its figures in the snapshot being judged; nil if the
	// snapshot does not have it.
	metrics *redpoll.EndpointMetrics
	// seen is false until a snapshot has had it: it came from the store.
	seen bool
	// absentSince is zero while snapshots have it.
	absentSince time.Time
	// bounds are those of the classic histogram that it had last, shared with
	// the snapshot; nil if it had a native one or none so far.
	bounds   []float64
	baseline baseline
	// spiking is true while an alert on its latency keeps it from learning.
	spiking bool
}

// absence says why an endpoint that the snapshot lacks has no figures.
func (ep *endpoint) absence() redpoll.NoData {
	if !ep.seen {
		return redpoll.FirstScrape
	}
	return redpoll.SeriesGone
}

// gone reports whether the endpoint has been absent for long enough to forget.
func (ep *endpoint) gone(now time.Time) bool {
	return !ep.absentSince.IsZero() && now.Sub(ep.absentSince) >= forgetAfter
}

// look takes the endpoint's figures from a snapshot.
func (ep *endpoint) look(m *redpoll.EndpointMetrics) {
	ep.metrics, ep.seen, ep.absentSince = m, true, time.Time{}
	switch h := m.Window.Latency; {
	case h == nil:
	case h.Scale == redpoll.Exponential:
		ep.bounds = nil
	default:
		ep.bounds = h.Bounds
	}
}

// learn takes the snapshot's median latency into the baseline, once per
// scrape: a snapshot that repeats the last one adds nothing.
func (ep *endpoint) learn(now time.Time) {
	if ep.metrics == nil || ep.metrics.New == nil || ep.metrics.P50 == nil || ep.spiking {
		return
	}
	ep.baseline.learn(now, ep.metrics.P50.Value)
}
