package exposition

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// exposedLine is what a line says: its labels, le and quantile as numbers, and
// its value, NaN being all one.
type exposedLine struct {
	labels    string
	value     uint64
	timestamp *int64
}

func lineOf(l labels.Labels, v float64, timestamp *int64) exposedLine {
	var list []string
	l.Range(func(l labels.Label) {
		if bound, err := strconv.ParseFloat(l.Value, 64); err == nil && (l.Name == "le" || l.Name == "quantile") {
			l.Value = labels.FormatOpenMetricsFloat(bound)
		}
		list = append(list, fmt.Sprintf("%q=%q", l.Name, l.Value))
	})
	slices.Sort(list)
	if math.IsNaN(v) {
		v = math.NaN()
	}
	return exposedLine{strings.Join(list, ","), math.Float64bits(v), timestamp}
}

// linesOfPrometheus is what Prometheus' own parser reads.
func linesOfPrometheus(body []byte, f format) (lines []exposedLine, err error) {
	parser := textparse.NewPromParser(body, labels.NewSymbolTable(), false)
	if f == openMetrics {
		parser = textparse.NewOpenMetricsParser(body, labels.NewSymbolTable())
	}
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, err
		}
		if entry != textparse.EntrySeries {
			continue
		}
		var l labels.Labels
		parser.Labels(&l)
		_, at, v := parser.Series()
		if at != nil {
			at = new(*at)
		}
		lines = append(lines, lineOf(l, v, at))
	}
}

// linesOfReader is what the plain path reads, of lines that are stamped outside
// of the window NaN instead of the value.
func linesOfReader(body []byte, f format, w window) (lines []exposedLine, err error) {
	var seen []labels.Labels
	library := NewLibrary(Options{Relabel: func(l labels.Labels) (labels.Labels, bool) {
		seen = append(seen, l)
		return l, true
	}})
	b := newBuilder(library)
	b.begin(f, w, 0, 0)
	if err := b.readText(context.Background(), string(body)); err != nil {
		return nil, err
	}
	seen = seen[len(seen)-len(b.values):] // where a type came late, all was read twice
	for i, v := range b.values {
		lines = append(lines, lineOf(seen[i], v, nil))
	}
	return lines, nil
}

// differences are the bodies on which the reader and Prometheus' parser do not
// agree, and why that is right.
var differences = []struct {
	why    string
	format format
	body   *regexp.Regexp
}{
	{"it takes a NUL for the end of the body, and a part must not pass for the whole", plainText, regexp.MustCompile(`\x00`)},
	{"the same", openMetrics, regexp.MustCompile(`\x00`)},
	{"its lexer takes blanks before a name for a part of the name", plainText, regexp.MustCompile(`(?m)^[ \t]+[a-zA-Z_:]`)},
}

func isKnownToDiffer(body []byte, f format) bool {
	for _, d := range differences {
		if d.format == f && d.body.Match(body) {
			return true
		}
	}
	return false
}

// agreesWithPrometheus compares the two readings of a body.
func agreesWithPrometheus(t *testing.T, body []byte, f format) (valid bool) {
	t.Helper()
	if f == plainText && !bytes.HasSuffix(body, []byte{'\n'}) {
		body = append(slices.Clip(body), '\n') // as the reader does
	}
	want, wantErr := linesOfPrometheus(body, f)
	got, err := linesOfReader(body, f, window{})
	if (err == nil) != (wantErr == nil) {
		if !isKnownToDiffer(body, f) {
			t.Errorf("%q (format %d): redpoll says %v, Prometheus %v", body, f, err, wantErr)
		}
		return false
	}
	if err != nil {
		return false
	}
	unstamped := slices.Clone(want)
	for i := range unstamped {
		unstamped[i].timestamp = nil
	}
	if !slices.Equal(got, unstamped) && !isKnownToDiffer(body, f) {
		t.Errorf("%q (format %d):\nredpoll    %v\nPrometheus %v", body, f, got, unstamped)
		return false
	}
	for _, line := range want {
		if line.timestamp != nil {
			checkStamps(t, body, f, want, *line.timestamp)
		}
	}
	return true
}

// checkStamps expects that of the lines those are left out whose timestamp is
// another.
func checkStamps(t *testing.T, body []byte, f format, want []exposedLine, at int64) {
	t.Helper()
	if at == math.MaxInt64 {
		return
	}
	got, err := linesOfReader(body, f, window{at, at + 1})
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range want {
		isIn := line.timestamp == nil || *line.timestamp == at || *line.timestamp == at+1
		if isIn != (got[i].value == line.value) && line.value != math.Float64bits(math.NaN()) {
			t.Errorf("%q: line %d is stamped %v, and is there at %d: %v", body, i, line.timestamp, at, !isIn)
		}
	}
}

// syntax are the pieces that random bodies are put together of.
var syntax = []string{
	"a", "a", "b", "a_total", "a_bucket", "a_sum", "a_count", "a_created", "0", "é", "{\"a.b\"}", "{\"a.b\",c=\"d\"}", "{c=\"d\",\"a.b\"}",
	"{", "}", "{}", "{b=\"c\"}", "{b=\"c\",d=\"e\"}", "{b=\"c\",}", "{d=\"e\",b=\"\"}", "{le=\"1\"}", "{le=\"1.0\"}", "{le=\"+Inf\"}", "{quantile=\"0.5\"}", "{\"b.c\"=\"d\"}",
	"{b=\"\\\\\\\"\\n\"}", "{b=\"\\d\"}", "{b=\"é\"}", "{b=\"#\"}",
	"\"", "\\", "\\n", "=", ",", " ", " ", " ", "  ", "\t", "\n", "\n", "\n", "\n", "\r",
	" 1", " 1\n", " 1\n", " 0\n", " -1\n", " NaN\n", " +Inf\n", " 1.5e3\n", " .5\n", " 1.\n", " 0x1p-3\n", " 0x1\n", " 1_0\n", " 1e400\n", " 123456789012345678901234567890\n", " 0.1234567890123456789\n", " 1e-320\n",
	" 1 2\n", " 1 2.5\n", " 1 -3\n", " 1 99999999999999999999\n", " 1 1700000000000\n",
	" # {} 1\n", " # {b=\"c\"} 1 2\n", " # {b=\"c\"} 1", "# ", "#", "# EOF", "# EOF\n", "\n# EOF\n",
	"# TYPE a counter\n", "# TYPE a gauge\n", "# TYPE a histogram\n", "# TYPE a summary\n", "# TYPE a info\n", "# TYPE a untyped\n", "# TYPE a unknown\n",
	"# TYPE \"a.b\" gauge\n", "# HELP a b\n", "# HELP a \n", "# HELP a\n", "# HELP a \\n\\d\n", "# UNIT a \n", "# UNIT a_seconds seconds\n", "# TYPE ", "# HELP ", "# UNIT ", "# a comment\n",
}

func TestTheReaderAgreesWithPrometheusOnBodiesThatAreNearlyRight(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	valid := 0
	for range 20_000 {
		var body []byte
		for range 1 + random.IntN(8) {
			body = append(body, syntax[random.IntN(len(syntax))]...)
		}
		for _, one := range [][]byte{body, slices.Concat(body, []byte("\n")), slices.Concat(body, []byte("# EOF\n")), slices.Concat(body, []byte("\n# EOF\n"))} {
			for _, f := range []format{plainText, openMetrics} {
				if agreesWithPrometheus(t, one, f) {
					valid++
				}
			}
		}
	}
	if valid < 5_000 {
		t.Errorf("only %d bodies were valid", valid)
	}
}

func FuzzTheReaderAgreesWithPrometheus(f *testing.F) {
	for _, piece := range syntax {
		f.Add([]byte(piece + "\n# EOF\n"))
		f.Add([]byte("# TYPE a histogram\na" + piece + "\n"))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if utf8.Valid(body) {
			agreesWithPrometheus(t, body, plainText)
			agreesWithPrometheus(t, body, openMetrics)
		}
	})
}
