package redpoll

import (
	"cmp"
	"time"
)

// EndpointKey identifies an endpoint over all instances of its job. Method is
// upper case, and empty where the application does not expose one.
type EndpointKey struct {
	Job    string
	Method string
	Path   string
}

// Compare orders keys by job, then path, then method, so that the methods of
// one path stand together.
func (k EndpointKey) Compare(o EndpointKey) int {
	return cmp.Or(cmp.Compare(k.Job, o.Job), cmp.Compare(k.Path, o.Path), cmp.Compare(k.Method, o.Method))
}

// Increase is what happened at an endpoint during a stretch of time. Package
// scrape produces it; package store keeps it and adds it up again.
//
// An Increase owns its Latency; its producer hands it over and does not write
// to it again.
type Increase struct {
	// Elapsed is the time that the counts cover. Increases of one endpoint
	// that follow each other never overlap, so Elapsed adds up as counts do.
	Elapsed time.Duration
	// Requests counts the requests that finished.
	Requests uint64
	// Errors counts those of Requests that failed; ClientErrors those whose
	// client was at fault (4xx), unless the job counts these as errors too.
	// Both mean nothing unless ErrorsKnown.
	Errors, ClientErrors uint64
	// ErrorsKnown is false where the application exposes no status, or has
	// not exposed all of its series.
	ErrorsKnown bool
	// ClientErrorsUnknown is true of history from before client errors were
	// counted apart, and of what it is part of: ErrorsKnown is then about
	// Errors alone.
	ClientErrorsUnknown bool
	// Latency is the distribution of the requests' durations in seconds, nil
	// where none is exposed. Its count may differ from Requests, as some
	// applications time a part of them only.
	Latency *Histogram
}

// Merge adds what happened elsewhere during the same time (another instance):
// Elapsed becomes the longer of the two. Histograms merge as Histogram.Merge
// says; errors stay known only where every side with requests knows them. The
// zero Increase is neutral, and neither the order nor the grouping matters.
func (in *Increase) Merge(o Increase) {
	elapsed := max(in.Elapsed, o.Elapsed)
	in.add(o)
	in.Elapsed = elapsed
}

// Append adds what happened afterwards: as Merge, but Elapsed adds up.
func (in *Increase) Append(o Increase) {
	elapsed := in.Elapsed + o.Elapsed
	in.add(o)
	in.Elapsed = elapsed
}

func (in *Increase) add(o Increase) {
	in.ErrorsKnown = in.errorsKnownWith(&o)
	in.ClientErrorsUnknown = in.ClientErrorsUnknown || o.ClientErrorsUnknown
	in.Requests = AddCounts(in.Requests, o.Requests)
	in.Errors = AddCounts(in.Errors, o.Errors)
	in.ClientErrors = AddCounts(in.ClientErrors, o.ClientErrors)
	switch {
	case o.Latency == nil:
	case in.Latency == nil:
		in.Latency = o.Latency.Clone()
	default:
		in.Latency.Merge(o.Latency)
	}
}

// errorsKnownWith: who served nothing has nothing to say about the errors of
// those who did.
func (in *Increase) errorsKnownWith(o *Increase) bool {
	switch {
	case in.Requests > 0 && o.Requests > 0:
		return in.ErrorsKnown && o.ErrorsKnown
	case in.Requests > 0:
		return in.ErrorsKnown
	case o.Requests > 0:
		return o.ErrorsKnown
	default:
		return in.ErrorsKnown || o.ErrorsKnown
	}
}

// Quantile is the q-quantile of the latency, nil where no request was observed.
// See Histogram.Quantile for the estimate.
func (in *Increase) Quantile(q float64) *Estimate {
	if in.Latency == nil {
		return nil
	}
	e, ok := in.Latency.Quantile(q)
	if !ok {
		return nil
	}
	return &e
}

// Mean is the mean latency in seconds; nil where no request was observed or the
// sum of the durations is not known.
func (in *Increase) Mean() *float64 {
	if in.Latency == nil || in.Latency.SumUnknown {
		return nil
	}
	n := in.Latency.Count()
	if n == 0 {
		return nil
	}
	v := in.Latency.Sum / float64(n)
	return &v
}

// ErrorRate is the share of requests that failed, from 0 to 1; nil where no
// request was observed or the application exposes no status.
func (in *Increase) ErrorRate() *float64 { return in.share(in.Errors) }

// ClientErrorRate is the share of requests whose client was at fault, as
// ErrorRate.
func (in *Increase) ClientErrorRate() *float64 {
	if in.ClientErrorsUnknown {
		return nil
	}
	return in.share(in.ClientErrors)
}

func (in *Increase) share(n uint64) *float64 {
	if !in.ErrorsKnown || in.Requests == 0 {
		return nil
	}
	v := min(1, float64(n)/float64(in.Requests))
	return &v
}

// Throughput is requests per second, 0 where there were none; nil where no
// time was covered.
func (in *Increase) Throughput() *float64 {
	if in.Elapsed <= 0 {
		return nil
	}
	v := float64(in.Requests) / in.Elapsed.Seconds()
	return &v
}

// NoData says why an endpoint has no figures.
type NoData string

// The causes of missing figures.
const (
	HasData       NoData = ""
	NoTraffic     NoData = "no traffic"         // scraped, but no request came in
	FirstScrape   NoData = "first scrape"       // increases need two scrapes
	TargetDown    NoData = "target down"        // every target that exposes it failed
	SeriesGone    NoData = "series gone"        // its targets answer without it
	NoQuantiles   NoData = "no histogram"       // requests are counted, durations are not, or in no buckets
	NoMean        NoData = "no sum"             // durations are not added up
	NoErrorLabel  NoData = "no status"          // requests carry no status
	NoBaseline    NoData = "learning"           // the usual latency is not known yet
	TooFew        NoData = "too few"            // fewer requests than the rule asks for
	BeyondBuckets NoData = "beyond the buckets" // slower than the highest bucket, and the threshold is, too
	NoSignal      NoData = "not configured"     // nothing feeds the signal
)

// EndpointMetrics are an endpoint's figures at one snapshot, over all its
// instances. Package scrape produces them.
type EndpointMetrics struct {
	Key EndpointKey

	// P50, P95 and P99 are quantiles of the latency, Mean is its mean in
	// seconds.
	P50, P95, P99 *Estimate
	Mean          *float64
	// Own are the quantiles that the application itself states (a summary), in
	// ascending order of Q; P50, P95 and P99 are then among them or nil. They
	// are over a window of the application's choice, and those of two series
	// cannot be merged, so they are there only if one series is all that the
	// endpoint consists of. History does not keep them.
	Own []OwnQuantile
	// ErrorRate and ClientErrorRate are ratios from 0 to 1.
	ErrorRate, ClientErrorRate *float64
	// Throughput is in requests per second: the sum over the instances, each
	// by its own elapsed time.
	Throughput *float64

	// Window is what the figures above were worked out from: the newest
	// interval of every instance. Where a target is scraped less often than
	// snapshots are made, snapshots in between repeat it.
	Window Increase
	// New is what no earlier snapshot has reported; nil if this one repeats.
	// History is made of New alone, so that nothing is counted twice. Its
	// Elapsed begins where that of the last New ended, so it may be 0.
	//
	// Where one of several instances was away for a while, what it served
	// meanwhile is New when it is back. The counts are exact, but those of the
	// whole gap stand in this one New, whose throughput is that much too high;
	// a history that spans the gap is right again.
	New *Increase

	// Cause says why there are no figures, HasData if there are.
	Cause NoData
	// Instances is how many targets contributed.
	Instances int
}

// OwnQuantile is a quantile that an application states itself.
type OwnQuantile struct {
	Q     float64 // 0–1
	Value float64 // seconds
}

// Quantile is the q-quantile of the latency: of the Window's histogram, or what
// the application states itself; nil where there is neither.
func (m *EndpointMetrics) Quantile(q float64) *Estimate {
	switch q {
	case 0.50:
		return m.P50
	case 0.95:
		return m.P95
	case 0.99:
		return m.P99
	}
	for _, own := range m.Own {
		if own.Q == q {
			return Exactly(own.Value)
		}
	}
	return m.Window.Quantile(q)
}

// InstanceMetrics are the figures of one instance's part in an endpoint.
// Package scrape produces them. Of the EndpointMetrics, New is nil.
type InstanceMetrics struct {
	Instance string
	EndpointMetrics
}
