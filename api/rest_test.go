package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func TestCanaryMetricsAnswersTheSnapshotUntilItChanges(t *testing.T) {
	s := newServer(t)
	wantError(t, s.get(t, "/api/metrics"), http.StatusServiceUnavailable, "no figures yet")

	s.api.Publish(snapshotAt(0), nil, nil)
	a := s.get(t, "/api/metrics")
	etag := a.header.Get("ETag")
	if a.status != 200 || etag == "" || a.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("got %d with %v", a.status, a.header)
	}
	want := `{"timestamp":1772366400000,"interval":5000,"endpoints":[` +
		`{"job":"shop","method":"POST","path":"/checkout","p50":20,"p95":90.5,"p99":250,"mean":32.5,"ranges":[[10,25],[50,100],[250,null]],"errorRate":1.5,"clientErrorRate":4,"throughput":42.5,"requests":200,"instances":2},` +
		`{"job":"shop","method":"GET","path":"/idle","p50":null,"p95":null,"p99":null,"mean":null,"errorRate":null,"clientErrorRate":null,"throughput":0,"requests":0,"instances":2,"noData":"no traffic"}],` +
		`"total":{"throughput":42.5,"errorRate":1.5},` +
		`"cdn":{"bandwidth":null,"cacheHitRatio":95,"storage":null},` +
		`"system":{"uptime":3600,"memory":1000000000,"cpu":25,"source":"node"},"targets":{"up":1,"unknown":0,"total":2,"warning":1}}`
	if diff := cmp.Diff(want, string(a.body)); diff != "" {
		t.Error(diff)
	}
	for _, header := range []string{etag, strings.TrimPrefix(etag, "W/"), `"x", ` + etag, "*"} {
		if a := s.get(t, "/api/metrics", "If-None-Match: "+header); a.status != 304 || len(a.body) != 0 {
			t.Errorf("If-None-Match %s: got %d %q", header, a.status, a.body)
		}
	}
	s.api.Publish(snapshotAt(1), nil, nil)
	if a := s.get(t, "/api/metrics", "If-None-Match: "+etag); a.status != 200 || a.header.Get("ETag") == etag {
		t.Errorf("after a new snapshot: %d, ETag %s", a.status, a.header.Get("ETag"))
	}
}

func TestMetricsAreGzippedForClientsThatAcceptIt(t *testing.T) {
	s := newServer(t)
	s.api.Publish(snapshotAt(0, make([]redpoll.EndpointMetrics, 50)...), nil, nil)
	if a := s.get(t, "/api/metrics", "Accept-Encoding: gzip"); a.header.Get("Content-Encoding") != "gzip" || len(a.body) > 1000 {
		t.Errorf("encoding %q, %d bytes", a.header.Get("Content-Encoding"), len(a.body))
	}
	if a := s.get(t, "/api/metrics", "Accept-Encoding: identity"); a.header.Get("Content-Encoding") != "" {
		t.Errorf("encoding %q", a.header.Get("Content-Encoding"))
	}
}

func TestEndpointsAreFilteredSortedAndPaged(t *testing.T) {
	endpoint := func(job, method, path string, p95 *redpoll.Estimate) redpoll.EndpointMetrics {
		return redpoll.EndpointMetrics{Key: redpoll.EndpointKey{Job: job, Method: method, Path: path}, P95: p95, Mean: ptr(float64(len(path)))}
	}
	s := newServer(t)
	s.api.Publish(snapshotAt(0,
		endpoint("blog", "GET", "/posts", redpoll.Exactly(0.3)),
		endpoint("shop", "GET", "/cart", nil),
		endpoint("shop", "POST", "/cart", redpoll.Exactly(0.1)),
		endpoint("shop", "GET", "/items/{id}", redpoll.Exactly(0.2)),
	), nil, nil)
	for query, want := range map[string]string{
		"":                                 "4: blog GET /posts, shop GET /cart, shop POST /cart, shop GET /items/{id}",
		"sort=job":                         "4: blog GET /posts, shop GET /cart, shop POST /cart, shop GET /items/{id}",
		"sort=p95":                         "4: shop POST /cart, shop GET /items/{id}, blog GET /posts, shop GET /cart",
		"sort=-p95":                        "4: blog GET /posts, shop GET /items/{id}, shop POST /cart, shop GET /cart",
		"sort=-mean":                       "4: shop GET /items/{id}, blog GET /posts, shop GET /cart, shop POST /cart",
		"sort=-path":                       "4: blog GET /posts, shop GET /items/{id}, shop GET /cart, shop POST /cart",
		"job=shop&method=get":              "2: shop GET /cart, shop GET /items/{id}",
		"path=/items/*":                    "1: shop GET /items/{id}",
		"q=post":                           "2: blog GET /posts, shop POST /cart",
		"q=nothing":                        "0: ",
		"limit=2":                          "4: blog GET /posts, shop GET /cart",
		"limit=2&offset=1":                 "4: shop GET /cart, shop POST /cart",
		"limit=3&page=2":                   "4: shop GET /items/{id}",
		"limit=3&page=9":                   "4: ",
		"method=":                          "0: ",
		"sort=errorRate&job=*o*&path=*a*t": "2: shop GET /cart, shop POST /cart",
	} {
		list := decode[wireEndpointList](t, s.get(t, "/api/endpoints?"+query))
		names := make([]string, len(list.Endpoints))
		for i, e := range list.Endpoints {
			names[i] = e.Job + " " + e.Method + " " + e.Path
		}
		if got := fmt.Sprintf("%d: %s", list.Total, strings.Join(names, ", ")); got != want {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
	}
}

func TestCanaryHistoryIsLaidOutOnEveryStep(t *testing.T) {
	s := newServer(t)
	latency := &redpoll.Histogram{Bounds: []float64{0.1, 0.2}, Counts: []uint64{50, 48, 2}, Sum: 10}
	s.history.history = redpoll.History{Points: []redpoll.HistoryPoint{
		{Time: noon.Add(10 * time.Second), Increase: redpoll.Increase{
			Elapsed: 10 * time.Second, Requests: 100, Errors: 1, ClientErrors: 7, ErrorsKnown: true, Latency: latency,
		}},
		{Time: noon.Add(time.Hour)}, // outside what was asked for
	}}
	a := s.get(t, "/api/history?job=shop&method=post&path=/checkout&start=2026-03-01T12:00:03Z&end=1772366430000&step=10s")
	want := `{"job":"shop","method":"POST","path":"/checkout","start":1772366403000,"end":1772366430000,"step":10000,` +
		`"timestamps":[1772366400000,1772366410000,1772366420000],` +
		`"p50":[null,100,null],"p95":[null,193.75,null],"p99":[null,200,null],"mean":[null,100,null],` +
		`"p50Lower":[null,0,null],"p50Upper":[null,100,null],"p95Lower":[null,100,null],"p95Upper":[null,200,null],` +
		`"p99Lower":[null,200,null],"p99Upper":[null,null,null],` +
		`"errorRate":[null,1,null],"clientErrorRate":[null,7,null],"throughput":[null,10,null],"requests":[null,100,null]}`
	if diff := cmp.Diff(want, string(a.body)); diff != "" {
		t.Error(diff)
	}
	wantQuery := redpoll.HistoryQuery{
		Key: checkout.Key, Start: noon.Add(3 * time.Second), End: noon.Add(30 * time.Second), Step: 10 * time.Second,
	}
	if got := s.history.ranged[0]; got.Key != wantQuery.Key || !got.Start.Equal(wantQuery.Start) || !got.End.Equal(wantQuery.End) || got.Step != wantQuery.Step {
		t.Errorf("asked for %+v, want %+v", got, wantQuery)
	}
}

func TestHistoryTellsTheLongerStepOfCoarserData(t *testing.T) {
	s := newServer(t)
	s.history.history = redpoll.History{Step: time.Minute}
	h := decode[wireHistory](t, s.get(t, "/api/history?job=a&path=/b&start=1772366400000&end=1772366700000&step=5s"))
	if h.Step != 60_000 || len(h.Timestamps) != 5 || len(h.P95) != 5 {
		t.Errorf("step %d, %d timestamps", h.Step, len(h.Timestamps))
	}
}

func TestHistoryDefaultsToHalfAnHourInAbout300Points(t *testing.T) {
	s := newServer(t)
	s.get(t, "/api/history?job=a&path=/b")
	q := s.history.ranged[0]
	if !q.End.Equal(noon) || q.End.Sub(q.Start) != 30*time.Minute || q.Step != 10*time.Second {
		t.Errorf("asked for %+v", q)
	}
}

func TestHistoryFaultIsA500WithItsReason(t *testing.T) {
	s := newServer(t)
	s.history.err = errors.New("disk on fire")
	wantError(t, s.get(t, "/api/history?job=a&path=/b"), http.StatusInternalServerError, "disk on fire")
}

func TestTrendHoldsTheNewest60Snapshots(t *testing.T) {
	s := newServer(t)
	for n := range 70 {
		e := checkout
		e.P95 = redpoll.Exactly(float64(n) + 0.12345)
		endpoints := []redpoll.EndpointMetrics{e}
		if n == 0 || n == 68 {
			endpoints = append(endpoints, idle)
		}
		s.api.Publish(snapshotAt(n, endpoints...), nil, nil)
	}
	var trend struct {
		Timestamps []int64
		Throughput []*float64
		ErrorRate  []*float64
		Endpoints  []struct {
			Path string
			P95  []*float64
		}
	}
	a := s.get(t, "/api/trend")
	if err := json.Unmarshal(a.body, &trend); err != nil {
		t.Fatal(err)
	}
	if len(trend.Timestamps) != 60 || trend.Timestamps[0] != snapshotAt(10).Time.UnixMilli() {
		t.Fatalf("timestamps: %v", trend.Timestamps)
	}
	if *trend.Throughput[59] != 42.5 || *trend.ErrorRate[59] != 1.5 {
		t.Errorf("overall: %v requests/s, %v %% errors", *trend.Throughput[59], *trend.ErrorRate[59])
	}
	if len(trend.Endpoints) != 2 {
		t.Fatalf("%d endpoints", len(trend.Endpoints))
	}
	first, second := trend.Endpoints[0], trend.Endpoints[1]
	if first.Path != "/checkout" || *first.P95[0] != 10_100 || *first.P95[59] != 69_100 {
		t.Errorf("%s: %v … %v", first.Path, *first.P95[0], *first.P95[59])
	}
	for i, v := range second.P95 {
		if v != nil {
			t.Errorf("%s has %v at %d, want null", second.Path, *v, i)
		}
	}
}

func TestFastTrendKeepsBaseUnits(t *testing.T) {
	trend := newTrend()
	trend.add(snapshotAt(0, checkout))
	if p95, errorRate := trend.endpoints[checkout.Key].p95[0], trend.errorRate[0]; p95 != 0.0905 || errorRate != 0.015 {
		t.Errorf("p95 is kept as %v, the error rate as %v", p95, errorRate)
	}
}

func TestTrendForgetsEndpointsThatHaveLeft(t *testing.T) {
	trend := newTrend()
	trend.add(snapshotAt(0, checkout, idle))
	for n := range trendLength {
		trend.add(snapshotAt(n+1, checkout))
	}
	if len(trend.endpoints) != 1 {
		t.Errorf("%d endpoints are remembered", len(trend.endpoints))
	}
}

func TestAlertsAreTheActiveOnesThenThePastByPages(t *testing.T) {
	s := newServer(t)
	s.rules.active = []redpoll.Alert{slowAlert}
	s.history.alerts = []redpoll.Alert{slowAlert, resolvedAlert(0), resolvedAlert(1), resolvedAlert(2)}
	ids := func(path string) (ids []string, next string) {
		list := decode[wireAlertList](t, s.get(t, path))
		for _, a := range list.Alerts {
			ids = append(ids, a.ID[len(a.ID)-1:]+" "+a.State)
		}
		return ids, list.Next
	}
	first, next := ids("/api/alerts?limit=2")
	second, end := ids("/api/alerts?limit=2&before=" + next)
	third, last := ids("/api/alerts?limit=2&before=" + end)
	if diff := cmp.Diff([][]string{{"9 firing", "8 resolved"}, {"7 resolved", "6 resolved"}, nil}, [][]string{first, second, third}); diff != "" {
		t.Error(diff)
	}
	if last != "" {
		t.Errorf("after the last page comes %q", last)
	}
	for query, want := range map[string][]string{
		"state=active":                            {"9 firing"},
		"state=firing":                            {"9 firing"},
		"state=pending":                           nil,
		"state=resolved":                          {"8 resolved", "7 resolved", "6 resolved"},
		"state=active&job=shop&path=/x":           nil,
		"state=active&job=shop&path=/checkout":    nil, // with no method
		"state=active&end=2026-03-01T00:00:00Z":   nil,
		"state=firing&start=2026-03-01T00:00:00Z": {"9 firing"},
	} {
		if got, _ := ids("/api/alerts?" + query); !cmp.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
}

func TestTargetsAndRulesAreInWireUnits(t *testing.T) {
	s := newServer(t)
	s.targets = []redpoll.TargetStatus{shopTarget, deadTarget}
	s.rules.rules = []redpoll.RuleStatus{slowRule, cacheRule}
	targets := decode[[]wireTarget](t, s.get(t, "/api/targets"))
	if len(targets) != 2 || *targets[0].LastDuration.v != 12.5 || targets[1].LastDuration.v != nil || targets[1].LastScrape != nil {
		t.Errorf("targets are %+v", targets)
	}
	if d := targets[0].Durations; len(d) != 2 || *d[0].v != 9.75 || *d[1].v != 12.5 {
		t.Errorf("durations are %+v", d)
	}
	rules := decode[[]wireRule](t, s.get(t, "/api/rules"))
	if len(rules) != 2 || *rules[0].Levels[0].Threshold.v != 500 || rules[0].Unit != "ms" || rules[0].For != 30_000 || *rules[1].Levels[0].Threshold.v != 90 {
		t.Errorf("rules are %+v", rules)
	}
}

func TestCanarySilenceIsStoredInForceAndDeleted(t *testing.T) {
	s := newServer(t)
	s.history.silences = []redpoll.Silence{{ID: "old", Matchers: []redpoll.Matcher{{Name: "job", Value: "x"}}, EndsAt: noon}}
	a := s.do(t, "POST", "/api/silences", `{"matchers":[{"name":"job","value":"sh*"}],"duration":"2h","createdBy":"ops","comment":"deploy"}`,
		"Content-Type: application/json")
	silence := decode[wireSilence](t, a)
	if a.status != 201 || *silence.EndsAt != noon.Add(2*time.Hour).UnixMilli() || silence.State != "active" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if len(s.rules.silences) != 1 || s.rules.silences[0].ID != silence.ID {
		t.Errorf("rules go by %+v, want the new silence and not the expired one", s.rules.silences)
	}
	if list := decode[[]wireSilence](t, s.get(t, "/api/silences")); len(list) != 2 || list[0].State != "expired" {
		t.Errorf("list is %+v", list)
	}
	if a := s.do(t, "DELETE", "/api/silences/"+silence.ID, ""); a.status != 204 || len(a.body) != 0 {
		t.Errorf("delete: %d %q", a.status, a.body)
	}
	if len(s.rules.silences) != 0 {
		t.Errorf("rules still go by %+v", s.rules.silences)
	}
	wantError(t, s.do(t, "DELETE", "/api/silences/"+silence.ID, ""), http.StatusNotFound, "no silence")
}

func TestBadSilencesAreRefused(t *testing.T) {
	s := newServer(t)
	body := func(change string) string {
		return strings.NewReplacer(strings.SplitN(change, " → ", 2)...).Replace(
			`{"matchers":[{"name":"job","value":"shop"}],"duration":"2h","createdBy":"ops","comment":"deploy"}`)
	}
	for change, says := range map[string]string{
		`"duration":"2h" → "duration":"soon"`:                      `"duration"`,
		`"duration":"2h" → "duration":"2h","endsAt":1872366400000`: `"duration"`,
		`"duration":"2h", → `:                                      `"endsAt"`,
		`"duration":"2h" → "endsAt":"2020-01-01T00:00:00Z"`:        `in the future`,
		`"duration":"2h" → "endsAt":"tomorrow"`:                    `RFC 3339`,
		`{"name":"job","value":"shop"} → `:                         `"matchers"`,
		`"name":"job" → "name":""`:                                 `matchers[0]`,
		`"ops" → ""`:                                               `"createdBy"`,
		`"deploy" → " "`:                                           `"comment"`,
		`"comment" → "reason"`:                                     `reason`,
		`deploy"} → deploy"}{}`:                                    `one JSON value`,
		`deploy → ` + strings.Repeat("x", 2000):                    `"comment"`,
		`{"matchers" → "matchers"`:                                 `cannot be understood`,
	} {
		a := s.do(t, "POST", "/api/silences", body(change), "Content-Type: application/json")
		wantError(t, a, http.StatusBadRequest, says)
	}
	wantError(t, s.do(t, "POST", "/api/silences", body(" → "), "Content-Type: text/plain"), http.StatusUnsupportedMediaType, "application/json")
	wantError(t, s.do(t, "POST", "/api/silences", body("deploy → "+strings.Repeat("x", maxBody)), "Content-Type: application/json"), http.StatusRequestEntityTooLarge, "65536")
	if len(s.history.silences) != 0 {
		t.Errorf("stored %+v", s.history.silences)
	}
}

func TestBadParametersAreNamedInA400(t *testing.T) {
	s := newServer(t)
	s.api.Publish(snapshotAt(0), nil, nil)
	for path, says := range map[string]string{
		"/api/metrics?verbose=1":                           `"verbose" is unknown: this path takes no parameters`,
		"/api/alerts?z=1&y=1&limit=1&limit=2":              `"limit" is given twice`, // the first by alphabet
		"/api/alerts?z=1&y=1":                              `"y" is unknown: this path knows state, limit, before`,
		"/api/metrics?%25s=1":                              `"%s" is unknown`,
		"/api/endpoints?sort=speed":                        `"sort"`,
		"/api/endpoints?sort=-":                            `"sort"`,
		"/api/endpoints?limit=0":                           `"limit"`,
		"/api/endpoints?limit=1&limit=2":                   `"limit" is given twice`,
		"/api/endpoints?limit=ten":                         `"limit"`,
		"/api/endpoints?offset=-1":                         `"offset"`,
		"/api/endpoints?page=0":                            `"page"`,
		"/api/endpoints?page=1&offset=1":                   `"page"`,
		"/api/endpoints?q=%zz":                             `query string`,
		"/api/endpoints?a;b":                               `query string`,
		"/api/history?path=/x":                             `"job" is required`,
		"/api/history?job=x":                               `"path" is required`,
		"/api/history?job=x&path=/x&start=yesterday":       `"start"`,
		"/api/history?job=x&path=/x&end=-5":                `"end"`,
		"/api/history?job=x&path=/x&end=99999999999999999": `"end"`,
		"/api/history?job=x&path=/x&start=5&end=5":         `"start" must be before end`,
		"/api/history?job=x&path=/x&step=0":                `"step"`,
		"/api/history?job=x&path=/x&step=10":               `"step"`,
		"/api/history?job=x&path=/x&step=fast":             `"step"`,
		"/api/trend?length=9":                              `"length"`,
		"/api/targets?job=x":                               `"job"`,
		"/api/alerts?state=red":                            `"state"`,
		"/api/alerts?before=me":                            `"before"`,
		"/api/alerts?limit=1001":                           `"limit"`,
		"/api/alerts?method=GET":                           `"job" is required`,
		"/api/rules?x":                                     `"x"`,
		"/api/silences?x":                                  `"x"`,
		"/api/config?x":                                    `"x"`,
	} {
		wantError(t, s.get(t, path), http.StatusBadRequest, says)
	}
	wantError(t, s.get(t, "/api/history?job=x&path=/x&start=0&step=1s"), http.StatusUnprocessableEntity, "give 2d or longer")
}

func TestHistoryCountsEveryStepThatTheTimeTouches(t *testing.T) {
	start := noon.Add(-maxPoints * time.Second)
	if err := checkStep(start, noon, time.Second); err != nil {
		t.Errorf("%d steps: %v", maxPoints, err)
	}
	for _, shift := range []time.Duration{time.Millisecond, 999 * time.Millisecond} {
		if checkStep(start.Add(shift), noon.Add(shift), time.Second) == nil {
			t.Errorf("shifted by %s, the same time touches one step more", shift)
		}
	}
}

func TestTheStepThatAnErrorNamesWouldDo(t *testing.T) {
	for _, span := range []time.Duration{time.Hour, 24 * time.Hour, 31 * 24 * time.Hour, 56 * 365 * 24 * time.Hour} {
		start := noon.Add(-span - time.Millisecond)
		if step := niceStep(noon.Sub(start), maxPoints-2); checkStep(start, noon, step) != nil {
			t.Errorf("%s at %s: %v", span, step, checkStep(start, noon, step))
		}
	}
}

func TestUnknownMethodsAndPathsAreAnsweredInJSON(t *testing.T) {
	s := newServer(t)
	for path, allow := range map[string]string{
		"/api/metrics": "GET, HEAD", "/api/silences": "GET, HEAD, POST", "/-/reload": "POST, PUT", "/metrics": "GET, HEAD", "/sse": "GET, HEAD",
	} {
		a := s.do(t, "PATCH", path, "")
		wantError(t, a, http.StatusMethodNotAllowed, allow)
		if got := a.header.Get("Allow"); got != allow {
			t.Errorf("%s: Allow is %q, want %q", path, got, allow)
		}
	}
	wantError(t, s.get(t, "/api/nothing"), http.StatusNotFound, "/api/openapi.yaml")
	wantError(t, s.get(t, "/-/nothing"), http.StatusNotFound, "/api/openapi.yaml")
	if a := s.get(t, "/alerts"); string(a.body) != "the dashboard" {
		t.Errorf("/alerts: %q", a.body)
	}
}

func TestCanaryRequestsFromForeignPagesChangeNothing(t *testing.T) {
	s := newServer(t, func(c *Config, _ *limits) { c.AllowedOrigins = []string{"https://status.example.com"} })
	for _, header := range []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: https://evil.example.com", "Origin: null"} {
		wantError(t, s.do(t, "POST", "/-/reload", "", header), http.StatusForbidden, "another origin")
		wantError(t, s.do(t, "POST", "/api/silences", "{}", header, "Content-Type: application/json"), http.StatusForbidden, "another origin")
	}
	for _, header := range []string{"Sec-Fetch-Site: same-origin", "Origin: " + s.URL, "Origin: https://status.example.com", "User-Agent: curl"} {
		if a := s.do(t, "POST", "/-/reload", "", header); a.status != 200 {
			t.Errorf("%s: %d %s", header, a.status, a.body)
		}
	}
}

func TestReloadFailureIsAnsweredAsItIs(t *testing.T) {
	s := newServer(t)
	s.reload = errors.New("the old configuration stays in force: redpoll.yaml:3: unknown key")
	a := s.do(t, "POST", "/-/reload", "")
	if e := decode[wireError](t, a); a.status != http.StatusBadRequest || e.Error != s.reload.Error() {
		t.Errorf("%d %q", a.status, e.Error)
	}
}

func TestHealthTellsWhatIsWrong(t *testing.T) {
	s := newServer(t)
	s.targets = []redpoll.TargetStatus{shopTarget, deadTarget, {Health: redpoll.HealthUnknown}}
	status := func(want int) wireHealth {
		t.Helper()
		a := s.get(t, "/health")
		if a.status != want {
			t.Errorf("got %d %s, want %d", a.status, a.body, want)
		}
		return decode[wireHealth](t, a)
	}
	if h := status(200); h.Status != "ok" || h.Version != "1.2.3" || h.Targets != (wireTargetCount{Up: 1, Unknown: 1, Total: 3, Warning: 1}) || h.History != "ok" {
		t.Errorf("healthy: %+v", h)
	}
	s.api.SetReady(false)
	if h := status(503); h.Status != "starting" {
		t.Errorf("starting: %+v", h)
	}
	wantError(t, s.get(t, "/-/ready"), 503, "starting")
	s.history.err = errors.New("disk on fire")
	if h := status(503); h.Status != "failing" || !strings.Contains(h.History, "disk on fire") {
		t.Errorf("failing: %+v", h)
	}
	if a := s.get(t, "/-/healthy"); a.status != 200 {
		t.Errorf("/-/healthy: %d", a.status)
	}
}

func TestMetricsExpositionCountsRequestsByRoute(t *testing.T) {
	s := newServer(t)
	s.get(t, "/api/v1/secret/"+strings.Repeat("x", 100))
	s.do(t, "DELETE", "/api/silences/abc", "")
	s.do(t, "BREW", "/api/targets", "")
	s.get(t, "/some/page")
	text := string(s.get(t, "/metrics").body)
	for _, labels := range []string{
		`{code="404",method="GET",route="/api/v1/"}`, `{code="404",method="DELETE",route="/api/silences/{id}"}`,
		`{code="405",method="other",route="/api/targets"}`, `{code="200",method="GET",route="/"}`,
	} {
		if !strings.Contains(text, "redpoll_http_request_duration_seconds_count"+labels+" 1\n") {
			t.Errorf("no %s in\n%s", labels, text)
		}
	}
	if strings.Contains(text, "secret") || !strings.Contains(text, `redpoll_stream_clients{transport="websocket"} 0`) {
		t.Error(text)
	}
}

func TestHostileTextStaysInsideJSON(t *testing.T) {
	s := newServer(t)
	hostile := "</script><script>alert(1)</script>\u2028\u2029\x00\x1b[31m\r\n\r\ndata: {}\xff\xfe\"\\"
	e := checkout
	e.Key = redpoll.EndpointKey{Job: hostile, Method: hostile, Path: hostile}
	target := shopTarget
	target.Job, target.Error, target.Labels = hostile, hostile, map[string]string{hostile: hostile}
	alert := slowAlert.Clone()
	alert.Labels, alert.Endpoint = map[string]string{hostile: hostile}, e.Key
	s.targets, s.rules.active = []redpoll.TargetStatus{target}, []redpoll.Alert{alert}
	s.api.Publish(snapshotAt(0, e), []redpoll.Alert{alert}, []redpoll.Alert{alert})
	for _, path := range []string{
		"/api/metrics", "/api/endpoints", "/api/trend", "/api/targets", "/api/alerts",
		"/api/v1/targets", "/api/v1/alerts", "/api/endpoints?sort=%3C/script%3E%00%FF", "/api/%3Cscript%3E",
	} {
		a := s.get(t, path)
		if !json.Valid(a.body) || !utf8.Valid(a.body) || strings.ContainsAny(string(a.body), "<>\u2028\u2029\x00\x1b\r\n") {
			t.Errorf("%s: %q", path, a.body)
		}
		if a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s may be sniffed", path)
		}
	}
	events := s.events(t)
	events.block()
	events.expect("snapshot", 1)
}
