package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
)

// check runs redpoll in this process and gives what it prints.
func check(args ...string) (code int, stdout, stderr string) {
	return checkAfter("1s", args...)
}

func checkAfter(wait string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = mainCode(append([]string{"check", "target", "--wait=" + wait}, args...), streams{out: &out, err: &errs})
	return code, out.String(), errs.String()
}

func TestCanaryCheckTargetPrintsWhatTheTargetIsUnderstoodAs(t *testing.T) {
	t.Parallel()
	target := httptest.NewServer(newScriptedTarget(usual))
	defer target.Close()
	code, report, errs := check(target.URL + "/metrics")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	// 100 requests in about a second, 10 of them 500.
	for _, want := range []string{"http_request_duration_seconds", "1 endpoint", "POST", "/checkout", "10.0 %", "200 ms", "875 ms", "975 ms"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q:\n%s", want, report)
		}
	}
}

func TestCheckTargetSaysHowMuchOfTheBodyIsUsed(t *testing.T) {
	t.Parallel()
	// 35 bytes of comment and 41 of the series with the space behind it; 25 and 25.
	code, report, errs := check(serveText(t, `# TYPE http_requests_total counter
http_requests_total{path="/",code="200"} 7
# TYPE temperature gauge
temperature{room="hall"} 21
`))
	const want = "Used: 1 series, 1 sample, 76 bytes without the values. Ignored: 1 series, 1 sample, 50 bytes without the values.\n"
	if code != 0 || !strings.Contains(report, want) {
		t.Errorf("exit code %d: %s%s\nwant %s", code, report, errs, want)
	}
}

// Spring Boot by default has a count and a sum of durations, and no buckets.
func TestCheckTargetPrintsTheMeanWhereThereAreNoQuantiles(t *testing.T) {
	t.Parallel()
	var scrapes atomic.Int64
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := scrapes.Add(1)
		fmt.Fprintf(w, `# TYPE http_server_requests_seconds summary
http_server_requests_seconds_count{method="GET",status="200",uri="/orders"} %d
http_server_requests_seconds_sum{method="GET",status="200",uri="/orders"} %d
`, 100*n, 12*n)
	}))
	defer target.Close()
	code, report, errs := check(target.URL)
	if code != 0 || !regexp.MustCompile(`P99 +MEAN\s+GET +/orders .* - +- +- +120 ms`).MatchString(report) {
		t.Errorf("exit code %d: %s%s", code, report, errs)
	}
}

func TestCheckTargetTakesTheSettingsOfTheJobThatListsIt(t *testing.T) {
	t.Parallel()
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "prom" || password != "s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte("# TYPE jobs_total counter\njobs_total{queue=\"mail\"} 7\n"))
	}))
	defer target.Close()
	address := strings.TrimPrefix(target.URL, "http://")
	file := writeConfig(t, t.TempDir(), `
scrape_configs:
  - job_name: worker
    basic_auth: {username: prom, password: s3cret}
    endpoints: {family: jobs_total, kind: requests, path: queue}
    static_configs: [{targets: ["`+address+`"]}]
`)
	if code, report, errs := check("--config.file="+file, address); code != 0 || !strings.Contains(report, "mail") {
		t.Errorf("exit code %d: %s%s", code, report, errs)
	}
	if code, _, errs := check(address); code != 1 || !strings.Contains(errs, "401") {
		t.Errorf("without the file: exit code %d: %s", code, errs)
	}
	if code, _, errs := check("--config.file="+file, "--job=shop", address); code != 2 || !strings.Contains(errs, `no job "shop"`) {
		t.Errorf("of another job: exit code %d: %s", code, errs)
	}
}

func TestCheckTargetFailsWhereNothingIsFoundAndSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	const metricsPage = "# TYPE promhttp_metric_handler_requests_total counter\npromhttp_metric_handler_requests_total{code=\"200\"} 7\n"
	for _, body := range []string{"# TYPE temperature gauge\ntemperature 21\n", metricsPage} {
		code, report, errs := check(serveText(t, body))
		if code != 1 || !strings.Contains(errs, "no endpoint was found") || !strings.Contains(report, "What would tell more") {
			t.Errorf("exit code %d: %s%s", code, report, errs)
		}
	}
	machine := metricsPage + "# TYPE node_boot_time_seconds gauge\nnode_boot_time_seconds 1.7e9\n"
	if code, report, errs := check(serveText(t, machine)); code != 0 || strings.Contains(report, "What would tell more") {
		t.Errorf("a machine: exit code %d: %s%s", code, report, errs)
	}
}

// serveText starts a target that always answers the same, and gives its URL.
func serveText(t *testing.T, body string) string {
	t.Helper()
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(target.Close)
	return target.URL
}

func TestCheckTargetRefusesWhatIsNoTarget(t *testing.T) {
	t.Parallel()
	f := func(want string, args ...string) {
		t.Helper()
		if code, _, errs := check(args...); code != 2 || !strings.Contains(errs, want) {
			t.Errorf("%v: exit code %d: %s", args, code, errs)
		}
	}
	f("is no URL such as", "shop")
	f("is no URL such as", "ftp://127.0.0.1/metrics")
	f("basic_auth", "http://prom:s3cret@127.0.0.1:1/metrics")
	f("--config.file", "--job=shop", "http://127.0.0.1:1/metrics")
	if code, _, errs := checkAfter("2ms", "http://127.0.0.1:1/metrics"); code != 2 || !strings.Contains(errs, "too short") {
		t.Errorf("exit code %d: %s", code, errs)
	}
}

func TestCheckTargetPrintsNothingThatDrivesATerminal(t *testing.T) {
	t.Parallel()
	code, report, errs := check(serveText(t, "# TYPE http_requests_total counter\nhttp_requests_total{path=\"/\x1b[2J\u202e\u0007\",code=\"200\"} 7\n"))
	if code != 0 || strings.ContainsAny(report, "\x1b\a\u202e") || !strings.Contains(report, "/\ufffd[2J") {
		t.Errorf("exit code %d: %q%s", code, report, errs)
	}
}
