package exposition

import (
	"bytes"
	"fmt"
)

// The limits of a body. An honest exposition stays far below them; together
// they bound the memory and the time that reading any body takes.
const (
	// MaxLines is how many lines a body may have. In protobuf families,
	// metrics, buckets and quantiles are taken for lines.
	MaxLines = 250_000
	// MaxLabels is how many labels a body may have, over all its lines; in
	// protobuf together with exemplars, spans and whatever else is no larger.
	MaxLabels = 10 * MaxLines
	// MaxBuckets is how many native buckets a body may have.
	MaxBuckets = 1_000_000

	maxLine       = 1 << 20 // bytes, of one text in protobuf; label values may be long
	maxLineLabels = 128     // expfmt compares each label of a line with all before it
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

// Measure takes the size of a body with the Content-Type that it came with,
// which is cheap compared to reading it. An error is a *LimitError, or says what
// is wrong with a protobuf body.
func Measure(body []byte, contentType string) (Size, error) {
	if IsProtobuf(contentType) {
		return measureProtobuf(body)
	}
	size, err := measureText(body, mayBeLabels)
	if err != nil {
		return measureText(body, countLabels)
	}
	return size, nil
}

// Memory is about how many bytes it takes to read the body, beside a few times
// its own length, for the moment that it lasts.
func (s Size) Memory() int64 {
	return 400*int64(s.Lines) + 160*int64(s.Labels) + 32*int64(s.Buckets)
}

func measureText(body []byte, labelsOf func(line []byte) int) (size Size, err error) {
	if n := bytes.Count(body, []byte{'\n'}); n > MaxLines {
		return size, overLimit("the body has %d lines, more than the %d that are read; expose fewer series or split the target", n, MaxLines)
	}
	for len(body) > 0 {
		line := body
		if end := bytes.IndexByte(body, '\n'); end >= 0 {
			line = body[:end]
		}
		body = body[min(len(line)+1, len(body)):]
		size.Lines++
		labels := labelsOf(line)
		size.Labels += labels
		switch {
		case len(line) > maxLine:
			return size, overLimit("line %d is longer than the %d bytes that are read; leave out the label or the comment that is so long", size.Lines, maxLine)
		case labels > maxLineLabels:
			return size, overLimit("line %d has %d labels, more than the %d that are read; expose fewer labels", size.Lines, labels, maxLineLabels)
		case size.Labels > MaxLabels:
			return size, overLimit("the body has more than the %d labels that are read; expose fewer series or split the target", MaxLabels)
		}
	}
	return size, nil
}

// mayBeLabels is fast and never too few.
func mayBeLabels(line []byte) int { return bytes.Count(line, []byte{'='}) }

// countLabels is exact for every line that expfmt can read.
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
