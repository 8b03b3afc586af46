package api

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/redpoll/redpoll/internal/redpoll"
)

var errNoSnapshot = &statusError{
	http.StatusServiceUnavailable,
	"there are no figures yet: the first come after one evaluation interval",
}

// currentMetrics answers the snapshot as the stream carries it.
func (a *API) currentMetrics(r *http.Request) (any, error) {
	if p := readParams(r); p.err != nil {
		return nil, p.err
	}
	t := a.hub.current.Load()
	if t == nil {
		return nil, errNoSnapshot
	}
	return encoded{contentType: "application/json", body: t.body, etag: t.etag}, nil
}

// endpointOrders are the values of the sort parameter. Endpoints without the
// figure come last in either direction.
var endpointOrders = map[string]func(e *redpoll.EndpointMetrics) *float64{
	"p50":        func(e *redpoll.EndpointMetrics) *float64 { return e.P50.Seconds() },
	"p95":        func(e *redpoll.EndpointMetrics) *float64 { return e.P95.Seconds() },
	"p99":        func(e *redpoll.EndpointMetrics) *float64 { return e.P99.Seconds() },
	"mean":       func(e *redpoll.EndpointMetrics) *float64 { return e.Mean },
	"errorRate":  func(e *redpoll.EndpointMetrics) *float64 { return e.ErrorRate },
	"throughput": func(e *redpoll.EndpointMetrics) *float64 { return e.Throughput },
}

// listEndpoints answers one page of the snapshot's endpoints.
func (a *API) listEndpoints(r *http.Request) (any, error) {
	p := readParams(r, "job", "method", "path", "q", "sort", "limit", "offset", "page")
	f := endpointFilter{p.glob("job"), strings.ToUpper(p.glob("method")), p.glob("path"), strings.ToLower(p.text("q"))}
	order, descending := p.endpointOrder()
	limit, offset := p.page()
	if p.err != nil {
		return nil, p.err
	}
	t := a.hub.current.Load()
	if t == nil {
		return nil, errNoSnapshot
	}
	found := f.apply(t.snap.Endpoints)
	sortEndpoints(found, order, descending)
	list := wireEndpointList{
		Timestamp: t.snap.Time.UnixMilli(), Total: len(found), Limit: limit, Offset: offset,
		Endpoints: []wireEndpoint{},
	}
	from := min(offset, len(found))
	for _, e := range found[from:min(from+limit, len(found))] {
		list.Endpoints = append(list.Endpoints, toWireEndpoint(e))
	}
	return list, nil
}

// endpointOrder reads sort: a name, with - in front for descending order.
func (p *params) endpointOrder() (name string, descending bool) {
	name, descending = strings.CutPrefix(p.text("sort"), "-")
	switch {
	case name == "" && !descending, name == "job", name == "path", endpointOrders[name] != nil:
	default:
		p.fail("sort", "is %s: choose p50, p95, p99, mean, errorRate, throughput, job or path, with - in front for descending order", quote(p.text("sort")))
	}
	return name, descending
}

// page reads limit and either offset or page, which counts from 1.
func (p *params) page() (limit, offset int) {
	limit = p.integer("limit", 100, 1, 10_000)
	offset = p.integer("offset", 0, 0, 1_000_000)
	if p.has("page") {
		if p.has("offset") {
			p.fail("page", "does not go together with offset: give one of them")
		}
		offset = limit * (p.integer("page", 1, 1, 1_000_000) - 1)
	}
	return limit, offset
}

// endpointFilter has globs and a text, in lower case, that "METHOD path job"
// must contain.
type endpointFilter struct{ job, method, path, text string }

func (f endpointFilter) apply(endpoints []redpoll.EndpointMetrics) []*redpoll.EndpointMetrics {
	var found []*redpoll.EndpointMetrics
	for i := range endpoints {
		if f.matches(endpoints[i].Key) {
			found = append(found, &endpoints[i])
		}
	}
	return found
}

func (f endpointFilter) matches(k redpoll.EndpointKey) bool {
	return redpoll.Glob(f.job, k.Job) && redpoll.Glob(f.method, k.Method) && redpoll.Glob(f.path, k.Path) &&
		(f.text == "" || strings.Contains(strings.ToLower(k.Method+" "+k.Path+" "+k.Job), f.text))
}

// sortEndpoints sorts what is in the order of EndpointKey.Compare, which
// remains the order among equals.
func sortEndpoints(endpoints []*redpoll.EndpointMetrics, order string, descending bool) {
	sign := 1
	if descending {
		sign = -1
	}
	compare := func(x, y *redpoll.EndpointMetrics) int { return sign * x.Key.Compare(y.Key) }
	if order == "path" {
		compare = func(x, y *redpoll.EndpointMetrics) int { return sign * cmp.Compare(x.Key.Path, y.Key.Path) }
	}
	if figure := endpointOrders[order]; figure != nil {
		compare = func(x, y *redpoll.EndpointMetrics) int { return compareFigures(figure(x), figure(y), sign) }
	}
	slices.SortStableFunc(endpoints, compare)
}

func compareFigures(x, y *float64, sign int) int {
	switch {
	case x == nil && y == nil:
		return 0
	case x == nil:
		return 1
	case y == nil:
		return -1
	}
	return sign * cmp.Compare(*x, *y)
}
