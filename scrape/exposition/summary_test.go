package exposition

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFastSummariesStateTheirQuantilesInOrder(t *testing.T) {
	f := func(lines string, exposed, skipped int, want ...Quantile) {
		t.Helper()
		s := read(t, "# TYPE s summary\n"+lines+"s_count 3\ns_sum 6\n")
		if diff := cmp.Diff(want, s.Samples[0].Summary.Quantiles); diff != "" {
			t.Errorf("%s%s", lines, diff)
		}
		if s.Taken != exposed || s.Skipped.Count != skipped {
			t.Errorf("%s: %d exposed, %d skipped; want %d, %d", lines, s.Taken, s.Skipped.Count, exposed, skipped)
		}
	}
	f("", 2, 0)
	f("s{quantile=\"0.99\"} 9\ns{quantile=\"0.5\"} 5\n", 4, 0, Quantile{.5, 5}, Quantile{.99, 9})
	f("s{quantile=\"0\"} 1\ns{quantile=\"1\"} 9\n", 4, 0, Quantile{0, 1}, Quantile{1, 9})
	f("s{quantile=\"0.5\"} NaN\ns{quantile=\"0.9\"} +Inf\ns{quantile=\"1\"} 2\n", 5, 0, Quantile{1, 2})
	f("s{quantile=\"0.5\"} 5\ns{quantile=\"0.50\"} 6\n", 3, 1, Quantile{.5, 5})
	f("s{quantile=\"0.5\"} NaN\ns{quantile=\"0.50\"} 6\n", 3, 1)
	f("s{quantile=\"-0.1\"} 5\ns{quantile=\"95\"} 6\ns{quantile=\"+Inf\"} 7\n", 2, 3)
}

func TestFastEveryFamilyOfABodyIsTold(t *testing.T) {
	s, err := readBody(newReader(func(string) bool { return false }), []byte(`z 1
# TYPE c_total counter
c_total{a="1"} 1
c_total{a="2"} 1
# TYPE c_created gauge
c_created{a="1"} 5
# TYPE h histogram
h_bucket{a="1",le="1"} 1
h_bucket{a="1",le="+Inf"} 1
h_bucket{a="2",le="+Inf"} 1
# TYPE s summary
s{quantile="0.5"} 1
s_count 1
# TYPE g gauge
g 1
# TYPE empty gauge
`), "")
	if err != nil {
		t.Fatal(err)
	}
	want := []Family{
		{Name: "c_total", Type: Counter, Series: 2, Labels: []string{"a"}}, {Name: "g", Type: Gauge, Series: 1}, {Name: "h", Type: HistogramType, Series: 2, Labels: []string{"a"}},
		{Name: "s", Type: SummaryType, Series: 1}, {Name: "z", Type: Untyped, Series: 1},
	}
	if diff := cmp.Diff(want, s.Families); diff != "" {
		t.Error(diff)
	}
	if len(s.Samples) != 0 {
		t.Errorf("samples of families that nobody wants: %v", s.Samples)
	}
}
