package red

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// unknown writes a histogram that no convention names, n requests within 0.1 of
// its unit.
func unknown(name, labels string, n int) string {
	return "# TYPE " + name + " histogram\n" + histogram(name, labels, n, n, n)
}

func TestFastGuessesAreMadeByNameAndLabels(t *testing.T) {
	f := func(name, labels, want string) {
		t.Helper()
		s := newTarget(t, Options{})
		s.scrape(unknown(name, labels, 0))
		if diff := cmp.Diff(want, strings.TrimSpace(figures(s.scrape(unknown(name, labels, 10))))); diff != "" {
			t.Errorf("%s{%s}:\n%s", name, labels, diff)
		}
	}
	f("acme_request_duration_seconds", `route="/a",verb="put",status_class="5xx"`, "PUT /a: 10 10 0.05 0.095 0.2")
	f("acme_http_latency_ms", `path="/a",http_method="GET",http_status="404"`, "GET /a: 10 0 5e-05 9.5e-05 0.0002")
	f("app_request_seconds", `path="/a"`, "/a: 10 - 0.05 0.095 0.2")
	f("acme_api_latency_microseconds", `operation="buy"`, "buy: 10 - 5e-08 9.5e-08 2e-07")
	f("acme_response_time_milliseconds", `path="/raw",route="/{id}"`, "/{id}: 10 - 5e-05 9.5e-05 0.0002")
	f("acme_http_latency_ms", `path="/a/7x",endpoint="/a/:id"`, "/a/:id: 10 - 5e-05 9.5e-05 0.0002")
	f("acme_http_latency_ms", `path="/a",handler="none"`, "/a: 10 - 5e-05 9.5e-05 0.0002")
	f("acme_http_latency_ms", `handler="ShowCart"`, "ShowCart: 10 - 5e-05 9.5e-05 0.0002")
	f("acme_request_duration_seconds", `route="POST /a",exception="Boom"`, "POST /a: 10 10 0.05 0.095 0.2")
	for _, name := range []string{
		"acme_request_duration", "acme_request_age_seconds", "acme_duration_seconds", "acme_request_size_seconds",
		"http_client_request_duration_seconds", "acme_upstream_request_duration_seconds", "acme_db_request_duration_seconds",
		"acme_redis_request_duration_seconds", "acme_request_queue_duration_seconds", "acme_api_gc_duration_seconds",
		"acme_cache_request_latency_ms", "acme_sql_request_duration_seconds", "acme_request_duration_bytes",
	} {
		f(name, `route="/a"`, "")
	}
	f("acme_request_duration_seconds", `shard="1",method="GET"`, "")
}

// Two families may well be the same requests, seen at two places.
func TestFastOnlyTheBestGuessIsUsed(t *testing.T) {
	s := newTarget(t, Options{})
	d := s.scrape(unknown("acme_handler_latency_seconds", `path="/a/1"`, 1) + unknown("acme_request_duration_seconds", `route="/a/{id}"`, 1))
	if len(d.Recognised) != 1 || d.Recognised[0].Family != "acme_request_duration_seconds" || !d.Recognised[0].Guess {
		t.Errorf("recognised %+v, want the family with a template", d.Recognised)
	}
	want := []redpoll.Ignored{{
		Family: "acme_handler_latency_seconds",
		Reason: "perhaps the same requests as acme_request_duration_seconds; if they are others, map both under endpoints:",
	}}
	if diff := cmp.Diff(want, d.Ignored); diff != "" {
		t.Error(diff)
	}
}

func TestFastNothingIsGuessedWhereAConventionKnows(t *testing.T) {
	f := func(name string, o Options, body, want string) {
		t.Helper()
		d := newTarget(t, o).scrape(unknown("acme_request_duration_seconds", `route="/a"`, 1) + body)
		if len(d.Recognised) != 1 || d.Recognised[0].Family != want {
			t.Errorf("%s: recognised %+v, want %s", name, d.Recognised, want)
		}
	}
	f("a histogram", Options{}, latency(1, 1, 1), "http_request_duration_seconds")
	f("a counter", Options{}, requests(200, 1), "http_requests_total")
	f("the metrics page", Options{}, "# TYPE promhttp_metric_handler_requests_total counter\npromhttp_metric_handler_requests_total{code=\"200\"} 1\n", "acme_request_duration_seconds")
	f("the job's own", Options{Conventions: []Convention{{Family: "http_requests_total", Kind: Requests, Path: LabelNames{"path"}}}},
		requests(200, 1), "http_requests_total")
}

// mapped makes a target whose job is configured as an advice says.
func mapped(t *testing.T, advice redpoll.Advice) *target {
	t.Helper()
	var job struct {
		Endpoints []Convention `yaml:"endpoints"`
	}
	if err := yaml.Unmarshal([]byte(advice.YAML), &job); err != nil || len(job.Endpoints) != 1 {
		t.Fatalf("%v in\n%s", err, advice.YAML)
	}
	return newTarget(t, Options{Conventions: job.Endpoints})
}

func TestFastTheAdvisedMappingConfirmsAGuess(t *testing.T) {
	body := func(n int) string {
		return unknown("acme_http_latency_ms", `path="/a",service="x",verb="get",code="500"`, n)
	}
	guessed := newTarget(t, Options{})
	advice := guessed.scrape(body(1)).Advice
	if len(advice) != 1 {
		t.Fatalf("advice %+v", advice)
	}
	const want = `endpoints:
  - family: acme_http_latency_ms
    unit: ms
    path: path
    method: verb
    status: code
`
	if diff := cmp.Diff(want, advice[0].YAML); diff != "" {
		t.Error(diff)
	}
	confirmed := mapped(t, advice[0])
	confirmed.scrape(body(1))
	d := confirmed.scrape(body(8))
	confirmed.wants(d, figures(guessed.scrape(body(8))))
	if d.Recognised[0].Guess || len(d.Advice) > 0 {
		t.Errorf("confirmed, it is still a guess: %+v, %+v", d.Recognised, d.Advice)
	}
}

// A handler that is a route for some series only is confirmed as it was found.
func TestFastTheAdvisedMappingKeepsTheOrderOfLabels(t *testing.T) {
	f := func(labels, want string) {
		t.Helper()
		guessed := newTarget(t, Options{})
		a := guessed.scrape(unknown("acme_http_latency_ms", labels, 1)).Advice[0]
		if !strings.Contains(a.YAML, want) {
			t.Errorf("{%s} is advised to be mapped by\n%s", labels, a.YAML)
		}
		advised := mapped(t, a)
		advised.scrape(unknown("acme_http_latency_ms", labels, 1))
		advised.wants(advised.scrape(unknown("acme_http_latency_ms", labels, 8)), figures(guessed.scrape(unknown("acme_http_latency_ms", labels, 8))))
	}
	f(`path="/a/x",handler="/a/:id",code="200"`, "    path: ['{/handler}', path, handler]\n")
	f(`handler="/a/:id",code="200"`, "    path: handler\n")
}

// Only the counter's convention is known; the durations are advised to be used
// with it.
func TestFastDurationsBesideAKnownCounterAreAdvised(t *testing.T) {
	body := func(n int) string {
		return unknown("acme_request_duration_seconds", `path="/a"`, n) + requests(200, n, 500, n)
	}
	s := newTarget(t, Options{})
	d := s.scrape(body(1))
	last := d.Advice[len(d.Advice)-1]
	if !strings.Contains(last.Text, "acme_request_duration_seconds may have the durations") {
		t.Fatalf("advice %+v", d.Advice)
	}
	advised := mapped(t, last)
	advised.scrape(body(1))
	advised.wants(advised.scrape(body(11)), " /a: 20 10 0.05 0.095 0.2\n")
}
