package redpoll

import "time"

// Target is one URL that redpoll scrapes. Package scrape produces it.
type Target struct {
	// ID names the target among all that are scraped. It stays the same while
	// its pool, URL and labels do, over restarts of redpoll, too, and says
	// nothing of them.
	ID string
	// Pool is the job_name of the configuration that the target comes from. Job
	// is the label of that name, which relabelling may change.
	Pool     string
	Job      string
	Instance string // host:port unless relabelled
	URL      string // without credentials: userinfo is never kept
	// Labels are what relabelling left, job and instance included. Discovered
	// are those from before, with the __meta_ ones of service discovery and
	// __address__. Neither may be changed.
	Labels     map[string]string
	Discovered map[string]string
}

// DroppedTarget is one that relabelling, or a limit on the number of targets,
// left out, or that cannot be scraped. Package scrape produces it.
type DroppedTarget struct {
	Pool       string
	Discovered map[string]string
	// Reason says what left it out, or why it cannot be scraped.
	Reason string
}

// Metadata is what a target says of one of its metric families. Package scrape
// produces it.
type Metadata struct {
	Family string
	// Type is as in OpenMetrics: counter, gauge, histogram, gaugehistogram,
	// summary, info, stateset or unknown.
	Type string
	Help string // empty if the target gives none
	Unit string // the same
}

// Health is what the last scrape said about a target.
type Health string

// A target is HealthUnknown until its first scrape ends.
const (
	HealthUnknown Health = "unknown"
	HealthUp      Health = "up"
	HealthDown    Health = "down"
)

// MaxDurations bounds TargetStatus.Durations.
const MaxDurations = 60

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
	// Durations are of the last scrapes, the newest last: MaxDurations at most.
	// A scrape that failed is in it with the time until it did.
	Durations []time.Duration
	// Samples counts the samples that the last scrape exposed, as Prometheus'
	// scrape_samples_scraped does: every bucket, quantile, sum and count is one.
	// Of a body that failed it counts those before the fault.
	// Skipped counts those that could not be used though relabelling and limits
	// left them; SkippedReason names the first and says why.
	Samples       int
	Skipped       int
	SkippedReason string
	// Relabelled counts the samples that metric_relabel_configs and the limits
	// left, Added the series of these that the scrape before did not have. Both
	// are 0 after a scrape that failed.
	Relabelled int
	Added      int
	// Warnings say what is wrong with a target that is up, and what to do: a
	// limit that left out the excess, for example. The most important is first.
	Warnings []string
	// Bytes is the size of the body after decompression.
	Bytes int64
	// Used and Unused tell how much of the body was in families that redpoll has
	// a use for, and in the others; of the last scrape that succeeded.
	Used, Unused Share
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

// Share is a part of what a target exposes.
type Share struct {
	// Bytes are those of comments, names and labels, without the values; 0 where
	// the format does not tell, as protobuf.
	Bytes   int
	Series  int // a histogram or a summary is one
	Samples int // each of its lines is one
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
