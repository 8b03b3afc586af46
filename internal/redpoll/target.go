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
	// Recognised names the conventions by which endpoints were found.
	Recognised []Recognised
	// Hint says what is missing for endpoints to be found, with the mend;
	// empty when endpoints were found.
	Hint string
}

// Recognised is one metric family that was understood as requests.
type Recognised struct {
	Convention string // e.g. "opentelemetry"
	Family     string // e.g. "http_server_request_duration_seconds"
	Endpoints  int
	// Note says what the family cannot tell, e.g. "no status label: error
	// rates are unknown"; empty when nothing is missing.
	Note string
}
