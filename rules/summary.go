package rules

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// summary tells in plain words what the last transition was, e.g. "p99 of POST
// /checkout was 812 ms, above 500 ms". Its value is the one at that moment
// and not brought up to date, so it does not speak of the present.
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
	case a.Ended():
		return subject + " is back at " + a.finding(r) + a.worstFinding(r)
	default:
		return subject + " was " + a.finding(r)
	}
}

// finding is the value and what it is held against.
func (a *alert) finding(r *rule) string {
	if a.Baseline != nil {
		return fmt.Sprintf("%s (p50), %s its usual %s", atLeast(a.isLowerLimit(), formatSeconds(*a.Baseline*(1+*a.Value))),
			atLeast(a.isLowerLimit(), formatRise(*a.Value)), formatSeconds(*a.Baseline))
	}
	direction := "below"
	if a.Above {
		direction = "above"
	}
	if a.Ended() {
		direction = "no longer " + direction
	}
	return fmt.Sprintf("%s, %s %s", atLeast(a.isLowerLimit(), r.metric.format(*a.Value)), direction, r.metric.format(a.Threshold))
}

// atLeast marks a value that is a lower limit of the true one.
func atLeast(isLowerLimit bool, value string) string {
	if isLowerLimit {
		return "≥ " + value
	}
	return value
}

// worstFinding is how bad it was; empty where that is not known.
func (a *alert) worstFinding(r *rule) string {
	switch {
	case a.Peak == nil:
		return ""
	case r.metric.kind == latencySpike:
		return "; at worst it was " + atLeast(a.PeakIsLowerLimit, formatRise(*a.Peak))
	default:
		return "; at worst it was " + atLeast(a.PeakIsLowerLimit, r.metric.format(*a.Peak))
	}
}

// formatRise writes how far a latency is from the usual one.
func formatRise(rise float64) string {
	percent, side := significant(math.Abs(math.Round(1e5*rise)/1e3)), "over"
	if rise < 0 {
		side = "under"
	}
	return percent + " % " + side
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
