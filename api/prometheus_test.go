package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// wantJSON compares in a form that people can read.
func wantJSON(t *testing.T, a answer, status int, want string) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, a.body, "", "  "); err != nil {
		t.Fatalf("%q: %v", a.body, err)
	}
	if diff := cmp.Diff(want, got.String()); a.status != status || diff != "" {
		t.Errorf("status %d, want %d\n%s", a.status, status, diff)
	}
}

func TestPrometheusAlertsHaveItsShape(t *testing.T) {
	s := newServer(t)
	lost := slowAlert.Clone()
	lost.State, lost.Before, lost.Value, lost.Labels, lost.Annotations = redpoll.Unknown, redpoll.Pending, nil, nil, nil
	lost.Endpoint = redpoll.EndpointKey{}
	s.rules.active = []redpoll.Alert{slowAlert, lost}
	wantJSON(t, s.get(t, "/api/v1/alerts"), 200, `{
  "status": "success",
  "data": {
    "alerts": [
      {
        "labels": {
          "alertname": "CheckoutSlow",
          "job": "shop",
          "method": "POST",
          "path": "/checkout",
          "severity": "warning",
          "team": "pay"
        },
        "annotations": {
          "summary": "slow"
        },
        "state": "firing",
        "activeAt": "2026-03-01T11:59:00Z",
        "value": "2.5e-01"
      },
      {
        "labels": {
          "alertname": "CheckoutSlow",
          "severity": "warning"
        },
        "annotations": {},
        "state": "pending",
        "activeAt": "2026-03-01T11:59:00Z",
        "value": "NaN"
      }
    ]
  }
}`)
}

func TestPrometheusRulesHaveItsShape(t *testing.T) {
	s := newServer(t)
	rule := slowRule
	rule.Levels = rule.Levels[1:]
	s.rules.rules = []redpoll.RuleStatus{rule, cacheRule}
	s.rules.active = []redpoll.Alert{slowAlert}
	s.api.Publish(snapshotAt(0), nil, nil)
	wantJSON(t, s.get(t, "/api/v1/rules?rule_group[]=rules&exclude_alerts=true"), 200, `{
  "status": "success",
  "data": {
    "groups": [
      {
        "name": "rules",
        "file": "",
        "rules": [
          {
            "state": "firing",
            "name": "CheckoutSlow",
            "query": "p99{job=\"shop\",path=~\"/checkout.*\"} \u003e 0.2",
            "duration": 30,
            "keepFiringFor": 0,
            "labels": {
              "severity": "warning",
              "team": "pay"
            },
            "annotations": {
              "summary": "slow"
            },
            "alerts": [],
            "health": "ok",
            "evaluationTime": 0.00025,
            "lastEvaluation": "2026-03-01T12:00:00Z",
            "type": "alerting"
          }
        ],
        "interval": 5,
        "limit": 0,
        "evaluationTime": 0.00025,
        "lastEvaluation": "2026-03-01T12:00:00Z"
      }
    ]
  }
}`)
	wantJSON(t, s.get(t, "/api/v1/rules?type=record"), 200, `{
  "status": "success",
  "data": {
    "groups": []
  }
}`)
	var all struct {
		Data prometheusRuleList
	}
	if err := json.Unmarshal(s.get(t, "/api/v1/rules").body, &all); err != nil {
		t.Fatal(err)
	}
	groups := all.Data.Groups
	if len(groups) != 2 || groups[0].Rules[0].Health != "unknown" || groups[0].Rules[0].State != "inactive" || len(groups[1].Rules[0].Alerts) != 1 {
		t.Errorf("groups are %+v", groups)
	}
}

func TestPrometheusBuildInfoHasItsShape(t *testing.T) {
	wantJSON(t, newServer(t).get(t, "/api/v1/status/buildinfo"), 200, `{
  "status": "success",
  "data": {
    "version": "1.2.3",
    "revision": "abc",
    "branch": "main",
    "buildUser": "me@here",
    "buildDate": "20260301",
    "goVersion": "`+runtime.Version()+`"
  }
}`)
}

func TestPrometheusErrorsHaveItsShape(t *testing.T) {
	s := newServer(t)
	wantJSON(t, s.get(t, "/api/v1/query?query=up"), http.StatusNotFound, `{
  "status": "error",
  "errorType": "not_found",
  "error": "redpoll does not have this part of Prometheus' API: it has targets, targets/metadata, metadata, scrape_pools, alerts, rules and status/buildinfo"
}`)
	wantJSON(t, s.get(t, "/api/v1/rules?type=x"), http.StatusBadRequest, `{
  "status": "error",
  "errorType": "bad_data",
  "error": "parameter \"type\" is \"x\": choose alert or record"
}`)
	wantJSON(t, s.do(t, "POST", "/api/v1/alerts", ""), http.StatusMethodNotAllowed, `{
  "status": "error",
  "errorType": "bad_data",
  "error": "this path answers GET, HEAD only"
}`)
}
