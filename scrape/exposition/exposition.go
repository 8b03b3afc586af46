// Package exposition turns the body that a target answers into samples.
//
// Its reader is stateful, one per target: two bodies of a target have nearly
// always the same series, so what a series means is worked out once and looked
// up by number afterwards.
package exposition

import (
	"context"
	"fmt"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// Reader reads the bodies of one target, one after the other. It is not safe
// for concurrent use.
type Reader interface {
	// ReadContext takes a body and the Content-Type it came with. The Scrape,
	// its samples and the values inside them are valid until the next
	// ReadContext only; the Series they point to are valid, and never change,
	// for longer. body may be reused as soon as ReadContext has returned.
	//
	// An error means that the body as a whole cannot be trusted, or is that of
	// ctx, which ends the reading soon; the Reader keeps its state and may read
	// the next body.
	ReadContext(ctx context.Context, body []byte, contentType string) (Scrape, error)
}

// Scrape is what one body says.
type Scrape struct {
	// Read is the number of the read, which grows with every call.
	Read uint64
	// Samples are those that the reader was made for, in the order of family
	// names, then as exposed.
	Samples []Sample
	// Exposed counts all samples as Prometheus does: every bucket, quantile,
	// sum and count is one. Skipped ones are not included.
	Exposed int
	// Skipped counts samples that were left out because they cannot be true.
	Skipped Skipped
	// Forgotten are the Refs that stood for series which the Reader has forgotten
	// since the last Scrape. Samples may have series that were given one of them
	// anew. They are valid as long as the Samples.
	Forgotten []int
	// Families are all that the body has, wanted or not, in the order of their
	// names. They are valid as long as the Samples. Gauges that say when the
	// series of another family began (http_requests_created for
	// http_requests_total) are a part of that family and none of their own.
	Families []Family
}

// Family is a metric family of a body.
type Family struct {
	Name   string
	Type   Type
	Series int // a histogram or a summary is one
	// Labels are the names of the labels of its first series, without le and
	// quantile: the first maxListed.
	Labels []string
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

// Series is a name with its labels and type. It is immutable. A Reader gives
// the same pointer for the same series as long as it remembers it; it forgets
// series that have vanished when they outnumber the ones exposed.
type Series struct {
	// Ref is a small number for use as an index. No two series that a Reader
	// remembers share one, but the Ref of a forgotten series is given to a
	// new one, so compare the pointer before trusting what a Ref stood for.
	Ref    int
	Name   string
	Type   Type
	Labels []Label // in the order of their names; le and quantile left out
	// Before is the number of the read that had the series last, if the Reader
	// has forgotten it since and knows nothing else of it; 0 if it does not know
	// of any.
	Before uint64
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
