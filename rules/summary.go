package rules

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// summary tells in plain words where the alert stands, e.g. "p99 of POST
// /checkout is 812 ms, above 500 ms".
func (a *alert) summary(r *rule) string {
	subject := r.metric.phrase
	if r.metric.kind != signal {
		subject += " of " + strings.TrimSpace(a.Endpoint.Method+" "+a.Endpoint.Path)
	}
	switch {
	case a.Ended() && a.Cause != redpoll.HasData:
		return fmt.Sprintf("%s can be judged no longer: %s", subject, a.Cause)
	case a.State == redpoll.Unknown && a.Value == nil:
		return fmt.Sprintf("%s is not known: %s", subject, a.Cause)
	case a.State == redpoll.Unknown:
		return fmt.Sprintf("%s is not known: %s; last it was %s", subject, a.Cause, a.finding(r))
	}
	return subject + " is " + a.finding(r)
}

// finding is the value and what it is held against.
func (a *alert) finding(r *rule) string {
	if a.Baseline != nil {
		return spikeFinding(*a.Value, *a.Baseline)
	}
	direction := "below"
	if a.Above {
		direction = "above"
	}
	limit := direction + " " + r.metric.format(a.Threshold)
	if a.Ended() && a.Peak != nil {
		return fmt.Sprintf("%s, no longer %s; at worst it was %s", r.metric.format(*a.Value), limit, r.metric.format(*a.Peak))
	}
	return fmt.Sprintf("%s, %s", r.metric.format(*a.Value), limit)
}

func spikeFinding(rise, usual float64) string {
	side := "over"
	if rise < 0 {
		side = "under"
	}
	return fmt.Sprintf("%s (p50), %s %% %s its usual %s",
		formatSeconds(usual*(1+rise)), significant(100*math.Abs(rise)), side, formatSeconds(usual))
}

// format writes a value of the metric with its unit.
func (m *metric) format(v float64) string {
	switch m.unit {
	case redpoll.Seconds:
		return formatSeconds(v)
	case redpoll.Ratio:
		return significant(100*v) + " %"
	case redpoll.PerSecond:
		return significant(v) + "/s"
	case redpoll.Bytes:
		return formatBytes(v, m.name == "cdn_bandwidth")
	case redpoll.Number:
	}
	return significant(v)
}

func formatSeconds(v float64) string {
	switch {
	case v < 1e-3:
		return significant(v*1e6) + " µs"
	case v < 1:
		return significant(v*1e3) + " ms"
	case v < 120:
		return significant(v) + " s"
	case v < 2*3600:
		return significant(v/60) + " min"
	case v < 2*86400:
		return significant(v/3600) + " h"
	}
	return significant(v/86400) + " days"
}

// formatBytes writes rates in powers of 1000, as networks count, and sizes in
// powers of 1024, as memory does.
func formatBytes(v float64, rate bool) string {
	base, units, suffix := 1024.0, []string{"B", "KiB", "MiB", "GiB", "TiB"}, ""
	if rate {
		base, units, suffix = 1000, []string{"B", "kB", "MB", "GB", "TB"}, "/s"
	}
	i := 0
	for v >= base && i < len(units)-1 {
		v /= base
		i++
	}
	return significant(v) + " " + units[i] + suffix
}

// significant writes three significant digits, never an exponent.
func significant(v float64) string {
	if v == 0 {
		return "0"
	}
	decimals := 2 - int(math.Floor(math.Log10(math.Abs(v))))
	decimals = min(max(decimals, 0), 9)
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
