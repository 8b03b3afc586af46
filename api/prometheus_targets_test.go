package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func TestPrometheusTargetsHaveItsShape(t *testing.T) {
	s := newServer(t)
	s.targets = []redpoll.TargetStatus{shopTarget}
	s.dropped = []redpoll.DroppedTarget{droppedTarget}
	wantJSON(t, s.get(t, "/api/v1/targets"), 200, `{
  "status": "success",
  "data": {
    "activeTargets": [
      {
        "discoveredLabels": {
          "__address__": "10.0.0.1:80",
          "__meta_env": "prod",
          "__metrics_path__": "/metrics",
          "__scheme__": "http",
          "__scrape_interval__": "5s",
          "__scrape_timeout__": "4s",
          "job": "web"
        },
        "labels": {
          "env": "prod",
          "instance": "10.0.0.1:80",
          "job": "shop"
        },
        "scrapePool": "web",
        "scrapeUrl": "http://10.0.0.1:80/metrics",
        "globalUrl": "http://10.0.0.1:80/metrics",
        "lastError": "",
        "lastScrape": "2026-03-01T12:00:00Z",
        "lastScrapeDuration": 0.0125,
        "health": "up",
        "scrapeInterval": "5s",
        "scrapeTimeout": "4s"
      }
    ],
    "droppedTargets": [
      {
        "discoveredLabels": {
          "__address__": "10.0.0.3:80",
          "__meta_env": "test",
          "job": "web"
        },
        "scrapePool": "web"
      }
    ],
    "droppedTargetCounts": {
      "idle": 0,
      "web": 1
    }
  }
}`)
}

// targetsOf lists the pools of what /api/v1/targets answers.
func targetsOf(t *testing.T, s *server, query string) (active, dropped []string, counts map[string]int) {
	t.Helper()
	var answer struct {
		Data struct {
			ActiveTargets, DroppedTargets []struct{ ScrapePool string }
			DroppedTargetCounts           map[string]int
		}
	}
	a := s.get(t, "/api/v1/targets?"+query)
	if err := json.Unmarshal(a.body, &answer); err != nil || a.status != 200 {
		t.Fatalf("%s: %d %v", query, a.status, err)
	}
	for _, target := range answer.Data.ActiveTargets {
		active = append(active, target.ScrapePool)
	}
	for _, target := range answer.Data.DroppedTargets {
		dropped = append(dropped, target.ScrapePool)
	}
	return active, dropped, answer.Data.DroppedTargetCounts
}

func TestPrometheusTargetsAreThoseOfTheStateAndPool(t *testing.T) {
	s := newServer(t)
	other := shopTarget
	other.Pool = "db"
	s.targets = []redpoll.TargetStatus{shopTarget, other, deadTarget}
	s.dropped = []redpoll.DroppedTarget{{Pool: "web"}, {Pool: "db"}}
	all := map[string]int{"web": 1, "db": 1, "idle": 0}
	for query, want := range map[string]struct {
		active, dropped string
		counts          map[string]int
	}{
		"":                             {"db web web", "db web", all},
		"state=any":                    {"db web web", "db web", all},
		"state=Active":                 {"db web web", "", nil},
		"state=dropped":                {"", "db web", all},
		"state=gone":                   {"", "", nil},
		"scrapePool=db":                {"db", "db", all},
		"scrapePool=none":              {"", "", all},
		"state=active&scrapePool=web":  {"web web", "", nil},
		"state=dropped&scrapePool=web": {"", "web", all},
		"unknown=parameter":            {"db web web", "db web", all},
	} {
		active, dropped, counts := targetsOf(t, s, query)
		if got := strings.Join(active, " "); got != want.active {
			t.Errorf("%q: active of %s, want %s", query, got, want.active)
		}
		if got := strings.Join(dropped, " "); got != want.dropped {
			t.Errorf("%q: dropped of %s, want %s", query, got, want.dropped)
		}
		if diff := cmp.Diff(want.counts, counts); diff != "" {
			t.Errorf("%q: counts %s", query, diff)
		}
	}
	if s.targets[0].Pool != "web" {
		t.Error("the targets that the API was given are in another order")
	}
}

func TestFastURLsOfThisMachineAreGivenUnderItsName(t *testing.T) {
	for target, want := range map[string]string{
		"http://localhost:9090/metrics":    "http://here.example:9090/metrics",
		"https://127.0.0.1/metrics?a=b":    "https://here.example/metrics?a=b",
		"http://[::1]:80/metrics":          "http://here.example:80/metrics",
		"http://10.0.0.1:80/metrics":       "http://10.0.0.1:80/metrics",
		"http://localhost.example/metrics": "http://localhost.example/metrics",
		"http://%zz/":                      "http://%zz/",
	} {
		if got := globalURL(target, "here.example"); got != want {
			t.Errorf("%s: got %s, want %s", target, got, want)
		}
		if got := globalURL(target, ""); got != target {
			t.Errorf("%s without a name: got %s", target, got)
		}
	}
}

func TestPrometheusScrapePoolsAreAllOfThem(t *testing.T) {
	wantJSON(t, newServer(t).get(t, "/api/v1/scrape_pools"), 200, `{
  "status": "success",
  "data": {
    "scrapePools": [
      "idle",
      "web"
    ]
  }
}`)
}

// metadataServer has two targets that speak of the same family, one of them of
// another, too, and one that has not been scraped.
func metadataServer(t *testing.T) *server {
	t.Helper()
	s := newServer(t)
	second := shopTarget
	second.ID, second.Labels = "2nd", map[string]string{"job": "shop", "instance": "10.0.0.9:80"}
	s.targets = []redpoll.TargetStatus{shopTarget, second, deadTarget}
	other := requestsTotal
	other.Help = "Requests answered."
	s.metadata = map[string][]redpoll.Metadata{
		shopTarget.ID: {requestsTotal, {Family: "up", Type: "gauge"}},
		second.ID:     {other, {Family: "up", Type: "gauge"}},
	}
	return s
}

func TestPrometheusTargetsMetadataHasItsShape(t *testing.T) {
	s := metadataServer(t)
	wantJSON(t, s.get(t, "/api/v1/targets/metadata?limit=1&match_target="+url.QueryEscape(`{instance=~".*9:80"}`)), 200, `{
  "status": "success",
  "data": [
    {
      "target": {
        "instance": "10.0.0.9:80",
        "job": "shop"
      },
      "metric": "http_requests_total",
      "type": "counter",
      "help": "Requests answered.",
      "unit": "requests"
    },
    {
      "target": {
        "instance": "10.0.0.9:80",
        "job": "shop"
      },
      "metric": "up",
      "type": "gauge",
      "help": "",
      "unit": ""
    }
  ]
}`)
	wantJSON(t, s.get(t, "/api/v1/targets/metadata?metric=up&limit=1"), 200, `{
  "status": "success",
  "data": [
    {
      "target": {
        "env": "prod",
        "instance": "10.0.0.1:80",
        "job": "shop"
      },
      "type": "gauge",
      "help": "",
      "unit": ""
    }
  ]
}`)
}

func TestPrometheusTargetsMetadataIsLimited(t *testing.T) {
	s := metadataServer(t)
	for query, want := range map[string]int{
		"": 4, "limit=-1": 4, "limit=-9223372036854775808": 4, "limit=0": 0, "limit=1": 2, "limit=2": 4, "limit=99": 4,
		"metric=up": 2, "metric=none": 0, "metric=none&limit=1": 0,
		"match_target=" + url.QueryEscape(`{env="prod"}`):                2,
		"match_target=" + url.QueryEscape(`{env="",job="shop"}`):         2,
		"match_target=" + url.QueryEscape(`up{job="shop"}`):              0,
		"match_target=" + url.QueryEscape(`{job!~"web|db",job=~"sh.+"}`): 4,
	} {
		var answer struct{ Data []prometheusTargetMetadata }
		a := s.get(t, "/api/v1/targets/metadata?"+query)
		if err := json.Unmarshal(a.body, &answer); err != nil || len(answer.Data) != want {
			t.Errorf("%s: %d, %v, %d entries, want %d", query, a.status, err, len(answer.Data), want)
		}
	}
}

func TestPrometheusMetadataHasItsShape(t *testing.T) {
	s := metadataServer(t)
	wantJSON(t, s.get(t, "/api/v1/metadata"), 200, `{
  "status": "success",
  "data": {
    "http_requests_total": [
      {
        "type": "counter",
        "help": "Requests served.",
        "unit": "requests"
      },
      {
        "type": "counter",
        "help": "Requests answered.",
        "unit": "requests"
      }
    ],
    "up": [
      {
        "type": "gauge",
        "help": "",
        "unit": ""
      }
    ]
  }
}`)
	for query, want := range map[string]string{
		"limit=1":                              "http_requests_total 2",
		"limit=0":                              "",
		"limit_per_metric=1":                   "http_requests_total 1, up 1",
		"limit_per_metric=0":                   "http_requests_total 2, up 1",
		"limit=1&limit_per_metric=1":           "http_requests_total 1",
		"metric=up":                            "up 1",
		"metric=none":                          "",
		"metric=http_requests_total&limit=-17": "http_requests_total 2",
	} {
		answer := decode[struct {
			Data map[string][]prometheusMetadata
		}](t, s.get(t, "/api/v1/metadata?"+query))
		var got []string
		for name, told := range answer.Data {
			got = append(got, name+" "+string(rune('0'+len(told))))
		}
		slices.Sort(got)
		if g := strings.Join(got, ", "); g != want {
			t.Errorf("%s: got %s, want %s", query, g, want)
		}
	}
}

func TestPrometheusMetadataParametersAreRefusedAsItDoes(t *testing.T) {
	s := newServer(t)
	for path, says := range map[string]string{
		"targets/metadata?limit=x":                        "limit must be a number",
		"targets/metadata?limit=99999999999999999999":     "limit must be a number",
		"targets/metadata?match_target=%7B":               `invalid parameter \"match_target\"`,
		"targets/metadata?match_target=%7Ba%3D~%22%28%22": `invalid parameter \"match_target\"`,
		"metadata?limit=1.5":                              "limit must be a number",
		"metadata?limit_per_metric=many":                  "limit_per_metric must be a number",
	} {
		a := s.get(t, "/api/v1/"+path)
		if a.status != http.StatusBadRequest || !strings.Contains(string(a.body), `"status":"error","errorType":"bad_data"`) || !strings.Contains(string(a.body), says) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}
