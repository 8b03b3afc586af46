package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// route is a method and a path of http.ServeMux.
type route struct {
	method, path string
	handler      http.Handler
	// stream is set where answers last as long as the client stays: they are
	// neither timed nor compressed here.
	stream bool
}

// routes lists everything but the dashboard; openapi.yaml has the same list.
func (a *API) routes() []route {
	get := func(path string, h handler) route { return route{"GET", path, a.json(h), false} }
	return []route{
		get("/api/metrics", a.currentMetrics),
		get("/api/endpoints", a.listEndpoints),
		get("/api/instances", a.listInstances),
		get("/api/history", a.endpointHistory),
		get("/api/marks", a.listMarks),
		get("/api/trend", a.currentTrend),
		get("/api/targets", a.listTargets),
		get("/api/targets/dropped", a.listDroppedTargets),
		{"GET", "/api/targets/{id}/exposition", a.targetExposition(), false},
		get("/api/alerts", a.listAlerts),
		get("/api/rules", a.listRules),
		get("/api/silences", a.listSilences),
		{"POST", "/api/silences", a.json(a.createSilence), false},
		{"DELETE", "/api/silences/{id}", a.json(a.deleteSilence), false},
		get("/api/config", a.runningConfig),
		get("/api/openapi.yaml", openAPIFile),

		{"GET", "/api/v1/targets", a.prometheus(a.prometheusTargets), false},
		{"GET", "/api/v1/targets/metadata", a.prometheus(a.prometheusTargetsMetadata), false},
		{"GET", "/api/v1/metadata", a.prometheus(a.prometheusMetricMetadata), false},
		{"GET", "/api/v1/scrape_pools", a.prometheus(a.prometheusScrapePools), false},
		{"GET", "/api/v1/alerts", a.prometheus(a.prometheusAlerts), false},
		{"GET", "/api/v1/rules", a.prometheus(a.prometheusRules), false},
		{"GET", "/api/v1/status/buildinfo", a.prometheus(a.prometheusBuildInfo), false},

		get("/health", a.health),
		get("/-/healthy", a.healthy),
		get("/-/ready", a.isReady),
		{"POST", "/-/reload", a.json(a.reload), false},
		{"PUT", "/-/reload", a.json(a.reload), false},

		{"GET", "/metrics", a.exposition(), true},
		{"GET", "/api/stream", http.HandlerFunc(a.serveWebSocket), true},
		{"GET", "/sse", http.HandlerFunc(a.serveEvents), true},
	}
}

// newHandler puts the routes together with what answers everything else.
func (a *API) newHandler() http.Handler {
	mux := http.NewServeMux()
	routes := a.routes()
	for _, r := range routes {
		mux.Handle(r.method+" "+r.path, a.wrap(r))
	}
	for path, methods := range methodsByPath(routes) {
		mux.Handle(path, a.timed(path, a.methodNotAllowed(path, methods)))
	}
	mux.Handle("/api/v1/", a.timed("/api/v1/", secured(a.prometheus(prometheusNotFound))))
	for _, prefix := range []string{"/api/", "/-/"} {
		mux.Handle(prefix, a.timed(prefix, secured(a.json(unknownPath))))
	}
	mux.Handle("/", a.timed("/", a.options.Dashboard))
	return a.refuseForeignHosts(a.refuseForeignChanges(mux))
}

// wrap adds to a route what its kind needs.
func (a *API) wrap(r route) http.Handler {
	if r.stream {
		return secured(r.handler)
	}
	return a.timed(r.path, compressed(secured(r.handler)))
}

// methodsByPath gives the values of the Allow headers.
func methodsByPath(routes []route) map[string]string {
	methods := map[string][]string{}
	for _, r := range routes {
		methods[r.path] = append(methods[r.path], r.method)
		if r.method == "GET" {
			methods[r.path] = append(methods[r.path], "HEAD") // as ServeMux has it
		}
	}
	allow := make(map[string]string, len(methods))
	for path, m := range methods {
		slices.Sort(m)
		allow[path] = strings.Join(m, ", ")
	}
	return allow
}

func (a *API) methodNotAllowed(path, allow string) http.Handler {
	refuse := &statusError{http.StatusMethodNotAllowed, "this path answers " + allow + " only"}
	answer := a.json(func(*http.Request) (any, error) { return nil, refuse })
	if strings.HasPrefix(path, "/api/v1/") {
		answer = a.prometheus(func(*http.Request) (any, error) { return nil, refuse })
	}
	return secured(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allow)
		answer.ServeHTTP(w, r)
	}))
}

func unknownPath(*http.Request) (any, error) {
	return nil, notFound("no such path: /api/openapi.yaml lists those that there are")
}

// exposition answers scrapes of redpoll itself, and streams to those who ask
// for an upgrade.
func (a *API) exposition() http.Handler {
	scrape := a.timed("/metrics", promhttp.HandlerFor(a.options.Gatherer, promhttp.HandlerOpts{
		EnableOpenMetrics: true,
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if wantsUpgrade(r) {
			a.serveWebSocket(w, r)
			return
		}
		scrape.ServeHTTP(w, r)
	})
}
