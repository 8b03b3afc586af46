package red

import (
	"strings"
	"testing"
	"time"
)

// Two mappings that both know /x: ten requests between the scrapes are ten,
// not twenty. /y, which only the second knows, is its own.
func TestFastTwoMappingsOfOneEndpointDoNotCountTwice(t *testing.T) {
	conventions := []Convention{
		{Family: "z_duration_seconds", Kind: Latency, Path: LabelNames{"path"}},
		{Family: "b_requests_total", Kind: Requests, Path: LabelNames{"path"}, Status: LabelNames{"status"}},
	}
	d := NewDeriver(Options{Conventions: conventions, MaxEndpoints: 10, MetricsPath: "/metrics"})
	reader := newReader(nil)
	derive := func(at int, body string) *Derived {
		t.Helper()
		scraped, err := readBody(reader, []byte(body), "")
		if err != nil {
			t.Fatal(err)
		}
		return d.Derive(scraped, epoch.Add(time.Duration(at)*time.Second))
	}
	derive(0, `# TYPE z_duration_seconds summary
z_duration_seconds_sum{path="/x"} 1
z_duration_seconds_count{path="/x"} 10
# TYPE b_requests_total counter
b_requests_total{path="/x",status="200"} 10
b_requests_total{path="/y",status="500"} 1
`)
	derived := derive(5, `# TYPE z_duration_seconds summary
z_duration_seconds_sum{path="/x"} 3
z_duration_seconds_count{path="/x"} 20
# TYPE b_requests_total counter
b_requests_total{path="/x",status="200"} 20
b_requests_total{path="/y",status="500"} 4
`)
	got := map[string]*Endpoint{}
	for _, e := range derived.Endpoints {
		got[e.Path] = e
	}
	if x := got["/x"]; x == nil || x.Increase.Requests != 10 || x.Increase.ErrorsKnown || *x.Increase.Mean() != 0.2 {
		t.Errorf("/x is %+v, want 10 requests of 0.2 s and no errors known", x)
	}
	if y := got["/y"]; y == nil || y.Increase.Requests != 3 || y.Increase.Errors != 3 {
		t.Errorf("/y is %+v, want 3 requests, all failed", y)
	}
	var note string
	for _, r := range derived.Recognised {
		if r.Family == "b_requests_total" {
			note = r.Note
		}
	}
	if !strings.Contains(note, "errors_from") {
		t.Errorf("the target is told %q", note)
	}
}
