// Package lint says which rules of its format an exposition breaks. It is
// strict where the reader of package exposition is lenient, and shares nothing
// with it, so that neither can hide a fault of the other.
//
// The rules are those of the Prometheus text format 0.0.4 and of OpenMetrics
// 1.0.0, each with quoted UTF-8 names as Prometheus 3 has them:
//
//   - https://prometheus.io/docs/instrumenting/exposition_formats/
//   - https://prometheus.io/docs/specs/om/open_metrics_spec/
//
// Only what a format forbids is a violation ("must", "must not", and what its
// grammar does not produce). What it merely advises against is none, and
// neither is an unfortunate name.
package lint

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Format is the format that a body is held to.
type Format int

const (
	// Auto is OpenMetrics if the last line that is not blank says "# EOF",
	// and Text otherwise.
	Auto Format = iota
	Text
	OpenMetrics
)

// String is the format's name on the command line.
func (f Format) String() string {
	return [...]string{Auto: "auto", Text: "text", OpenMetrics: "openmetrics"}[f]
}

// The limits of what is checked. Together they bound the memory: about 250
// bytes for each sample and each family, and a line.
const (
	// MaxViolations is how many violations a Report has in words.
	MaxViolations = 100
	// MaxSeries is how many samples and families, together, a body may have.
	MaxSeries = 2_000_000
	// MaxLine is how many bytes a line may have.
	MaxLine = 16 << 20
)

// Violation is one breach of the format.
type Violation struct {
	Line int    // counted from 1; where a metric lacks something, its first line
	Text string // what is wrong, and what to do; printable, whatever the body holds
}

// String is how a violation is printed.
func (v Violation) String() string { return fmt.Sprintf("line %d: %s", v.Line, v.Text) }

// Report is what a body was found to be.
type Report struct {
	Format     Format // Text or OpenMetrics
	Violations []Violation
	More       int // violations beyond the first MaxViolations
	Samples    int // lines that could be read as samples
}

// Check reads a body to its end and holds it to a format. It works line by
// line and keeps hashes rather than names. A body that breaks the format is no
// error: an error is one of reading, or says that the body is beyond MaxSeries,
// and comes with what was found until then.
func Check(body io.Reader, format Format) (Report, error) {
	checkers := []*checker{newChecker(format)}
	if format == Auto { // which of the two is right, the last line tells
		checkers = []*checker{newChecker(Text), newChecker(OpenMetrics)}
	}
	last, err := checkLines(body, checkers)
	chosen := checkers[0]
	if format == Auto && string(last) == eof {
		chosen = checkers[1]
	}
	if err == nil {
		chosen.finish()
	}
	return chosen.report(), cmp.Or(err, chosen.err)
}

// checkLines has every line checked, until no checker wants more. It
// gives the beginning of the last line that is not blank.
func checkLines(body io.Reader, checkers []*checker) (last []byte, err error) {
	lines := newLineReader(body)
	for n := 0; slices.ContainsFunc(checkers, (*checker).wantsMore); n++ {
		l, err := lines.next()
		switch {
		case errors.Is(err, io.EOF):
			return last, nil
		case err != nil:
			return last, fmt.Errorf("read the body after line %d: %w", n, err)
		}
		for _, c := range checkers {
			c.check(l)
		}
		if !isBlank(l.text) {
			last = append(last[:0], l.text[:min(len(l.text), len(eof)+1)]...)
		}
	}
	return last, nil
}

// isBlank tells whether a line has nothing to see.
func isBlank(line []byte) bool { return len(bytes.Trim(line, " \t\r")) == 0 }

// findings collects violations.
type findings struct {
	violations []Violation
	more       int
}

// add writes the violation down, or counts it if there are enough.
func (f *findings) add(line int, format string, args ...any) {
	if len(f.violations) == MaxViolations {
		f.more++
		return
	}
	f.violations = append(f.violations, Violation{Line: line, Text: fmt.Sprintf(format, args...)})
}

// sorted gives the violations in the order of the lines.
func (f *findings) sorted() []Violation {
	slices.SortStableFunc(f.violations, func(a, b Violation) int { return cmp.Compare(a.Line, b.Line) })
	return f.violations
}

// maxShown is how many bytes of a name or value a violation repeats.
const maxShown = 60

// show quotes a piece of the body for a violation: printable and short.
func show(b []byte) string {
	if len(b) <= maxShown {
		return fmt.Sprintf("%q", b)
	}
	return fmt.Sprintf("%q…", bytes.ToValidUTF8(b[:maxShown], nil))
}
