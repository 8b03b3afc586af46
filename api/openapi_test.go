package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/legacy"
)

func loadOpenAPI(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestCanaryAnswersAreAsTheOpenAPIFileDescribesThem(t *testing.T) {
	doc := loadOpenAPI(t)
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	s := fullServer(t)
	silence := `{"matchers":[{"name":"job","value":"*"}],"startsAt":1772366400000,"endsAt":"2026-03-01T13:00:00Z","createdBy":"a","comment":"b"}`
	for _, c := range []struct {
		request, body string
		status        int
	}{
		{"GET /api/metrics", "", 200},
		{"GET /api/endpoints?sort=-p95&limit=1", "", 200},
		{"GET /api/endpoints?sort=-", "", 400},
		{"GET /api/history?job=shop&method=POST&path=/checkout&step=15s", "", 200},
		{"GET /api/history?job=shop", "", 400},
		{"GET /api/history?job=shop&path=/&start=0&step=1s", "", 422},
		{"GET /api/instances?job=shop&method=post&path=/checkout", "", 200},
		{"GET /api/instances?job=shop", "", 400},
		{"GET /api/marks", "", 200},
		{"GET /api/marks?limit=0", "", 400},
		{"GET /api/trend", "", 200},
		{"GET /api/targets", "", 200},
		{"GET /api/targets/dropped", "", 200},
		{"GET /api/targets/dropped?pool=web", "", 400},
		{"GET /api/targets/5k0/exposition", "", 200},
		{"GET /api/targets/5k0/exposition?full=1", "", 400},
		{"GET /api/targets/none/exposition", "", 404},
		{"GET /api/alerts", "", 200},
		{"GET /api/alerts?state=resolved&limit=1", "", 200},
		{"GET /api/rules", "", 200},
		{"GET /api/silences", "", 200},
		{"POST /api/silences", silence, 201},
		{"POST /api/silences", "{}", 400},
		{"DELETE /api/silences/" + slowAlert.ID, "", 204},
		{"DELETE /api/silences/none", "", 404},
		{"GET /api/config", "", 200},
		{"GET /api/openapi.yaml", "", 200},
		{"GET /api/v1/targets?state=any", "", 200},
		{"GET /api/v1/targets?state=active", "", 200},
		{"GET /api/v1/targets/metadata", "", 200},
		{"GET /api/v1/targets/metadata?metric=up&limit=1", "", 200},
		{"GET /api/v1/targets/metadata?match_target={", "", 400},
		{"GET /api/v1/metadata?limit_per_metric=1", "", 200},
		{"GET /api/v1/metadata?limit=x", "", 400},
		{"GET /api/v1/scrape_pools", "", 200},
		{"GET /api/v1/alerts", "", 200},
		{"GET /api/v1/rules?type=alert", "", 200},
		{"GET /api/v1/rules?type=x", "", 400},
		{"GET /api/v1/status/buildinfo", "", 200},
		{"GET /health", "", 200},
		{"GET /-/healthy", "", 200},
		{"GET /-/ready", "", 200},
		{"POST /-/reload", "", 200},
		{"PUT /-/reload", "", 200},
		{"GET /metrics", "", 200},
		{"GET /api/stream", "", 400},
	} {
		method, path, _ := strings.Cut(c.request, " ")
		a := s.do(t, method, path, c.body, "Content-Type: application/json")
		if a.status != c.status {
			t.Errorf("%s: %d %s, want %d", c.request, a.status, a.body, c.status)
			continue
		}
		r, _ := http.NewRequestWithContext(t.Context(), method, path, nil)
		route, pathParams, err := router.FindRoute(r)
		if err != nil {
			t.Errorf("%s: %v", c.request, err)
			continue
		}
		err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, Route: route, PathParams: pathParams},
			Status:                 a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)),
			Options: &openapi3filter.Options{IncludeResponseStatus: true},
		})
		if err != nil {
			t.Errorf("%s: %v\n%s", c.request, err, a.body[:min(len(a.body), 300)])
		}
	}
}

func TestWSMessagesAreAsTheOpenAPIFileDescribesThem(t *testing.T) {
	schema := loadOpenAPI(t).Components.Schemas["StreamMessage"].Value
	s := fullServer(t)
	c := s.dial(t, "/metrics")
	check := func(kind string) {
		t.Helper()
		var m map[string]any
		if err := c.ReadJSON(&m); err != nil || m["type"] != kind {
			t.Fatalf("got %v (%v), want %s", m, err, kind)
		}
		if err := schema.VisitJSON(m, openapi3.EnableJSONSchema2020()); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	check("snapshot")
	c.send("nonsense")
	check("error")
	s.api.Publish(snapshotAt(1), nil, nil)
	check("update")
	s.api.Publish(snapshotAt(2), s.rules.active, s.rules.active)
	check("update")
}
