package redpoll

import "time"

// HistoryQuery asks for one endpoint's past. Package api produces it.
type HistoryQuery struct {
	Key EndpointKey
	// Start and End bound the time asked for; End is not included.
	Start, End time.Time
	// Step is the length of one point. The store may answer with a longer
	// one, see History.
	Step time.Duration
}

// History is the answer to a HistoryQuery. Package store produces it.
type History struct {
	// Step is the length of each point: the one asked for, or longer where
	// the time lies further back than finer data is kept. Points are aligned
	// to multiples of it since the Unix epoch.
	Step time.Duration
	// Resolution is the interval of the stored data that was read.
	Resolution time.Duration
	// Points are in ascending order of time. Steps without data are left out.
	Points []HistoryPoint
}

// HistoryPoint is everything that happened at an endpoint during one step.
// Quantiles are taken from its merged buckets by whoever needs them.
type HistoryPoint struct {
	// Time is where the step begins.
	Time time.Time
	Increase
}

// AlertQuery selects stored alerts. Package api produces it. Empty fields
// select everything.
type AlertQuery struct {
	// Start and End select alerts that were active at some time between.
	Start, End time.Time
	Endpoint   *EndpointKey
	// Before is the id of the last alert of the page before this one. UUIDv7
	// ids order by time, newest first.
	Before string
	// Limit is the most alerts to return; 0 means 100.
	Limit int
}

// MarkQuery selects stored marks. Package api produces it. An empty Job selects
// all.
type MarkQuery struct {
	Job string
	// Start and End bound the time asked for; End is not included.
	Start, End time.Time
	// Limit is the most marks to return, the newest; 0 means 1,000.
	Limit int
}
