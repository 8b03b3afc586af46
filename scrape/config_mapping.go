package scrape

import (
	"fmt"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/red"
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
// a list. Labels have the names that the target exposes; that of a label which the
// target has, too, is exported_… only in a job with metric_relabel_configs and
// without honor_labels.
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
