package red

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redpoll/redpoll/scrape/exposition"
)

func TestFastMappingThatFindsNothingIsToldWhy(t *testing.T) {
	f := func(c Convention, want string) {
		t.Helper()
		d := newTarget(t, Options{Conventions: []Convention{c}}).scrape(latency(1, 1, 1) + requests(200, 1, 500, 1) + "# TYPE http_open gauge\nhttp_open{path=\"/a\"} 1\n")
		if len(d.Advice) != 1 || d.Advice[0].Text != want {
			t.Errorf("advice %+v, want\n%s", d.Advice, want)
		}
	}
	path := LabelNames{"path"}
	f(Convention{Family: "x_seconds", Path: path}, "no endpoints found: x_seconds is not exposed")
	f(Convention{Family: "http_request_duration_secs", Path: path}, "no endpoints found: http_request_duration_secs is not exposed; is http_request_duration_seconds meant?")
	f(Convention{Family: "http_request_duration_seconds", Kind: Requests, Path: path},
		"no endpoints found: http_request_duration_seconds is there, but it is a histogram, which kind: requests does not read; write kind: latency")
	f(Convention{Family: "http_requests_total", Path: path},
		"no endpoints found: http_requests_total is there, but it is a counter, which kind: latency does not read; write kind: requests")
	f(Convention{Family: "http_open", Kind: Requests, Path: path}, "no endpoints found: http_open is there, but it is a gauge, which counts no requests")
	f(Convention{Family: "http_requests_total", Kind: Requests, Path: LabelNames{"rout", "{host}{path}"}},
		"no endpoints found: http_requests_total is there, but no series of it has a label that path names (rout, {host}{path}); its labels are code, path")
	f(Convention{Family: "http_requests_total", Kind: Requests, Path: path, Where: map[string]string{"code": "2xx"}},
		`no endpoints found: http_requests_total is there, but no series of it has the value "2xx" of the label code, which where asks for; there it has "200", "500"`)
	f(Convention{Family: "http_requests_total", Kind: Requests, Path: path, Where: map[string]string{"side": "server"}},
		`no endpoints found: http_requests_total is there, but no series of it has the value "server" of the label side, which where asks for; its labels are code, path`)
	f(Convention{Family: "http_requests_total", Kind: Requests, Path: path, Labels: []string{"code", "shard"}},
		"no endpoints found: http_requests_total is there, but no series of it has the label shard, which labels asks for; its labels are code, path")
}

func TestFastEachOfSeveralMappingsThatFindNothingIsTold(t *testing.T) {
	var own []Convention
	for i := range 5 {
		own = append(own, Convention{Family: fmt.Sprintf("own_%d", i), Path: LabelNames{"path"}})
	}
	d := newTarget(t, Options{Conventions: own}).scrape("up 1\n")
	const want = "no endpoints found: own_0 is not exposed; own_1 is not exposed; own_2 is not exposed; nor does anything fit the other 2 of the job's endpoints"
	if len(d.Advice) != 1 || d.Advice[0].Text != want {
		t.Errorf("advice %+v, want\n%s", d.Advice, want)
	}
}

// Where another mapping serves, one that finds nothing is told beside its
// family.
func TestFastFamilyThatItsMappingDoesNotFitIsIgnoredForThatReason(t *testing.T) {
	d := newTarget(t, Options{Conventions: []Convention{
		{Family: "http_request_duration_seconds", Path: LabelNames{"path"}},
		{Family: "jobs_total", Path: LabelNames{"path"}},
	}}).scrape(latency(1, 1, 1) + "# TYPE jobs_total counter\njobs_total{path=\"/a\"} 1\n")
	if len(d.Ignored) != 1 || d.Ignored[0].Family != "jobs_total" || !strings.Contains(d.Ignored[0].Reason, "write kind: requests") {
		t.Errorf("ignored %+v", d.Ignored)
	}
}

func TestFastErrorsFromThatGivesNoneIsToldWhy(t *testing.T) {
	f := func(e ErrorsFrom, want string) {
		t.Helper()
		own := Convention{Family: "http_request_duration_seconds", Path: LabelNames{"path"}, ErrorsFrom: &e}
		d := newTarget(t, Options{Conventions: []Convention{own}}).scrape(timed(1) + requests(200, 1) + "# TYPE http_open gauge\nhttp_open{path=\"/a\"} 1\n")
		if len(d.Advice) != 1 || d.Advice[0].Text != "error rates are unknown: errors_from: "+want {
			t.Errorf("advice %+v, want\n%s", d.Advice, want)
		}
	}
	code := LabelNames{"code"}
	f(ErrorsFrom{Family: "http_request_total", Status: code}, "http_request_total is not exposed; is http_requests_total meant?")
	f(ErrorsFrom{Family: "errors_total", Status: code}, "errors_total is not exposed")
	f(ErrorsFrom{Family: "http_open", Status: code}, "http_open is there, but it is a gauge, not a counter")
	f(ErrorsFrom{Family: "http_requests_total", Status: LabelNames{"stat"}},
		"http_requests_total is there, but no series of it has a label that status names (stat); its labels are code, path")
	f(ErrorsFrom{Family: "http_requests_total", Status: code, Path: LabelNames{"rout"}},
		"http_requests_total is there, but no series of it has a label that path names (rout); its labels are code, path")
	f(ErrorsFrom{Family: "http_requests_total", Status: code, Path: LabelNames{"code"}},
		"http_requests_total is there, but its paths and methods are not those of http_request_duration_seconds")
}

func TestFastWhatATargetOffersInsteadIsBounded(t *testing.T) {
	body := "# TYPE f_total counter\n"
	for i := range 300 {
		body += fmt.Sprintf("f_total{side=\"%s%d\",%s%d=\"x\"} 1\n", strings.Repeat("s", 500), i, strings.Repeat("l", 500), i)
	}
	for _, c := range []Convention{
		{Family: "f_total", Kind: Requests, Path: LabelNames{"p"}},
		{Family: "f_total", Kind: Requests, Path: LabelNames{"p"}, Where: map[string]string{"side": "server"}},
		{Family: strings.Repeat("g", 5000), Path: LabelNames{strings.Repeat("p", 5000)}},
	} {
		if d := newTarget(t, Options{Conventions: []Convention{c}}).scrape(body); len(d.Advice) != 1 || len(d.Advice[0].Text) > 1200 {
			t.Errorf("advice %+v", d.Advice)
		}
	}
}

func TestFastNearestNameIsTheOneThatDiffersLeast(t *testing.T) {
	listed := []exposition.Family{{Name: "abcdef"}, {Name: "abcdeg"}, {Name: strings.Repeat("x", 1000)}}
	if near := nearest("abcdex", listed); near != "abcdef" {
		t.Errorf("nearest is %q", near)
	}
	if near := nearest("uvwxyz", listed); near != "" {
		t.Errorf("nearest is %q", near)
	}
}
