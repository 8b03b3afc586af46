package scrape

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/config"
	"github.com/prometheus/common/model"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/red"
)

// Global are the scrape settings that jobs inherit.
type Global struct {
	ScrapeInterval model.Duration
	ScrapeTimeout  model.Duration
}

// DefaultGlobal holds where the file says nothing.
var DefaultGlobal = Global{
	ScrapeInterval: model.Duration(5 * time.Second),
	ScrapeTimeout:  model.Duration(4 * time.Second),
}

// minInterval is the shortest interval; below it a scrape costs the target
// more than it tells.
const minInterval = 100 * time.Millisecond

// Validate fills in defaults and checks the settings.
func (g *Global) Validate() error {
	if g.ScrapeInterval == 0 {
		g.ScrapeInterval = DefaultGlobal.ScrapeInterval
	}
	if g.ScrapeTimeout == 0 {
		g.ScrapeTimeout = min(DefaultGlobal.ScrapeTimeout, g.ScrapeInterval)
	}
	return checkTimes(g.ScrapeInterval, g.ScrapeTimeout)
}

func checkTimes(interval, timeout model.Duration) error {
	if time.Duration(interval) < minInterval {
		return fmt.Errorf("scrape_interval: %v is too short; the shortest is %v", interval, minInterval)
	}
	if timeout > interval {
		return fmt.Errorf("scrape_timeout: %v is longer than scrape_interval, %v", timeout, interval)
	}
	return nil
}

// JobConfig is an entry of scrape_configs: Prometheus' schema, as far as it
// works here.
type JobConfig struct {
	JobName        string         `yaml:"job_name"`
	ScrapeInterval model.Duration `yaml:"scrape_interval,omitempty"`
	ScrapeTimeout  model.Duration `yaml:"scrape_timeout,omitempty"`
	MetricsPath    string         `yaml:"metrics_path,omitempty"`
	Scheme         string         `yaml:"scheme,omitempty"`
	Params         url.Values     `yaml:"params,omitempty"`
	// BodySizeLimit bounds the body after decompression; 0 is the default.
	BodySizeLimit ByteSize       `yaml:"body_size_limit,omitempty"`
	StaticConfigs []StaticConfig `yaml:"static_configs,omitempty"`

	HTTPClientConfig config.HTTPClientConfig `yaml:",inline"`

	// Conventions are those of the whole configuration. They stand before
	// redpoll's own.
	Conventions Conventions `yaml:"-"`
	// Endpoints, if there are any, replace all conventions.
	Endpoints Mappings `yaml:"endpoints,omitempty"`
	// Errors are the statuses that count as errors; 5xx where nil.
	Errors red.Statuses `yaml:"errors,omitempty"`
	// Estimate is how quantiles are worked out of a histogram's buckets.
	Estimate Estimate `yaml:"estimate,omitempty"`
	// PathFolding is how raw paths are folded.
	PathFolding red.PathFolding `yaml:"path_folding,omitempty"`
	// MaxEndpoints bounds the job's endpoints, of which the busiest are shown;
	// the rest is merged into one with the path "other". 0 is the default;
	// 100,000 is the most.
	MaxEndpoints int `yaml:"max_endpoints,omitempty"`
}

// defaultMaxEndpoints is more than a person can look at, maxMaxEndpoints more
// than a snapshot every few seconds can carry.
const (
	defaultMaxEndpoints = 2000
	maxMaxEndpoints     = 100_000
)

// Estimate says how durations are taken to lie inside a bucket.
type Estimate string

// The estimates. Linear is what Prometheus' histogram_quantile does, so that
// quantiles are those of other tools; Geometric fits the usual distribution of
// durations better. Native histograms are always read as Prometheus does.
const (
	Linear    Estimate = "linear" // the default
	Geometric Estimate = "geometric"
)

func (e Estimate) scale() redpoll.Scale {
	if e == Geometric {
		return redpoll.Geometric
	}
	return redpoll.Linear
}

func (e Estimate) validate() error {
	switch e {
	case "", Linear, Geometric:
		return nil
	}
	return fmt.Errorf("estimate: %q is neither %q nor %q", e, Linear, Geometric)
}

// StaticConfig lists targets that share labels.
type StaticConfig struct {
	Targets []string          `yaml:"targets"`
	Labels  map[string]string `yaml:"labels,omitempty"`
}

// NewJobConfig is a job with a name and no targets, and the defaults of a file
// that says no more.
func NewJobConfig(name string) JobConfig {
	return JobConfig{JobName: name, HTTPClientConfig: config.DefaultHTTPClientConfig}
}

// UnmarshalYAML decodes over the HTTP client's defaults.
func (c *JobConfig) UnmarshalYAML(unmarshal func(any) error) error {
	*c = NewJobConfig("")
	type plain JobConfig
	return unmarshal((*plain)(c))
}

// SetDirectory makes file names in the HTTP client's settings relative to dir,
// the configuration file's own directory.
func (c *JobConfig) SetDirectory(dir string) { c.HTTPClientConfig.SetDirectory(dir) }

// Validate fills in defaults, from g where g has them, and refuses with the
// field's name what cannot be scraped.
func (c *JobConfig) Validate(g Global) error {
	if c.JobName == "" {
		return errors.New("job_name: every job needs a name")
	}
	if err := c.validate(g); err != nil {
		return fmt.Errorf("%w (job %q)", err, c.JobName)
	}
	return nil
}

func (c *JobConfig) validate(g Global) error {
	c.fillDefaults(g)
	if err := checkTimes(c.ScrapeInterval, c.ScrapeTimeout); err != nil {
		return err
	}
	if c.Scheme != "http" && c.Scheme != "https" {
		return fmt.Errorf("scheme: %q is neither http nor https", c.Scheme)
	}
	if !strings.HasPrefix(c.MetricsPath, "/") {
		return fmt.Errorf("metrics_path: %q does not begin with a slash", c.MetricsPath)
	}
	if c.MaxEndpoints < 0 {
		return fmt.Errorf("max_endpoints: %d is negative", c.MaxEndpoints)
	}
	if c.MaxEndpoints > maxMaxEndpoints {
		return fmt.Errorf("max_endpoints: %d is too many; the most is %d", c.MaxEndpoints, maxMaxEndpoints)
	}
	if err := c.HTTPClientConfig.Validate(); err != nil {
		return err
	}
	if err := c.Errors.Validate(); err != nil {
		return err
	}
	if err := c.Estimate.validate(); err != nil {
		return err
	}
	if err := c.PathFolding.Validate(); err != nil {
		return err
	}
	for i := range c.Endpoints {
		if err := c.Endpoints[i].Validate(); err != nil {
			return fmt.Errorf("endpoints[%d].%w", i, err)
		}
	}
	return c.validateTargets()
}

func (c *JobConfig) fillDefaults(g Global) {
	if c.ScrapeInterval == 0 {
		c.ScrapeInterval = g.ScrapeInterval
	}
	if c.ScrapeTimeout == 0 {
		c.ScrapeTimeout = min(g.ScrapeTimeout, c.ScrapeInterval)
	}
	if c.MetricsPath == "" {
		c.MetricsPath = "/metrics"
	}
	if c.Scheme == "" {
		c.Scheme = "http"
	}
	if c.BodySizeLimit == 0 {
		c.BodySizeLimit = defaultBodySizeLimit
	}
	if c.MaxEndpoints == 0 {
		c.MaxEndpoints = defaultMaxEndpoints
	}
}

func (c *JobConfig) validateTargets() error {
	seen := make(map[string]bool)
	for i, static := range c.StaticConfigs {
		for _, address := range static.Targets {
			if err := checkAddress(address); err != nil {
				return fmt.Errorf("static_configs[%d].targets: %w", i, err)
			}
			if seen[address] {
				return fmt.Errorf("static_configs[%d].targets: %q stands there twice", i, address)
			}
			seen[address] = true
		}
		for name := range static.Labels {
			if !model.UTF8Validation.IsValidLabelName(name) {
				return fmt.Errorf("static_configs[%d].labels: %q is not a label name", i, name)
			}
		}
	}
	return nil
}

// checkAddress accepts host or host:port and nothing else.
func checkAddress(address string) error {
	if strings.Contains(address, "@") {
		return errors.New("a target holds credentials; put them into basic_auth")
	}
	if strings.ContainsAny(address, "/?#") {
		return fmt.Errorf("%q is not host:port; scheme and path of a URL go into scheme and metrics_path", address)
	}
	u, err := url.Parse("http://" + address)
	if err != nil || u.Host != address || u.Hostname() == "" || strings.ContainsAny(address, " \t\n") {
		return fmt.Errorf("%q is not host:port", address)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("%q has no valid port", address)
		}
	}
	return nil
}

// instanceOf is the address with its port, which the scheme tells if the
// address does not.
func instanceOf(address, scheme string) string {
	u := url.URL{Host: address}
	if u.Port() != "" {
		return address
	}
	port := "80"
	if scheme == "https" {
		port = "443"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// Conventions are a configuration's own, the preferred ones first.
type Conventions []red.Convention

// Validate fills in defaults and refuses what could never be recognised. Errors
// begin with the place in the list and the field: "[2].unit: …".
func (c Conventions) Validate() error {
	for i := range c {
		if c[i].Name == "" {
			return fmt.Errorf("[%d].name: give it one; it is shown beside the targets that it is used for", i)
		}
		if err := c[i].Validate(); err != nil {
			return fmt.Errorf("[%d].%w", i, err)
		}
	}
	return nil
}

// Mappings are a job's own conventions. In YAML a single one may stand without
// a list.
type Mappings []red.Convention

// UnmarshalYAML accepts one mapping or a list of them.
func (m *Mappings) UnmarshalYAML(unmarshal func(any) error) error {
	var shape any
	if err := unmarshal(&shape); err != nil {
		return err
	}
	if _, list := shape.([]any); list {
		return unmarshal((*[]red.Convention)(m))
	}
	var one red.Convention
	if err := unmarshal(&one); err != nil {
		return err
	}
	*m = Mappings{one}
	return nil
}

// ByteSize is a number of bytes, in YAML with a unit (50MB), whose prefixes
// are powers of 1024 as in Prometheus.
type ByteSize int64

// defaultBodySizeLimit is far above any honest exposition.
const defaultBodySizeLimit ByteSize = 50 << 20

var byteUnits = []struct {
	name string
	size ByteSize
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}, {"B", 1}}

// UnmarshalYAML reads a size such as 50MB, or 0.
func (b *ByteSize) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	size, err := parseByteSize(text)
	if err != nil {
		return err
	}
	*b = size
	return nil
}

func parseByteSize(text string) (ByteSize, error) {
	if text == "0" {
		return 0, nil
	}
	for _, unit := range byteUnits {
		digits, ok := strings.CutSuffix(text, unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n < 0 || ByteSize(n) > (1<<62)/unit.size {
			break
		}
		return ByteSize(n) * unit.size, nil
	}
	return 0, fmt.Errorf("%q is not a size; write it as 50MB", text)
}

// MarshalYAML writes the size with its largest whole unit.
func (b ByteSize) MarshalYAML() (any, error) { return b.String(), nil }

// String writes the size with its largest whole unit.
func (b ByteSize) String() string {
	if b == 0 {
		return "0"
	}
	for _, unit := range byteUnits[3:] {
		if b%unit.size == 0 {
			return strconv.FormatInt(int64(b/unit.size), 10) + unit.name
		}
	}
	return ""
}
