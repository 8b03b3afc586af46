package exposition

import (
	"fmt"
	"strings"
	"testing"
)

// fleetBody is what an application with the given number of endpoints and
// three status codes exposes: 42 samples an endpoint and 100 others.
func fleetBody(endpoints, step int) []byte {
	var b strings.Builder
	b.WriteString("# HELP http_request_duration_seconds Duration.\n# TYPE http_request_duration_seconds histogram\n")
	bounds := []string{"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"}
	for e := range endpoints {
		for _, code := range []string{"200", "404", "500"} {
			labels := fmt.Sprintf(`code="%s",method="GET",path="/api/v1/resource%d"`, code, e)
			for i, le := range bounds {
				fmt.Fprintf(&b, "http_request_duration_seconds_bucket{%s,le=\"%s\"} %d\n", labels, le, (i+1)*step)
			}
			fmt.Fprintf(&b, "http_request_duration_seconds_sum{%s} %d.25\n", labels, step)
			fmt.Fprintf(&b, "http_request_duration_seconds_count{%s} %d\n", labels, 12*step)
		}
	}
	for i := range 100 {
		fmt.Fprintf(&b, "# TYPE go_metric_%d gauge\ngo_metric_%d 1.25e+06\n", i, i)
	}
	return []byte(b.String())
}

// go test -run '^$' -bench Read -benchmem ./scrape/exposition
func BenchmarkReadKnownBody(b *testing.B) {
	body := fleetBody(100, 3)
	r := newReader(nil)
	s, err := readBody(r, body, "")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readBody(r, body, ""); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(s.Taken), "ns/sample")
}
