package exposition

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

const acceptOpenMetrics = "application/openmetrics-text; version=1.0.0"

func readAs(t *testing.T, r *Reader, body, contentType string) Scrape {
	t.Helper()
	s, err := readBody(r, []byte(body), contentType)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFastOpenMetricsIsReadAsText(t *testing.T) {
	s := readAs(t, newReader(nil), `# TYPE requests counter
# HELP requests What was served.
requests_total{path="/"} 5 1763899200.5 # {trace_id="a\"b"} 0.3 1763899200
requests_created{path="/"} 1.7638e+09
# TYPE size_bytes histogram
# UNIT size_bytes bytes
size_bytes_bucket{le="1.0"} 1 # {} 0.5
size_bytes_bucket{le="+Inf"} 2
size_bytes_count 2
size_bytes_sum 3
# TYPE build info
build_info{version="1"} 1
# TYPE state stateset
state{state="on"} 1
# TYPE queue gaugehistogram
queue_bucket{le="+Inf"} 4
queue_gcount 4
queue_gsum 9
# TYPE what unknown
what 7
# EOF
`, acceptOpenMetrics)
	var got []string
	for _, one := range s.Samples {
		text := fmt.Sprintf("%s %v %v", one.Series, one.Series.Type, one.Value)
		if one.Histogram != nil {
			text = fmt.Sprintf("%s %v", one.Series, *one.Histogram)
		}
		if one.Created > 0 {
			text += fmt.Sprint(" since ", one.Created)
		}
		got = append(got, text)
	}
	want := []string{
		`build_info{version="1"} gauge 1`, "queue {[] [4] 9}", `requests_total{path="/"} counter 5 since 1.7638e+09`,
		"size_bytes {[1] [1 2] 3}", `state{state="on"} gauge 1`, "what family without a type 7",
	}
	if diff := cmp.Diff(want, got); diff != "" || s.Skipped.Count != 0 || s.Exposed != 12 {
		t.Errorf("%s%d exposed, skipped %v", diff, s.Exposed, s.Skipped)
	}
	if f := s.Families[2]; f.Help != "What was served." {
		t.Errorf("families %+v", s.Families)
	}
	if f := s.Families[3]; f.Unit != "bytes" {
		t.Errorf("families %+v", s.Families)
	}
}

func TestFastOpenMetricsWithoutItsEndIsRefused(t *testing.T) {
	f := func(body, want string) {
		t.Helper()
		_, err := readBody(newReader(nil), []byte(body), acceptOpenMetrics)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one that says %q", body, err, want)
		}
	}
	f("a 1\n", "does not end with # EOF")
	f("a 1\n# EOF\nb 1\n", "goes on behind # EOF")
	f("a  1\n# EOF\n", "expected a number")
	f("\n# EOF\n", "neither a name nor a comment")
	f("# TYPE a untyped\na 1\n# EOF\n", "no type of a family")
	f("# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n", "does not end with its unit")
}

func TestFastATypeLineHoldsForSamplesBeforeItToo(t *testing.T) {
	s := read(t, "h_bucket{le=\"+Inf\"} 3\nh_count 3\nx 1\n# TYPE h histogram\n# TYPE x counter\n")
	if len(s.Samples) != 2 || s.Samples[0].Histogram.Count() != 3 || s.Samples[1].Series.Type != Counter {
		t.Errorf("samples %v", s.Samples)
	}
}

func TestFastANulAtTheBeginningOfALineIsNotTheEnd(t *testing.T) {
	if _, err := readBody(newReader(nil), []byte("a 1\n\x00\nb 2\n"), ""); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("error %v, want one of line 2", err)
	}
}

func TestFastRelabellingDecidesOncePerLine(t *testing.T) {
	calls := make(map[string]int)
	library := NewLibrary(Options{Relabel: func(l labels.Labels) (labels.Labels, bool) {
		calls[l.String()]++
		b := labels.NewBuilder(l)
		if name := l.Get(model.MetricNameLabel); strings.HasPrefix(name, "h_") {
			b.Set(model.MetricNameLabel, "renamed"+name[1:])
		}
		b.Del("secret")
		return b.Labels(), l.Get("drop") == ""
	}})
	r := library.NewReader()
	body := `# TYPE h histogram
h_bucket{secret="a",le="1"} 1
h_bucket{secret="b",le="+Inf"} 2
h_sum 3
h_count{secret="c"} 2
g{drop="yes"} 1
g{secret="d"} 2
g{secret="e"} 3
`
	for range 3 {
		s := readAs(t, r, body, "")
		if len(s.Samples) != 2 || s.Samples[1].Series.Name != "renamed" || s.Samples[1].Histogram.Count() != 2 || s.Samples[0].Value != 2 {
			t.Fatalf("samples %v", s.Samples)
		}
		if s.Exposed != 7 || s.Relabelled != 6 || s.Taken != 5 || s.Skipped.Reason != `g{secret="e"} appears twice` {
			t.Errorf("%d exposed, %d relabelled, %d taken, skipped %v", s.Exposed, s.Relabelled, s.Taken, s.Skipped)
		}
	}
	if n := calls[`{__name__="h_bucket", le="1.0", secret="a"}`]; n != 1 || len(calls) != 7 {
		t.Errorf("the rules were asked %v", calls)
	}
}

func TestFastLimitsLeaveOutTheExcessOrFail(t *testing.T) {
	f := func(l Limits, body, limit string, count int, example string) {
		t.Helper()
		for range 2 {
			s := readAs(t, NewLibrary(Options{Limits: l}).NewReader(), body, "")
			if want := []Limited{{limit, count, example}}; !cmp.Equal(want, s.Limited) || s.Exposed-s.Relabelled != count {
				t.Errorf("%+v: %v, %d of %d left; want %v", l, s.Limited, s.Relabelled, s.Exposed, want)
			}
		}
		l.Fail = true
		var over *LimitError
		if _, err := readBody(NewLibrary(Options{Limits: l}).NewReader(), []byte(body), ""); !errors.As(err, &over) || !strings.Contains(err.Error(), example) {
			t.Errorf("%+v: error %v", l, err)
		}
	}
	f(Limits{Samples: 2}, "a 1\nb 2\nc 3\nd 4\n", "sample_limit", 2, "c")
	f(Limits{Labels: 2}, "a{x=\"1\"} 1\na{x=\"1\",y=\"2\"} 1\n", "label_limit", 1, `a{x="1",y="2"}`)
	f(Limits{LabelNameLength: 8}, "a{labelname=\"1\"} 1\n", "label_name_length_limit", 1, `a{labelname="1"}`)
	f(Limits{LabelValueLength: 3}, "a{x=\"1234\"} 1\nb 1\n", "label_value_length_limit", 1, `a{x="1234"}`)
}

func TestFastSamplesThatAreStampedFarFromTheScrapeAreLeftOut(t *testing.T) {
	stamped := func(at time.Duration) string {
		ms := epoch.Add(at).UnixMilli()
		return fmt.Sprintf("# TYPE c counter\nc 1 %d\ng 1\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1 %d\nh_count 1 %d\n", ms, ms, ms)
	}
	f := func(honour bool, at time.Duration, taken int) {
		t.Helper()
		r := NewLibrary(Options{HonorTimestamps: honour}).NewReader()
		for range 2 {
			s := readAs(t, r, stamped(at), "")
			if s.Taken != taken || s.Taken+s.Skipped.Count != 4 {
				t.Errorf("stamped %v after the scrape: %d taken, skipped %v; want %d", at, s.Taken, s.Skipped, taken)
			}
		}
	}
	f(true, 0, 4)
	f(true, -5*time.Minute, 4)
	f(true, -5*time.Minute-time.Second, 1)
	f(true, 10*time.Minute, 4)
	f(true, 11*time.Minute, 1)
	f(false, time.Hour, 4)
}

func TestFastABodyThatMayHaveBeenCutIsRefused(t *testing.T) {
	r := newReader(nil)
	readAs(t, r, "a 1\nb 2\n", "")
	incomplete := func(body string) error {
		_, err := r.Read(t.Context(), Body{Bytes: []byte(body), At: epoch})
		return err
	}
	for cut := range len("a 1\nb 2\n") {
		if err := incomplete("a 1\nb 2\n"[:cut]); err == nil {
			t.Errorf("a body cut after %d bytes is read", cut)
		}
		readAs(t, r, "a 1\nb 2\n", "")
	}
	if err := incomplete("a 1\nc 2\n"); err != nil {
		t.Error(err)
	}
	for range patientCuts {
		if err := incomplete("a 1\n"); !errors.Is(err, errShorter) {
			t.Errorf("error %v", err)
		}
	}
	if err := incomplete("a 1\n"); err != nil {
		t.Errorf("what the target has had for long is refused: %v", err)
	}
}

func TestFastSeriesThatAreNewAreCounted(t *testing.T) {
	r := newReader(nil)
	f := func(body string, added int) {
		t.Helper()
		if s := readAs(t, r, body, ""); s.Added != added {
			t.Errorf("%d are new, want %d", s.Added, added)
		}
	}
	f("a 1\nb 1\n", 2)
	f("a 2\nb 2\n", 0)
	f("c 1\na 2\nb 2\n", 1)
	f("b 2\nc 1\na 2\n", 0)
	f("a 2\n", 0)
	f("b 2\na 2\n", 1)
}

func TestFastLikeTargetsShareWhatTheyHave(t *testing.T) {
	library := NewLibrary(Options{})
	var readers []*Reader
	for i := range 10 {
		r := library.NewReader()
		s := readAs(t, r, fmt.Sprintf("a{x=\"y\"} %d\nb 2\n", i), "")
		if s.Samples[0].Value != float64(i) {
			t.Errorf("samples %v", s.Samples)
		}
		readers = append(readers, r)
	}
	for _, r := range readers[1:] {
		if r.plan.layout != readers[0].plan.layout {
			t.Error("two targets have a layout each for one text")
		}
	}
	shared := readers[0].plan.layout
	for _, r := range readers {
		readAs(t, r, "a{x=\"y\"} 1\nb 2\nc 3\n", "")
	}
	if shared.held != 0 || len(library.layouts) != 1 {
		t.Errorf("a layout that nobody has is held %d times; there are %d", shared.held, len(library.layouts))
	}
}
