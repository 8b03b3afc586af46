package red

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// Each case is what an application exposes at two scrapes five seconds apart,
// and what follows by hand. Where a case has a histogram with the bounds 0.1
// and 0.5, its increase is 30, 15 and 5 in the three buckets, so that
//
//	p50: rank 25 lies in the first bucket, 0 + 0.1 × 25/30 = 0.0833333
//	p95: rank 47.5 lies beyond 45, in the +Inf bucket, so 0.5
//	mean: the sum is a fifth of the count, so 0.2
var conventionCases = append(casesWithUnits, withoutUnits(casesWithUnits)...)

type conventionCase struct {
	name          string
	first, second string
	want          string
	recognised    redpoll.Recognised
	hint          bool // more should be exposed
}

// withoutUnits are OpenTelemetry's cases as of an application that leaves the
// units out of its names.
func withoutUnits(cases []conventionCase) (list []conventionCase) {
	for _, c := range cases {
		if c.recognised.Convention != "opentelemetry" {
			continue
		}
		with := c.recognised.Family
		without := with[:strings.LastIndexByte(with, '_')]
		c.name += ", without a unit"
		c.first, c.second = strings.ReplaceAll(c.first, with, without), strings.ReplaceAll(c.second, with, without)
		c.recognised.Family = without
		list = append(list, c)
	}
	return list
}

var casesWithUnits = []conventionCase{
	{
		name: "client_golang, status in the histogram, two codes merged",
		first: "# TYPE http_request_duration_seconds histogram\n" +
			histogram("http_request_duration_seconds", `path="/a",method="get",code="200"`, 10, 20, 20) +
			histogram("http_request_duration_seconds", `path="/a",method="get",code="503"`, 1, 1, 1),
		second: "# TYPE http_request_duration_seconds histogram\n" +
			histogram("http_request_duration_seconds", `path="/a",method="get",code="200"`, 40, 60, 60) +
			histogram("http_request_duration_seconds", `path="/a",method="get",code="503"`, 1, 6, 11),
		// 200: 30, 10, 0. 503: 0, 5, 5. Errors: 10 of 50.
		want: "GET /a: 50 10 0.0833333 0.5 0.2\n",
		recognised: redpoll.Recognised{
			Convention: "client_golang", Family: "http_request_duration_seconds", Kind: "histogram", Endpoints: 1,
		},
	},
	{
		name: "prometheus-fastapi-instrumentator, errors joined from http_requests_total by class",
		first: "# TYPE http_request_duration_seconds histogram\n# TYPE http_requests_total counter\n" +
			histogram("http_request_duration_seconds", `handler="/a",method="POST"`, 0, 0, 0) +
			`http_requests_total{handler="/a",method="POST",status="2xx"} 5` + "\n",
		second: "# TYPE http_request_duration_seconds histogram\n# TYPE http_requests_total counter\n" +
			histogram("http_request_duration_seconds", `handler="/a",method="POST"`, 30, 45, 50) +
			`http_requests_total{handler="/a",method="POST",status="2xx"} 53` + "\n" +
			`http_requests_total{handler="/a",method="POST",status="5xx"} 2` + "\n",
		want: "POST /a: 50 2 0.0833333 0.5 0.2\n",
		recognised: redpoll.Recognised{
			Convention: "prometheus-fastapi-instrumentator", Family: "http_request_duration_seconds", Kind: "histogram", Endpoints: 1,
			Note: "requests and errors are taken from http_requests_total",
		},
	},
	{
		name: "client_golang, a template wins over the raw path",
		first: histogramType +
			histogram("http_request_duration_seconds", `path="/orders/abc",handler="/orders/:id",method="get",code="200"`, 10, 20, 20),
		second: histogramType +
			histogram("http_request_duration_seconds", `path="/orders/abc",handler="/orders/:id",method="get",code="200"`, 40, 65, 70),
		want: "GET /orders/:id: 50 0 0.0833333 0.5 0.2\n",
		recognised: redpoll.Recognised{
			Convention: "client_golang", Family: "http_request_duration_seconds", Kind: "histogram", Endpoints: 1,
		},
	},
	{
		name: "http_requests_total alone gives throughput and errors",
		first: "# TYPE http_requests_total counter\n" +
			`http_requests_total{uri="/b",method="PUT",status_code="200"} 10` + "\n" +
			`http_requests_total{uri="/b",method="PUT",status_code="500"} 1` + "\n",
		second: "# TYPE http_requests_total counter\n" +
			`http_requests_total{uri="/b",method="PUT",status_code="200"} 17` + "\n" +
			`http_requests_total{uri="/b",method="PUT",status_code="500"} 4` + "\n",
		want: "PUT /b: 10 3 - - -\n",
		recognised: redpoll.Recognised{
			Convention: "client_golang", Family: "http_requests_total", Kind: "counter", Endpoints: 1,
			Note: "a counter: latencies are unknown",
		},
		hint: true,
	},
	{
		name: "opentelemetry, unmatched requests are one endpoint without a route",
		first: "# TYPE http_server_request_duration_seconds histogram\n" +
			histogram("http_server_request_duration_seconds", `http_route="/c/{id}",http_request_method="GET",http_response_status_code="200"`, 5, 5, 5) +
			histogram("http_server_request_duration_seconds", `http_request_method="GET",http_response_status_code="404"`, 5, 5, 5),
		second: "# TYPE http_server_request_duration_seconds histogram\n" +
			histogram("http_server_request_duration_seconds", `http_route="/c/{id}",http_request_method="GET",http_response_status_code="200"`, 35, 50, 55) +
			histogram("http_server_request_duration_seconds", `http_request_method="GET",http_response_status_code="404"`, 95, 95, 95),
		// 90 of 95 are new, all within 0.1 s.
		want: "GET /c/{id}: 50 0 0.0833333 0.5 0.2\nGET (no route): 90 0 0.05 0.095 0.2\n",
		recognised: redpoll.Recognised{
			Convention: "opentelemetry", Family: "http_server_request_duration_seconds", Kind: "histogram", Endpoints: 2,
		},
	},
	{
		name: "micrometer with count and sum only has no quantiles, and max is none",
		first: "# TYPE http_server_requests_seconds summary\n# TYPE http_server_requests_seconds_max gauge\n" +
			`http_server_requests_seconds_count{exception="None",method="GET",status="200",uri="/d"} 4` + "\n" +
			`http_server_requests_seconds_sum{exception="None",method="GET",status="200",uri="/d"} 1` + "\n" +
			`http_server_requests_seconds_max{exception="None",method="GET",status="200",uri="/d"} 9` + "\n",
		second: "# TYPE http_server_requests_seconds summary\n# TYPE http_server_requests_seconds_max gauge\n" +
			`http_server_requests_seconds_count{exception="None",method="GET",status="200",uri="/d"} 12` + "\n" +
			`http_server_requests_seconds_sum{exception="None",method="GET",status="200",uri="/d"} 3` + "\n" +
			`http_server_requests_seconds_max{exception="None",method="GET",status="200",uri="/d"} 9` + "\n",
		// 8 requests took 2 s: 0.25 s each.
		want: "GET /d: 8 0 - - 0.25\n",
		recognised: redpoll.Recognised{
			Convention: "micrometer", Family: "http_server_requests_seconds", Kind: "count and sum", Endpoints: 1,
			Note: "no buckets: quantiles are unknown",
		},
		hint: true,
	},
	{
		name: "opentelemetry, calls by their full name with gRPC's statuses",
		first: "# TYPE rpc_server_call_duration_seconds histogram\n" +
			histogram("rpc_server_call_duration_seconds", `rpc_method="shop.Cart/Add",rpc_system_name="grpc",rpc_response_status_code="OK"`, 1, 1, 1) +
			histogram("rpc_server_call_duration_seconds", `rpc_method="shop.Cart/Add",rpc_system_name="grpc",rpc_response_status_code="DEADLINE_EXCEEDED",error_type="DEADLINE_EXCEEDED"`, 1, 1, 1),
		second: "# TYPE rpc_server_call_duration_seconds histogram\n" +
			histogram("rpc_server_call_duration_seconds", `rpc_method="shop.Cart/Add",rpc_system_name="grpc",rpc_response_status_code="OK"`, 31, 41, 41) +
			histogram("rpc_server_call_duration_seconds", `rpc_method="shop.Cart/Add",rpc_system_name="grpc",rpc_response_status_code="DEADLINE_EXCEEDED",error_type="DEADLINE_EXCEEDED"`, 1, 6, 11),
		want: " /shop.Cart/Add: 50 10 0.0833333 0.5 0.2\n",
		recognised: redpoll.Recognised{
			Convention: "opentelemetry", Family: "rpc_server_call_duration_seconds", Kind: "histogram", Endpoints: 1,
		},
	},
	{
		name: "micrometer with a histogram",
		first: "# TYPE http_server_requests_seconds histogram\n" +
			histogram("http_server_requests_seconds", `method="GET",status="200",uri="/d"`, 1, 1, 1),
		second: "# TYPE http_server_requests_seconds histogram\n" +
			histogram("http_server_requests_seconds", `method="GET",status="200",uri="/d"`, 31, 46, 51),
		want: "GET /d: 50 0 0.0833333 0.5 0.2\n",
		recognised: redpoll.Recognised{
			Convention: "micrometer", Family: "http_server_requests_seconds", Kind: "histogram", Endpoints: 1,
		},
	},
	{
		name: "prometheus has no method, and its errors are in another counter",
		first: "# TYPE prometheus_http_request_duration_seconds histogram\n# TYPE prometheus_http_requests_total counter\n" +
			histogram("prometheus_http_request_duration_seconds", `handler="/api/v1/query"`, 0, 0, 0) +
			`prometheus_http_requests_total{code="200",handler="/api/v1/query"} 0` + "\n" +
			"# TYPE promhttp_metric_handler_requests_total counter\n" + `promhttp_metric_handler_requests_total{code="200"} 1` + "\n",
		second: "# TYPE prometheus_http_request_duration_seconds histogram\n# TYPE prometheus_http_requests_total counter\n" +
			histogram("prometheus_http_request_duration_seconds", `handler="/api/v1/query"`, 30, 45, 50) +
			`prometheus_http_requests_total{code="200",handler="/api/v1/query"} 46` + "\n" +
			`prometheus_http_requests_total{code="503",handler="/api/v1/query"} 4` + "\n" +
			"# TYPE promhttp_metric_handler_requests_total counter\n" + `promhttp_metric_handler_requests_total{code="200"} 2` + "\n",
		want: " /api/v1/query: 50 4 0.0833333 0.5 0.2\n",
		recognised: redpoll.Recognised{
			Convention: "prometheus", Family: "prometheus_http_request_duration_seconds", Kind: "histogram", Endpoints: 1,
			Note: "requests and errors are taken from prometheus_http_requests_total",
		},
	},
	{
		name: "promhttp's own counter is about the metrics path",
		first: "# TYPE promhttp_metric_handler_requests_total counter\n" +
			`promhttp_metric_handler_requests_total{code="200"} 1` + "\n" +
			`promhttp_metric_handler_requests_total{code="500"} 0` + "\n",
		second: "# TYPE promhttp_metric_handler_requests_total counter\n" +
			`promhttp_metric_handler_requests_total{code="200"} 3` + "\n" +
			`promhttp_metric_handler_requests_total{code="500"} 1` + "\n",
		want: " /metrics: 3 1 - - -\n",
		recognised: redpoll.Recognised{
			Convention: "promhttp", Family: "promhttp_metric_handler_requests_total", Kind: "counter", Endpoints: 1,
			Note: "a counter: latencies are unknown",
		},
		hint: true,
	},
	{
		name: "opentelemetry before 1.23, in milliseconds",
		first: "# TYPE http_server_duration_milliseconds histogram\n" +
			histogram("http_server_duration_milliseconds", `http_route="orders/{id:int}",http_method="GET",http_status_code="200"`, 1, 1, 1),
		second: "# TYPE http_server_duration_milliseconds histogram\n" +
			histogram("http_server_duration_milliseconds", `http_route="orders/{id:int}",http_method="GET",http_status_code="200"`, 31, 46, 51),
		want: "GET /orders/{id}: 50 0 8.33333e-05 0.0005 0.0002\n",
		recognised: redpoll.Recognised{
			Convention: "opentelemetry", Family: "http_server_duration_milliseconds", Kind: "histogram", Endpoints: 1,
		},
	},
	{
		name: "opentelemetry's gRPC, whose codes are numbers: 5 is not found, 14 unavailable",
		first: "# TYPE rpc_server_duration_milliseconds histogram\n" +
			histogram("rpc_server_duration_milliseconds", `rpc_service="shop.v1.Cart",rpc_method="Add",rpc_grpc_status_code="5"`, 0, 0, 0) +
			histogram("rpc_server_duration_milliseconds", `rpc_service="shop.v1.Cart",rpc_method="Add",rpc_grpc_status_code="14"`, 0, 0, 0),
		second: "# TYPE rpc_server_duration_milliseconds histogram\n" +
			histogram("rpc_server_duration_milliseconds", `rpc_service="shop.v1.Cart",rpc_method="Add",rpc_grpc_status_code="5"`, 30, 30, 30) +
			histogram("rpc_server_duration_milliseconds", `rpc_service="shop.v1.Cart",rpc_method="Add",rpc_grpc_status_code="14"`, 0, 15, 20),
		want: " /shop.v1.Cart/Add: 50 20 8.33333e-05 0.0005 0.0002\n",
		recognised: redpoll.Recognised{
			Convention: "opentelemetry", Family: "rpc_server_duration_milliseconds", Kind: "histogram", Endpoints: 1,
		},
	},
	{
		name: "gRPC in Go without the option for durations",
		first: "# TYPE grpc_server_handled_total counter\n" +
			`grpc_server_handled_total{grpc_service="shop.v1.Cart",grpc_method="Add",grpc_code="OK"} 4` + "\n" +
			`grpc_server_handled_total{grpc_service="shop.v1.Cart",grpc_method="Add",grpc_code="Internal"} 1` + "\n",
		second: "# TYPE grpc_server_handled_total counter\n" +
			`grpc_server_handled_total{grpc_service="shop.v1.Cart",grpc_method="Add",grpc_code="OK"} 10` + "\n" +
			`grpc_server_handled_total{grpc_service="shop.v1.Cart",grpc_method="Add",grpc_code="Internal"} 3` + "\n",
		want: " /shop.v1.Cart/Add: 8 2 - - -\n",
		recognised: redpoll.Recognised{
			Convention: "go-grpc-middleware", Family: "grpc_server_handled_total", Kind: "counter", Endpoints: 1,
			Note: "a counter: latencies are unknown",
		},
		hint: true,
	},
	{
		name: "chi-prometheus with raw paths alone",
		first: "# TYPE chi_request_duration_milliseconds histogram\n" +
			histogram("chi_request_duration_milliseconds", `path="/a",method="GET",code="OK"`, 0, 0, 0) +
			histogram("chi_request_duration_milliseconds", `path="/a",method="GET",code="Bad Gateway"`, 0, 0, 0),
		second: "# TYPE chi_request_duration_milliseconds histogram\n" +
			histogram("chi_request_duration_milliseconds", `path="/a",method="GET",code="OK"`, 30, 30, 30) +
			histogram("chi_request_duration_milliseconds", `path="/a",method="GET",code="Bad Gateway"`, 0, 15, 20),
		want: "GET /a: 50 20 8.33333e-05 0.0005 0.0002\n",
		recognised: redpoll.Recognised{
			Convention: "chi-prometheus", Family: "chi_request_duration_milliseconds", Kind: "histogram", Endpoints: 1,
		},
	},
	{
		name: "redpoll's own",
		first: "# TYPE redpoll_http_request_duration_seconds histogram\n" +
			histogram("redpoll_http_request_duration_seconds", `route="/api/metrics",method="get",code="200"`, 1, 1, 1),
		second: "# TYPE redpoll_http_request_duration_seconds histogram\n" +
			histogram("redpoll_http_request_duration_seconds", `route="/api/metrics",method="get",code="200"`, 31, 46, 51),
		want: "GET /api/metrics: 50 0 0.0833333 0.5 0.2\n",
		recognised: redpoll.Recognised{
			Convention: "redpoll", Family: "redpoll_http_request_duration_seconds", Kind: "histogram", Endpoints: 1,
		},
	},
	{
		name: "two families for the same requests are not counted twice",
		first: "# TYPE http_request_duration_seconds histogram\n# TYPE http_server_requests_seconds histogram\n" +
			histogram("http_request_duration_seconds", `path="/a",method="GET",code="200"`, 0, 0, 0) +
			histogram("http_server_requests_seconds", `uri="/a",method="GET",status="200"`, 0, 0, 0),
		second: "# TYPE http_request_duration_seconds histogram\n# TYPE http_server_requests_seconds histogram\n" +
			histogram("http_request_duration_seconds", `path="/a",method="GET",code="200"`, 30, 45, 50) +
			histogram("http_server_requests_seconds", `uri="/a",method="GET",status="200"`, 30, 45, 50),
		want: "GET /a: 50 0 0.0833333 0.5 0.2\n",
		recognised: redpoll.Recognised{
			Convention: "micrometer", Family: "http_server_requests_seconds", Kind: "histogram", Endpoints: 1,
			Note: "http_request_duration_seconds is taken for the same requests and left out",
		},
	},
}

func TestFastConventions(t *testing.T) {
	for _, c := range conventionCases {
		t.Run(c.name, func(t *testing.T) {
			s := newTarget(t, Options{})
			if d := s.scrape(c.first); strings.Contains(figures(d), " 0 ") {
				t.Errorf("the first scrape has figures: %s", figures(d))
			}
			d := s.scrape(c.second)
			s.wants(d, c.want)
			if diff := cmp.Diff([]redpoll.Recognised{c.recognised}, d.Recognised); diff != "" {
				t.Error(diff)
			}
			if (len(d.Advice) > 0) != c.hint {
				t.Errorf("advice %q", d.Advice)
			}
		})
	}
}

// A convention without a case that it reads is one that nobody has tried.
func TestFastEveryConventionHasACase(t *testing.T) {
	tried := make(map[[2]string]bool) // by name and pattern
	try := func(convention, family string) {
		for _, c := range builtIn().conventions {
			if c.Name == convention && isNamed(c.Family, family) {
				tried[[2]string{c.Name, c.Family}] = true
			}
		}
	}
	for _, c := range conventionCases {
		try(c.recognised.Convention, c.recognised.Family)
	}
	for _, want := range goldens(t) {
		try(want.Convention, want.Family)
	}
	for _, c := range builtIn().conventions {
		if !tried[[2]string{c.Name, c.Family}] {
			t.Errorf("%s reads %s in no case", c.Name, c.Family)
		}
	}
}

func TestFastExplicitMappingReplacesTheConventions(t *testing.T) {
	s := newTarget(t, Options{
		Conventions: []Convention{
			{
				Family: "shop_*_ms", Unit: "ms", Path: LabelNames{"op"}, Method: LabelNames{"verb"},
				Where:      map[string]string{"side": "server"},
				ErrorsFrom: &ErrorsFrom{Family: "shop_results_total", Where: map[string]string{"try": "last"}, Status: LabelNames{"result"}},
			},
			{Name: "jobs", Family: "jobs_done_total", Kind: Requests, Path: LabelNames{"queue"}, Status: LabelNames{"result"}},
		},
		Errors: Statuses{"failed"},
	})
	body := func(n int, failed, jobs string) string {
		return "# TYPE shop_latency_ms histogram\n# TYPE shop_results_total counter\n# TYPE jobs_done_total counter\n" +
			"# TYPE http_requests_total counter\n" + `http_requests_total{path="/x"} 9` + "\n" +
			histogram("shop_latency_ms", `op="buy",verb="post",side="client"`, 7*n, 7*n, 7*n) +
			histogram("shop_latency_ms", `op="buy",verb="post",side="server"`, 30*n, 45*n, 50*n) +
			`shop_results_total{op="buy",verb="post",result="FAILED",try="first"} ` + fmt.Sprint(9*n) + "\n" +
			`shop_results_total{op="buy",verb="post",result="FAILED",try="last"} ` + failed + "\n" +
			`jobs_done_total{queue="mail",result="failed"} ` + jobs + "\n"
	}
	s.scrape(body(1, "3", "10"))
	// As above, in milliseconds: a thousandth.
	s.wants(s.scrape(body(2, "4", "12")), " mail: 2 2 - - -\nPOST buy: 50 1 8.33333e-05 0.0005 0.0002\n")
}

func TestFastHintsSayWhatIsMissing(t *testing.T) {
	f := func(o Options, body, want string) {
		t.Helper()
		if d := newTarget(t, o).scrape(body); len(d.Advice) == 0 || !strings.Contains(d.Advice[0].Text, want) {
			t.Errorf("advice %q, want one that says %q", d.Advice, want)
		}
	}
	f(Options{}, "up 1\n", "add a histogram http_request_duration_seconds with labels path, method and code")
	own := "# TYPE promhttp_metric_handler_requests_total counter\npromhttp_metric_handler_requests_total{code=\"200\"} 1\n"
	f(Options{}, own, "no request metrics found")
	if newTarget(t, Options{}).scrape(own).Useful {
		t.Error("the metrics page alone is called useful")
	}
	if d := newTarget(t, Options{}).scrape(own + "node_boot_time_seconds 1\n"); len(d.Advice) > 0 || !d.Useful {
		t.Errorf("advice %q for a machine", d.Advice)
	}
	f(Options{}, "http_requests_total{code=\"200\"} 1\n", "http_requests_total has no label that names the path")
}

func TestFastNotesSayWhatAFamilyCannotTell(t *testing.T) {
	d := newTarget(t, Options{}).scrape("# TYPE http_request_duration_seconds histogram\n" +
		histogram("http_request_duration_seconds", `path="/a"`, 1, 1, 1))
	if want := "no status label: error rates are unknown"; d.Recognised[0].Note != want {
		t.Errorf("note %q, want %q", d.Recognised[0].Note, want)
	}
}

func TestFastConventionsAreRefusedWithTheField(t *testing.T) {
	f := func(c Convention, want string) {
		t.Helper()
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: error %v, want one about %s", c, err, want)
		}
	}
	f(Convention{Path: LabelNames{"p"}}, "family:")
	f(Convention{Family: "f"}, "path:")
	f(Convention{Family: "f", Path: LabelNames{"p"}, Unit: "h"}, "unit:")
	f(Convention{Family: "f", Path: LabelNames{"p"}, Kind: "gauge"}, "kind:")
	f(Convention{Family: "f", Path: LabelNames{"p"}, ErrorsFrom: &ErrorsFrom{}}, "errors_from.family:")
	f(Convention{Family: "f", Path: LabelNames{"{p"}}, "path:")
	f(Convention{Family: "f", Path: LabelNames{"p"}, Exception: LabelNames{""}}, "exception:")
	f(Convention{Family: "f", Path: LabelNames{"p"}, ErrorsFrom: &ErrorsFrom{Family: "e", Status: LabelNames{"s}"}}}, "errors_from.status:")
	for _, family := range []string{"x y!", "*_seconds", "http.server.request.duration", "öffnungen"} { // names in quotes may hold them
		if err := (&Convention{Family: family, Path: LabelNames{"p"}}).Validate(); err != nil {
			t.Error(err)
		}
	}
	if _, err := readConventions([]byte("- {family: f, path: p, colour: red}")); err == nil {
		t.Error("an unknown key was accepted")
	}
}

func TestFastBoundsInOtherUnitsAreThoseInSeconds(t *testing.T) {
	for unit, per := range map[Unit]float64{"s": 1, "ms": 1e3, "us": 1e6} {
		f := &family{perSecond: unit.perSecond()}
		for _, seconds := range []float64{.005, .01, .025, .05, .1, .25, .3, .5, .7, 1, 2.5, 5, 10} {
			if got := f.secondsOf([]float64{math.Round(seconds*per*1e6) / 1e6})[0]; got != seconds {
				t.Errorf("%v s in %s is %v", seconds, unit, got)
			}
		}
	}
}

// A factor of 1000 would go unnoticed.
func TestFastUnitIsToldByTheNameWhereTheConventionSaysNone(t *testing.T) {
	f := func(name, family string, unit Unit, mean string) {
		t.Helper()
		s := newTarget(t, Options{Conventions: []Convention{{Family: family, Unit: unit, Path: LabelNames{"op"}, Where: map[string]string{"op": "/*"}}}})
		text := func(n int) string {
			return "# TYPE " + name + " histogram\n" + histogram(name, `op="/a"`, n, n, n)
		}
		s.scrape(text(1))
		d := s.scrape(text(2))
		if len(d.Endpoints) != 1 || number(d.Endpoints[0].Increase.Mean()) != mean {
			t.Errorf("%s as %s in %q: %s want a mean of %s s", name, family, unit, figures(d), mean)
		}
	}
	for name, mean := range map[string]string{
		"op_ms": "0.0002", "op_milliseconds": "0.0002", "op_us": "2e-07", "op_microseconds": "2e-07", "op_seconds": "0.2", "op_duration": "0.2",
	} {
		for _, family := range []string{name, "*", "op_*"} {
			f(name, family, "", mean)
		}
	}
	f("op_ms", "op_ms", "s", "0.2")
	f("op_seconds", "op_seconds", "ms", "0.0002")
}
