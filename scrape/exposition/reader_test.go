package exposition

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// read parses one body with a fresh reader.
func read(t *testing.T, body string) Scrape {
	t.Helper()
	s, err := readBody(newReader(nil), []byte(body), "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFastReadsEveryType(t *testing.T) {
	s := read(t, `# TYPE a_total counter
a_total{z="1",b="2"} 7
# TYPE g gauge
g NaN
# TYPE h histogram
h_bucket{le="1"} 2
h_bucket{le="0.5"} 1
h_bucket{le="+Inf"} 3
h_sum 4.5
h_count 3
# TYPE s summary
s{quantile="0.5"} 9
s_sum 10
s_count 4
u 5
`)
	want := []Sample{
		{Series: &Series{Name: "a_total", Type: Counter, Labels: []Label{{"b", "2"}, {"z", "1"}}}, Ref: 0, Value: 7},
		{Series: &Series{Name: "g", Type: Gauge}, Ref: 1, Value: math.NaN()},
		{Series: &Series{Name: "h", Type: HistogramType}, Ref: 2, Histogram: &Histogram{
			Bounds: []float64{.5, 1}, Cumulative: []float64{1, 2, 3}, Sum: 4.5,
		}},
		{Series: &Series{Name: "s", Type: SummaryType}, Ref: 3, Summary: &Summary{Count: 4, Sum: 10, Quantiles: []Quantile{{.5, 9}}}},
		{Series: &Series{Name: "u", Type: Untyped}, Ref: 4, Value: 5},
	}
	if diff := cmp.Diff(want, s.Samples, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if want := 1 + 1 + 5 + 3 + 1; s.Taken != want {
		t.Errorf("Exposed is %d, want %d: every bucket, quantile, sum and count is a sample", s.Taken, want)
	}
}

func TestFastSkipsWhatCannotBeTrue(t *testing.T) {
	f := func(body string, taken, skipped int, reason string) {
		t.Helper()
		s := read(t, body)
		if s.Taken != taken || s.Skipped.Count != skipped || s.Skipped.Reason != reason {
			t.Errorf("took %d and skipped %d because %q; want %d, %d, %q\n%s",
				s.Taken, s.Skipped.Count, s.Skipped.Reason, taken, skipped, reason, body)
		}
	}
	f("# TYPE c counter\nc NaN\n", 0, 1, "c is NaN, which no counter can be")
	f("# TYPE c counter\nc +Inf\n", 0, 1, "c is +Inf, which no counter can be")
	f("# TYPE c counter\nc{a=\"b\"} -1\nc 2\n", 1, 1, `c{a="b"} is negative, which no counter can be`)
	f("# TYPE c counter\nc{a=\"1\",b=\"2\"} 1\nc{b=\"2\",a=\"1\"} 2\n", 1, 1, `c{a="1",b="2"} appears twice`)
	f("g NaN\n", 1, 0, "")
	f("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 2\n", 0, 2, "h has neither a +Inf bucket nor a usable _count")
	f("# TYPE h histogram\nh_bucket{le=\"1\"} NaN\nh_count 2\n", 0, 2, "h has a bucket without a sound count or bound")
	f("# TYPE h histogram\nh_bucket{le=\"-Inf\"} 1\nh_count 2\n", 0, 2, "h has a bucket without a sound count or bound")
	f("# TYPE h histogram\nh_bucket{le=\"1\"} 1e300\nh_count 2\n", 0, 2, "h has a bucket without a sound count or bound")
	f("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"1.0\"} 5\nh_count 5\nh_sum 5\n", 3, 1, "h has a bucket twice")
	f(`# TYPE h histogram
h_bucket{a="\"",le="1"} 1
 h_bucket { a="\"", le="NaN"} 5
h_bucket{le="NaN",a="\""} 5
h_count{a="\""} 5
`, 2, 2, `h{a="\""} has a bucket whose bound is NaN`)
	f("x_bucket{le=\"NaN\"} 5\n# TYPE h histogram\nh_bucket{le=\"+Inf\",file=\"NaN\"} 5\n# le=\"NaN\"\n", 2, 0, "")
	f("# TYPE s summary\ns_sum 1\n", 0, 1, "s has no usable _count")
	f("# TYPE s summary\ns_sum 1\ns_count -3\n", 0, 2, "s has no usable _count")
}

func TestFastHistogramTotals(t *testing.T) {
	f := func(lines string, cumulative ...float64) {
		t.Helper()
		s := read(t, "# TYPE h histogram\n"+lines)
		if diff := cmp.Diff(cumulative, s.Samples[0].Histogram.Cumulative); diff != "" {
			t.Errorf("%s%s", lines, diff)
		}
	}
	f("h_bucket{le=\"1\"} 4\nh_bucket{le=\"+Inf\"} 6\nh_count 6\n", 4, 6)
	f("h_bucket{le=\"1\"} 4\nh_count 6\n", 4, 6)                                        // no +Inf: _count stands in
	f("h_bucket{le=\"1\"} 4\nh_bucket{le=\"+Inf\"} 6\nh_count 7\n", 4, 6)               // torn: +Inf belongs to the buckets
	f("h_bucket{le=\"1\"} 4.5\nh_bucket{le=\"+Inf\"} 6\nh_count 6\n", 4.5, 6)           // fractions are kept
	f("h_bucket{le=\"1\"} 5\nh_bucket{le=\"2\"} 4\nh_bucket{le=\"+Inf\"} 6\n", 5, 4, 6) // not monotonic: the reader's user mends it
	f("h_count 6\n", 6)
}

func TestFastRefusesBrokenBodies(t *testing.T) {
	f := func(body, want string) {
		t.Helper()
		_, err := readBody(newReader(nil), []byte(body), "")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: error %v, want one that says %q", body, err, want)
		}
	}
	f("a 1\nb", "line 2: expected a number as the value")
	f("a{x=\"\xff\"} 1\n", "line 1: a text in quotes is not valid UTF-8")
	f("a one\n", `line 1: expected a number as the value, got "one\n"`)
}

func TestFastSeriesKeepTheirRefs(t *testing.T) {
	r := newReader(nil)
	first, err := readBody(r, []byte("a{x=\"1\"} 1\nb 1\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	a, b := first.Samples[0].Series, first.Samples[1].Series
	if _, err := readBody(r, []byte("b 2\n"), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := readBody(r, []byte("broken"), ""); err == nil {
		t.Fatal("a broken body was read")
	}
	again, err := readBody(r, []byte("a{x=\"1\"} 3\nb 3\nc 3\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	if again.Samples[0].Series != a || again.Samples[1].Series != b {
		t.Error("a series that vanished for one read, or past a broken one, is another series")
	}
	if ref := again.Samples[2].Ref; ref != 2 {
		t.Errorf("the third series has Ref %d, want 2", ref)
	}
}

func TestFastVanishedSeriesAreForgottenWhenTheyOutnumberLiveOnes(t *testing.T) {
	r := newReader(nil)
	var most int
	for round := range 30 {
		var body strings.Builder
		for i := range 500 {
			fmt.Fprintf(&body, "m{id=\"%d-%d\"} 1\n", round, i)
		}
		s, err := readBody(r, []byte(body.String()), "")
		if err != nil {
			t.Fatal(err)
		}
		refs := make(map[int]bool)
		for _, sample := range s.Samples {
			refs[sample.Ref] = true
			most = max(most, sample.Ref)
		}
		if len(refs) != 500 {
			t.Fatalf("500 series have %d refs", len(refs))
		}
	}
	if limit := 2*500 + spareSeries + 500; most > limit || r.known.len() > limit {
		t.Errorf("after 15,000 series, refs go up to %d and %d are remembered; want at most %d", most, r.known.len(), limit)
	}
}

func TestFastWhatIsNotWantedIsCountedAndNotRemembered(t *testing.T) {
	body := []byte(`# TYPE a counter
a{x="1"} 1
a{x="1"} 2
a{x="2"} NaN
# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="+Inf"} 2
w 5
w 6
`)
	r := newReader(func(family string) bool { return family == "w" })
	for range 2 {
		s, err := readBody(r, body, "")
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Samples) != 1 || s.Samples[0].Series.Name != "w" || s.Samples[0].Value != 5 {
			t.Errorf("samples %v, want w alone", s.Samples)
		}
		if want := (Skipped{3, `a{x="1"} appears twice`}); s.Taken != 4 || s.Skipped != want {
			t.Errorf("%d exposed, skipped %v; want 4, %v", s.Taken, s.Skipped, want)
		}
		if n := r.known.len(); n != 1 {
			t.Errorf("%d series are remembered", n)
		}
	}
}

func TestFastSeriesStringIsBounded(t *testing.T) {
	s := Series{Name: strings.Repeat("n", 9999)}
	for range 50 {
		s.Labels = append(s.Labels, Label{strings.Repeat("l", 999), strings.Repeat("\x00", 999)})
	}
	if n := len(s.String()); n > 8*600+200 {
		t.Errorf("a message about a series has %d bytes", n)
	}
}

func FuzzReadKeepsItsPromises(f *testing.F) {
	f.Add([]byte("# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 3\nh_sum 1\nh_count 3\n"))
	f.Add([]byte("# TYPE c counter\nc{a=\"b\"} 1\nc{a=\"b\"} -1\n"))
	f.Add([]byte("# TYPE s summary\ns_count NaN\ns_sum NaN\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := newReader(nil)
		s, err := readBody(r, body, "text/plain")
		if err != nil {
			return
		}
		seen := make(map[int]bool)
		for _, sample := range s.Samples {
			if seen[sample.Ref] {
				t.Errorf("%v comes twice", sample.Series)
			}
			seen[sample.Ref] = true
			checkSample(t, &sample)
		}
		again, err := readBody(r, body, "text/plain")
		if err != nil || len(again.Samples) != len(s.Samples) || again.Taken != s.Taken {
			t.Errorf("the same body read twice differs: %v", err)
		}
	})
}

// checkSample checks what Sample promises.
func checkSample(t *testing.T, s *Sample) {
	t.Helper()
	if s.Series.Type == Counter && !(s.Value >= 0 && !math.IsInf(s.Value, 0)) {
		t.Errorf("counter %v is %v", s.Series, s.Value)
	}
	if !(s.Created >= 0 && s.Created < year10000) {
		t.Errorf("%v was created at %v", s.Series, s.Created)
	}
	if isHistogram := s.Series.Type == HistogramType; isHistogram != (s.Histogram != nil || s.Native != nil) {
		t.Errorf("%v has %v, %v", s.Series, s.Histogram, s.Native)
	}
	if isSummary := s.Series.Type == SummaryType; isSummary != (s.Summary != nil) {
		t.Errorf("%v has %v", s.Series, s.Summary)
	}
	if s.Histogram != nil {
		checkHistogram(t, s.Histogram)
	}
	if s.Native != nil {
		checkNative(t, s.Native)
	}
	if s.Summary != nil {
		checkSummary(t, s.Summary)
	}
}

func checkHistogram(t *testing.T, h *Histogram) {
	t.Helper()
	if len(h.Cumulative) != len(h.Bounds)+1 {
		t.Errorf("%d counts for %d bounds", len(h.Cumulative), len(h.Bounds))
	}
	for i, c := range h.Cumulative {
		if !(c >= 0 && c <= redpoll.MaxCount) {
			t.Errorf("count %v", c)
		}
		if i > 0 && i < len(h.Bounds) && !(h.Bounds[i] > h.Bounds[i-1]) {
			t.Errorf("bounds %v", h.Bounds)
		}
	}
}

func checkNative(t *testing.T, n *Native) {
	t.Helper()
	x := n.Buckets
	for _, c := range append([]uint64{x.Zero}, x.Counts...) {
		if c > redpoll.MaxCount {
			t.Errorf("count %v", c)
		}
	}
	if !(n.Count >= 0 && n.Count <= redpoll.MaxCount) {
		t.Errorf("count %v", n.Count)
	}
	lower, upper := redpoll.UpperBound(x.Schema, x.First-1), redpoll.UpperBound(x.Schema, x.First+len(x.Counts)-1)
	if len(x.Counts) > redpoll.MaxExponents || len(x.Counts) > 0 && (lower == 0 || math.IsInf(upper, 1)) {
		t.Errorf("%d buckets from %v to %v", len(x.Counts), lower, upper)
	}
	if x.Schema < redpoll.MinSchema || x.Schema > redpoll.MaxSchema || !(x.Threshold >= 0) || math.IsInf(x.Threshold, 1) {
		t.Errorf("schema %d, zero threshold %v", x.Schema, x.Threshold)
	}
}

func checkSummary(t *testing.T, s *Summary) {
	t.Helper()
	if !(s.Count >= 0 && s.Count <= redpoll.MaxCount) {
		t.Errorf("count %v", s.Count)
	}
	for i, q := range s.Quantiles {
		if !(q.Q >= 0 && q.Q <= 1) || math.IsNaN(q.Value) || math.IsInf(q.Value, 0) || i > 0 && q.Q <= s.Quantiles[i-1].Q {
			t.Errorf("quantiles %v", s.Quantiles)
		}
	}
}
