package rules

import (
	"fmt"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// What redpoll's own rules say beside their thresholds.
const (
	// endpointWait is the `for` of rules on endpoints: at the default interval
	// of 5 s three evaluations in a row.
	endpointWait = 10 * time.Second
	// signalWait is the `for` of rules on signals, which move slowly.
	signalWait = time.Minute
	// enoughRequests is how many requests the newest scrape interval must have
	// had for an endpoint to be judged, so that one failure among three
	// requests wakes nobody up. Where there were fewer, the alert is unknown.
	enoughRequests = 10
)

// ownRule describes one of redpoll's own rules.
type ownRule struct {
	name, metric string
	above        bool
	wait         time.Duration
	minRequests  uint64
	levels       []ownLevel // most severe first
	description  string     // becomes an annotation
}

type ownLevel struct {
	severity redpoll.Severity
	field    string // of the thresholds section
	value    Value
}

// own lists redpoll's own rules:
//
//   - EndpointLatencySpike (critical): the median latency of an endpoint rises
//     by more than latency_spike over its usual one, and by 5 ms at least, for
//     10 s with 10 or more requests an interval.
//   - EndpointErrorRate (critical and warning): the error rate exceeds
//     error_rate_critical or error_rate_warning for 10 s with 10 or more
//     requests an interval. One alert that escalates, not two.
//   - CacheHitRatioLow (warning): the cache hit ratio is under cache_hit_min
//     for a minute.
//   - StorageFull (warning): the storage in use exceeds storage_max for a
//     minute.
func (t Thresholds) own() []ownRule {
	return []ownRule{
		{
			name: "EndpointLatencySpike", metric: "latency_spike", above: true,
			wait: endpointWait, minRequests: enoughRequests,
			levels: []ownLevel{{redpoll.Critical, "latency_spike", t.LatencySpike}},
			description: fmt.Sprintf("The median latency rose over the endpoint's usual one, "+
				"the median of its last %d minutes with requests, by %s at least.", baselineMinutes, formatSeconds(minSpike)),
		},
		{
			name: "EndpointErrorRate", metric: "error_rate", above: true,
			wait: endpointWait, minRequests: enoughRequests,
			levels: []ownLevel{
				{redpoll.Critical, "error_rate_critical", t.ErrorRateCritical},
				{redpoll.Warning, "error_rate_warning", t.ErrorRateWarning},
			},
			description: "Too large a share of the endpoint's requests failed.",
		},
		{
			name: "CacheHitRatioLow", metric: "cdn_cache_hit_ratio", wait: signalWait,
			levels:      []ownLevel{{redpoll.Warning, "cache_hit_min", t.CacheHitMin}},
			description: "The cache answers too few requests; the rest burdens the application.",
		},
		{
			name: "StorageFull", metric: "cdn_storage", above: true, wait: signalWait,
			levels:      []ownLevel{{redpoll.Warning, "storage_max", t.StorageMax}},
			description: "The storage is nearly used up.",
		},
	}
}

// rules makes redpoll's own rules, without those of which every level is off.
func (t Thresholds) rules() ([]*rule, error) {
	var on []*rule
	for _, o := range t.own() {
		r, err := o.rule()
		if err != nil {
			return nil, fmt.Errorf("thresholds.%w", err)
		}
		if len(r.levels) > 0 {
			on = append(on, r)
		}
	}
	return on, nil
}

// rule makes the rule with the levels that are not off. The error begins with
// the threshold's field.
func (o ownRule) rule() (*rule, error) {
	m, err := metricByName(o.metric)
	if err != nil {
		return nil, err
	}
	r := &rule{
		name: o.name, metric: m, above: o.above, wait: o.wait, minRequests: o.minRequests, builtin: true,
		annotations: map[string]string{"description": o.description},
	}
	for _, l := range o.levels {
		if l.value == off {
			continue
		}
		if err := r.addLevel(l); err != nil {
			return nil, fmt.Errorf("%s: %w", l.field, err)
		}
	}
	return r, nil
}

// addLevel adds a level that is less severe than those that r has.
func (r *rule) addLevel(l ownLevel) error {
	if l.value == "" {
		return fmt.Errorf("no value is given; give %s, or off", r.metric.wants)
	}
	threshold, err := r.metric.parse(l.value)
	if err != nil {
		return fmt.Errorf("%w, or off", err)
	}
	if n := len(r.levels); n > 0 && threshold >= r.levels[n-1].Threshold {
		return fmt.Errorf("%q is not under the threshold for %s", string(l.value), r.levels[n-1].Severity)
	}
	r.levels = append(r.levels, redpoll.Level{Severity: l.severity, Threshold: threshold})
	return nil
}
