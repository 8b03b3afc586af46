package redpoll

import "time"

// Target is one URL that redpoll scrapes. Package scrape produces it.
type Target struct {
	Job      string
	Instance string // host:port unless relabelled
	URL      string // without credentials: userinfo is never kept
	Labels   map[string]string
}

// Health is what the last scrape said about a target.
type Health string

// A target is HealthUnknown until its first scrape ends.
const (
	HealthUnknown Health = "unknown"
	HealthUp      Health = "up"
	HealthDown    Health = "down"
)

// TargetStatus is a target and how its last scrape went. Package scrape
// produces it.
type TargetStatus struct {
	Target
	Health Health
	// Error says why the target is down and what to do; empty when it is up.
	Error string
	// LastScrape is when the last scrape began; zero before the first.
	LastScrape time.Time
	// LastDuration is how long it took, reading the body included.
	LastDuration time.Duration
	Interval     time.Duration
	Timeout      time.Duration
	// Samples counts the samples that the last scrape took; Skipped those
	// that it could not use, SkippedReason names the first of them and why.
	Samples       int
	Skipped       int
	SkippedReason string
	// Bytes is the size of the body after decompression.
	Bytes int64
	// Started is when the target's process says it started; zero if it does
	// not say.
	Started time.Time
	// Restarts counts how often redpoll saw the process begin anew.
	Restarts int
	// Useful tells that the last scrape that succeeded has endpoints, other than
	// that of redpoll's own scrapes, or the usage of a machine.
	Useful bool
	// Recognised are the metric families that endpoints were made of, Ignored
	// those that speak of requests, too, and were not used.
	Recognised []Recognised
	Ignored    []Ignored
	// Advice says what is missing or doubtful, the most important first; empty
	// when nothing is.
	Advice []Advice
}

// Recognised is one metric family that was understood as requests.
type Recognised struct {
	Convention string // e.g. "opentelemetry"
	Family     string // e.g. "http_server_request_duration_seconds"
	// Kind is "histogram", "native histogram", "summary", "count and sum" or
	// "counter".
	Kind      string
	Endpoints int
	// Guess is true if no convention names the family, and its name and labels
	// alone tell what it is.
	Guess bool
	// Note says what was done, and what the family cannot tell, e.g. "errors
	// are taken from http_requests_total"; empty when there is nothing to say.
	Note string
}

// Ignored is one metric family that was not used, and why.
type Ignored struct {
	Family string
	Reason string
}

// Advice is something missing with what mends it.
type Advice struct {
	// Text says what is missing and what to do.
	Text string
	// YAML is what to write into the job's configuration, where that mends it;
	// empty otherwise.
	YAML string
}

// MarkKind is what happened to a target.
type MarkKind string

// The kinds of marks.
const (
	Restart MarkKind = "restart" // its process began anew
	Deploy  MarkKind = "deploy"  // another version answers
)

// Mark is a moment in the life of a target that may explain what its figures
// do. Package scrape produces it.
type Mark struct {
	// Time is when it happened as far as the target tells, else of the first
	// scrape that showed it.
	Time     time.Time
	Job      string
	Instance string
	Kind     MarkKind
	// Text says what changed, e.g. "1.4.1 → 1.4.2"; it may be empty.
	Text string
}
