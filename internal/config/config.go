// Package config reads redpoll's one YAML file. Each stage owns the type, the
// defaults and the validation of its section; this package composes them,
// decodes strictly and turns every fault into one line that names the file,
// the line, the field and what is wrong.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"

	"github.com/redpoll/redpoll/api"
	"github.com/redpoll/redpoll/rules"
	"github.com/redpoll/redpoll/scrape"
	"github.com/redpoll/redpoll/store"
)

// minEvaluationInterval keeps the cost of a tick from setting the pace.
const minEvaluationInterval = 100 * time.Millisecond

// maxFileSize bounds what Load reads: a configuration is text that people
// write, and a wrong path may name a device or a disk image.
const maxFileSize = 16 << 20

// Config is the whole file. Default gives one that validates.
type Config struct {
	Global        Global             `yaml:"global"`
	Conventions   scrape.Conventions `yaml:"conventions,omitempty"`
	ScrapeConfigs []scrape.JobConfig `yaml:"scrape_configs"`
	Thresholds    rules.Thresholds   `yaml:"thresholds"`
	Rules         []rules.RuleConfig `yaml:"rules,omitempty"`
	Storage       store.Config       `yaml:"storage"`
	Web           api.Config         `yaml:"web"`

	// The rest of a prometheus.yml, accepted with a warning; see unusedKeys.
	Alerting    any `yaml:"alerting,omitempty"`
	RuleFiles   any `yaml:"rule_files,omitempty"`
	RemoteRead  any `yaml:"remote_read,omitempty"`
	RemoteWrite any `yaml:"remote_write,omitempty"`
	Runtime     any `yaml:"runtime,omitempty"`
	Tracing     any `yaml:"tracing,omitempty"`
	OTLP        any `yaml:"otlp,omitempty"`
}

// Global holds what applies to every job, and the pace of the evaluation.
type Global struct {
	ScrapeInterval     model.Duration `yaml:"scrape_interval"`
	ScrapeTimeout      model.Duration `yaml:"scrape_timeout"`
	EvaluationInterval model.Duration `yaml:"evaluation_interval"`

	// Prometheus' own, accepted with a warning; see unusedKeys.
	ExternalLabels any `yaml:"external_labels,omitempty"`
	QueryLogFile   any `yaml:"query_log_file,omitempty"`
}

// UnmarshalYAML starts from the defaults, so that a section that sets one key
// keeps the others. The default timeout depends on the interval and is left to
// the scrape stage.
func (g *Global) UnmarshalYAML(unmarshal func(any) error) error {
	*g = Default().Global
	g.ScrapeTimeout = 0
	type plain Global
	return unmarshal((*plain)(g))
}

// unusedKeys are the keys of a prometheus.yml that redpoll accepts, has no use
// for and says so: the value tells what redpoll does instead.
func (c *Config) unusedKeys() map[string]string {
	instead := map[string]string{}
	note := func(key string, value any, text string) {
		if value != nil {
			instead[key] = text
		}
	}
	note("alerting", c.Alerting, "alerts are shown on the dashboard and served by the API")
	note("rule_files", c.RuleFiles, "PromQL rules are not evaluated; write threshold rules under `rules`")
	note("remote_read", c.RemoteRead, "history is read from redpoll's own database")
	note("remote_write", c.RemoteWrite, "history is kept in redpoll's own database")
	note("runtime", c.Runtime, "set GOGC in the environment")
	note("tracing", c.Tracing, "redpoll does not trace")
	note("otlp", c.OTLP, "redpoll pulls, it does not receive")
	note("global.external_labels", c.Global.ExternalLabels, "redpoll adds no labels of its own")
	note("global.query_log_file", c.Global.QueryLogFile, "redpoll has no query language")
	return instead
}

// Default is the configuration without a file: no jobs, default thresholds.
func Default() *Config {
	g := scrape.DefaultGlobal
	return &Config{
		Global: Global{
			ScrapeInterval:     g.ScrapeInterval,
			ScrapeTimeout:      g.ScrapeTimeout,
			EvaluationInterval: model.Duration(5 * time.Second),
		},
		Thresholds: rules.DefaultThresholds,
		Storage:    store.DefaultConfig,
		Web:        api.DefaultConfig,
	}
}

// Load reads and validates the file. Files that it names, such as
// password_file, are looked for beside it. Its error is an *Error, or one of the
// operating system if the file cannot be read. warnings are for the log: what
// was accepted and is not used.
func Load(path string) (c *Config, warnings []string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read configuration: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read configuration: %w", err)
	}
	if len(b) > maxFileSize {
		return nil, nil, &Error{File: path, Msg: fmt.Sprintf("larger than %d MiB; is this the configuration file?", maxFileSize>>20)}
	}
	c, warnings, err = Parse(path, b)
	if err != nil {
		return nil, nil, err
	}
	for i := range c.ScrapeConfigs {
		c.ScrapeConfigs[i].SetDirectory(filepath.Dir(path))
	}
	return c, warnings, nil
}

// Parse is Load for text that was read elsewhere; name stands for the file in
// errors.
func Parse(name string, text []byte) (c *Config, warnings []string, err error) {
	c, err = decode(text)
	if err != nil {
		return nil, nil, locateDecodeError(name, text, err)
	}
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) == nil {
		if line, found := emptyEntry(&doc); found {
			return nil, nil, &Error{File: name, Line: line, Msg: "this list entry is empty; fill it in or remove it"}
		}
	}
	if err := c.Validate(); err != nil {
		return nil, nil, locateFieldError(name, text, err)
	}
	for _, key := range sortedKeys(c.unusedKeys()) {
		warnings = append(warnings, fmt.Sprintf("%s: `%s` is accepted and not used: %s",
			position(name, lineOf(text, key)), key, c.unusedKeys()[key]))
	}
	return c, warnings, nil
}

var errManyDocuments = errors.New("more than one YAML document; redpoll reads one")

// decode starts from the defaults: an empty file, and a section that is present
// but empty, call no UnmarshalYAML that could set them.
func decode(text []byte) (*Config, error) {
	c := Default()
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var more any
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errManyDocuments
	}
	return c, nil
}

// Validate checks every section and what lies between them, and fills in what
// a section takes from another. Errors begin with the path of the field, e.g.
// "rules[2].above: …".
func (c *Config) Validate() error {
	if err := c.validateGlobal(); err != nil {
		return err
	}
	if err := c.validateJobs(); err != nil {
		return err
	}
	if err := rules.Validate(c.Thresholds, c.Rules); err != nil {
		return err
	}
	if err := c.Storage.Validate(); err != nil {
		return err
	}
	return c.Web.Validate()
}

func (c *Config) validateGlobal() error {
	if e := c.Global.EvaluationInterval; time.Duration(e) < minEvaluationInterval {
		return fmt.Errorf("global.evaluation_interval: %s is too short; use %s or more", e, minEvaluationInterval)
	}
	g := c.Global.scrape()
	if err := g.Validate(); err != nil {
		return below("global", err)
	}
	c.Global.ScrapeInterval, c.Global.ScrapeTimeout = g.ScrapeInterval, g.ScrapeTimeout
	return nil
}

// scrape is the part of the section that the scrape stage owns.
func (g *Global) scrape() scrape.Global {
	return scrape.Global{ScrapeInterval: g.ScrapeInterval, ScrapeTimeout: g.ScrapeTimeout}
}

func (c *Config) validateJobs() error {
	if err := c.Conventions.Validate(); err != nil {
		return fmt.Errorf("conventions%w", err)
	}
	g := c.Global.scrape()
	seen := map[string]int{}
	for i := range c.ScrapeConfigs {
		job := &c.ScrapeConfigs[i]
		job.Conventions = c.Conventions
		path := fmt.Sprintf("scrape_configs[%d]", i)
		if err := job.Validate(g); err != nil {
			return below(path, err)
		}
		if first, dup := seen[job.JobName]; dup {
			return fmt.Errorf("%s.job_name: %q is already the name of scrape_configs[%d]; job names are unique", path, job.JobName, first)
		}
		seen[job.JobName] = i
	}
	return nil
}

// below puts a section's path before an error that may begin with that of a
// field in it.
func below(path string, err error) error {
	if fieldPath.MatchString(err.Error()) {
		return fmt.Errorf("%s.%w", path, err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// Redacted is the running configuration as YAML, defaults included. Secrets
// are written as <secret>.
func (c *Config) Redacted() []byte {
	b, err := yaml.Marshal(c)
	if err != nil {
		return fmt.Appendf(nil, "# the configuration cannot be shown: %v\n", err)
	}
	return b
}
