package red

import (
	"strings"
	"testing"

	"github.com/redpoll/redpoll/scrape/exposition"
)

func TestFastNamesAreTheSameWithUnderscoresForOtherSigns(t *testing.T) {
	f := func(pattern, family string, want bool) {
		t.Helper()
		if isNamed(pattern, family) != want {
			t.Errorf("%q means %q: %v, want %v", pattern, family, !want, want)
		}
	}
	f("http_server_request_duration_seconds", "http.server.request.duration_seconds", true)
	f("http.server.request.duration_seconds", "http_server_request_duration_seconds", true)
	f("http.server.request.duration", "http/server request-duration", true)
	f("http.server.request.duration", "http_server_request_duration_seconds", false)
	f("*_requests_*", "shop.requests.total", true)
	f("shop.*", "shop_requests_total", true)
	f("requests_*2xx", "requests.http.2xx", true)
	f("requests_*2xx", "requests.http._xx", false)
	f("straße_total", "stra_e_total", true)
	f("", "", true)
	f("", "a", false)
}

func TestFastALabelOfExactlyTheNameIsPreferred(t *testing.T) {
	s := &exposition.Series{Labels: []exposition.Label{{Name: "http.route", Value: "dots"}, {Name: "http_route", Value: "underscores"}}}
	for name, want := range map[string]string{"http.route": "dots", "http_route": "underscores", "http-route": "dots", "route": ""} {
		if got, ok := labelOf(s, name); got != want || ok != (want != "") {
			t.Errorf("%s is %q", name, got)
		}
	}
}

// quoted writes a body with dots in place of the underscores of OpenTelemetry's
// names.
func quoted(body string) string {
	body = strings.NewReplacer(
		"TYPE http_server_request_duration_seconds", `TYPE "http.server.request.duration_seconds"`,
		"http_request_method=", `"http.request.method"=`, "http_route=", `"http.route"=`,
		"http_response_status_code=", `"http.response.status_code"=`,
	).Replace(body)
	for _, suffix := range []string{"bucket", "sum", "count"} {
		body = strings.ReplaceAll(body, "http_server_request_duration_seconds_"+suffix+"{", `{"http.server.request.duration_seconds_`+suffix+`",`)
	}
	return body
}

func TestFastAMappingMayWriteNamesEitherWay(t *testing.T) {
	escaped := func(n int) string {
		return "# TYPE http_server_request_duration_seconds histogram\n" +
			histogram("http_server_request_duration_seconds", `http_request_method="GET",http_route="/d",http_response_status_code="200"`, n, n, n) +
			histogram("http_server_request_duration_seconds", `http_request_method="GET",http_route="/d",http_response_status_code="500"`, 0, 0, n)
	}
	for _, c := range []Convention{
		{
			Family: "http.server.request.duration_seconds", Path: LabelNames{"{http.request.method} {http.route}"},
			Status: LabelNames{"http.response.status_code"}, Where: map[string]string{"http.route": "/*"},
		},
		{
			Family: "http_server_*_seconds", Labels: []string{"http_route"}, Path: LabelNames{"http_route"}, Method: LabelNames{"http_request_method"},
			Status: LabelNames{"http_response_status_code"},
		},
	} {
		for _, body := range []func(int) string{escaped, func(n int) string { return quoted(escaped(n)) }} {
			s := newTarget(t, Options{Conventions: []Convention{c}})
			s.scrape(body(10))
			s.wants(s.scrape(body(20)), "GET /d: 20 10 0.1 0.5 0.2\n")
		}
	}
}

// An application that moves from one way to write its names to the other may
// expose both for a while.
func TestCanaryNamesInBothWaysAreNotCountedTwice(t *testing.T) {
	both := func(n int) string {
		escaped := "# TYPE http_server_request_duration_seconds histogram\n" +
			histogram("http_server_request_duration_seconds", `http_request_method="GET",http_route="/d",http_response_status_code="200"`, n, n, n)
		return escaped + quoted(escaped)
	}
	s := newTarget(t, Options{})
	s.scrape(both(10))
	s.wants(s.scrape(both(20)), "GET /d: 10 0 0.05 0.095 0.2\n")
}
