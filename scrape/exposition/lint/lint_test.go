package lint

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// check gives the violations of a body as they are printed.
func check(t *testing.T, format Format, body string) []string {
	t.Helper()
	report, err := Check(strings.NewReader(body), format)
	if err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	var found []string
	for _, v := range report.Violations {
		found = append(found, v.String())
	}
	return found
}

// keeps expects a body to be valid.
func keeps(t *testing.T, format Format, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		if found := check(t, format, body); len(found) > 0 {
			t.Errorf("%v %q is refused: %q", format, body, found)
		}
	}
}

// breaks expects violations, each given by its beginning, and no others.
func breaks(t *testing.T, format Format, body string, want ...string) {
	t.Helper()
	found := check(t, format, body)
	same := len(found) == len(want)
	for i := 0; same && i < len(want); i++ {
		same = strings.HasPrefix(found[i], want[i])
	}
	if !same {
		t.Errorf("%v %q:\n%s", format, body, cmp.Diff(want, found))
	}
}

// open makes an OpenMetrics body of lines.
func open(lines ...string) string { return strings.Join(lines, "\n") + "\n# EOF\n" }

func TestCanaryBothFormatsHaveValidBodies(t *testing.T) {
	keeps(t, Text, "", "\n\t\n", "# EOF\n", "a 1\n", `# HELP http_requests_total Requests, "all" of them \\ and\nmore.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400",}    3 1395066363000
# just a comment

# TYPE latency histogram
latency_bucket{le="0.1"} 1
latency_bucket{le="+Inf"} 2
latency_sum -0.5
latency_count 2
	# TYPE	rpc  summary 
rpc{quantile="0.5"} NaN
rpc{quantile="1"} 7
rpc_sum 1e1
rpc_count 2
{"my.metric" , "a label" = "x"} +Inf -1
`)
	keeps(t, OpenMetrics, "# EOF", "# EOF\n", open("a 1"), open(
		`# TYPE http_requests counter`,
		`# HELP http_requests Requests, "all" of them \\ and\nmore.`,
		`http_requests_total{code="200"} 3 # {trace="x"} 1 1.5`,
		`http_requests_created{code="200"} 1520430000.123`,
		`# TYPE latency_seconds histogram`,
		`# UNIT latency_seconds seconds`,
		`latency_seconds_bucket{le="0.1"} 1 # {} 0.05`,
		`latency_seconds_bucket{le="+Inf"} 2`,
		`latency_seconds_count 2`,
		`latency_seconds_sum 1.5`,
		`# TYPE build info`,
		`build_info{version="1"} 1`,
		`# TYPE power stateset`,
		`power{power="on"} 1`,
		`power{power="off"} 0`,
		`# TYPE queue gaugehistogram`,
		`queue_bucket{le="+Inf"} 2`,
		`queue_gcount 2`,
		`queue_gsum 3`,
		`# TYPE "my.metric" gauge`,
		`{"my.metric","a label"="x"} 1`,
	))
}

func TestTheFormatIsToldByTheLastLine(t *testing.T) {
	f := func(body string, want Format) {
		t.Helper()
		report, err := Check(strings.NewReader(body), Auto)
		if err != nil || report.Format != want {
			t.Errorf("%q is taken for %v, want %v: %v", body, report.Format, want, err)
		}
	}
	f("", Text)
	f("a 1\n", Text)
	f("a 1\n# EOF\n", OpenMetrics)
	f("a 1\n# EOF", OpenMetrics)
	f("a 1\n# EOF\n\n", OpenMetrics)
	f("# EOF\na 1\n", Text)
	f("a 1\n# EOFa\n", Text)
}

// Where the pages of real libraries break a rule, it is an explicit one.
func TestPagesOfRealLibrariesAreRefusedForWhatIsForbiddenOnly(t *testing.T) {
	const root = "../../red/testdata/conventions"
	files, err := filepath.Glob(filepath.Join(root, "*", "*.txt"))
	if err != nil || len(files) < 50 {
		t.Fatalf("%d pages: %v", len(files), err)
	}
	known := map[string]string{
		// OpenMetrics: "_total" belongs to the sample, not to the family.
		"aspnetcore-opentelemetry": "leave _total out of the name",
		// Text: quantiles must appear in increasing order.
		"discourse-prometheus-exporter": "put quantiles in increasing order",
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		reason, forbidden := known[filepath.Base(filepath.Dir(file))]
		found := check(t, Auto, string(body))
		if forbidden != (len(found) > 0) {
			t.Errorf("%s: %q", file, found)
		}
		for _, v := range found {
			if !strings.Contains(v, reason) {
				t.Errorf("%s: %s", file, v)
			}
		}
	}
}

func TestOnlyTheFirstViolationsAreToldAndTheOthersCounted(t *testing.T) {
	report, err := Check(strings.NewReader(strings.Repeat("0\n", MaxViolations+23)), Text)
	if err != nil || len(report.Violations) != MaxViolations || report.More != 23 {
		t.Errorf("%d violations and %d more: %v", len(report.Violations), report.More, err)
	}
}

func TestViolationsAreInTheOrderOfTheLines(t *testing.T) {
	breaks(t, Text, "# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"0\"} 1\n",
		`line 2: the histogram "a" has no bucket with le="+Inf"`,
		`line 3: the bucket with the bound 0 comes after that of 1`)
}

func TestViolationsArePrintableAndShort(t *testing.T) {
	for _, piece := range []string{"\x1b[2J", "\u202e", "\x00", strings.Repeat("ü", 1<<20)} {
		for _, line := range []string{`a{b="` + piece + `"} ` + piece, piece + " 1", "# TYPE a " + piece, "a " + piece, `{"` + piece} {
			for _, v := range append(check(t, Text, line+"\n"), check(t, OpenMetrics, line+"\n# EOF\n")...) {
				if len(v) > 600 || strings.ContainsAny(v, "\x1b\x00\u202e") {
					t.Errorf("%.20q: %.700q", line, v)
				}
			}
		}
	}
}

func TestAFaultOfReadingIsAnError(t *testing.T) {
	cut := errors.New("cut off")
	body := io.MultiReader(strings.NewReader("a 1\nb"), iotest.ErrReader(cut))
	report, err := Check(body, Text)
	if !errors.Is(err, cut) || !strings.Contains(err.Error(), "after line 1") || len(report.Violations) > 0 {
		t.Error(report, err)
	}
}

func TestMoreSeriesThanTheLimitAreAnError(t *testing.T) {
	for _, text := range []string{"a 1\nb 1\nc 1\n", strings.Repeat("a{b=\"c\"} 1\n", 5), "# TYPE a histogram\na_sum 1\na_sum 1\na_sum 1\n"} {
		c := newChecker(Text)
		c.maxSeries = 5
		for body := range strings.Lines(text) {
			c.check(line{text: []byte(strings.TrimSuffix(body, "\n")), ended: true})
		}
		if c.err == nil || !strings.Contains(c.err.Error(), "check it in parts") || c.wantsMore() {
			t.Errorf("%q: %v", text, c.err)
		}
	}
}

func TestALineThatIsTooLongIsAViolationAndTheNextOnesAreChecked(t *testing.T) {
	long := `a{b="` + strings.Repeat("c", MaxLine) + `"} 1`
	breaks(t, Text, long+"\nb\n", "line 1: the line is longer than 16 MiB", "line 2: the sample has no value")
	breaks(t, Text, long, "line 1: the line is longer than 16 MiB", "line 1: the last line does not end with a line feed")
	keeps(t, Text, `a{b="`+strings.Repeat("c", MaxLine-len(`a{b=""} 1`))+"\"} 1\n")
}
