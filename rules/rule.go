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
