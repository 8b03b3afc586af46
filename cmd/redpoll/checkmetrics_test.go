package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// metricsFile writes a page of metrics.
func metricsFile(t *testing.T, body string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "metrics.txt")
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func runCheckMetrics(args ...string) (code int, stdout, stderr string) {
	return runCheckMetricsOf("", args...)
}

// runCheckMetricsOf has a page on the standard input.
func runCheckMetricsOf(page string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = mainCode(append([]string{"check", "metrics"}, args...), streams{strings.NewReader(page), &out, &errs})
	return code, out.String(), errs.String()
}

func TestCanaryCheckMetricsPrintsALineForEachViolation(t *testing.T) {
	t.Parallel()
	file := metricsFile(t, "# TYPE a gauge\na{b=\"c\"} 1\na{b=\"c\"} 2\n\na{b='c'} 3\n")
	code, report, errs := runCheckMetrics(file)
	want := `line 3: "a" with these labels was there before; expose every series once
line 5: "'" where the value of label "b" has to begin; put the value into double quotes
`
	if diff := cmp.Diff(want, report); code != 1 || diff != "" {
		t.Errorf("exit code %d: %s", code, diff)
	}
	if !strings.HasSuffix(errs, "metrics.txt: 2 violations of the text format\n") {
		t.Errorf("the last word is %q", errs)
	}
}

func TestCheckMetricsPassesAValidPage(t *testing.T) {
	t.Parallel()
	f := func(body, want string, flags ...string) {
		t.Helper()
		code, report, errs := runCheckMetrics(append(flags, metricsFile(t, body))...)
		if code != 0 || !strings.HasSuffix(report, want) || errs != "" {
			t.Errorf("%q: exit code %d: %s%s", body, code, report, errs)
		}
	}
	f("a 1\n", "metrics.txt: 1 sample, text: no violation\n")
	f("# TYPE a counter\na_total 1\n# EOF\n", "1 sample, openmetrics: no violation\n")
	f("# TYPE a counter\na 1\n# EOF\n", "1 sample, text: no violation\n", "--format=text")
}

func TestCheckMetricsHoldsThePageToTheFormatThatIsAskedFor(t *testing.T) {
	t.Parallel()
	code, report, errs := runCheckMetrics("--format=openmetrics", metricsFile(t, "a 1\n"))
	if code != 1 || !strings.Contains(report, "does not end with # EOF") || !strings.Contains(errs, "1 violation of the openmetrics format") {
		t.Errorf("exit code %d: %s%s", code, report, errs)
	}
}

func TestCheckMetricsReadsTheStandardInput(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"-"}, {"--", "-"}} {
		code, report, errs := runCheckMetricsOf("a\n", args...)
		if code != 1 || !strings.HasPrefix(report, "line 1: ") || !strings.Contains(errs, "standard input: 1 violation") {
			t.Errorf("%v: exit code %d: %s%s", args, code, report, errs)
		}
	}
}

func TestCheckMetricsCountsWhatItDoesNotPrint(t *testing.T) {
	t.Parallel()
	code, report, errs := runCheckMetrics(metricsFile(t, strings.Repeat("0\n", 1234)))
	if n := strings.Count(report, "\nline "); code != 1 || n != 99 || !strings.HasSuffix(report, "… and 1134 more violations\n") || !strings.Contains(errs, "1234 violations") {
		t.Errorf("exit code %d, %d lines and one: %s", code, n, errs)
	}
}

func TestCheckMetricsTellsWrongUsage(t *testing.T) {
	t.Parallel()
	f := func(want string, args ...string) {
		t.Helper()
		if code, _, errs := runCheckMetrics(args...); code != 2 || !strings.Contains(errs, want) {
			t.Errorf("%v: exit code %d: %s", args, code, errs)
		}
	}
	f("no such file", filepath.Join(t.TempDir(), "absent"))
	f("one of text,openmetrics", "--format=protobuf")
	f("unexpected", "a", "b")
}
