// Package exposition turns the bodies that targets answer into samples.
//
// Two bodies of a target have nearly always the same lines in the same order, and
// only the numbers differ. So the first one makes a layout: the text of the
// lines, and what is to be done with their values. Later bodies are compared with
// it, and only numbers are read. That is the plan path. What differs is read by
// the plain path: builder takes it line by line, and is the only place that
// decides what a line is; link makes the layout. Where a body differs in a few
// lines, patch has the builder read these alone, and takes the rest from the
// layout.
//
// A Library is what the targets of a job share, and may be used concurrently. A
// Reader is one target's, and may not. What a Scrape points to is lent from a pool
// until Reader.Release; Series, Families and the Bounds of histograms never
// change and may be kept.
package exposition

import (
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// Options say how bodies are read. What its functions say of an argument must
// never change; they may be called concurrently.
type Options struct {
	// Wanted says which families' samples a Scrape has. Others are only counted,
	// and nothing of their series is remembered. nil wants all.
	Wanted func(family string) bool
	// Relabel is given the labels of a line, with __name__ and le or quantile,
	// when the line is first seen, and gives those to use instead, or false to
	// leave the line out. A histogram of a protobuf body is relabelled as if it
	// were text. What lines belong together, and which families are Wanted, is
	// found out afterwards. nil leaves all as exposed.
	Relabel func(labels.Labels) (labels.Labels, bool)
	// HonorTimestamps leaves out, as Skipped, samples whose own timestamp is
	// more than 5 minutes before or 10 minutes after Body.At. Otherwise
	// timestamps are ignored.
	HonorTimestamps bool
	Limits          Limits
}

// Limits bound what a body may have; 0 is no limit. They hold after Relabel.
type Limits struct {
	Samples          int // beyond it, in the order of the body, samples are left out
	Labels           int // of a series, its name being one
	LabelNameLength  int // in bytes
	LabelValueLength int // in bytes, of the name of the series, too
	NativeBuckets    int // of a native histogram
	// NativeFactor is the least growth from one bucket of a native histogram to
	// the next; finer buckets are merged.
	NativeFactor float64
	// Fail makes any excess fail the whole body with a *LimitError, as in
	// Prometheus, where otherwise only the excess is left out.
	Fail bool
}

// Limited says what a limit left out.
type Limited struct {
	Limit   string // as in the configuration: sample_limit, label_limit, …
	Count   int    // samples
	Example string // the first of them
}

// Body is what a target answered.
type Body struct {
	// Bytes may be reused when Read has returned.
	Bytes       []byte
	ContentType string    // says the format; what names none is text
	At          time.Time // when it was asked for
	// Complete tells that the body is known to have arrived whole. Otherwise
	// text without a last line feed is refused, and so is a body that ends
	// where the body before it went on.
	Complete bool
}

// Scrape is what one body says.
type Scrape struct {
	// Read is the number of the read, which grows with every call.
	Read uint64
	// Samples are those that are wanted, in the order of family names, then as
	// exposed.
	Samples []Sample
	// Exposed counts all samples as Prometheus' scrape_samples_scraped does:
	// every bucket, quantile, sum and count is one. Relabelled counts those that
	// Relabel and the limits left, Taken those of them that were not Skipped.
	Exposed, Relabelled, Taken int
	// Added counts the Relabelled that the scrape before did not have.
	Added int
	// Skipped counts samples that were left out because they cannot be true.
	Skipped Skipped
	// Limited is what each limit left out, if anything.
	Limited []Limited
	// Forgotten are the Refs that stood for series which the Reader has forgotten
	// since the last Scrape. Samples may have series that were given one of them
	// anew.
	Forgotten []int
	// Families are all that the body has, wanted or not, in the order of their
	// names. They are immutable and may be kept. Gauges that say when the series
	// of another family began (http_requests_created for http_requests_total)
	// are a part of that family and none of their own.
	Families []Family
	// Used and Unused say what the families that are wanted are of the body, and
	// the others.
	Used, Unused redpoll.Share
}

// Family is a metric family of a body.
type Family struct {
	Name   string
	Type   Type
	Help   string // the first maxHelp bytes; empty if there is none, or if those before have maxHelps
	Unit   string // the same
	Series int    // a histogram or a summary is one
	// Labels are the names of the labels of its first series, without le and
	// quantile: the first maxListed.
	Labels []string
	Wanted bool
}

// Skipped counts what could not be used and remembers the first reason.
type Skipped struct {
	Count  int
	Reason string
}

// Add counts n more. reason is called only if it is the first.
func (s *Skipped) Add(n int, reason func() string) {
	if s.Count == 0 && n > 0 {
		s.Reason = reason()
	}
	s.Count += n
}

// Sample is one series' state. Which field holds it depends on Series.Type.
type Sample struct {
	Series *Series
	// Ref is a small number for use as an index. No two series that a Reader
	// remembers share one, but the Ref of a forgotten series is given to a
	// new one, so compare the Series before trusting what a Ref stood for.
	Ref int
	// Before is the number of the read that had the series last, if the Reader
	// has forgotten it since and knows nothing else of it; 0 if it does not know
	// of any.
	Before uint64
	// Value is of a Counter, Gauge or Untyped. Gauges and untyped values may
	// be NaN or infinite, counters are finite and not negative.
	Value float64
	// Histogram and Native are set for a HistogramType, one of them or both: an
	// application may expose the same observations in both ways.
	Histogram *Histogram
	Native    *Native
	// Summary is set for a SummaryType.
	Summary *Summary
	// Created is when the series says it began, in seconds since the Unix epoch;
	// 0 if it does not say, or a time that cannot be. Counts began at zero then.
	// Gauges and untyped values have none.
	Created float64
}

// Type is the type that the exposition declares.
type Type uint8

// The types. A family without a TYPE line is Untyped.
const (
	Untyped Type = iota
	Counter
	Gauge
	HistogramType
	SummaryType
)

// String is the type's name in texts.
func (t Type) String() string {
	return [...]string{Untyped: "family without a type", Counter: "counter", Gauge: "gauge", HistogramType: "histogram", SummaryType: "summary"}[t]
}

// Series is a name with its labels and type. It is immutable, and shared by the
// Readers of a Library, each of which gives the same pointer for the same series
// as long as it remembers it; it forgets series that have vanished when they
// outnumber the ones exposed.
type Series struct {
	Name   string
	Type   Type
	Labels []Label // in the order of their names; le and quantile left out
}

// Label is a name with a value.
type Label struct{ Name, Value string }

// Label is the value of the label called name, empty if there is none.
func (s *Series) Label(name string) string {
	for i := range s.Labels {
		if s.Labels[i].Name == name {
			return s.Labels[i].Value
		}
	}
	return ""
}

// maxShown bounds what String writes of each part of a series.
const maxShown = 100

// String writes the series as it is exposed, for messages: long names and
// values are cut, and of many labels the first few are shown.
func (s *Series) String() string {
	b := fmt.Appendf(nil, "%.*s", maxShown, s.Name)
	if len(s.Labels) == 0 {
		return string(b)
	}
	b = append(b, '{')
	for i, l := range s.Labels {
		if i == 8 {
			b = append(b, ",…"...)
			break
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, "%.*s=%.*q", maxShown, l.Name, maxShown, l.Value)
	}
	return string(append(b, '}'))
}

// Histogram is a classic histogram as exposed: cumulative, and not yet made
// monotonic.
type Histogram struct {
	// Bounds are the finite upper bounds in ascending order. Histograms share
	// them, and nobody writes to them: they may be kept.
	Bounds []float64
	// Cumulative has one entry more than Bounds, for +Inf. The counts are
	// finite and not negative.
	Cumulative []float64
	// Sum is NaN if there is none.
	Sum float64
}

// Count is the number of all observations.
func (h *Histogram) Count() float64 { return h.Cumulative[len(h.Cumulative)-1] }

// Native is a native histogram as exposed, its buckets for durations above zero
// only (https://prometheus.io/docs/specs/native_histograms/).
type Native struct {
	// Buckets are in the family's unit and sound: redpoll.CanBound them, and
	// there are redpoll.MaxExponents at most. Float counts are rounded.
	Buckets redpoll.Exponents
	// ExposedSchema is the resolution as exposed, which may be finer.
	ExposedSchema int
	// Count is the number of all observations.
	Count float64
	// Sum is NaN if there is none.
	Sum float64
}

// Summary is what a summary counts, and the quantiles that it states, which are
// over a window of the application's own choice.
type Summary struct {
	Count float64
	// Sum is NaN if there is none.
	Sum float64
	// Quantiles are in ascending order of Q, which is from 0 to 1. Those that
	// are NaN, as of a window without observations, or infinite are left out.
	Quantiles []Quantile
}

// Quantile is one that a summary states.
type Quantile struct{ Q, Value float64 }
