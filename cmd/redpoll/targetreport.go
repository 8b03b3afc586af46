package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// targetReport is what `redpoll check target` prints of a target that answers.
type targetReport struct {
	target    *redpoll.TargetStatus
	endpoints []redpoll.EndpointMetrics
	wait      time.Duration
}

// maxReported is how many lines a section of the report has.
const maxReported = 20

func (r *targetReport) print(to io.Writer) error {
	w := bufio.NewWriter(to)
	t := r.target
	fmt.Fprintf(w, "%s answers %d samples in %d bytes within %v.\n",
		plainText(t.URL), t.Samples, t.Bytes, t.LastDuration.Round(time.Millisecond/10))
	fmt.Fprintf(w, "Used: %s. Ignored: %s.\n", shareOf(t.Used), shareOf(t.Unused))
	if t.Skipped > 0 {
		fmt.Fprintf(w, "%d samples could not be used; the first: %s\n", t.Skipped, plainText(t.SkippedReason))
	}
	r.printRecognised(w)
	r.printEndpoints(w)
	r.printIgnored(w)
	r.printAdvice(w)
	return w.Flush()
}

// shareOf says how large a part of the body is.
func shareOf(s redpoll.Share) string {
	text := fmt.Sprintf("%d series, %s", s.Series, redpoll.CountOf(s.Samples, "sample"))
	if s.Bytes > 0 {
		text += fmt.Sprintf(", %d bytes without the values", s.Bytes)
	}
	return text
}

func (r *targetReport) printRecognised(w io.Writer) {
	if len(r.target.Recognised) == 0 {
		return
	}
	fmt.Fprint(w, "\nRecognised\n")
	for _, f := range r.target.Recognised {
		convention := f.Convention
		if f.Guess {
			convention += " (a guess)"
		}
		fmt.Fprintf(w, "  %s\n    %s, convention %s, %s\n", plainText(f.Family), f.Kind, plainText(convention), redpoll.CountOf(f.Endpoints, "endpoint"))
		if f.Note != "" {
			fmt.Fprintf(w, "    %s\n", plainText(f.Note))
		}
	}
}

// printEndpoints prints the busiest endpoints with what happened between the
// two scrapes.
func (r *targetReport) printEndpoints(w io.Writer) {
	if len(r.endpoints) == 0 {
		return
	}
	busiest := slices.Clone(r.endpoints)
	slices.SortStableFunc(busiest, func(a, b redpoll.EndpointMetrics) int {
		return cmp.Compare(b.Window.Requests, a.Window.Requests)
	})
	fmt.Fprintf(w, "\n%s, in the %v between two scrapes\n", redpoll.CountOf(len(busiest), "endpoint"), r.wait)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  METHOD\tPATH\tREQUESTS/S\tERRORS\t4XX\tP50\tP95\tP99\tMEAN\t")
	for i := range busiest[:min(len(busiest), maxReported)] {
		e := &busiest[i]
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			plainText(cmp.Or(e.Key.Method, "-")), plainText(e.Key.Path), rate(e.Throughput),
			share(e.ErrorRate), share(e.ClientErrorRate), quantile(e.P50), quantile(e.P95), quantile(e.P99), mean(e.Mean), e.Cause)
	}
	table.Flush()
	if more := len(busiest) - maxReported; more > 0 {
		fmt.Fprintf(w, "  … and %d more\n", more)
	}
}

func (r *targetReport) printIgnored(w io.Writer) {
	if len(r.target.Ignored) == 0 {
		return
	}
	fmt.Fprint(w, "\nIgnored\n")
	for _, f := range r.target.Ignored[:min(len(r.target.Ignored), maxReported)] {
		fmt.Fprintf(w, "  %s: %s\n", plainText(f.Family), plainText(f.Reason))
	}
	if more := len(r.target.Ignored) - maxReported; more > 0 {
		fmt.Fprintf(w, "  … and %d more\n", more)
	}
}

func (r *targetReport) printAdvice(w io.Writer) {
	if len(r.target.Advice) == 0 {
		return
	}
	fmt.Fprint(w, "\nWhat would tell more\n")
	for _, a := range r.target.Advice {
		fmt.Fprintf(w, "  - %s\n", plainText(a.Text))
		if a.YAML == "" {
			continue
		}
		for line := range strings.Lines(a.YAML) {
			fmt.Fprintf(w, "        %s\n", plainText(strings.TrimRight(line, "\n")))
		}
	}
}

// plainText takes out what a hostile target could drive a terminal with.
func plainText(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

func rate(v *float64) string {
	if v == nil {
		return "-"
	}
	return strconv.FormatFloat(*v, 'f', 1, 64)
}

func share(v *float64) string {
	if v == nil {
		return "-"
	}
	return strconv.FormatFloat(100**v, 'f', 1, 64) + " %"
}

// quantile writes a latency with three digits; one in the last bucket is but a
// lower limit.
func quantile(e *redpoll.Estimate) string {
	if e == nil {
		return "-"
	}
	text := latency(e.Value)
	if math.IsInf(e.Upper, 1) {
		return "≥ " + text
	}
	return text
}

func mean(seconds *float64) string {
	if seconds == nil {
		return "-"
	}
	return latency(*seconds)
}

func latency(seconds float64) string {
	unit, v := "s", seconds
	switch {
	case seconds < 1e-3:
		unit, v = "µs", seconds*1e6
	case seconds < 1:
		unit, v = "ms", seconds*1e3
	}
	return strconv.FormatFloat(v, 'g', 3, 64) + " " + unit
}
