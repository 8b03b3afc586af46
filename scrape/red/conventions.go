package red

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"sync"

	"gopkg.in/yaml.v3"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

//go:embed conventions.yaml
var conventionsFile []byte

// Kind is what a family tells about requests.
type Kind string

// The kinds of families.
const (
	// Latency is a histogram of durations; or a summary, of which only count
	// and sum are used, because quantiles of several series cannot be merged.
	Latency Kind = "latency"
	// Requests is a counter of requests.
	Requests Kind = "requests"
)

// Unit is what a family's durations are measured in; empty is seconds.
type Unit string

// seconds is the factor from the unit to seconds; 0 for an unknown one.
func (u Unit) seconds() float64 {
	switch u {
	case "", "s":
		return 1
	case "ms":
		return 1e-3
	case "us", "µs":
		return 1e-6
	default:
		return 0
	}
}

// Convention says how one family is understood as requests to endpoints. The
// fields are described at the top of conventions.yaml.
type Convention struct {
	Name       string            `yaml:"name,omitempty"`
	Family     string            `yaml:"family"`
	Kind       Kind              `yaml:"kind,omitempty"`
	Unit       Unit              `yaml:"unit,omitempty"`
	Path       LabelNames        `yaml:"path,omitempty"`
	Method     LabelNames        `yaml:"method,omitempty"`
	Status     LabelNames        `yaml:"status,omitempty"`
	Where      map[string]string `yaml:"where,omitempty"`
	ErrorsFrom *ErrorsFrom       `yaml:"errors_from,omitempty"`

	PathIsMetricsPath bool `yaml:"path_is_metrics_path,omitempty"`
}

// ErrorsFrom names the counter that carries the status of the requests whose
// durations another family holds.
type ErrorsFrom struct {
	Family string     `yaml:"family"`
	Path   LabelNames `yaml:"path,omitempty"`
	Method LabelNames `yaml:"method,omitempty"`
	Status LabelNames `yaml:"status,omitempty"`
}

// LabelNames are alternatives, best first. In YAML a single name may stand
// without brackets.
type LabelNames []string

// UnmarshalYAML accepts one name or a list of names.
func (l *LabelNames) UnmarshalYAML(unmarshal func(any) error) error {
	var one string
	if unmarshal(&one) == nil {
		*l = LabelNames{one}
		return nil
	}
	return unmarshal((*[]string)(l))
}

// value is that of the first label that the series has, empty if it has none.
func (l LabelNames) value(s *exposition.Series) string {
	for _, name := range l {
		if v := s.Label(name); v != "" {
			return v
		}
	}
	return ""
}

// Validate fills in defaults and refuses what could never be recognised.
func (c *Convention) Validate() error {
	if c.Kind == "" {
		c.Kind = Latency
	}
	switch {
	case c.Family == "":
		return errors.New("family: name the metric family, such as http_request_duration_seconds")
	case c.Kind != Latency && c.Kind != Requests:
		return fmt.Errorf("kind: %q is neither %q nor %q", c.Kind, Latency, Requests)
	case c.Unit.seconds() == 0:
		return fmt.Errorf("unit: %q is not one of s, ms, us", c.Unit)
	case len(c.Path) == 0 && !c.PathIsMetricsPath:
		return errors.New("path: name the label that tells endpoints apart, such as path")
	case c.ErrorsFrom != nil && c.ErrorsFrom.Family == "":
		return errors.New("errors_from.family: name the counter that carries the status")
	}
	if c.Name == "" {
		c.Name = "endpoints"
	}
	c.fillErrorsFrom()
	return nil
}

// fillErrorsFrom copies before it writes: several jobs may share the pointer.
func (c *Convention) fillErrorsFrom() {
	if c.ErrorsFrom == nil {
		return
	}
	e := *c.ErrorsFrom
	if len(e.Path) == 0 {
		e.Path = c.Path
	}
	if len(e.Method) == 0 {
		e.Method = c.Method
	}
	if len(e.Status) == 0 {
		e.Status = c.Status
	}
	c.ErrorsFrom = &e
}

// accepts reports whether the convention can read a series of this name, type
// and labels.
func (c *Convention) accepts(s *exposition.Series) bool {
	if !redpoll.Glob(c.Family, s.Name) {
		return false
	}
	for name, glob := range c.Where {
		if !redpoll.Glob(glob, s.Label(name)) {
			return false
		}
	}
	switch s.Type {
	case exposition.HistogramType, exposition.SummaryType:
		return c.Kind == Latency
	case exposition.Counter, exposition.Untyped:
		return c.Kind == Requests
	case exposition.Gauge:
	}
	return false
}

// builtIn are redpoll's own conventions, in the order of preference. The slice
// is shared: do not write to it.
var builtIn = sync.OnceValue(func() []Convention {
	list, err := readConventions(conventionsFile)
	if err != nil {
		panic(fmt.Sprintf("conventions.yaml, which is part of this program: %v", err))
	}
	return list
})

func readConventions(text []byte) ([]Convention, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var list []Convention
	if err := decoder.Decode(&list); err != nil {
		return nil, err
	}
	for i := range list {
		if err := list[i].Validate(); err != nil {
			return nil, fmt.Errorf("entry %d: %w", i+1, err)
		}
	}
	return list, nil
}
