package scrape

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/relabel"

	"github.com/redpoll/redpoll/scrape/red"
)

// Global are the scrape settings that jobs inherit: the keys of Prometheus'
// global section that speak of scraping, and on_limit.
type Global struct {
	ScrapeInterval model.Duration `yaml:"scrape_interval"`
	// ScrapeTimeout is that of jobs without one, as far as their intervals are
	// longer; 0 leaves it to the interval of each.
	ScrapeTimeout model.Duration `yaml:"scrape_timeout,omitempty"`
	// ExternalLabels name this redpoll to the systems that it speaks to. They
	// are as in the file; Labels has their values. No series gets them.
	ExternalLabels map[string]string `yaml:"external_labels,omitempty"`

	Limits  `yaml:",inline"`
	Formats `yaml:",inline"`
}

// DefaultGlobal holds where the file says nothing.
var DefaultGlobal = Global{
	ScrapeInterval: model.Duration(5 * time.Second),
}

// timeoutFor is the timeout of a job with this interval that has none of its
// own: the global one, else 4 s where the interval is 5 s or less, so that a
// target that hangs is down before its next scrape is due, else Prometheus' 10 s,
// by which slow exporters hold that are asked rarely; at most the interval.
func (g *Global) timeoutFor(interval model.Duration) model.Duration {
	timeout := g.ScrapeTimeout
	switch {
	case timeout != 0:
	case interval <= DefaultGlobal.ScrapeInterval:
		timeout = model.Duration(4 * time.Second)
	default:
		timeout = model.Duration(10 * time.Second)
	}
	return min(timeout, interval)
}

// minInterval is the shortest interval; below it a scrape costs the target
// more than it tells.
const minInterval = 100 * time.Millisecond

// Validate fills in defaults and checks the settings. Errors begin with the
// key.
func (g *Global) Validate() error {
	if g.ScrapeInterval == 0 {
		g.ScrapeInterval = DefaultGlobal.ScrapeInterval
	}
	if err := checkTimes(g.ScrapeInterval, g.ScrapeTimeout); err != nil {
		return err
	}
	if err := g.Limits.validate(); err != nil {
		return err
	}
	formats := g.Formats // with what jobs may still decide
	formats.fillDefaults()
	if err := formats.validate(); err != nil {
		return err
	}
	for name, value := range g.ExternalLabels {
		if !formats.MetricNameValidationScheme.IsValidLabelName(name) {
			return fmt.Errorf("external_labels: %q is not a label name", name)
		}
		if !model.LabelValue(value).IsValid() {
			return fmt.Errorf("external_labels.%s: the value is not UTF-8", name)
		}
	}
	return nil
}

// Labels are the external labels, with $NAME and ${NAME} in their values
// replaced by the environment's variables as Prometheus does: $$ is a dollar
// sign, and a variable that is not set is empty.
func (g *Global) Labels() map[string]string {
	labels := make(map[string]string, len(g.ExternalLabels))
	for name, value := range g.ExternalLabels {
		labels[name] = os.Expand(value, func(variable string) string {
			if variable == "$" {
				return "$"
			}
			return os.Getenv(variable)
		})
	}
	return labels
}

// Unused are the keys that are set and that redpoll has no use for, each with
// what it does instead.
func (g *Global) Unused() map[string]string {
	keys := make(map[string]string)
	note := func(key, instead string) { keys[key] = instead }
	g.unused(note)
	if len(g.ExternalLabels) > 0 {
		note("external_labels", "they are kept to sign what redpoll sends; series and alerts here do not get them")
	}
	return keys
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

// JobConfig is an entry of scrape_configs: Prometheus' schema, and redpoll's own
// keys from Conventions on. After Validate it has no key that is still to be
// inherited.
type JobConfig struct {
	JobName        string         `yaml:"job_name"`
	ScrapeInterval model.Duration `yaml:"scrape_interval,omitempty"`
	ScrapeTimeout  model.Duration `yaml:"scrape_timeout,omitempty"`
	MetricsPath    string         `yaml:"metrics_path,omitempty"`
	Scheme         string         `yaml:"scheme,omitempty"`
	Params         url.Values     `yaml:"params,omitempty"`

	// HonorLabels keeps a label of a series that the target has, too. Otherwise
	// the series' own is renamed to exported_…. A series without a label of the
	// target's is then another than one that has it with the target's value; in
	// Prometheus they are the same, and of the two the first counts.
	HonorLabels bool `yaml:"honor_labels,omitempty"`
	// HonorTimestamps takes the times that the target gives its samples; true
	// unless set.
	HonorTimestamps          bool `yaml:"honor_timestamps"`
	TrackTimestampsStaleness bool `yaml:"track_timestamps_staleness,omitempty"`
	// EnableCompression asks for gzip; true unless set.
	EnableCompression bool `yaml:"enable_compression"`

	Limits  `yaml:",inline"`
	Formats `yaml:",inline"`
	// FallbackScrapeProtocol is how a body is read whose Content-Type does not
	// say what it is; empty if such a body is refused or guessed.
	FallbackScrapeProtocol Protocol `yaml:"fallback_scrape_protocol,omitempty"`
	// NativeHistogramBucketLimit bounds the buckets of a native histogram;
	// 0 is no limit. NativeHistogramMinBucketFactor is the least growth from one
	// of its buckets to the next; 0 is any. Both are held by merging buckets.
	NativeHistogramBucketLimit     uint    `yaml:"native_histogram_bucket_limit,omitempty"`
	NativeHistogramMinBucketFactor float64 `yaml:"native_histogram_min_bucket_factor,omitempty"`

	HTTPClientConfig config.HTTPClientConfig `yaml:",inline"`

	Discovery            `yaml:",inline"`
	MetricRelabelConfigs []*relabel.Config `yaml:"metric_relabel_configs,omitempty"`

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

// NewJobConfig is a job with a name and no targets, and the defaults of a file
// that says no more.
func NewJobConfig(name string) JobConfig {
	return JobConfig{
		JobName:           name,
		HonorTimestamps:   true,
		EnableCompression: true,
		HTTPClientConfig:  config.DefaultHTTPClientConfig,
	}
}

// UnmarshalYAML decodes over the HTTP client's defaults.
func (c *JobConfig) UnmarshalYAML(unmarshal func(any) error) error {
	*c = NewJobConfig("")
	type plain JobConfig
	return unmarshal((*plain)(c))
}

// MarshalYAML writes the job without secrets.
func (c JobConfig) MarshalYAML() (any, error) {
	c.Discovery = c.withoutPasswords()
	c.HTTPClientConfig = clientWithoutPasswords(c.HTTPClientConfig)
	type plain JobConfig
	return plain(c), nil
}

// SetDirectory makes the names of files relative to dir, the configuration
// file's own directory.
func (c *JobConfig) SetDirectory(dir string) {
	c.HTTPClientConfig.SetDirectory(dir)
	c.setDirectory(dir)
}

// Unused are the keys that are set and that redpoll has no use for, each with
// what it does instead.
func (c *JobConfig) Unused() map[string]string {
	keys := make(map[string]string)
	note := func(key, instead string) { keys[key] = instead }
	c.unused(note)
	if c.TrackTimestampsStaleness {
		note("track_timestamps_staleness", "a series that a target no longer exposes is gone at once, whatever its timestamps")
	}
	return keys
}

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
	for _, validate := range []func() error{
		c.HTTPClientConfig.Validate, c.Limits.validate, c.Formats.validate, c.validateHistograms,
		c.validateFigures, c.validateTargets,
	} {
		if err := validate(); err != nil {
			return err
		}
	}
	return nil
}

func (c *JobConfig) fillDefaults(g Global) {
	if c.ScrapeInterval == 0 {
		c.ScrapeInterval = g.ScrapeInterval
	}
	if c.ScrapeTimeout == 0 {
		c.ScrapeTimeout = g.timeoutFor(c.ScrapeInterval)
	}
	if c.MetricsPath == "" {
		c.MetricsPath = "/metrics"
	}
	if c.Scheme == "" {
		c.Scheme = "http"
	}
	if c.MaxEndpoints == 0 {
		c.MaxEndpoints = defaultMaxEndpoints
	}
	c.Limits.inherit(&g.Limits)
	if c.BodySizeLimit == 0 {
		c.BodySizeLimit = defaultBodySizeLimit
	}
	c.Formats.inherit(&g.Formats)
	c.Formats.fillDefaults()
	if c.ScrapeProtocols == nil {
		c.ScrapeProtocols = c.protocols()
	}
}

func (c *JobConfig) validateHistograms() error {
	if c.FallbackScrapeProtocol != "" {
		if err := c.FallbackScrapeProtocol.validate(); err != nil {
			return fmt.Errorf("fallback_scrape_protocol: %w", err)
		}
	}
	if f := c.NativeHistogramMinBucketFactor; !(f >= 0) {
		return fmt.Errorf("native_histogram_min_bucket_factor: %v is not 0 or more", f)
	}
	return nil
}

// validateFigures checks redpoll's own keys, which say how figures come about.
func (c *JobConfig) validateFigures() error {
	if c.MaxEndpoints < 0 {
		return fmt.Errorf("max_endpoints: %d is negative", c.MaxEndpoints)
	}
	if c.MaxEndpoints > maxMaxEndpoints {
		return fmt.Errorf("max_endpoints: %d is too many; the most is %d", c.MaxEndpoints, maxMaxEndpoints)
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
	return nil
}

func (c *JobConfig) validateTargets() error {
	if err := c.Discovery.validate(c.MetricNameValidationScheme); err != nil {
		return err
	}
	return validateRelabelling("metric_relabel_configs", c.MetricRelabelConfigs, c.MetricNameValidationScheme)
}
