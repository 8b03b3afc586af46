package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// kind tells how a metric's value is found.
type kind int

const (
	quantile kind = iota
	mean
	errorRate
	throughput
	latencySpike
	signal
)

// metric is what a rule judges.
type metric struct {
	name string
	kind kind
	unit redpoll.Unit
	// phrase names the metric in a summary.
	phrase string
	// wants says, with an example, what a threshold of this metric looks like.
	wants string
	// units are the units that a threshold may have, with the factor to base
	// units. The empty unit stands for a bare number.
	units map[string]float64
	// limit is the highest value that can occur; 0 if there is no such limit.
	limit float64
	// q is the quantile, 0–1, of kind quantile.
	q float64
	// read finds the value of kind signal.
	read func(*redpoll.Snapshot) *float64
}

var (
	seconds   = map[string]float64{"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
	uptimes   = map[string]float64{"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
	percents  = map[string]float64{"%": 0.01}
	cpuUnits  = map[string]float64{"": 1, "%": 0.01}
	rates     = map[string]float64{"/s": 1}
	sizes     = byteUnits("")
	byteRates = byteUnits("/s")
)

func byteUnits(suffix string) map[string]float64 {
	units := map[string]float64{"": 1, "B" + suffix: 1}
	for i, prefix := range "kMGT" {
		decimal, binary := 1e3, float64(1<<10)
		for range i {
			decimal *= 1e3
			binary *= 1 << 10
		}
		units[string(prefix)+"B"+suffix] = decimal
		units[strings.ToUpper(string(prefix))+"iB"+suffix] = binary
	}
	return units
}

// metrics are those with a fixed name; quantiles come in addition.
var metrics = []metric{
	{name: "mean", kind: mean, unit: redpoll.Seconds, units: seconds,
		phrase: "mean latency", wants: "a latency with its unit, e.g. 200ms"},
	{name: "error_rate", kind: errorRate, unit: redpoll.Ratio, units: percents, limit: 1,
		phrase: "error rate", wants: "a percentage, e.g. 5%"},
	{name: "throughput", kind: throughput, unit: redpoll.PerSecond, units: rates,
		phrase: "throughput", wants: "requests per second, e.g. 200/s"},
	{name: "latency_spike", kind: latencySpike, unit: redpoll.Ratio, units: percents,
		phrase: "latency", wants: "a percentage over the usual latency, e.g. 50%"},
	{name: "cdn_bandwidth", kind: signal, unit: redpoll.Bytes, units: byteRates,
		phrase: "CDN bandwidth", wants: "bytes per second, e.g. 100MB/s",
		read: func(s *redpoll.Snapshot) *float64 { return s.CDN.Bandwidth }},
	{name: "cdn_cache_hit_ratio", kind: signal, unit: redpoll.Ratio, units: percents, limit: 1,
		phrase: "cache hit ratio", wants: "a percentage, e.g. 90%",
		read: func(s *redpoll.Snapshot) *float64 { return s.CDN.CacheHitRatio }},
	{name: "cdn_storage", kind: signal, unit: redpoll.Ratio, units: percents, limit: 1,
		phrase: "CDN storage", wants: "a percentage, e.g. 85%",
		read: func(s *redpoll.Snapshot) *float64 { return s.CDN.Storage }},
	{name: "system_memory", kind: signal, unit: redpoll.Bytes, units: sizes,
		phrase: "memory in use", wants: "bytes, e.g. 4GiB",
		read: func(s *redpoll.Snapshot) *float64 { return s.System.Memory }},
	{name: "system_cpu", kind: signal, unit: redpoll.Ratio, units: cpuUnits,
		phrase: "CPU in use", wants: "a share such as 80%, or cores such as 1.5",
		read: func(s *redpoll.Snapshot) *float64 { return s.System.CPU }},
	{name: "system_uptime", kind: signal, unit: redpoll.Seconds, units: uptimes,
		phrase: "uptime", wants: "a duration, e.g. 10m",
		read: func(s *redpoll.Snapshot) *float64 { return s.System.Uptime }},
}

// metricByName finds a metric. Quantiles are written pN with 0 < N < 100, N
// with or without a decimal fraction.
func metricByName(name string) (*metric, error) {
	for i := range metrics {
		if metrics[i].name == name {
			return &metrics[i], nil
		}
	}
	if digits, ok := strings.CutPrefix(name, "p"); ok && isDecimal(digits) {
		// Not divided by 100 afterwards: 99.9/100 is not 0.999.
		q, err := strconv.ParseFloat(digits+"e-2", 64)
		if err != nil || q <= 0 || q >= 1 {
			return nil, fmt.Errorf("there is no quantile %s: N in pN lies between 0 and 100, e.g. p99.9", name)
		}
		return quantileMetric(name, q), nil
	}
	return nil, fmt.Errorf("unknown metric %q; %s", name, suggest(name))
}

func quantileMetric(name string, q float64) *metric {
	return &metric{name: name, kind: quantile, q: q, unit: redpoll.Seconds, units: seconds,
		phrase: name, wants: "a latency with its unit, e.g. 500ms"}
}

// isDecimal reports whether s is digits, with a fraction or without.
func isDecimal(s string) bool {
	whole, fraction, dotted := strings.Cut(s, ".")
	return isDigits(whole) && (!dotted || isDigits(fraction))
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// suggest names the known metric that is spelt most like name, or all of them
// where none comes close.
func suggest(name string) string {
	known := []string{"p50", "p95", "p99"}
	for i := range metrics {
		known = append(known, metrics[i].name)
	}
	best := slices.MinFunc(known, func(a, b string) int {
		return cmp.Compare(redpoll.EditDistance(name, a), redpoll.EditDistance(name, b))
	})
	if redpoll.EditDistance(name, best) <= len(best)/2 {
		return "did you mean " + best + "?"
	}
	return "known are " + strings.Join(known, ", ") + " and other quantiles such as p99.9"
}

// estimate is the quantile that is judged at an endpoint, the median for
// latency_spike; nil for other metrics and where nothing was observed.
func (m *metric) estimate(e *redpoll.EndpointMetrics) *redpoll.Estimate {
	switch m.kind {
	case quantile:
		return e.Quantile(m.q)
	case latencySpike:
		return e.P50
	}
	return nil
}

// figure is what is judged at an endpoint where that is no estimate. ok is false
// where nothing was observed.
func (m *metric) figure(e *redpoll.EndpointMetrics) (v float64, ok bool) {
	switch m.kind {
	case mean:
		return deref(e.Mean)
	case errorRate:
		return deref(e.ErrorRate)
	case throughput:
		return deref(e.Throughput)
	}
	return 0, false
}

func deref(v *float64) (float64, bool) {
	if v == nil {
		return 0, false
	}
	return *v, true
}

// missing says why an endpoint has no value of this metric.
func (m *metric) missing(e *redpoll.EndpointMetrics) redpoll.NoData {
	switch {
	case e.Cause != redpoll.HasData:
		return e.Cause
	case m.kind == throughput:
		return redpoll.FirstScrape
	case e.Window.Requests == 0:
		return redpoll.NoTraffic
	case m.kind == errorRate:
		return redpoll.NoErrorLabel
	case m.kind == mean:
		return redpoll.NoMean
	}
	return redpoll.NoQuantiles
}
