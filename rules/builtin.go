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
	// enoughRequests is how many requests an evaluation interval must have had
	// for an endpoint to be judged, so that one failure among three requests
	// wakes nobody up.
	enoughRequests = 10
)

// rules makes redpoll's own rules, without those that are off:
//
//   - EndpointLatencySpike (critical): the median latency of an endpoint rises
//     by more than latency_spike over its usual one, and by 5 ms at least, for
//     10 s with 10 or more requests an interval.
//   - EndpointErrorRate (critical and warning): one alert that escalates where
//     the error rate exceeds error_rate_warning or error_rate_critical for 10 s
//     with 10 or more requests an interval.
//   - CacheHitRatioLow (warning): the cache hit ratio is under cache_hit_min
//     for a minute.
//   - StorageFull (warning): the storage in use exceeds storage_max for a
//     minute.
func (t Thresholds) rules() ([]*rule, error) {
	spike := &rule{name: "EndpointLatencySpike", above: true, wait: endpointWait, minRequests: enoughRequests}
	errorRate := &rule{name: "EndpointErrorRate", above: true, wait: endpointWait, minRequests: enoughRequests}
	cache := &rule{name: "CacheHitRatioLow", above: false, wait: signalWait}
	storage := &rule{name: "StorageFull", above: true, wait: signalWait}
	for _, level := range []struct {
		rule     *rule
		metric   string
		severity redpoll.Severity
		field    string
		value    Value
	}{
		{spike, "latency_spike", redpoll.Critical, "latency_spike", t.LatencySpike},
		{errorRate, "error_rate", redpoll.Critical, "error_rate_critical", t.ErrorRateCritical},
		{errorRate, "error_rate", redpoll.Warning, "error_rate_warning", t.ErrorRateWarning},
		{cache, "cdn_cache_hit_ratio", redpoll.Warning, "cache_hit_min", t.CacheHitMin},
		{storage, "cdn_storage", redpoll.Warning, "storage_max", t.StorageMax},
	} {
		if err := level.rule.addLevel(level.metric, level.severity, level.value); err != nil {
			return nil, fmt.Errorf("thresholds.%s: %w", level.field, err)
		}
	}
	var on []*rule
	for _, r := range []*rule{spike, errorRate, cache, storage} {
		if len(r.levels) > 0 {
			r.builtin = true
			on = append(on, r)
		}
	}
	return on, nil
}

// addLevel adds a level that is less severe than those that r has.
func (r *rule) addLevel(name string, severity redpoll.Severity, value Value) error {
	m, err := metricByName(name)
	if err != nil {
		return err
	}
	r.metric = m
	switch value {
	case off:
		return nil
	case "":
		return fmt.Errorf("no value is given; give %s, or off", m.wants)
	}
	threshold, err := m.parse(value)
	if err != nil {
		return fmt.Errorf("%w, or off", err)
	}
	if n := len(r.levels); n > 0 && threshold >= r.levels[n-1].Threshold {
		return fmt.Errorf("%q is not under the threshold for %s", string(value), r.levels[n-1].Severity)
	}
	r.levels = append(r.levels, redpoll.Level{Severity: severity, Threshold: threshold})
	return nil
}
