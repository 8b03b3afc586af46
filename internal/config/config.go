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

// Config is the whole file, and the files of jobs that it names. Default gives
// one that validates.
type Config struct {
	Global        Global             `yaml:"global"`
	Conventions   scrape.Conventions `yaml:"conventions,omitempty"`
	ScrapeConfigs []scrape.JobConfig `yaml:"scrape_configs"`
	// ScrapeConfigFiles are patterns of files with more jobs. Load adds these to
	// ScrapeConfigs and leaves nothing here.
	ScrapeConfigFiles []string           `yaml:"scrape_config_files,omitempty"`
	Thresholds        rules.Thresholds   `yaml:"thresholds"`
	Rules             []rules.RuleConfig `yaml:"rules,omitempty"`
	Storage           Storage            `yaml:"storage"`
	Web               api.Config         `yaml:"web"`

	// The rest of a prometheus.yml, accepted with a warning; see unusedKeys.
	Alerting    any `yaml:"alerting,omitempty"`
	RuleFiles   any `yaml:"rule_files,omitempty"`
	RemoteRead  any `yaml:"remote_read,omitempty"`
	RemoteWrite any `yaml:"remote_write,omitempty"`
	Runtime     any `yaml:"runtime,omitempty"`
	Tracing     any `yaml:"tracing,omitempty"`
	OTLP        any `yaml:"otlp,omitempty"`

	origins []origin // of the jobs that Load has read, in their order
}

// origin is where a job stands.
type origin struct {
	file  string
	index int // in the file's scrape_configs
}

// Global holds what applies to every job, and the pace of the evaluation.
type Global struct {
	scrape.Global      `yaml:",inline"`
	EvaluationInterval model.Duration `yaml:"evaluation_interval"`

	// Prometheus' own, accepted with a warning; see unusedKeys.
	QueryLogFile        any `yaml:"query_log_file,omitempty"`
	QueryMaxSeries      any `yaml:"query_max_series,omitempty"`
	QueryMaxSamplesRead any `yaml:"query_max_samples_read,omitempty"`
	QueryMaxDuration    any `yaml:"query_max_duration,omitempty"`
	RuleQueryOffset     any `yaml:"rule_query_offset,omitempty"`
}

// UnmarshalYAML starts from the defaults, so that a section that sets one key
// keeps the others.
func (g *Global) UnmarshalYAML(unmarshal func(any) error) error {
	*g = Default().Global
	type plain Global
	return unmarshal((*plain)(g))
}

// Storage is redpoll's own section, and what a prometheus.yml has under the same
// name.
type Storage struct {
	store.Config `yaml:",inline"`

	// Prometheus' own, accepted with a warning; see unusedKeys.
	TSDB      any `yaml:"tsdb,omitempty"`
	Exemplars any `yaml:"exemplars,omitempty"`
}

// UnmarshalYAML starts from the defaults, as that of store.Config does, which
// would refuse the keys that are not its own.
func (s *Storage) UnmarshalYAML(unmarshal func(any) error) error {
	type own store.Config
	type section struct { // with a name, by which a fault is worded
		Own       own `yaml:",inline"`
		TSDB      any `yaml:"tsdb"`
		Exemplars any `yaml:"exemplars"`
	}
	read := section{Own: own(store.DefaultConfig)}
	if err := unmarshal(&read); err != nil {
		return err
	}
	*s = Storage{Config: store.Config(read.Own), TSDB: read.TSDB, Exemplars: read.Exemplars}
	return nil
}

// Default is the configuration without a file: no jobs, default thresholds.
func Default() *Config {
	return &Config{
		Global:     Global{Global: scrape.DefaultGlobal, EvaluationInterval: model.Duration(5 * time.Second)},
		Thresholds: rules.DefaultThresholds,
		Storage:    Storage{Config: store.DefaultConfig},
		Web:        api.DefaultConfig,
	}
}

// Load reads and validates the file, and those that its scrape_config_files
// name. Files that these name in turn, such as password_file, are looked for
// beside them. Its error is an *Error, or one of the operating system if a file
// cannot be read. warnings are for the log: what was accepted and is not used.
func Load(path string) (c *Config, warnings []string, err error) {
	text, err := readFile(path)
	if err != nil {
		return nil, nil, err
	}
	c, warnings, err = Parse(path, text)
	if err != nil {
		return nil, nil, err
	}
	for i := range c.ScrapeConfigs {
		c.ScrapeConfigs[i].SetDirectory(filepath.Dir(path))
		c.origins = append(c.origins, origin{path, i})
	}
	more, err := c.loadJobFiles(path, text)
	return c, append(warnings, more...), err
}

// readFile is the whole file, if it is not too large.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if len(text) > maxFileSize {
		return nil, &Error{File: path, Msg: fmt.Sprintf("larger than %d MiB; is this the configuration file?", maxFileSize>>20)}
	}
	return text, nil
}

// Parse is Load for text that was read elsewhere; name stands for the file in
// errors. It opens no file: those of ScrapeConfigFiles are left to Load.
func Parse(name string, text []byte) (c *Config, warnings []string, err error) {
	c = Default()
	if err := decodeFile(name, text, c, func() any { return Default() }); err != nil {
		return nil, nil, err
	}
	if err := c.Validate(); err != nil {
		return nil, nil, locateFieldError(name, text, err)
	}
	return c, warn(name, text, c.unusedKeys()), nil
}

// decodeFile decodes the text of a file strictly, and refuses entries of lists
// that are empty. fresh makes a value like to, to find a fault with.
func decodeFile(name string, text []byte, to any, fresh func() any) error {
	if err := decode(text, to); err != nil {
		return locateDecodeError(name, text, err, func(text []byte) error { return decode(text, fresh()) })
	}
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) == nil {
		if line, found := emptyEntry(&doc); found {
			return &Error{File: name, Line: line, Msg: "this list entry is empty; fill it in or remove it"}
		}
	}
	return nil
}

var errManyDocuments = errors.New("more than one YAML document; redpoll reads one")

// decode decodes one document. What is already in to stays where the text says
// nothing: an empty file, and a section that is present but empty, call no
// UnmarshalYAML that could set defaults.
func decode(text []byte, to any) error {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(to); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	var more any
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return errManyDocuments
	}
	return nil
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
	if err := c.Global.Validate(); err != nil {
		return below("global", err)
	}
	return nil
}

func (c *Config) validateJobs() error {
	if err := c.Conventions.Validate(); err != nil {
		return fmt.Errorf("conventions%w", err)
	}
	seen := map[string]int{}
	for i := range c.ScrapeConfigs {
		job := &c.ScrapeConfigs[i]
		path := fmt.Sprintf("scrape_configs[%d]", i)
		if err := c.validateJob(job); err != nil {
			return below(path, err)
		}
		if first, dup := seen[job.JobName]; dup {
			return fmt.Errorf("%s.job_name: %q is already the name of scrape_configs[%d]; job names are unique", path, job.JobName, first)
		}
		seen[job.JobName] = i
	}
	return nil
}

// validateJob gives the job what it takes from other sections.
func (c *Config) validateJob(job *scrape.JobConfig) error {
	job.Conventions = c.Conventions
	return job.Validate(c.Global.Global)
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
