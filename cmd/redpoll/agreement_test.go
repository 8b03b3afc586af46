package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// What the API answers about one target, as far as it is the same for every
// server that scrapes it. The times are for the test to judge.
type activeTarget struct {
	DiscoveredLabels, Labels                         map[string]string
	ScrapePool, ScrapeURL, GlobalURL                 string
	Health, ScrapeInterval, ScrapeTimeout, LastError string
	LastScrape                                       time.Time
	LastScrapeDuration                               *float64
}

// agreementConfig is read by Prometheus and by redpoll. Of its targets, %[1]s
// answers and %[2]s does not.
const agreementConfig = `
global: {scrape_interval: 1s, scrape_timeout: 500ms}
scrape_configs:
  - job_name: shop
    metrics_path: /shop
    params: {module: [http_2xx], target: ["a&b", c]}
    static_configs:
      - {targets: [%[1]q, "10.255.0.1:9"], labels: {env: prod, shard: "7", owner: "Zoë <z@example.com>"}}
    relabel_configs:
      - {source_labels: [__address__], regex: "10[.].*", action: drop}
      - {source_labels: [shard], target_label: group, replacement: group-$1}
      - {regex: shard, action: labeldrop}
  - job_name: down
    scrape_interval: 2s
    static_configs: [{targets: [%[2]q]}]
    relabel_configs: [{target_label: instance, replacement: the-one-that-is-down}]
`

const agreementExposition = `# HELP requests_total Requests \\ answered.\nIn all.
# TYPE requests_total counter
requests_total{code="200"} 7
# HELP seconds Time.
# TYPE seconds histogram
seconds_bucket{le="1"} 1
seconds_bucket{le="+Inf"} 2
seconds_sum 3
seconds_count 2
# TYPE temperature gauge
temperature 21.5
# HELP quantiles A summary.
# TYPE quantiles summary
quantiles{quantile="0.5"} 1
quantiles_sum 1
quantiles_count 1
# TYPE something untyped
something 1
`

// sameConfiguration starts Prometheus and redpoll with one configuration, gives
// the addresses of their APIs, Prometheus first, and waits until both have
// scraped every target.
func sameConfiguration(t *testing.T) [2]string {
	t.Helper()
	prometheus := exporter(t, "prometheus")
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, agreementExposition)
	}))
	t.Cleanup(shop.Close)
	dir, address := t.TempDir(), freeAddress(t)
	file := filepath.Join(dir, "prometheus.yml")
	config := fmt.Sprintf(agreementConfig, strings.TrimPrefix(shop.URL, "http://"), freeAddress(t))
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	runExporter(t, prometheus, "--config.file="+file, "--storage.tsdb.path="+t.TempDir(), "--web.listen-address="+address)
	p := startRedpoll(t, dir, "--config.file=prometheus.yml", "--web.listen-address=127.0.0.1:0")
	apis := [2]string{"http://" + address + "/api/v1/", p.url + "/api/v1/"}
	for _, api := range apis {
		untilScraped(t, api)
	}
	return apis
}

// untilScraped waits until the server knows the health of both targets. A
// server that does not answer yet has none.
func untilScraped(t *testing.T, api string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		_, body, err := fetchAnswer(api + "targets")
		if err == nil && strings.Contains(body, `"health":"up"`) && strings.Contains(body, `"health":"down"`) {
			return
		}
	}
	t.Fatalf("%s has not scraped all targets in %s", api, patience)
}

func fetchAnswer(url string) (status int, body string, err error) {
	response, err := http.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	return response.StatusCode, string(b), err
}

// ask decodes the data of an answer into a D, and refuses fields that D does
// not have.
func ask[D any](t *testing.T, url string) D {
	t.Helper()
	status, body, err := fetchAnswer(url)
	if err != nil || status != http.StatusOK {
		t.Fatalf("%s: %d %s %v", url, status, body, err)
	}
	var answer struct {
		Status string
		Data   D
	}
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&answer); err != nil || answer.Status != "success" {
		t.Fatalf("%s: %q %v: %s", url, answer.Status, err, body)
	}
	return answer.Data
}

// targetList is the data of /api/v1/targets. Older versions of Prometheus have
// neither the counts nor the pools of dropped targets.
type targetList struct {
	ActiveTargets  []activeTarget
	DroppedTargets []struct {
		DiscoveredLabels map[string]string
		ScrapePool       string
	}
	DroppedTargetCounts map[string]int
}

// comparable checks what differs between two servers and takes it out.
func (l *targetList) comparable(t *testing.T, now time.Time) {
	t.Helper()
	slices.SortFunc(l.ActiveTargets, func(a, b activeTarget) int { return cmp.Compare(a.ScrapePool, b.ScrapePool) })
	for i := range l.ActiveTargets {
		target := &l.ActiveTargets[i]
		if age := now.Sub(target.LastScrape); age < -time.Second || age > patience {
			t.Errorf("%s was scraped at %s", target.ScrapePool, target.LastScrape)
		}
		if d := target.LastScrapeDuration; d == nil || *d <= 0 || *d > 1 {
			t.Errorf("the scrape of %s took %v seconds", target.ScrapePool, d)
		}
		if (target.LastError == "") != (target.Health == "up") {
			t.Errorf("%s is %s with the error %q", target.ScrapePool, target.Health, target.LastError)
		}
		target.LastScrape, target.LastScrapeDuration, target.LastError = time.Time{}, nil, ""
	}
	for i := range l.DroppedTargets {
		l.DroppedTargets[i].ScrapePool = ""
	}
	l.DroppedTargetCounts = nil
}

// metadata is an entry of /api/v1/metadata, and, with Target, one of
// /api/v1/targets/metadata.
type metadata struct {
	Target                   map[string]string
	Metric, Type, Help, Unit string
}

// Both answer the same about the same configuration and targets: what tools
// have learnt to read of Prometheus, they read of redpoll.
func TestCanaryRedpollAnswersAsPrometheusDoes(t *testing.T) {
	apis := sameConfiguration(t)
	for _, query := range []string{"", "?state=active", "?state=dropped", "?state=any&scrapePool=shop", "?state=ACTIVE", "?state=x", "?scrapePool=x"} {
		var lists [2]targetList
		for i, api := range apis {
			lists[i] = ask[targetList](t, api+"targets"+query)
			lists[i].comparable(t, time.Now())
		}
		if diff := gocmp.Diff(lists[0], lists[1]); diff != "" {
			t.Errorf("targets%s: Prometheus (-), redpoll (+):\n%s", query, diff)
		}
	}
	for _, match := range []string{"", `{group="group-7"}`, `{group=~"group.+",env!="test"}`, `{owner=~".*<z@.*"}`, `{}`, `{job="x"}`, `up`} {
		for _, metric := range []string{"", "seconds", "requests_total", "seconds_bucket", "none"} {
			query := "targets/metadata?" + url.Values{"match_target": {match}, "metric": {metric}}.Encode()
			if diff := gocmp.Diff(askMetadata(t, apis[0]+query), askMetadata(t, apis[1]+query)); diff != "" {
				t.Errorf("%s: Prometheus (-), redpoll (+):\n%s", query, diff)
			}
		}
	}
	for _, query := range []string{"", "?metric=seconds", "?metric=none", "?limit=0", "?limit=-1"} {
		want, got := ask[map[string][]metadata](t, apis[0]+"metadata"+query), ask[map[string][]metadata](t, apis[1]+"metadata"+query)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("metadata%s: Prometheus (-), redpoll (+):\n%s", query, diff)
		}
	}
}

// askMetadata sorts what Prometheus gives in no order.
func askMetadata(t *testing.T, url string) []metadata {
	t.Helper()
	list := ask[[]metadata](t, url)
	slices.SortFunc(list, func(a, b metadata) int { return cmp.Compare(a.Metric, b.Metric) })
	return list
}

func TestRedpollRefusesAsPrometheusDoes(t *testing.T) {
	apis := sameConfiguration(t)
	type refusal struct{ Status, ErrorType string }
	for _, query := range []string{
		"metadata?limit=x", "targets/metadata?limit=x", "targets/metadata?limit=1e3",
		"targets/metadata?match_target=" + url.QueryEscape(`{job=`), "targets/metadata?match_target=" + url.QueryEscape(`sum(up)`),
		"targets/metadata?match_target=" + url.QueryEscape(`{job=~"("}`),
	} {
		var status [2]int
		var refusals [2]refusal
		for i, api := range apis {
			code, body, err := fetchAnswer(api + query)
			if err = cmp.Or(err, json.Unmarshal([]byte(body), &refusals[i])); err != nil {
				t.Fatalf("%s: %v", query, err)
			}
			status[i] = code
		}
		if status[0] != status[1] || refusals[0] != refusals[1] || refusals[0].Status != "error" {
			t.Errorf("%s: Prometheus %d %+v, redpoll %d %+v", query, status[0], refusals[0], status[1], refusals[1])
		}
	}
}
