package exposition

import (
	"bytes"
	"fmt"
)

// The limits of a body. An honest exposition stays far below them; together
// they bound the memory and the time that reading any body takes. What is beyond
// them is refused as a whole, with a *LimitError.
//
// A line of text that is of no interest takes some 200 bytes, and its text
// again, while a body is read that is new: 1,000,000 of them, in a body of 85
// MB, take 360 MB with the body, and 105 MB from then on, for as long as the
// target is there. Series that are wanted take far more, so there may be fewer:
// see sharedSeries. 400,000 of them with long labels in a body of 100 MB take
// more than 400 MiB for a moment; the configuration's body_size_limit keeps
// bodies of that size out unless it is raised. In protobuf all parts of a body
// are objects at a time, so there the limits are lower.
const (
	// MaxTextLines is how many lines a body of text may have.
	MaxTextLines = 1_200_000
	// MaxTextLabels is how many labels it may have, over all its lines; of them
	// the series that are wanted may have MaxLabels.
	MaxTextLabels = 10 * MaxTextLines
	// MaxFamilies is how many families it may have, those included of which it
	// has comments alone.
	MaxFamilies = 100_000

	// MaxLines is how many families, metrics, buckets and quantiles a body of
	// protobuf may have.
	MaxLines = 250_000
	// MaxLabels is how many labels it may have, together with exemplars, spans
	// and whatever else is no larger.
	MaxLabels = 10 * MaxLines
	// MaxBuckets is how many native buckets a body may have.
	MaxBuckets = 1_000_000

	maxLine       = 1 << 20 // bytes, of one text in protobuf; label values may be long
	maxLineLabels = 128     // they are sorted by insertion
)

// LimitError says which limit a body is over, where, and what to do about it.
type LimitError struct{ text string }

func (e *LimitError) Error() string { return e.text }

func overLimit(format string, args ...any) error {
	return &LimitError{fmt.Sprintf(format, args...)}
}

// Size is what a body consists of.
type Size struct {
	Lines   int
	Labels  int // perhaps a little too many: = inside of quotes may be counted, too
	Buckets int // native ones
}

// without is the size of the rest of a body.
func (s Size) without(part Size) Size {
	return Size{s.Lines - part.Lines, s.Labels - part.Labels, s.Buckets - part.Buckets}
}

// Measure takes the size of a body with the Content-Type that it came with,
// which is cheap compared to reading it. An error is a *LimitError, or says what
// is wrong with a protobuf body.
func Measure(body []byte, contentType string) (Size, error) {
	if IsProtobuf(contentType) {
		return measureProtobuf(body)
	}
	return measureText(body)
}

// Memory is about how many bytes it takes to read the body, beside a few times
// its own length, for the moment that it lasts.
func (s Size) Memory() int64 {
	return 400*int64(s.Lines) + 160*int64(min(s.Labels, MaxLabels)) + 32*int64(s.Buckets)
}

// measureText counts line feeds and equals signs, which is fast and never too
// few; if there are too many of these it looks closer.
func measureText(body []byte) (size Size, err error) {
	size.Lines = bytes.Count(body, []byte{'\n'})
	size.Labels = bytes.Count(body, []byte{'='})
	if size.Lines > MaxTextLines {
		return size, tooManyLines(size.Lines)
	}
	if size.Labels <= MaxTextLabels {
		return size, nil
	}
	size.Labels = 0
	for line := range bytes.Lines(body) {
		if size.Labels += countLabels(line); size.Labels > MaxTextLabels {
			return size, errTooManyLabels
		}
	}
	return size, nil
}

func tooManyLines(n int) error {
	return overLimit("the body has %d lines, more than the %d that are read; expose fewer series or split the target", n, MaxTextLines)
}

var errTooManyLabels = overLimit("the body has more than the %d labels that are read; expose fewer series or split the target", MaxTextLabels)

var errTooManyWanted = overLimit("the body has more series that redpoll would follow than the %d, with %d labels, that it can of all targets together; drop series by metric_relabel_configs",
	freeSeries+sharedSeries, MaxLabels)

var errTooManyFamilies = overLimit("the body has more than the %d metric families that are read; what differs between series belongs into labels", MaxFamilies)

// countLabels is exact for every line that can be read.
func countLabels(line []byte) (n int) {
	if bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte{'#'}) {
		return 0
	}
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == '=' && !quoted:
			n++
		}
	}
	return n
}
