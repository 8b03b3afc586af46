package red

import (
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"strings"
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

// Traffic names requests that are counted apart from others: of the families of
// one target that tell of the same traffic, one convention's are used.
type Traffic string

// HTTP is the traffic of a convention that does not say otherwise.
const HTTP Traffic = "http"

// Convention says how one family is understood as requests to endpoints. The
// fields are described at the top of conventions.yaml.
type Convention struct {
	Name       string            `yaml:"name,omitempty"`
	Family     string            `yaml:"family"`
	Kind       Kind              `yaml:"kind,omitempty"`
	Unit       Unit              `yaml:"unit,omitempty"`
	Traffic    Traffic           `yaml:"traffic,omitempty"`
	Labels     []string          `yaml:"labels,omitempty"`
	Where      map[string]string `yaml:"where,omitempty"`
	Path       LabelNames        `yaml:"path,omitempty"`
	HTTPRoute  bool              `yaml:"http_route,omitempty"`
	Method     LabelNames        `yaml:"method,omitempty"`
	Status     LabelNames        `yaml:"status,omitempty"`
	Exception  LabelNames        `yaml:"exception,omitempty"`
	GRPC       bool              `yaml:"grpc,omitempty"`
	Sparse     bool              `yaml:"sparse,omitempty"`
	ErrorsFrom *ErrorsFrom       `yaml:"errors_from,omitempty"`
	Ignore     map[string]string `yaml:"ignore,omitempty"`
	Note       string            `yaml:"note,omitempty"`
	Buckets    string            `yaml:"buckets,omitempty"`

	PathIsMetricsPath bool `yaml:"path_is_metrics_path,omitempty"`
}

// ErrorsFrom names the counter that carries the status of the requests whose
// durations another family holds.
type ErrorsFrom struct {
	Family string            `yaml:"family"`
	Where  map[string]string `yaml:"where,omitempty"`
	Path   LabelNames        `yaml:"path,omitempty"`
	Method LabelNames        `yaml:"method,omitempty"`
	Status LabelNames        `yaml:"status,omitempty"`
}

// Validate fills in defaults and refuses what could never be recognised.
func (c *Convention) Validate() error {
	if c.Kind == "" {
		c.Kind = Latency
	}
	if c.Traffic == "" {
		c.Traffic = HTTP
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
	}
	if c.Name == "" {
		c.Name = "endpoints"
	}
	if err := c.validateLabels(); err != nil {
		return err
	}
	return c.validateErrorsFrom()
}

func (c *Convention) validateLabels() error {
	for _, field := range []struct {
		name  string
		names LabelNames
	}{{"path", c.Path}, {"method", c.Method}, {"status", c.Status}, {"exception", c.Exception}} {
		if err := field.names.validate(); err != nil {
			return fmt.Errorf("%s: %w", field.name, err)
		}
	}
	return nil
}

// validateErrorsFrom copies before it fills in: several jobs may share the
// pointer.
func (c *Convention) validateErrorsFrom() error {
	if c.ErrorsFrom == nil {
		return nil
	}
	e := *c.ErrorsFrom
	if e.Family == "" {
		return errors.New("errors_from.family: name the counter that carries the status")
	}
	if len(e.Path) == 0 {
		e.Path = c.Path
	}
	if len(e.Method) == 0 {
		e.Method = c.Method
	}
	if len(e.Status) == 0 {
		e.Status = c.Status
	}
	for _, field := range []struct {
		name  string
		names LabelNames
	}{{"path", e.Path}, {"method", e.Method}, {"status", e.Status}} {
		if err := field.names.validate(); err != nil {
			return fmt.Errorf("errors_from.%s: %w", field.name, err)
		}
	}
	c.ErrorsFrom = &e
	return nil
}

// accepts reports whether the convention can read a series of this name, type
// and labels.
func (c *Convention) accepts(s *exposition.Series) bool {
	if !c.reads(s.Type) || !redpoll.Glob(c.Family, s.Name) || !fits(c.Where, s) {
		return false
	}
	for _, name := range c.Labels {
		if !has(s, name) {
			return false
		}
	}
	return true
}

// reads reports whether a family of this type can be of the convention's kind.
func (c *Convention) reads(t exposition.Type) bool {
	switch t {
	case exposition.HistogramType, exposition.SummaryType:
		return c.Kind == Latency
	case exposition.Counter, exposition.Untyped:
		return c.Kind == Requests
	case exposition.Gauge:
	}
	return false
}

// fits reports whether the series' labels have the values that are asked for.
func fits(where map[string]string, s *exposition.Series) bool {
	for name, glob := range where {
		if !redpoll.Glob(glob, s.Label(name)) {
			return false
		}
	}
	return true
}

// endpointOf is what the series' labels call the endpoint; its path is empty if
// they name none.
func (c *Convention) endpointOf(s *exposition.Series) endpointKey {
	return keyOf(c.Path, c.Method, c.HTTPRoute, s)
}

// endpointOf is that of the counter.
func (e *ErrorsFrom) endpointOf(s *exposition.Series, httpRoute bool) endpointKey {
	return keyOf(e.Path, e.Method, httpRoute, s)
}

func keyOf(paths, methods LabelNames, httpRoute bool, s *exposition.Series) endpointKey {
	path, label := paths.find(s)
	before, path := cutMethod(path)
	if httpRoute && label {
		path = cleanRoute(path)
	}
	return endpointKey{method: strings.ToUpper(clip(cmp.Or(methods.value(s), before))), path: path}
}

// speaksOf reports whether an endpoint or an outcome is made of the label.
func (c *Convention) speaksOf(label string) bool {
	return c.Path.uses(label) || c.Method.uses(label) || c.Status.uses(label) || c.Exception.uses(label)
}

// outcomeOf is how the requests of a series ended in the eyes of a job.
func (c *Convention) outcomeOf(s *exposition.Series, errors Statuses) outcome {
	if text := c.Status.value(s); text != "" {
		return errors.judge(readStatus(text, c.GRPC))
	}
	for _, name := range c.Exception {
		switch {
		case !has(s, name):
		case s.Label(name) == "", strings.EqualFold(s.Label(name), "none"):
			return served
		default:
			return errors.judge(raised(s.Label(name)))
		}
	}
	return untold
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
