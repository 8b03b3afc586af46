package rules

import (
	"math"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// observation is what a rule sees of one endpoint at one evaluation.
type observation struct {
	// value is in the metric's base unit; it means nothing unless known.
	value float64
	known bool
	// isLowerLimit is true if the true value lies anywhere above this one: the
	// latency is in the bucket up to +Inf.
	isLowerLimit bool
	// negligible is true of a spike that is too small in absolute terms.
	negligible bool
	// cause says why the value is not known.
	cause redpoll.NoData
	// latency is what the value was worked out from: the quantile, or the
	// median of latency_spike; nil for other metrics.
	latency *redpoll.Estimate
	// usual is the endpoint's usual latency in seconds, of latency_spike only.
	usual float64
}

// minSpike is how many seconds a median latency must rise over the usual one
// before the percentage counts: 0.2 ms becoming 0.4 ms is noise, not a spike.
const minSpike = 0.005

// observe reads the rule's value from the snapshot. For a signal the endpoint
// is the one that stands for the signals.
func (r *rule) observe(s *redpoll.Snapshot, ep *endpoint) observation {
	if r.metric.kind == signal {
		v, ok := deref(r.metric.read(s))
		return observation{value: v, known: ok, cause: redpoll.NoSignal}
	}
	e := ep.metrics
	if e == nil {
		return observation{cause: ep.absence()}
	}
	var o observation
	o.latency = r.metric.estimate(e)
	if o.latency == nil {
		o.value, o.known = r.metric.figure(e)
	} else {
		o.value, o.known, o.isLowerLimit = o.latency.Value, true, math.IsInf(o.latency.Upper, 1)
	}
	switch {
	case !o.known:
		o.cause = r.metric.missing(e)
	case e.Window.Requests < r.minRequests:
		o.lose(redpoll.TooFew)
	case r.metric.kind == latencySpike:
		o.compare(ep.baseline.usual)
	}
	if o.isLowerLimit && r.undecided(&o) {
		o.lose(redpoll.BeyondBuckets)
	}
	return o
}

// lose makes the value one that is not known.
func (o *observation) lose(cause redpoll.NoData) { *o = observation{cause: cause} }

// compare makes a spike of a median latency: the rise over the usual one.
func (o *observation) compare(usual float64) {
	if usual == 0 {
		o.lose(redpoll.NoBaseline)
		return
	}
	o.usual, o.negligible = usual, o.value-usual < minSpike
	o.value = o.value/usual - 1
}

// rounding is by how much a bound may miss the threshold that it is meant to
// be, as a share of it: bounds that are exposed in milliseconds lose a little
// on their way to seconds.
const rounding = 1e-9

// reaches reports whether the bound is the threshold or lies beyond it.
func reaches(bound, threshold float64) bool { return bound >= threshold*(1-rounding) }

// undecided reports whether a value that is a lower limit leaves open on which
// side of the least severe threshold the true one lies.
func (r *rule) undecided(o *observation) bool {
	return o.negligible || !reaches(o.value, r.levels[len(r.levels)-1].Threshold)
}

// crosses reports whether a known observation, which is not undecided, lies
// beyond the level. What lies in the bucket up to +Inf is above that bucket's
// lower bound, never at it.
func (r *rule) crosses(l redpoll.Level, o *observation) bool {
	switch {
	case o.negligible:
		return false
	case o.isLowerLimit:
		return r.above && reaches(o.value, l.Threshold)
	case r.above:
		return o.value > l.Threshold
	default:
		return o.value < l.Threshold
	}
}

// crossed reports whether the observation lies beyond any level at all.
func (r *rule) crossed(o *observation) bool {
	return o.known && r.crosses(r.levels[len(r.levels)-1], o)
}
