package exposition

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFastCreationTimesBelongToTheSeriesThatBegan reads what the Python client
// exposes.
func TestFastCreationTimesBelongToTheSeriesThatBegan(t *testing.T) {
	body := `# TYPE http_requests_total counter
http_requests_total{code="200",method="GET"} 5.0
http_requests_total{code="500",method="GET"} 1.0
# TYPE http_requests_created gauge
http_requests_created{code="500",method="GET"} 1.7639e+09
http_requests_created{code="200",method="GET"} 1.7638e+09
# TYPE h histogram
h_bucket{le="+Inf"} 2.0
h_count 2.0
h_sum 1.0
# TYPE h_created gauge
h_created 1.7637e+09
# TYPE s summary
s_count 2.0
s_sum 1.0
s_created 1.7636e+09
`
	want := map[string]float64{
		`http_requests_total{code="200",method="GET"}`: 1.7638e9,
		`http_requests_total{code="500",method="GET"}`: 1.7639e9,
		"h": 1.7637e9, "s": 1.7636e9,
	}
	only := func(family string) bool { return family == "h" || family == "s" || family == "http_requests_total" }
	for _, wanted := range []func(string) bool{nil, only} {
		s, err := readBody(newReader(wanted), []byte(body), "")
		if err != nil {
			t.Fatal(err)
		}
		got := make(map[string]float64)
		for _, sample := range s.Samples {
			got[sample.Series.String()] = sample.Created
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if s.Taken != 11 || s.Skipped.Count != 0 {
			t.Errorf("%d samples are exposed, %d skipped; want 11, 0", s.Taken, s.Skipped.Count)
		}
	}
}

func TestFastAGaugeCalledCreatedWithoutAParentIsItself(t *testing.T) {
	f := func(body, name string, typ Type) {
		t.Helper()
		s := read(t, body)
		for _, sample := range s.Samples {
			if sample.Series.Name == name && sample.Series.Type == typ && sample.Value == 7 {
				return
			}
		}
		t.Errorf("%s is no sample of %q", name, body)
	}
	f("# TYPE kube_pod_created gauge\nkube_pod_created 7\n", "kube_pod_created", Gauge)
	f("# TYPE x gauge\nx 1\n# TYPE x_created gauge\nx_created 7\n", "x_created", Gauge)
	f("# TYPE jobs counter\njobs 1\n# TYPE jobs_created gauge\njobs_created 7\n", "jobs_created", Gauge)
	f("# TYPE x_total counter\nx_total 1\n# TYPE x_created counter\nx_created 7\n", "x_created", Counter)
}

func TestFastCreationTimesThatCannotBeAreNone(t *testing.T) {
	f := func(written string, want float64) {
		t.Helper()
		s := read(t, fmt.Sprintf("# TYPE x_total counter\nx_total 1\n# TYPE x_created gauge\nx_created %s\n", written))
		if got := s.Samples[0].Created; got != want || len(s.Samples) != 1 {
			t.Errorf("%s: created at %v, %d samples; want %v, 1", written, got, len(s.Samples), want)
		}
	}
	f("1.5", 1.5)
	f("253402300799", 253402300799)
	f("0", 0)
	f("-1", 0)
	f("NaN", 0)
	f("+Inf", 0)
	f("253402300800", 0)    // the year 10000
	f("1.7638000001e12", 0) // milliseconds
}

func TestFastACreationTimeOfNobodyIsCounted(t *testing.T) {
	s := read(t, `# TYPE x_total counter
x_total{a="1"} NaN
x_total{a="2"} 3
# TYPE x_created gauge
x_created{a="1"} 5
x_created{a="3"} 5
x_created{a="3"} 6
`)
	if len(s.Samples) != 1 || s.Samples[0].Created != 0 {
		t.Errorf("samples %v", s.Samples)
	}
	if s.Taken != 3 || s.Skipped.Count != 2 {
		t.Errorf("%d exposed, %d skipped; want 3, 2", s.Taken, s.Skipped.Count)
	}
}
