package redpoll

import (
	"maps"
	"time"
)

// Severity orders alerts by urgency.
type Severity string

// The severities, most urgent first.
const (
	Critical Severity = "critical"
	Warning  Severity = "warning"
	Info     Severity = "info"
)

// Rank is 2 for Critical, 1 for Warning and 0 for the rest.
func (s Severity) Rank() int {
	switch s {
	case Critical:
		return 2
	case Warning:
		return 1
	default:
		return 0
	}
}

// AlertState is where an alert stands. An endpoint whose rule holds has no
// alert at all: it is inactive.
type AlertState string

// The states of an alert.
const (
	// Pending: the condition is met, but not yet for the rule's `for`.
	Pending AlertState = "pending"
	// Firing: the condition has been met for that long.
	Firing AlertState = "firing"
	// Unknown: there is nothing to judge by; Alert.Before says what it was.
	Unknown AlertState = "unknown"
	// Resolved: it fired, and the condition is met no longer. Final.
	Resolved AlertState = "resolved"
	// Inactive: it was pending and never fired. Final, and worth telling
	// only because the stored pending row must go.
	Inactive AlertState = "inactive"
)

// Unit is what a value is measured in, in base units.
type Unit string

// The units of rule values.
const (
	Seconds   Unit = "seconds"
	Ratio     Unit = "ratio" // 0–1; a latency spike of 0.5 is 50 % over the baseline
	PerSecond Unit = "per second"
	Bytes     Unit = "bytes"
	Number    Unit = ""
)

// Alert is one rule's judgement of one endpoint or signal, from the moment the
// condition was first met until it is resolved. Package rules produces it and
// hands out copies.
type Alert struct {
	ID   string // UUIDv7
	Rule string // the rule's name, unique
	// Metric is what is judged: p50, p95, p99, another quantile as p99.9,
	// error_rate, throughput, latency_spike or a signal's name.
	Metric string
	// Severity is that of the most severe level that is crossed; once the alert
	// is resolved, of the most severe one at which it fired, as far as redpoll
	// has been running since. Threshold belongs to it.
	Severity Severity
	State    AlertState
	// Before is the state in which the data was lost, while State is Unknown.
	Before AlertState
	// Cause says why the state is Unknown.
	Cause NoData

	// Endpoint is zero for a signal.
	Endpoint EndpointKey

	// Value is the last one seen, Threshold what it is held against (crossed
	// upwards if Above, else downwards), both in Unit.
	Value     *float64
	Threshold float64
	// Peak is the Value furthest beyond the threshold while it was crossed, in
	// Unit; nil before the first.
	Peak *float64
	// PeakIsLowerLimit is true if the Peak lay in the bucket up to +Inf, so that
	// the true value may have been anything above.
	PeakIsLowerLimit bool

	Above bool
	Unit  Unit
	// Lower and Upper bound the latency that Value was worked out from, in
	// seconds: the quantile that is judged, the median for latency_spike. See
	// Estimate. Upper is nil where there is no upper bound; both are nil for
	// other metrics.
	Lower, Upper *float64
	// Baseline is the endpoint's usual latency in seconds; nil unless Metric
	// is latency_spike.
	Baseline *float64

	Labels      map[string]string
	Annotations map[string]string

	// Since is when the condition was first met, FiredAt when `for` had
	// passed, ResolvedAt when it ended, UpdatedAt when this copy was made.
	// FiredAt and ResolvedAt are zero until then.
	Since, FiredAt, ResolvedAt, UpdatedAt time.Time

	// SilencedBy is the id of a silence in force; empty if there is none.
	SilencedBy string
}

// Clone copies the alert, maps included.
func (a *Alert) Clone() Alert {
	c := *a
	c.Labels, c.Annotations = maps.Clone(a.Labels), maps.Clone(a.Annotations)
	return c
}

// Ended reports whether the alert will not change any more.
func (a *Alert) Ended() bool { return a.State == Resolved || a.State == Inactive }

// RuleStatus is a rule and how its last evaluation went. Package rules
// produces it.
type RuleStatus struct {
	Name        string
	Metric      string
	Match       map[string]string // job, method and path globs that are set
	Above       bool
	Levels      []Level // most severe first
	Unit        Unit
	For         time.Duration
	MinRequests uint64
	Labels      map[string]string
	Annotations map[string]string
	// Default is true for redpoll's own rules (the `thresholds` section).
	Default        bool
	LastEvaluation time.Time
	Duration       time.Duration
	// Active counts alerts by state.
	Active map[AlertState]int
	// Note says what keeps the rule from judging, e.g. that no signal feeds
	// it; empty if nothing does.
	Note string
	// Advice says where endpoints' buckets are too coarse for the thresholds,
	// and which ones to add.
	Advice []Advice
}

// Level is a threshold and the severity that crossing it has.
type Level struct {
	Severity  Severity
	Threshold float64
}

// Silence keeps matching alerts quiet for a while; they stay visible. Package
// api takes it from an operator, package store keeps it.
type Silence struct {
	ID        string // UUIDv7
	Matchers  []Matcher
	StartsAt  time.Time
	EndsAt    time.Time
	CreatedBy string
	Comment   string
}

// Matcher compares one label with a glob in which * stands for any text.
type Matcher struct {
	Name, Value string
}

// ActiveAt reports whether the silence is in force at t.
func (s *Silence) ActiveAt(t time.Time) bool {
	return !t.Before(s.StartsAt) && t.Before(s.EndsAt)
}

// Matches reports whether every matcher fits the labels. A silence without
// matchers fits nothing: it would be one that silences everything by mistake.
func (s *Silence) Matches(labels map[string]string) bool {
	for _, m := range s.Matchers {
		if !Glob(m.Value, labels[m.Name]) {
			return false
		}
	}
	return len(s.Matchers) > 0
}

// Glob reports whether s fits pattern, in which * stands for any text, empty
// text and slashes included, and every other character for itself. It takes
// time proportional to len(pattern) × len(s) at worst.
func Glob(pattern, s string) bool {
	p, i := 0, 0
	star, mark := -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && pattern[p] == s[i]:
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
