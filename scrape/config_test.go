package scrape

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"

	"github.com/redpoll/redpoll/scrape/red"
)

func decodeJob(text string) (JobConfig, error) {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	var c JobConfig
	if err := decoder.Decode(&c); err != nil {
		return c, err
	}
	return c, c.Validate(DefaultGlobal)
}

func TestFastConfigDefaults(t *testing.T) {
	c, err := decodeJob("job_name: shop\nstatic_configs: [{targets: ['127.0.0.1:8080']}]")
	if err != nil {
		t.Fatal(err)
	}
	want := JobConfig{
		JobName:        "shop",
		ScrapeInterval: model.Duration(5 * time.Second), ScrapeTimeout: model.Duration(4 * time.Second),
		MetricsPath: "/metrics", Scheme: "http", MaxEndpoints: 2000,
		HonorTimestamps: true, EnableCompression: true,
		Limits: Limits{BodySizeLimit: 50 << 20},
		Formats: Formats{
			ScrapeProtocols:            []Protocol{PrometheusProto, OpenMetrics1_0_0, OpenMetrics0_0_1, PrometheusText1_0_0, PrometheusText0_0_4},
			MetricNameValidationScheme: model.UTF8Validation,
			MetricNameEscapingScheme:   model.AllowUTF8,
		},
		Discovery:        Discovery{StaticConfigs: []StaticConfig{{Targets: []string{"127.0.0.1:8080"}}}},
		HTTPClientConfig: config.DefaultHTTPClientConfig,
	}
	if diff := cmp.Diff(want, c, cmp.AllowUnexported(config.ProxyConfig{})); diff != "" {
		t.Error(diff)
	}
}

func TestFastConfigReadsEveryKey(t *testing.T) {
	c, err := decodeJob(`
job_name: shop
scrape_interval: 1s
metrics_path: /m
scheme: https
params: {a: [b, c]}
body_size_limit: 2MB
max_endpoints: 7
basic_auth: {username: u, password: p}
follow_redirects: false
errors: [5xx, "429"]
estimate: geometric
path_folding:
  ids: false
  patterns: [{segment: 'ord-[0-9]+', as: '{order}'}, {segment: '[^a-z]+'}]
static_configs:
  - targets: [a, "b:1", "[::1]:9100"]
    labels: {env: prod}
endpoints:
  - family: shop_ms
    unit: ms
    path: op
    errors_from: {family: shop_total, status: [result]}
`)
	if err != nil {
		t.Fatal(err)
	}
	if time.Duration(c.ScrapeTimeout) != time.Second {
		t.Errorf("the timeout is %v, want the interval where that is shorter than the default", c.ScrapeTimeout)
	}
	if c.HTTPClientConfig.BasicAuth.Username != "u" || c.HTTPClientConfig.FollowRedirects || c.BodySizeLimit != 2<<20 {
		t.Errorf("%+v", c)
	}
	off := false
	folding := red.PathFolding{IDs: &off, Patterns: []red.SegmentPattern{{Segment: "ord-[0-9]+", As: "{order}"}, {Segment: "[^a-z]+"}}}
	if diff := cmp.Diff(folding, c.PathFolding); diff != "" || c.Estimate != Geometric {
		t.Errorf("the estimate is %s; path_folding:\n%s", c.Estimate, diff)
	}
	want := Mappings{{
		Name: "endpoints", Family: "shop_ms", Kind: red.Latency, Unit: "ms", Traffic: red.HTTP, Path: red.LabelNames{"op"},
		ErrorsFrom: &red.ErrorsFrom{Family: "shop_total", Path: red.LabelNames{"op"}, Status: red.LabelNames{"result"}},
	}}
	if diff := cmp.Diff(want, c.Endpoints); diff != "" {
		t.Error(diff)
	}
}

func TestFastConfigASingleMappingNeedsNoList(t *testing.T) {
	c, err := decodeJob("job_name: shop\nendpoints: {family: f, path: p}")
	if err != nil || len(c.Endpoints) != 1 || c.Endpoints[0].Family != "f" {
		t.Errorf("%+v, %v", c.Endpoints, err)
	}
}

// An empty list is not the lack of one, in what is printed as well.
func TestFastConfigErrorsAreOneOrAListOrNone(t *testing.T) {
	f := func(text string, want red.Statuses) {
		t.Helper()
		c, err := decodeJob("job_name: shop\n" + text)
		if err != nil {
			t.Fatal(err)
		}
		printed, err := yaml.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeJob(string(printed))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]red.Statuses{want, want}, []red.Statuses{c.Errors, again.Errors}); diff != "" {
			t.Errorf("%s, and printed and read again:\n%s", text, diff)
		}
	}
	f("", nil)
	f("errors:", nil)
	f("errors: []", red.Statuses{})
	f("errors: 5xx", red.Statuses{"5xx"})
	f("errors: 429", red.Statuses{"429"})
	f("errors: [5xx, 429]", red.Statuses{"5xx", "429"})
}

func TestFastConfigRefusesWithTheField(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		_, err := decodeJob(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\nerror %v, want one that says %q", text, err, want)
		}
	}
	f("scheme: http", "job_name: every job needs a name")
	f("job_name: j\nscrape_interval: 50ms", `scrape_interval: 50ms is too short; the shortest is 100ms (job "j")`)
	f("job_name: j\nscrape_interval: 1s\nscrape_timeout: 2s", "scrape_timeout: 2s is longer than scrape_interval, 1s")
	f("job_name: j\nscheme: ftp", `scheme: "ftp" is neither http nor https`)
	f("job_name: j\nmax_endpoints: -1", "max_endpoints: -1 is negative")
	f("job_name: j\nmax_endpoints: 100001", "max_endpoints: 100001 is too many; the most is 100000")
	f("job_name: j\nbody_size_limit: many", `"many" is not a size; write it as 50MB`)
	f("job_name: j\nbody_size_limit: 99999999999GB", "is not a size")
	f("job_name: j\nerrors: ['']", `errors: "" is no status`)
	f("job_name: j\npath_folding: {patterns: [{segment: '('}]}", "path_folding.patterns[0].segment: \"(\" is no regular expression: missing closing ): `(`")
	f("job_name: j\npath_folding: {patterns: [{segment: 'a[0-9'}]}", "\"a[0-9\" is no regular expression: missing closing ]: `[0-9`")
	f("job_name: j\npath_folding: {patterns: [{segment: 'a)(b'}]}", "\"a)(b\" is no regular expression: unexpected ): `a)(b`")
	f("job_name: j\npath_folding: {patterns: [{segment: 'shops/[0-9]+'}]}", "\"shops/[0-9]+\" never matches: a segment is what stands between two slashes")
	f("job_name: j\npath_folding: {patterns: [{segment: '(/?x)'}]}", "leave the slash out")
	f("job_name: j\nestimate: quadratic", `estimate: "quadratic" is neither "linear" nor "geometric"`)
	f("job_name: j\nendpoints: [{family: f}]", "endpoints[0].path: name the label")
	f("job_name: j\nendpoints: [{family: f, path: '{}'}]", "endpoints[0].path: \"{}\" has braces without the name of a label")
	f("job_name: j\nendpoints: [{family: f, path: '{/}'}]", "braces without the name of a label")
	f("job_name: j\nendpoints: [{family: f, path: '}a{'}]", "a brace without its other half")
	f("job_name: j\nendpoints: [{family: 'f{code=\"500\"}', path: p}]", "endpoints[0].family: \"f{code=\\\"500\\\"}\" is not the name of a metric family; write it without quotes and labels")
	f("job_name: j\nendpoints: [{family: ' f', path: p}]", "endpoints[0].family: \" f\" is not the name")
	f("job_name: j\nendpoints: [{family: f, path: p, errors_from: {family: \"e\\n\"}}]", "endpoints[0].errors_from.family: \"e\\n\" is not the name")
	f("job_name: j\nendpoints: {family: f, path: p, colour: red}", "colour")
	f("job_name: j\ncolour: red", "colour")
	f("job_name: j\nbasic_auth: {username: u}\nbearer_token: t", "at most one of")
	targets := func(list string) string { return "job_name: j\nstatic_configs: [{targets: [" + list + "]}]" }
	f(targets("'http://a:1/metrics'"), "static_configs[0].targets: \"http://a:1/metrics\" is not host:port; scheme and path of a URL go into")
	f(targets("'u:hunter2@a:1'"), "a target holds credentials; put them into basic_auth")
	f(targets("'a:99999'"), `"a:99999" has no valid port`)
	f(targets("'a:b'"), `"a:b" is not host:port`)
	f(targets("'a b'"), `"a b" is not host:port`)
	f(targets("''"), `"" is not host:port`)
	f("job_name: j\nstatic_configs: [{targets: [a], labels: {'': b}}]", "is not a label name")
}

func TestFastConfigFilesAreRelativeToTheConfiguration(t *testing.T) {
	c, err := decodeJob("job_name: j\ntls_config: {ca_file: ca.pem}")
	if err != nil {
		t.Fatal(err)
	}
	c.SetDirectory("/etc/redpoll")
	if file := c.HTTPClientConfig.TLSConfig.CAFile; file != "/etc/redpoll/ca.pem" {
		t.Errorf("ca_file is %s", file)
	}
}

func TestFastConfigGlobal(t *testing.T) {
	var g Global
	if err := g.Validate(); err != nil || g.ScrapeInterval != model.Duration(5*time.Second) {
		t.Errorf("%+v, %v", g, err)
	}
	g = Global{ScrapeInterval: model.Duration(time.Millisecond)}
	if err := g.Validate(); err == nil {
		t.Error("an interval of 1 ms was accepted")
	}
}

func TestFastATimeoutThatIsNotSetGoesByTheInterval(t *testing.T) {
	f := func(global string, interval, want time.Duration) {
		t.Helper()
		var g Global
		if err := yaml.Unmarshal([]byte(global), &g); err != nil {
			t.Fatal(err)
		}
		if err := g.Validate(); err != nil {
			t.Fatal(err)
		}
		c := NewJobConfig("shop")
		c.ScrapeInterval = model.Duration(interval)
		if err := c.Validate(g); err != nil || time.Duration(c.ScrapeTimeout) != want {
			t.Errorf("global: %s, a job every %v: %v, %v; want %v", global, interval, c.ScrapeTimeout, err, want)
		}
	}
	f("{}", 0, 4*time.Second)
	f("{}", time.Second, time.Second)
	f("{}", 5*time.Second, 4*time.Second)
	f("{}", 6*time.Second, 6*time.Second)
	f("{}", 15*time.Second, 10*time.Second)
	f("{scrape_interval: 1m}", 0, 10*time.Second)
	f("{scrape_interval: 1m}", 2*time.Second, 2*time.Second)
	f("{scrape_interval: 1m, scrape_timeout: 30s}", 0, 30*time.Second)
	f("{scrape_interval: 1m, scrape_timeout: 30s}", 20*time.Second, 20*time.Second)
	f("{scrape_timeout: 3s}", time.Minute, 3*time.Second)
}

func TestFastConfigSecretsAreNotWritten(t *testing.T) {
	for _, keys := range []string{
		"authorization: {credentials: hunter2}",
		"oauth2: {client_id: c, client_secret: hunter2, token_url: 'http://u:hunter2@a/token'}",
		"http_sd_configs: [{url: 'http://u:hunter2@a', oauth2: {client_id: c, client_secret: s, token_url: 'http://u:hunter2@a/token'}}]",
	} {
		secretsAreNotWritten(t, keys)
	}
}

func secretsAreNotWritten(t *testing.T, keys string) {
	t.Helper()
	c, err := decodeJob("job_name: j\n" + keys)
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(c)
	if err != nil || strings.Contains(string(text), "hunter2") {
		t.Errorf("%v\n%s", err, text)
	}
	again, err := decodeJob(string(text))
	if err != nil || again.BodySizeLimit != c.BodySizeLimit {
		t.Errorf("what is written cannot be read: %v\n%s", err, text)
	}
}
