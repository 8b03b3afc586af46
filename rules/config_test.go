package rules

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// section stands for the part of the file that this package owns.
type section struct {
	Thresholds Thresholds   `yaml:"thresholds"`
	Rules      []RuleConfig `yaml:"rules"`
}

// load reads a section as package config does: strictly, with the defaults in
// place before.
func load(text string) (section, error) {
	s := section{Thresholds: DefaultThresholds}
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&s); err != nil {
		return s, err
	}
	return s, Validate(s.Thresholds, s.Rules)
}

func TestFastDefaultThresholdsAreThoseOfTheDocumentation(t *testing.T) {
	engine := NewEngine(Options{})
	if err := engine.Apply(DefaultThresholds, nil); err != nil {
		t.Fatal(err)
	}
	ignore := cmp.FilterPath(func(p cmp.Path) bool {
		last := p.Last().String()
		return last == ".Note" || last == ".Annotations" || last == ".Match" || last == ".Active"
	}, cmp.Ignore())
	want := []redpoll.RuleStatus{
		{Name: "EndpointLatencySpike", Metric: "latency_spike", Above: true, Unit: redpoll.Ratio, For: 10 * time.Second, MinRequests: 10,
			Levels: []redpoll.Level{{Severity: redpoll.Critical, Threshold: 0.5}}, Default: true},
		{Name: "EndpointErrorRate", Metric: "error_rate", Above: true, Unit: redpoll.Ratio, For: 10 * time.Second, MinRequests: 10,
			Levels: []redpoll.Level{{Severity: redpoll.Critical, Threshold: 0.05}, {Severity: redpoll.Warning, Threshold: 0.01}}, Default: true},
		{Name: "CacheHitRatioLow", Metric: "cdn_cache_hit_ratio", Unit: redpoll.Ratio, For: time.Minute,
			Levels: []redpoll.Level{{Severity: redpoll.Warning, Threshold: 0.9}}, Default: true},
		{Name: "StorageFull", Metric: "cdn_storage", Above: true, Unit: redpoll.Ratio, For: time.Minute,
			Levels: []redpoll.Level{{Severity: redpoll.Warning, Threshold: 0.85}}, Default: true},
	}
	if diff := cmp.Diff(want, engine.Rules(), ignore); diff != "" {
		t.Errorf("rules differ (-want +got):\n%s", diff)
	}
}

func TestFastThresholdsLeftOutKeepTheirDefaults(t *testing.T) {
	got, err := load("thresholds: {latency_spike: 80%, error_rate_warning: off, storage_max: }")
	if err != nil {
		t.Fatal(err)
	}
	want := DefaultThresholds
	want.LatencySpike, want.ErrorRateWarning = "80%", off
	if got.Thresholds != want {
		t.Errorf("got %+v, want %+v", got.Thresholds, want)
	}
}

func TestFastThresholdsThatAreOffMakeNoRule(t *testing.T) {
	for text, want := range map[string]string{
		"latency_spike: off":                                  "EndpointErrorRate CacheHitRatioLow StorageFull",
		"error_rate_warning: off":                             "EndpointLatencySpike EndpointErrorRate CacheHitRatioLow StorageFull",
		"{error_rate_warning: off, error_rate_critical: off}": "EndpointLatencySpike CacheHitRatioLow StorageFull",
		"{cache_hit_min: off, storage_max: off}":              "EndpointLatencySpike EndpointErrorRate",
	} {
		var th Thresholds
		if err := yaml.Unmarshal([]byte(text), &th); err != nil {
			t.Fatal(err)
		}
		rules, err := th.rules()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, r := range rules {
			names = append(names, r.name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s leaves %s, want %s", text, got, want)
		}
	}
}

func TestCanaryARuleIsReadAsItIsDocumented(t *testing.T) {
	got, err := load(`
rules:
  - alert: CheckoutSlow
    metric: p99
    match: {job: shop, method: post, path: "/checkout*"}
    above: 500ms
    for: 30s
    severity: critical
    min_requests: 20
    labels: {team: payments}
    annotations: {runbook: "https://example.org/slow"}
`)
	if err != nil {
		t.Fatal(err)
	}
	engine := NewEngine(Options{})
	if err := engine.Apply(allOff, got.Rules); err != nil {
		t.Fatal(err)
	}
	want := []redpoll.RuleStatus{{
		Name: "CheckoutSlow", Metric: "p99", Unit: redpoll.Seconds, Above: true, For: 30 * time.Second, MinRequests: 20,
		Match:  map[string]string{"job": "shop", "method": "POST", "path": "/checkout*"},
		Levels: []redpoll.Level{{Severity: redpoll.Critical, Threshold: 0.5}},
		Labels: map[string]string{"team": "payments"}, Annotations: map[string]string{"runbook": "https://example.org/slow"},
		Active: map[redpoll.AlertState]int{}, Note: "not evaluated yet",
	}}
	if diff := cmp.Diff(want, engine.Rules()); diff != "" {
		t.Errorf("rules differ (-want +got):\n%s", diff)
	}
}

func TestFastConfigurationSurvivesBeingWrittenOut(t *testing.T) {
	want, err := load(`
thresholds: {latency_spike: 70%, cache_hit_min: off}
rules:
  - {alert: A, metric: p99.9, above: 1.5s, for: 1m}
  - {alert: B, metric: system_cpu, above: 1.5, severity: info}
  - {alert: C, metric: throughput, below: 0.5/s, match: {path: /a}}
`)
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := load(string(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("it differs (-want +got):\n%s\nfrom\n%s", diff, text)
	}
}

func TestFastValuesAreReadWithTheirUnits(t *testing.T) {
	for _, tc := range []struct {
		metric string
		value  Value
		want   float64
	}{
		{"p99", "500ms", 0.5},
		{"p99", "1.5s", 1.5},
		{"p50", "250 µs", 0.00025},
		{"p50", "250us", 0.00025},
		{"p99.9", "2m", 120},
		{"p95", "0s", 0},
		{"error_rate", "5%", 0.05},
		{"error_rate", "0.1 %", 0.001},
		{"error_rate", "100%", 1},
		{"latency_spike", "150%", 1.5},
		{"throughput", "200/s", 200},
		{"throughput", "0.5 /s", 0.5},
		{"cdn_cache_hit_ratio", "90%", 0.9},
		{"cdn_storage", "85%", 0.85},
		{"cdn_bandwidth", "100MB/s", 1e8},
		{"cdn_bandwidth", "1GiB/s", 1 << 30},
		{"cdn_bandwidth", "12500", 12500},
		{"system_memory", "4GiB", 4 << 30},
		{"system_memory", "512 kB", 512e3},
		{"system_memory", "1073741824", 1 << 30},
		{"system_cpu", "80%", 0.8},
		{"system_cpu", "1.5", 1.5},
		{"system_uptime", "10m", 600},
		{"system_uptime", "300", 300},
		{"system_uptime", "2d", 172800},
	} {
		m, err := metricByName(tc.metric)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.parse(tc.value)
		if err != nil || math.Abs(got-tc.want) > 1e-15*tc.want {
			t.Errorf("%s of %s is %v, %v; want %v", tc.value, tc.metric, got, err, tc.want)
		}
	}
}

func TestFastQuantilesAreAnyBetween0And100(t *testing.T) {
	for name, want := range map[string]float64{"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "p5": 0.05, "p0.1": 0.001} {
		m, err := metricByName(name)
		if err != nil || math.Abs(m.q-want) > 1e-12 || m.unit != redpoll.Seconds {
			t.Errorf("%s: quantile %v in %s, %v", name, m, m.unit, err)
		}
	}
	for _, name := range []string{"p0", "p100", "p999", "p", "p-5", "p1e1", "p99.", "p.5", "pNaN", "p0x10", "P99", "p99.9.9"} {
		if _, err := metricByName(name); err == nil {
			t.Errorf("%s is taken for a metric", name)
		}
	}
}

func TestFastBadConfigurationIsRefusedByNameAndField(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"thresholds: {latency_spike: 50}",
			`thresholds.latency_spike: "50" does not fit latency_spike: give a percentage over the usual latency, e.g. 50%, or off`},
		{"thresholds: {error_rate_critical: 500%}",
			`thresholds.error_rate_critical: "500%" is more than error_rate can be: give a percentage, e.g. 5%, or off`},
		{"thresholds: {error_rate_warning: 6%}",
			`thresholds.error_rate_warning: "6%" is not under the threshold for critical`},
		{`thresholds: {cache_hit_min: ""}`,
			`thresholds.cache_hit_min: no value is given; give a percentage, e.g. 90%, or off`},
		{"thresholds: {storage_max: -1%}",
			`thresholds.storage_max: "-1%" is negative: give a percentage, e.g. 85%, or off`},
		{"rules: [{metric: p99, above: 1s}]",
			`rules[0].alert: the rule has no name; give it one, e.g. CheckoutSlow`},
		{"rules: [{alert: A, above: 1s}]",
			`rules[0].metric: rule "A": nothing to judge is named; give a metric, e.g. p99 or error_rate`},
		{"rules: [{alert: A, metric: eror_rate, above: 1%}]",
			`rules[0].metric: rule "A": unknown metric "eror_rate"; did you mean error_rate?`},
		{"rules: [{alert: A, metric: temperature_outside, above: 1}]",
			`rules[0].metric: rule "A": unknown metric "temperature_outside"; known are p50, p95, p99, mean, error_rate, throughput, latency_spike, ` +
				`cdn_bandwidth, cdn_cache_hit_ratio, cdn_storage, system_memory, system_cpu, system_uptime and other quantiles such as p99.9`},
		{"rules: [{alert: A, metric: p100, above: 1s}]",
			`rules[0].metric: rule "A": there is no quantile p100: N in pN lies between 0 and 100, e.g. p99.9`},
		{"rules: [{alert: A, metric: p99, above: 500}]",
			`rules[0].above: rule "A": "500" does not fit p99: give a latency with its unit, e.g. 500ms`},
		{"rules: [{alert: A, metric: p99, below: 5%}]",
			`rules[0].below: rule "A": "5%" does not fit p99: give a latency with its unit, e.g. 500ms`},
		{"rules: [{alert: A, metric: throughput, below: 200}]",
			`rules[0].below: rule "A": "200" does not fit throughput: give requests per second, e.g. 200/s`},
		{"rules: [{alert: A, metric: p99, above: -5ms}]",
			`rules[0].above: rule "A": "-5ms" is negative: give a latency with its unit, e.g. 500ms`},
		{"rules: [{alert: A, metric: p99, above: .inf}]",
			`rules[0].above: rule "A": ".inf" does not fit p99: give a latency with its unit, e.g. 500ms`},
		{"rules: [{alert: A, metric: p99}]",
			`rules[0].above: rule "A": neither above nor below is given; give a latency with its unit, e.g. 500ms`},
		{"rules: [{alert: A, metric: p99, above: 1s, below: 2s}]",
			`rules[0].below: rule "A": both above and below are given; keep one, or write two rules`},
		{"rules: [{alert: A, metric: latency_spike, below: 50%}]",
			`rules[0].below: rule "A": latency_spike is the rise over the usual latency; use above`},
		{"rules: [{alert: A, metric: p99, above: 1s, severity: page}]",
			`rules[0].severity: rule "A": "page" is no severity; use critical, warning or info`},
		{"rules: [{alert: A, metric: p99, above: 1s, for: -5s}]",
			`rules[0].for: rule "A": "-5s" is negative: give a duration, e.g. 30s`},
		{"rules: [{alert: A, metric: p99, above: 1s, for: 30}]",
			`rules[0].for: rule "A": "30" is no duration: write e.g. 30s, 5m or 1h30m`},
		{"rules: [{alert: A, metric: p99, above: 1s, match: {method: GET|HEAD}}]",
			`rules[0].match.method: rule "A": "GET|HEAD" is not one method; write one such as POST, a glob such as P*, or a rule for each`},
		{"rules: [{alert: A, metric: p99, above: 1s, match: {path: " + strings.Repeat("*", 2000) + "}}]",
			`yaml: did not find expected alphabetic or numeric character`},
		{"rules: [{alert: A, metric: p99, above: 1s, match: {path: /" + strings.Repeat("*", 2000) + "}}]",
			`rules[0].match.path: rule "A": the glob has 2001 bytes; at most 1024 are allowed`},
		{"rules: [{alert: A, metric: system_cpu, above: 80%, match: {job: node}}]",
			`rules[0].match: rule "A": system_cpu is one value for everything and has no endpoints to match; leave match out`},
		{"rules: [{alert: A, metric: throughput, below: 1/s, min_requests: 5}]",
			`rules[0].min_requests: rule "A": throughput does not depend on a number of requests; leave min_requests out`},
		{"rules: [{alert: A, metric: p99, above: 1s, labels: {severity: page}}]",
			`rules[0].labels.severity: rule "A": this label is set by redpoll itself; leave it out`},
		{"rules: [{alert: A, metric: p99, above: 1s, labels: {my-team: x}}]",
			`rules[0].labels.my-team: rule "A": "my-team" is no label name; use letters, digits and _, not beginning with a digit`},
		{"rules: [{alert: A, metric: p99, above: 1s}, {alert: B, metric: p99, above: 1s}, {alert: A, metric: p50, above: 1s}]",
			`rules[2].alert: rule "A": the name is taken by rules[0]; choose another`},
		{"rules: [{alert: EndpointErrorRate, metric: error_rate, above: 1%}]",
			`rules[0].alert: rule "EndpointErrorRate": the name is taken by redpoll's own rule, which the thresholds section sets or switches off; choose another`},
		{"rules: [{alert: A, metric: p99, above: 1s, unless: x}]",
			"yaml: unmarshal errors:\n  line 1: field unless not found in type rules.RuleConfig"},
		{"thresholds: {latency: 5%}",
			"yaml: unmarshal errors:\n  line 1: field latency not found in type rules.thresholds"},
	} {
		if _, err := load(tc.text); err == nil || err.Error() != tc.want {
			t.Errorf("%.80s\n gives %v\n want  %s", tc.text, err, tc.want)
		}
	}
}

func TestFastARuleMayReplaceADefaultThatIsOff(t *testing.T) {
	_, err := load(`
thresholds: {error_rate_critical: off, error_rate_warning: off}
rules: [{alert: EndpointErrorRate, metric: error_rate, above: 2%}]
`)
	if err != nil {
		t.Error(err)
	}
}

func TestFastOneRuleValidatesByItself(t *testing.T) {
	c := RuleConfig{Alert: "A", Metric: "p99", Above: "1s", Match: Match{Method: "A B"}}
	if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), `match.method: rule "A": `) {
		t.Errorf("got %v", err)
	}
	th := DefaultThresholds
	th.StorageMax = "lots"
	if err := th.Validate(); err == nil || !strings.HasPrefix(err.Error(), "thresholds.storage_max: ") {
		t.Errorf("got %v", err)
	}
}

func FuzzFastValuesAreFiniteAndNotNegative(f *testing.F) {
	for _, v := range []string{"500ms", "5%", "-1s", "1e9s", "NaN", "+Inf", "999999999999999999999999h", "..", "1.5 GiB"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for i := range metrics {
			v, err := metrics[i].parse(Value(text))
			if err == nil && (v < 0 || math.IsNaN(v) || math.IsInf(v, 0)) {
				t.Errorf("%q of %s is %v", text, metrics[i].name, v)
			}
		}
		if d, err := Value(text).duration(); err == nil && d < 0 {
			t.Errorf("%q is %v", text, d)
		}
	})
}
