package rules

import (
	"maps"
	"slices"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// rule is a rule ready to judge by. It does not change.
type rule struct {
	name   string
	metric *metric
	match  Match // Method in upper case
	above  bool
	// levels are ordered most severe first. A value that crosses one crosses
	// all that follow. No two have the same severity.
	levels      []redpoll.Level
	wait        time.Duration // the configuration's `for`
	minRequests uint64
	labels      map[string]string
	annotations map[string]string
	builtin     bool
}

// matches reports whether the rule is for the endpoint.
func (r *rule) matches(k redpoll.EndpointKey) bool {
	if r.metric.kind == signal {
		return k == redpoll.EndpointKey{}
	}
	return k != redpoll.EndpointKey{} &&
		fits(r.match.Job, k.Job) && fits(r.match.Method, k.Method) && fits(r.match.Path, k.Path)
}

func fits(glob, s string) bool { return glob == "" || redpoll.Glob(glob, s) }

// observation is what a rule sees of one endpoint at one evaluation.
type observation struct {
	// value is in the metric's base unit; it means nothing unless known.
	value float64
	known bool
	// cause says why the value is not known.
	cause redpoll.NoData
	// usual is the endpoint's usual latency in seconds, of latency_spike only.
	usual float64
	// negligible is true of a spike that is too small in absolute terms.
	negligible bool
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
	v, ok := r.metric.value(e)
	switch {
	case !ok:
		return observation{cause: r.metric.missing(e)}
	case e.Window.Requests < r.minRequests:
		return observation{cause: redpoll.TooFew}
	case r.metric.kind == latencySpike:
		return spike(v, ep.baseline.usual)
	}
	return observation{value: v, known: true}
}

// spike holds a median latency against the usual one; both in seconds.
func spike(p50, usual float64) observation {
	if usual == 0 {
		return observation{cause: redpoll.NoBaseline}
	}
	return observation{value: p50/usual - 1, known: true, usual: usual, negligible: p50-usual < minSpike}
}

// crosses reports whether a known observation lies beyond the level.
func (r *rule) crosses(l redpoll.Level, o observation) bool {
	switch {
	case o.negligible:
		return false
	case r.above:
		return o.value > l.Threshold
	default:
		return o.value < l.Threshold
	}
}

// crossed reports whether the observation lies beyond any level at all.
func (r *rule) crossed(o observation) bool {
	return o.known && r.crosses(r.levels[len(r.levels)-1], o)
}

// status describes the rule itself; how it is doing is for the watch to add.
func (r *rule) status() redpoll.RuleStatus {
	match := map[string]string{}
	for _, m := range r.match.globs() {
		if m.glob != "" {
			match[m.field] = m.glob
		}
	}
	return redpoll.RuleStatus{
		Name: r.name, Metric: r.metric.name, Match: match, Above: r.above,
		Levels: slices.Clone(r.levels), Unit: r.metric.unit, For: r.wait, MinRequests: r.minRequests,
		Labels: maps.Clone(r.labels), Annotations: maps.Clone(r.annotations), Default: r.builtin,
	}
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
