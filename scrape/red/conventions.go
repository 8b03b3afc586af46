package red

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

//go:embed conventions.yaml
var conventionsFile []byte

// Kind is what a family tells about requests.
type Kind string

// The kinds of families.
const (
	// Latency is a histogram of durations; or a summary, whose quantiles are
	// used only where one series is all of an endpoint, as those of several
	// cannot be merged.
	Latency Kind = "latency"
	// Requests is a counter of requests.
	Requests Kind = "requests"
)

// Unit is what a family's durations are measured in; empty is what the family's
// name ends with, such as _ms, and seconds where it tells none.
type Unit string

// of is the unit of a family.
func (u Unit) of(family string) Unit {
	if u != "" {
		return u
	}
	if told, ok := unitOf(family); ok {
		return told
	}
	return "s"
}

// perSecond is how many of the unit make a second; 0 for an unknown one. A
// division by it is exact to the last bit, so that 25 ms and 0.025 s are one
// bound; a multiplication by 1e-3 is not.
func (u Unit) perSecond() float64 {
	switch u {
	case "s":
		return 1
	case "ms":
		return 1e3
	case "us", "µs":
		return 1e6
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
	case !mayBeFamily(c.Family):
		return notAFamily("family", c.Family)
	case c.Kind != Latency && c.Kind != Requests:
		return fmt.Errorf("kind: %q is neither %q nor %q", c.Kind, Latency, Requests)
	case c.Unit != "" && c.Unit.perSecond() == 0:
		return fmt.Errorf("unit: %q is not one of s, ms, us", c.Unit)
	case len(c.Path) == 0 && !c.PathIsMetricsPath:
		return errors.New("path: name the label that tells endpoints apart, such as path")
	}
	if c.Name == "" {
		c.Name = "endpoints"
	}
	err := validateLabels("", labels{"path", c.Path}, labels{"method", c.Method}, labels{"status", c.Status}, labels{"exception", c.Exception})
	if err != nil || c.ErrorsFrom == nil {
		return err
	}
	e := c.ErrorsFrom.completed(c) // a copy: several jobs may share the pointer
	c.ErrorsFrom = &e
	if e.Family == "" {
		return errors.New("errors_from.family: name the counter that carries the status")
	}
	if !mayBeFamily(e.Family) {
		return notAFamily("errors_from.family", e.Family)
	}
	return validateLabels("errors_from.", labels{"path", e.Path}, labels{"method", e.Method}, labels{"status", e.Status})
}

// mayBeFamily reports whether a family can have a name or pattern. Names in
// quotes may hold about anything ({"http requests"}), but quotes and braces are
// those of a selector, and white space at an end is a slip.
func mayBeFamily(name string) bool {
	return utf8.ValidString(name) && strings.TrimSpace(name) == name &&
		!strings.ContainsAny(name, "\"'`{}") && !strings.ContainsFunc(name, unicode.IsControl)
}

func notAFamily(field, name string) error {
	return fmt.Errorf("%s: %.100q is not the name of a metric family; write it without quotes and labels, which go under where", field, name)
}

// labels are the value of a field.
type labels struct {
	field string
	names LabelNames
}

// validateLabels refuses the first that could never be found, with the path of
// its field, which begins with section.
func validateLabels(section string, fields ...labels) error {
	for _, f := range fields {
		if err := f.names.validate(); err != nil {
			return fmt.Errorf("%s%s: %w", section, f.field, err)
		}
	}
	return nil
}

// completed takes from the latency's convention what is not given.
func (e ErrorsFrom) completed(c *Convention) ErrorsFrom {
	if len(e.Path) == 0 {
		e.Path = c.Path
	}
	if len(e.Method) == 0 {
		e.Method = c.Method
	}
	if len(e.Status) == 0 {
		e.Status = c.Status
	}
	return e
}

// knowledge is what conventions.yaml holds.
type knowledge struct {
	conventions []Convention // in the order of preference
	general     Convention   // what the general rule makes of any family
}

// builtIn is redpoll's own knowledge. Its slices are shared: do not write to
// them.
var builtIn = sync.OnceValue(func() knowledge {
	list, err := readConventions(conventionsFile)
	last := len(list) - 1
	if err == nil && (last < 0 || list[last].Name != generalRule) {
		err = fmt.Errorf("the last entry is not the %s", generalRule)
	}
	if err != nil {
		panic(fmt.Sprintf("conventions.yaml, which is part of this program: %v", err))
	}
	return knowledge{conventions: list[:last:last], general: list[last]}
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
