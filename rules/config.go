package rules

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// Thresholds are the limits of redpoll's own rules, each a value with its unit
// or "off". What else these rules say is documented at Thresholds.own and told
// by Engine.Rules.
type Thresholds struct {
	// LatencySpike is how far an endpoint's median latency may rise over its
	// own usual one.
	LatencySpike Value `yaml:"latency_spike"`
	// ErrorRateCritical and ErrorRateWarning are two levels of one rule.
	ErrorRateCritical Value `yaml:"error_rate_critical"`
	ErrorRateWarning  Value `yaml:"error_rate_warning"`
	// CacheHitMin is the lowest acceptable cache hit ratio.
	CacheHitMin Value `yaml:"cache_hit_min"`
	// StorageMax is the highest acceptable share of storage in use.
	StorageMax Value `yaml:"storage_max"`
}

// DefaultThresholds hold where the configuration says nothing else.
var DefaultThresholds = Thresholds{
	LatencySpike:      "50%",
	ErrorRateCritical: "5%",
	ErrorRateWarning:  "1%",
	CacheHitMin:       "90%",
	StorageMax:        "85%",
}

// UnmarshalYAML fills what the section leaves out from DefaultThresholds.
func (t *Thresholds) UnmarshalYAML(unmarshal func(any) error) error {
	*t = DefaultThresholds
	type thresholds Thresholds // without this method
	return unmarshal((*thresholds)(t))
}

// Validate checks every threshold. The error begins with the field's path in
// the file, e.g. "thresholds.latency_spike: ".
func (t Thresholds) Validate() error {
	_, err := t.rules()
	return err
}

// RuleConfig is one entry of the configuration's `rules`.
type RuleConfig struct {
	// Alert names the rule and its alerts; unique.
	Alert string `yaml:"alert"`
	// Metric is p50, p95, p99 or any other quantile as pN or pN.N (0 < N < 100),
	// error_rate, throughput, latency_spike or a signal: cdn_bandwidth,
	// cdn_cache_hit_ratio, cdn_storage, system_memory, system_cpu,
	// system_uptime.
	Metric string `yaml:"metric"`
	// Match selects endpoints; all if empty. Signals have none.
	Match Match `yaml:"match,omitempty"`
	// Exactly one of Above and Below is the threshold, with its unit.
	Above Value `yaml:"above,omitempty"`
	Below Value `yaml:"below,omitempty"`
	// For is how long the threshold must be crossed before the alert fires;
	// empty means it fires at once.
	For Value `yaml:"for,omitempty"`
	// Severity is critical, warning or info; empty means warning.
	Severity redpoll.Severity `yaml:"severity,omitempty"`
	// MinRequests is how many requests the newest scrape interval must have
	// had for the endpoint to be judged; 0 judges by whatever there is.
	MinRequests uint64 `yaml:"min_requests,omitempty"`
	// Labels are added to the alerts' own (alertname, severity, job, method,
	// path), which they may not replace.
	Labels map[string]string `yaml:"labels,omitempty"`
	// Annotations are added to the alerts. A summary in plain words is written
	// where none is given.
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

// Match selects endpoints by globs in which * stands for any text, slashes
// included. An empty glob fits everything. Method disregards case.
type Match struct {
	Job    string `yaml:"job,omitempty"`
	Method string `yaml:"method,omitempty"`
	Path   string `yaml:"path,omitempty"`
}

// maxGlob bounds the time that matching hostile paths can take.
const maxGlob = 1024

// Validate checks one rule by itself. The error begins with the field's path
// within the rule, e.g. "match.method: ".
func (c *RuleConfig) Validate() error {
	_, err := c.rule()
	return err
}

// Validate checks everything that Apply would refuse. The error begins with the
// field's path in the file, e.g. "rules[2].above: ", and names the rule.
func Validate(t Thresholds, rules []RuleConfig) error {
	_, err := build(t, rules)
	return err
}

// build makes redpoll's own rules, then the configured ones in their order.
func build(t Thresholds, configs []RuleConfig) ([]*rule, error) {
	all, err := t.rules()
	if err != nil {
		return nil, err
	}
	taken := make(map[string]string)
	for _, r := range all {
		taken[r.name] = "redpoll's own rule, which the thresholds section sets or switches off"
	}
	for i := range configs {
		r, err := configs[i].rule()
		if err != nil {
			return nil, fmt.Errorf("rules[%d].%w", i, err)
		}
		if by, ok := taken[r.name]; ok {
			return nil, fmt.Errorf("rules[%d].alert: rule %q: the name is taken by %s; choose another", i, r.name, by)
		}
		taken[r.name] = fmt.Sprintf("rules[%d]", i)
		all = append(all, r)
	}
	return all, nil
}

// rule checks the configuration and makes the rule of it.
func (c *RuleConfig) rule() (*rule, error) {
	if strings.TrimSpace(c.Alert) == "" {
		return nil, errors.New("alert: the rule has no name; give it one, e.g. CheckoutSlow")
	}
	r := &rule{
		name: c.Alert, match: c.Match.normal(), above: c.Above != "",
		minRequests: c.MinRequests, labels: c.Labels, annotations: c.Annotations,
	}
	for _, check := range []func(*rule) (field string, err error){
		c.setMetric, c.checkMatch, c.checkSeverity, c.setLevel, c.setFor, c.checkMinRequests, c.checkLabels,
	} {
		if field, err := check(r); err != nil {
			return nil, fmt.Errorf("%s: rule %q: %w", field, c.Alert, err)
		}
	}
	return r, nil
}

func (c *RuleConfig) setMetric(r *rule) (string, error) {
	if c.Metric == "" {
		return "metric", errors.New("nothing to judge is named; give a metric, e.g. p99 or error_rate")
	}
	var err error
	r.metric, err = metricByName(c.Metric)
	return "metric", err
}

// normal makes methods upper case, as EndpointKey has them.
func (m Match) normal() Match {
	m.Method = strings.ToUpper(m.Method)
	return m
}

// globs lists the globs with their fields, empty ones included.
func (m Match) globs() [3]struct{ field, glob string } {
	return [3]struct{ field, glob string }{{"job", m.Job}, {"method", m.Method}, {"path", m.Path}}
}

func (c *RuleConfig) checkMatch(r *rule) (string, error) {
	if r.metric.kind == signal && c.Match != (Match{}) {
		return "match", fmt.Errorf("%s is one value for everything and has no endpoints to match; leave match out", c.Metric)
	}
	for _, m := range c.Match.globs() {
		if len(m.glob) > maxGlob {
			return "match." + m.field, fmt.Errorf("the glob has %d bytes; at most %d are allowed", len(m.glob), maxGlob)
		}
	}
	if strings.ContainsAny(c.Match.Method, "|,/ ") {
		return "match.method", fmt.Errorf("%q is not one method; write one such as POST, a glob such as P*, or a rule for each", c.Match.Method)
	}
	return "", nil
}

func (c *RuleConfig) setLevel(r *rule) (string, error) {
	field, value := "above", c.Above
	switch {
	case c.Above != "" && c.Below != "":
		return "below", errors.New("both above and below are given; keep one, or write two rules")
	case c.Above == "" && c.Below == "":
		return "above", fmt.Errorf("neither above nor below is given; give %s", r.metric.wants)
	case c.Below != "":
		field, value = "below", c.Below
	}
	if r.metric.kind == latencySpike && field == "below" {
		return field, errors.New("latency_spike is the rise over the usual latency; use above")
	}
	threshold, err := r.metric.parse(value)
	if err != nil {
		return field, err
	}
	r.levels = []redpoll.Level{{Severity: cmp.Or(c.Severity, redpoll.Warning), Threshold: threshold}}
	return "", nil
}

func (c *RuleConfig) checkSeverity(*rule) (string, error) {
	if c.Severity != "" && !slices.Contains(severities, c.Severity) {
		return "severity", fmt.Errorf("%q is no severity; use critical, warning or info", string(c.Severity))
	}
	return "", nil
}

func (c *RuleConfig) setFor(r *rule) (string, error) {
	var err error
	r.wait, err = c.For.duration()
	return "for", err
}

func (c *RuleConfig) checkMinRequests(r *rule) (string, error) {
	if c.MinRequests > 0 && (r.metric.kind == signal || r.metric.kind == throughput) {
		return "min_requests", fmt.Errorf("%s does not depend on a number of requests; leave min_requests out", c.Metric)
	}
	return "", nil
}

// ownLabels are set on every alert from the rule and the endpoint.
var ownLabels = []string{"alertname", "severity", "job", "method", "path"}

func (c *RuleConfig) checkLabels(*rule) (string, error) {
	for _, name := range sortedKeys(c.Labels) {
		if !model.LegacyValidation.IsValidLabelName(name) {
			return "labels." + name, fmt.Errorf("%q is no label name; use letters, digits and _, not beginning with a digit", name)
		}
		if slices.Contains(ownLabels, name) {
			return "labels." + name, errors.New("this label is set by redpoll itself; leave it out")
		}
	}
	return "", nil
}
