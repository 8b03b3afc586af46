package browsertest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestScreenshots takes pictures of every page into the directory that
// REDPOLL_SHOTS names. A picture is looked at by people, so without the
// variable there is nothing to test.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("REDPOLL_SHOTS")
	if dir == "" {
		t.Skip("REDPOLL_SHOTS names no directory for the pictures")
	}
	for _, shot := range []struct {
		name, scheme, path string
		width, height      int64
		ready              string
		before             func(*server, *tab)
	}{
		{"1-overview-light", "light", "/", 1440, 900, ".table-rows .row", nil},
		{"2-detail-dark", "dark", "/?range=30m&ep=payments|PUT|/api/v1/carts/{id}", 1440, 900, ".plot canvas", nil},
		{"3-mobile-dark", "dark", "/?range=30m&ep=payments|PUT|/api/v1/carts/{id}", 390, 844, ".plot canvas", nil},
		{"4-mobile-light", "light", "/", 390, 844, ".table-rows .row", nil},
		{"5-alerts-light", "light", "/alerts", 1440, 900, ".alert.quiet", nil},
		{"6-targets-dark", "dark", "/targets", 1440, 900, ".row.crit", nil},
		{"g-target-light", "light", "/targets?target=gateway-10.0.4.3:8080", 1440, 900, ".labels", nil},
		{"h-target-dark", "dark", "/targets?tst=warn&target=search-10.0.4.6:8080", 1440, 900, ".labels", nil},
		{"i-target-advice-light", "light", "/targets?target=payments-10.0.4.9:8080", 1440, 900, ".advice", nil},
		{"j-dropped-light", "light", "/targets?dropped=gateway", 1440, 900, ".dropped-targets", func(_ *server, p *tab) { p.click(".dropped-targets summary") }},
		{"k-exposition-light", "light", "/targets?exposition=1&target=gateway-10.0.4.3:8080", 1440, 900, ".exposition pre", nil},
		{"l-exposition-dark", "dark", "/targets?exposition=1&target=gateway-10.0.4.3:8080", 1440, 900, ".exposition pre", func(_ *server, p *tab) {
			p.do(chromedp.Focus(chromedp.CSS(".exposition input")), chromedp.KeyEvent(`ITEMS/77`))
			p.shows(".exposition", "22 of 2,402 lines")
		}},
		{"m-mobile-exposition", "light", "/targets?exposition=1&target=gateway-10.0.4.3:8080", 390, 844, ".exposition pre", nil},
		{"n-mobile-target", "dark", "/targets?target=gateway-10.0.4.3:8080", 390, 844, ".labels", nil},
		{"o-tablet-targets", "light", "/targets", 1024, 768, ".row.crit", nil},
		{"7-disconnected-light", "light", "/", 1440, 900, ".table-rows .row", func(s *server, p *tab) {
			p.tolerateErrors("WebSocket")
			s.refuse(true)
			s.drop()
			p.visible(".banner")
		}},
		{"8-detail-light", "light", "/?ep=payments|PUT|/api/v1/carts/{id}", 1440, 900, ".plot canvas", nil},
		{"f-alerts-advice-dark", "dark", "/alerts", 1440, 900, ".rule-advice", func(_ *server, p *tab) { p.click(".rule-advice summary") }},
		{"9-mobile-alerts", "dark", "/alerts", 390, 844, ".alert.quiet", nil},
		{"a-mobile-targets", "light", "/targets", 390, 844, ".row.crit", nil},
		{"c-instances-dark", "dark", "/?range=30m&instances=1&ep=payments|PUT|/api/v1/carts/{id}", 1440, 900, ".instances .bar", nil},
		{"d-mobile-instances", "light", "/?range=30m&instances=1&ep=payments|PUT|/api/v1/carts/{id}", 390, 844, ".instances .bar", nil},
		{"e-wide", "light", "/", 1720, 900, ".table-rows .row", nil},
		{"b-tablet", "light", "/", 1024, 768, ".table-rows .row", nil},
	} {
		t.Run(shot.name, func(t *testing.T) {
			s := serve(t, incidentAt(time.Now()))
			p := newTab(t)
			p.size(shot.width, shot.height)
			p.scheme(shot.scheme)
			p.navigate(s.URL + shot.path)
			p.visible(shot.ready)
			p.until(`[...document.querySelectorAll(".row.ok .sparkline path")].every(path => path.getAttribute("d").length > 99)`)
			if shot.before != nil {
				shot.before(s, p)
			}
			p.until(`document.fonts.status === "loaded"`)
			picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, shot.name+".png"), picture, 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

var (
	noHistogram = object{
		"text": "No histogram of request durations was found. Instrument the HTTP server, or map its metrics under endpoints in this job.",
		"yaml": "",
	}
	noStatus = object{
		"text": "http_request_duration_seconds has no label with the status, so error rates are unknown. If another label says whether a request failed, name it:",
		"yaml": "scrape_configs:\n  - job_name: payments\n    endpoints:\n      - family: http_request_duration_seconds\n        status: outcome",
	}
	noBucket = object{
		"text": "No bucket of http_request_duration_seconds ends at the threshold of 250 ms; the nearest are 100 ms and 500 ms. Add 0.25 to the application's buckets:",
		"yaml": "buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]",
	}
)

const overLimit = "sample_limit: 4,240 samples are more than 4,000; the last 240 were left out, from http_server_active_requests on. Raise the limit in the job, or set on_limit: fail to refuse such a scrape."

var (
	discoveredLabels = object{
		"job": "gateway", "env": "prod-eu", "tmp": "1", "__address__": "10.0.4.3:9115", "__scheme__": "http", "__metrics_path__": "/probe",
		"__meta_filepath": "/etc/redpoll/targets/gateway.yml", "__param_module": "http_2xx",
	}
	relabelledLabels = object{"job": "gateway", "env": "prod", "instance": "example.com", "zone": "eu-west-1b"}
)

// exposed is an exposition of n paths, two lines each after the head.
func exposed(n int) string {
	var b strings.Builder
	b.WriteString("# HELP http_requests_total Requests by path and status.\n# TYPE http_requests_total counter\n")
	for i := range n {
		fmt.Fprintf(&b, "http_requests_total{path=\"/items/%d\",code=\"200\"} %d\n", i, 17*i)
		fmt.Fprintf(&b, "http_requests_total{path=\"/items/%d\",code=\"500\"} %d\n", i, i%7)
	}
	return b.String()
}

// incidentAt is a thousand endpoints, one of which is in trouble for the
// second time, and a few that give cause for concern.
func incidentAt(now time.Time) script {
	s := script{now: now, interval: 5 * time.Second, endpoints: fleet(1000)}
	bad := &s.endpoints[0]
	*bad = endpoint{job: "payments", method: "PUT", path: "/api/v1/carts/{id}", p95: 92, errors: 0.3, clientErrors: 7.5, throughput: 12.4, incidents: []incident{
		{from: now.Add(-28 * time.Minute), to: now.Add(-24 * time.Minute), slower: 4},
		{from: now.Add(-9 * time.Minute), slower: 9.5, errors: 6},
	}}
	s.instances = 4
	s.marks = []object{
		mark(now.Add(-20*time.Minute), "payments", "10.0.4.3:8080", "restart", ""),
		mark(now.Add(-10*time.Minute), "payments", "10.0.4.1:8080", "deploy", "1.4.1 → 1.4.2"),
		mark(now.Add(-10*time.Minute), "payments", "10.0.4.2:8080", "deploy", "1.4.1 → 1.4.2"),
	}
	s.endpoints[2].p95, s.endpoints[2].clientErrors = 14_000, 22
	since := now.Add(-9 * time.Minute)
	s.alerts = []object{
		alert("a1", bad, "p95", "critical", 880, 500, since),
		alert("a2", bad, "error_rate", "critical", 6.4, 5, since),
	}
	for i, age := range []time.Duration{10, 15, 25, 140, 200, 400} {
		e := &s.endpoints[20+7*i]
		e.p95, e.throughput = 262+float64(40*i), 1.5+float64(i)
		s.alerts = append(s.alerts, alert("w"+e.path, e, "p95", "warning", e.p95, 250, now.Add(-age*time.Second)))
	}
	for i := range 5 {
		s.endpoints[100+i*3].noData = "no traffic"
	}
	pending := with(alert("p1", &s.endpoints[27], "latency_spike", "critical", 64, 50, now.Add(-20*time.Second)), object{"state": "pending", "firedAt": nil})
	unknown := with(alert("u1", &s.endpoints[100], "error_rate", "warning", 1.4, 1, now.Add(-700*time.Second)), object{"state": "unknown", "noData": "no traffic"})
	s.alerts = append(s.alerts, pending, unknown)
	s.past = []object{
		with(alert("r1", bad, "p95", "warning", 371, 250, now.Add(-28*time.Minute)), object{"state": "resolved", "resolvedAt": now.Add(-24 * time.Minute).UnixMilli()}),
		with(alert("r2", &s.endpoints[3], "error_rate", "critical", 7.2, 5, now.Add(-26*time.Hour)), object{"state": "resolved", "resolvedAt": now.Add(-25 * time.Hour).UnixMilli()}),
	}
	for i := range 23 {
		s.targets = append(s.targets, target(jobs[i%len(jobs)], "10.0.4."+string(rune('1'+i%9))+":8080", "up", "", now.Add(-time.Duration(i%5)*time.Second)))
	}
	s.targets[4]["skipped"], s.targets[4]["skippedReason"] = 3, `queue_depth{queue="mail"}: NaN is not a number of requests`
	s.targets[7]["recognised"] = []object{}
	s.targets[7]["advice"] = []object{noHistogram}
	s.targets[8]["advice"] = []object{noStatus}
	s.targets[16]["advice"] = []object{noStatus}
	s.targets[9]["recognised"] = []object{
		recognised("spring_boot", "http_server_requests_seconds", "summary", false, "quantiles are each instance's own and cannot be merged"),
		recognised("", "shop_request_latency", "histogram", true, "path is taken from the label handler"),
	}
	s.targets[9]["ignored"] = []object{
		{"family": "http_requests_total", "reason": "counts the requests that http_server_requests_seconds counts as well"},
		{"family": "jetty_server_requests", "reason": "has neither path nor status"},
	}
	s.targets[9]["started"], s.targets[9]["restarts"] = now.Add(-20*time.Minute).UnixMilli(), 2
	s.targets[5]["warnings"] = []string{overLimit, "label_limit: 3 series have more than 20 labels and were left out, http_requests_total among them. Raise the limit or drop labels with metric_relabel_configs."}
	s.targets[13]["warnings"] = []string{overLimit}
	s.targets[2]["labels"], s.targets[2]["discovered"] = relabelledLabels, discoveredLabels
	s.targets[2]["url"] = "http://10.0.4.3:9115/probe?module=http_2xx&target=https%3A%2F%2Fexample.com"
	s.dropped = []object{
		{"pool": "gateway", "reason": "dropped by relabel_configs", "discovered": with(discoveredLabels, object{"__address__": "10.0.9.1:8080", "env": "test"})},
		{"pool": "gateway", "reason": "dropped by relabel_configs", "discovered": with(discoveredLabels, object{"__address__": "10.0.9.2:8080", "env": "test"})},
	}
	s.droppedCount = map[string]int{"gateway": 14, "catalog": 0}
	s.exposition = exposed(1200)
	s.rules = []object{rule("slow", noBucket), rule("very-slow", noBucket), rule("errors")}
	s.targets = append(s.targets, target("search", "10.0.4.23:8080", "down", "connection refused: nothing listens at 10.0.4.23:8080. Is the application running, and is the port right?", now.Add(-3*time.Second)))
	return s
}
