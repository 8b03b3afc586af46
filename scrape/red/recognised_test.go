package red

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// The report is shown at every scrape, and hardly ever changes.
func TestFastTheReportIsMadeAnewOnlyWhenItChanges(t *testing.T) {
	s := newTarget(t, Options{})
	body := func(n int, more string) string {
		return latency(n, n, n) + "# TYPE http_request_size_bytes histogram\n" + histogram("http_request_size_bytes", `path="/a"`, n, n, n) + more
	}
	first := s.scrape(body(1, ""))
	recognised, ignored := &first.Recognised[0], &first.Ignored[0]
	for n := range 3 {
		d := s.scrape(body(n+2, ""))
		if &d.Recognised[0] != recognised || &d.Ignored[0] != ignored {
			t.Fatalf("scrape %d is told in a new report", n+2)
		}
	}
	d := s.scrape(body(9, strings.ReplaceAll(latency(1, 1, 1), `"/a"`, `"/b"`)[len(histogramType):]))
	if d.Recognised[0].Endpoints != 2 || recognised.Endpoints != 1 {
		t.Errorf("after a second endpoint: %+v, and what was given out before: %+v", d.Recognised, *recognised)
	}
	d = s.scrape(body(10, requests(200, 1)))
	if len(d.Ignored) != 2 {
		t.Errorf("after a second family: %+v", d.Ignored)
	}
}

// Another traffic's family has nothing to do with the paths that are cut, folded
// or merged; and what is gone is no longer told.
func TestFastNotesAreOfOneFamilyInOneScrape(t *testing.T) {
	s := newTarget(t, Options{MaxEndpoints: 3})
	const grpc = "# TYPE grpc_server_handled_total counter\n" + `grpc_server_handled_total{grpc_service="s",grpc_method="m",grpc_code="OK"} 1` + "\n"
	long := requests(200, 1) + `http_requests_total{path="/` + strings.Repeat("x", 2*maxLabel) + `",code="200"} 1` + "\n"
	for id := range tellFolded {
		long += fmt.Sprintf("http_requests_total{path=\"/a/%d\",code=\"200\"} 1\n", id)
	}
	notes := func(d *Derived) (grpc, http string) {
		t.Helper()
		if len(d.Recognised) != 2 {
			t.Fatalf("recognised %+v", d.Recognised)
		}
		return d.Recognised[0].Note, d.Recognised[1].Note
	}
	const plain = "a counter: latencies are unknown"
	ofGRPC, ofHTTP := notes(s.scrape(grpc + long))
	if ofGRPC != plain {
		t.Errorf("gRPC's note is %q", ofGRPC)
	}
	for _, want := range []string{"1 series, were cut", "series merged into", "the paths of 10 series are folded"} {
		if !strings.Contains(ofHTTP, want) {
			t.Errorf("note %q, want %q", ofHTTP, want)
		}
	}
	s.at = s.at.Add(refreshAfter)
	if _, note := notes(s.scrape(grpc + requests(200, 1))); note != plain {
		t.Errorf("after they are gone the note is %q", note)
	}
}

func TestFastNumbersThatWobbleAreNotWordedAtEachScrape(t *testing.T) {
	s := newTarget(t, Options{})
	body := func(ids int) string {
		b := requests(200, 1)
		for id := range ids {
			b += fmt.Sprintf("http_requests_total{path=\"/a/%d\",code=\"200\"} 1\n", id)
		}
		return b
	}
	first := &s.scrape(body(10)).Recognised[0]
	for _, ids := range []int{12, 11, 9, 10, 14} {
		if d := s.scrape(body(ids)); &d.Recognised[0] != first {
			t.Fatalf("with %d folded series it is worded anew: %s", ids, d.Recognised[0].Note)
		}
	}
	s.at = s.at.Add(refreshAfter)
	if d := s.scrape(body(12)); !strings.Contains(d.Recognised[0].Note, "the paths of 12 series are folded") {
		t.Errorf("after a while the note is %q", d.Recognised[0].Note)
	}
}

func TestFastAFamilyWithoutPathsThatIsGoneIsNotToldOf(t *testing.T) {
	s := newTarget(t, Options{})
	s.scrape(unknown("acme_request_duration_ms", `shard="1"`, 1))
	if d := s.scrape("up 1\n"); strings.Contains(d.Advice[0].Text, "acme") {
		t.Errorf("advice %q", d.Advice)
	}
}

func TestFastFamiliesThatAreIgnoredHaveAReason(t *testing.T) {
	s := newTarget(t, Options{})
	counter := func(name, labels string) string {
		return "# TYPE " + name + " counter\n" + name + "{" + labels + "} 1\n"
	}
	body := unknown("http_server_requests_seconds", `uri="/a",method="GET",status="200"`, 1) +
		"# TYPE http_server_requests_seconds_max gauge\nhttp_server_requests_seconds_max{uri=\"/a\"} 1\n" +
		latency(1, 1, 1) +
		unknown("http_client_requests_seconds", `uri="/b"`, 1) +
		unknown("http_response_size_bytes", `path="/a"`, 1) +
		"# TYPE http_requests_in_flight gauge\nhttp_requests_in_flight 1\n" +
		counter("acme_http_requests_total", `code="200"`) +
		counter("promhttp_metric_handler_requests_total", `code="200"`) +
		counter("acme_orders_total", `kind="new"`) +
		unknown("jvm_gc_pause_seconds", `cause="x"`, 1)
	want := []redpoll.Ignored{
		{Family: "acme_http_requests_total", Reason: "not used, as the requests are known from http_server_requests_seconds"},
		{Family: "http_client_requests_seconds", Reason: "what the application itself asks of others, or a part of the requests that it serves"},
		{Family: "http_request_duration_seconds", Reason: "taken for the same requests as http_server_requests_seconds, as the convention micrometer stands before client_golang"},
		{Family: "http_requests_in_flight", Reason: "a gauge: it counts no requests"},
		{Family: "http_response_size_bytes", Reason: "sizes, not durations"},
		{Family: "http_server_requests_seconds_max", Reason: "a maximum over a time of its own is no quantile"},
		{Family: "promhttp_metric_handler_requests_total", Reason: "requests to the metrics page alone"},
	}
	if diff := cmp.Diff(want, s.scrape(body).Ignored); diff != "" {
		t.Error(diff)
	}
}

func TestFastWithoutEndpointsTheReasonIsInTheFamiliesThemselves(t *testing.T) {
	f := func(o Options, body, want string) {
		t.Helper()
		d := newTarget(t, o).scrape(body)
		if len(d.Recognised) > 0 || len(d.Ignored) != 1 || d.Ignored[0].Reason != want {
			t.Errorf("recognised %+v, ignored %+v, want it for %s", d.Recognised, d.Ignored, want)
		}
	}
	own := Options{Conventions: []Convention{{Family: "f_seconds", Path: LabelNames{"path"}}}}
	f(Options{}, unknown("acme_request_duration", `path="/a"`, 1), "its name tells no unit; map it under endpoints:")
	f(Options{}, unknown("acme_request_duration_seconds", `shard="1"`, 1), "no label of it names a path")
	f(Options{}, "# TYPE acme_requests_total counter\nacme_requests_total{page=\"/a\"} 1\n", "no convention names it; if a label of it names a path, map it under endpoints:")
	f(Options{}, unknown("acme_request_wait_seconds", `path="/a"`, 1), "its name does not speak of durations; if they are those of requests, map it under endpoints:")
	f(Options{}, "# TYPE http_requests_total counter\nhttp_requests_total{page=\"/a\"} 1\n", "no label of it names a path")
	f(Options{}, unknown("http_server_request_duration_seconds", `route="/a"`, 1),
		"a convention names it, but not with these labels and this type, or only beside another family; map it under endpoints:")
	f(own, latency(1, 1, 1), "not named under the job's endpoints:")
}

func TestFastTheListOfWhatIsIgnoredIsBounded(t *testing.T) {
	var b strings.Builder
	for i := range 3 * maxIgnored {
		fmt.Fprintf(&b, "# TYPE http_request_%d_bytes gauge\nhttp_request_%d_bytes 1\n", i, i)
	}
	fmt.Fprintf(&b, "# TYPE http_request_%s gauge\nhttp_request_%[1]s 1\n", strings.Repeat("1", 3*maxLabel))
	d := newTarget(t, Options{}).scrape(b.String())
	if len(d.Ignored) != maxIgnored {
		t.Errorf("%d are listed", len(d.Ignored))
	}
	for _, i := range d.Ignored {
		if len(i.Family) > maxLabel+len("…") {
			t.Errorf("a name of %d bytes is listed", len(i.Family))
		}
	}
}

func TestFastKindsAreTold(t *testing.T) {
	f := func(body, kind, note string) {
		t.Helper()
		d := newTarget(t, Options{}).scrape(body)
		if len(d.Recognised) != 1 || d.Recognised[0].Kind != kind || !strings.Contains(d.Recognised[0].Note, note) {
			t.Errorf("recognised %+v, want a %s, and a note on %s", d.Recognised, kind, note)
		}
	}
	const summary = "# TYPE http_request_duration_seconds summary\n" +
		`http_request_duration_seconds_count{path="/a",code="200"} 1` + "\n" + `http_request_duration_seconds_sum{path="/a",code="200"} 1` + "\n"
	f(latency(1, 1, 1), "histogram", "")
	f(requests(200, 1), "counter", "latencies are unknown")
	f(summary, "count and sum", "quantiles are unknown")
	f(summary+`http_request_duration_seconds{path="/a",code="200",quantile="0.5"} 1`+"\n", "summary", "the application's own")
}

func TestFastAdviceSaysWhatMendsIt(t *testing.T) {
	f := func(body, text, yaml string) {
		t.Helper()
		d := newTarget(t, Options{}).scrape(body)
		if len(d.Advice) != 1 || !strings.Contains(d.Advice[0].Text, text) || !strings.Contains(d.Advice[0].YAML, yaml) || (yaml == "") != (d.Advice[0].YAML == "") {
			t.Errorf("advice %+v, want one that says %q with %q", d.Advice, text, yaml)
		}
	}
	micrometer := "# TYPE http_server_requests_seconds summary\n" + `http_server_requests_seconds_count{uri="/a",status="200"} 1` + "\n"
	f(micrometer, "management.metrics.distribution.percentiles-histogram.http.server.requests=true", "")
	f(timed(1), "Add one in the application, such as code, or have it expose the counter http_requests_total", "")
	f(timed(1)+"# TYPE acme_responses_total counter\nacme_responses_total{path=\"/a\",code=\"200\"} 1\n",
		"If acme_responses_total counts the same requests", "    family: acme_responses_total\n")
	f("# TYPE grpc_server_handled_total counter\n"+`grpc_server_handled_total{grpc_service="s",grpc_method="m",grpc_code="OK"} 1`+"\n",
		"WithServerHandlingTimeHistogram", "")
	f("# TYPE acme_pause_seconds histogram\n"+histogram("acme_pause_seconds", `a="b"`, 1, 1, 1), "add a histogram http_request_duration_seconds", "- family: acme_pause_seconds\n")
	f(unknown("acme_request_duration_ms", `shard="1"`, 1), "acme_request_duration_ms has no label that names the path", "unit: ms\n")
}

func TestFastWhatOnlyCountsIsAdvisedToMeasure(t *testing.T) {
	d := newTarget(t, Options{}).scrape(requests(200, 1))
	if len(d.Advice) != 1 || !strings.Contains(d.Advice[0].Text, "add a histogram http_request_duration_seconds with the same labels") {
		t.Errorf("advice %+v", d.Advice)
	}
	d = newTarget(t, Options{}).scrape("# TYPE haproxy_backend_http_responses_total counter\nhaproxy_backend_http_responses_total{proxy=\"shop\",code=\"2xx\"} 1\n")
	if len(d.Advice) != 1 || !strings.Contains(d.Advice[0].Text, "HAProxy itself cannot expose them") {
		t.Errorf("advice %+v", d.Advice)
	}
	own := []Convention{{Family: "http_requests_total", Kind: Requests, Path: LabelNames{"path"}, Status: LabelNames{"code"}}}
	if d = newTarget(t, Options{Conventions: own}).scrape(requests(200, 1)); len(d.Advice) > 0 {
		t.Errorf("whoever maps a counter is advised %+v", d.Advice)
	}
}

// Labels that the advice names are there, so that its mapping finds something.
func TestFastTheAdvisedMappingOfDurationsWorks(t *testing.T) {
	f := func(labels, want string) {
		t.Helper()
		body := func(n int) string {
			return strings.ReplaceAll(unknown("acme_pause_seconds", labels, n), "{,", "{")
		}
		advised := mapped(t, newTarget(t, Options{}).scrape(body(1)).Advice[0])
		advised.scrape(body(1))
		advised.wants(advised.scrape(body(11)), want+"\n")
	}
	f(`route="/a",verb="put",status="500"`, "PUT /a: 10 10 0.05 0.095 0.2")
	f(`uri="/a"`, " /a: 10 - 0.05 0.095 0.2")
	f(`page="x",code="200"`, " (all requests): 10 0 0.05 0.095 0.2")
	f("", " (all requests): 10 - 0.05 0.095 0.2")
	d := newTarget(t, Options{}).scrape(unknown("acme_pause_seconds", `page="x",shard="1"`, 1))
	if want := `in place of "(all requests)" (page, shard)`; !strings.Contains(d.Advice[0].Text, want) {
		t.Errorf("advice %q, want one that says %q", d.Advice[0].Text, want)
	}
}

// The counter calls path and status by other names.
func TestFastTheAdvisedCounterIsReadByItsOwnLabels(t *testing.T) {
	body := func(n int) string {
		return timed(n) + strings.NewReplacer("http_requests_total", "acme_responses_total", "path=", "uri=", "code=", "response_code=").Replace(requests(200, n, 500, n))
	}
	advised := mapped(t, newTarget(t, Options{}).scrape(body(1)).Advice[0])
	advised.scrape(body(1))
	advised.wants(advised.scrape(body(11)), " /a: 20 10 0.05 0.095 0.2\n")
}

// What is advised where no error is known makes errors known.
func TestFastTheAdvisedCounterGivesErrors(t *testing.T) {
	body := func(n int) string {
		return timed(n) + strings.ReplaceAll(requests(200, n, 500, n), "http_requests_total", "acme_responses_total")
	}
	advised := mapped(t, newTarget(t, Options{}).scrape(body(1)).Advice[0])
	advised.scrape(body(1))
	advised.wants(advised.scrape(body(11)), " /a: 20 10 0.05 0.095 0.2\n")
}

// A family without a path becomes one endpoint, if its owner likes.
func TestFastTheAdvisedMappingWithoutAPathIsOneEndpoint(t *testing.T) {
	for _, name := range []string{"acme_request_duration_seconds", "http_requests_total"} {
		body := func(n int) string {
			if name == "http_requests_total" {
				return "# TYPE http_requests_total counter\nhttp_requests_total{shard=\"1\"} " + fmt.Sprint(n) + "\n"
			}
			return unknown(name, `shard="1"`, n)
		}
		advised := mapped(t, newTarget(t, Options{}).scrape(body(1)).Advice[0])
		advised.scrape(body(1))
		if d := advised.scrape(body(5)); len(d.Endpoints) != 1 || d.Endpoints[0].Path != "(all requests)" || d.Endpoints[0].Increase.Requests != 4 {
			t.Errorf("%s as advised: %s", name, figures(d))
		}
	}
}
