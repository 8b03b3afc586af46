package red

import (
	"testing"

	"github.com/redpoll/redpoll/scrape/exposition"
)

func TestFastPathsAreMadeOfLabels(t *testing.T) {
	series := &exposition.Series{Labels: []exposition.Label{
		{Name: "action", Value: "show"}, {Name: "controller", Value: "carts"},
		{Name: "empty", Value: ""}, {Name: "path", Value: "/cart"}, {Name: "http.route", Value: "/r"},
		{Name: "mux", Value: "POST /carts"},
	}}
	f := func(want string, names ...string) {
		t.Helper()
		if got := LabelNames(names).value(series); got != want {
			t.Errorf("%q give %q, want %q", names, got, want)
		}
	}
	f("/cart", "path")
	f("/cart", "route", "path", "action")
	f("/cart", "empty", "path")
	f("/r", "http.route")
	f("carts#show", "{controller}#{action}")
	f("/cart", "{host}{path}", "path")
	f("", "{controller}#{empty}")
	f("/jobs", "/jobs")
	f("(no route)", "route", "(no route)")
	f("/cart", "{/action}", "{/path}", "action")
	f("POST /carts", "{/mux}", "path")
	f("show", "{/action}", "action")
	f("", "{/action}")
	f("")
	for _, names := range []LabelNames{{""}, {"{path"}, {"path}"}} {
		if names.validate() == nil {
			t.Errorf("%q are accepted", names)
		}
	}
}

func TestFastMethodsBeforeThePathAreTakenOff(t *testing.T) {
	f := func(text, method, path string) {
		t.Helper()
		if m, p := cutMethod(text); m != method || p != path {
			t.Errorf("%q is %q and %q", text, m, p)
		}
	}
	f("GET /articles/{id}", "GET", "/articles/{id}")
	f("DELETE  /a", "DELETE", "/a")
	f("/GET /a", "", "/GET /a")
	f("srv0 reverse_proxy", "", "srv0 reverse_proxy")
	f("GET ", "", "GET ")
	f("", "", "")
}

func TestFastRoutesOfOpenTelemetryAreCleaned(t *testing.T) {
	f := func(route, want string) {
		t.Helper()
		if got := cleanRoute(route); got != want {
			t.Errorf("%q is %q, want %q", route, got, want)
		}
	}
	f("/a/:id", "/a/:id")
	f("api/orders/{id:int}", "/api/orders/{id}")
	f("api/{a:int:min(1)}/{b}", "/api/{a}/{b}")
	f(`{code:regex(^\d{{3}}$)}/x`, "/{code}/x")
	f("{*rest}", "/{*rest}")
	f("}{a:b", "/}{a:b")
}
