package red

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// families are those that a scrape's endpoints are made of.
func families(d *Derived) (names []string) {
	for _, r := range d.Recognised {
		names = append(names, r.Convention+" "+r.Family)
	}
	return names
}

func TestFastDifferentTrafficStandsSideBySide(t *testing.T) {
	body := func(n int) string {
		return latency(n, n, n) + unknown("grpc_server_handling_seconds", `grpc_service="shop.v1.Cart",grpc_method="Add"`, n) +
			unknown("http_server_requests_seconds", `uri="/a",method="GET",status="200"`, n)
	}
	s := newTarget(t, Options{})
	d := s.scrape(body(0))
	want := []string{"go-grpc-middleware grpc_server_handling_seconds", "micrometer http_server_requests_seconds"}
	if diff := cmp.Diff(want, families(d)); diff != "" {
		t.Error(diff)
	}
	s.wants(s.scrape(body(10)), " /shop.v1.Cart/Add: 10 - 0.05 0.095 0.2\nGET /a: 10 0 0.05 0.095 0.2\n")
}

// An application may register its middleware under two names. What both know
// is counted once.
func TestFastTwoNamespacesStandSideBySide(t *testing.T) {
	series := func(namespace, endpoint string, n int) string {
		return histogram(namespace+"_http_requests_duration_seconds", `endpoint="`+endpoint+`",method="GET",status="200"`, n, n, n)
	}
	body := func(n int) string {
		return "# TYPE admin_http_requests_duration_seconds histogram\n" + series("admin", "/health", n) + series("admin", "/users", n) +
			"# TYPE shop_http_requests_duration_seconds histogram\n" + series("shop", "/health", 2*n) + series("shop", "/cart", n)
	}
	s := newTarget(t, Options{})
	d := s.scrape(body(0))
	want := []string{"actix-web-prom admin_http_requests_duration_seconds", "actix-web-prom shop_http_requests_duration_seconds"}
	if diff := cmp.Diff(want, families(d)); diff != "" {
		t.Error(diff)
	}
	if note := d.Recognised[1].Note; note != "endpoints that another family has as well are counted there alone" {
		t.Errorf("the second is told %q", note)
	}
	s.wants(s.scrape(body(10)), "GET /health: 10 0 0.05 0.095 0.2\nGET /users: 10 0 0.05 0.095 0.2\nGET /cart: 10 0 0.05 0.095 0.2\n")
}

// No request is in two series of one family, whatever conventions read them.
func TestFastSeriesOfOneFamilyAreUsedTogether(t *testing.T) {
	body := func(n int) string {
		return histogramType + histogram("http_request_duration_seconds", `path="/a",method="GET",status_code="200"`, n, n, n) +
			histogram("http_request_duration_seconds", `path="/a",method="GET",code="500"`, n, n, n)
	}
	s := newTarget(t, Options{})
	s.scrape(body(0))
	s.wants(s.scrape(body(10)), "GET /a: 20 10 0.05 0.095 0.2\n")
}

// The configuration's conventions come before redpoll's for the same traffic
// and beside them for other.
func TestFastOwnConventionsStandFirst(t *testing.T) {
	own := []Convention{
		{Name: "ours", Family: "acme_op_seconds", Path: LabelNames{"op"}},
		{Name: "import", Family: "import_rows_total", Kind: Requests, Traffic: "rows", Path: LabelNames{"/import"}},
	}
	for i := range own {
		if err := own[i].Validate(); err != nil {
			t.Fatal(err)
		}
	}
	s := newTarget(t, Options{Catalogue: NewCatalogue(own)})
	body := func(n int) string {
		return latency(n, n, n) + unknown("acme_op_seconds", `op="buy"`, n) +
			"# TYPE import_rows_total counter\nimport_rows_total " + number(ptr(float64(n))) + "\n"
	}
	d := s.scrape(body(0))
	if diff := cmp.Diff([]string{"ours acme_op_seconds", "import import_rows_total"}, families(d)); diff != "" {
		t.Error(diff)
	}
	s.wants(s.scrape(body(10)), " buy: 10 - 0.05 0.095 0.2\n /import: 10 - - - -\n")
	if d := newTarget(t, Options{Catalogue: NewCatalogue(own)}).scrape(latency(1, 1, 1)); len(d.Recognised) != 1 {
		t.Errorf("beside own conventions redpoll's are lost: %+v", d.Recognised)
	}
}

func ptr(v float64) *float64 { return &v }
