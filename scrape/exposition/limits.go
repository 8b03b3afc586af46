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
	return 400*int64(s.Lines) + 160*int64(s.Labels) + 32*int64(s.Buckets)
}

// measureText counts line feeds and equals signs, which is fast and never too
// few; if there are too many of these it looks closer.
func measureText(body []byte) (size Size, err error) {
	size.Lines = bytes.Count(body, []byte{'\n'})
	size.Labels = bytes.Count(body, []byte{'='})
	if size.Lines > MaxLines {
		return size, tooManyLines(size.Lines)
	}
	if size.Labels <= MaxLabels {
		return size, nil
	}
	size.Labels = 0
	for line := range bytes.Lines(body) {
		if size.Labels += countLabels(line); size.Labels > MaxLabels {
			return size, errTooManyLabels
		}
	}
	return size, nil
}

func tooManyLines(n int) error {
	return overLimit("the body has %d lines, more than the %d that are read; expose fewer series or split the target", n, MaxLines)
}

var errTooManyLabels = overLimit("the body has more than the %d labels that are read; expose fewer series or split the target", MaxLabels)

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
