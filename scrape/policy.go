package scrape

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
	"github.com/redpoll/redpoll/scrape/red"
)

// policy is what becomes of the series of a target between the body and the
// figures: whose labels win, how they are relabelled, which are over a limit.
// Targets of a job share it as far as it is the same for them, and the library
// with what is known of their series. It may be used concurrently.
//
// Prometheus gives every series the labels of its target. Figures are by job,
// method and path and need none of them, so that a series here gets only those
// that something looks at, and a job without metric_relabel_configs none.
type policy struct {
	honorLabels bool
	rules       []*relabel.Config
	names       model.ValidationScheme
	target      []targetLabel // in the order of their names
	library     *exposition.Library

	nameless, misnamed atomic.Pointer[string] // the first series that relabelling left so
}

// targetLabel is one that every series of a target has. Its value is empty if
// nothing looks at it.
type targetLabel struct{ name, value string }

// policies are those of the targets of a job.
type policies struct {
	config *JobConfig
	wanted func(family string) bool
	looked func(name string) bool // whether a rule looks at a label's value

	mu    sync.Mutex
	byKey map[string]weak.Pointer[policy]
	prune int // the length of byKey at which those that no target has are dropped
}

func newPolicies(s *settings) *policies {
	return &policies{
		config: &s.config,
		wanted: red.NewDeriver(s.deriving(&blueprint{}, &policy{})).Wants, // the same for all targets
		looked: lookedAt(s.config.MetricRelabelConfigs),
		byKey:  make(map[string]weak.Pointer[policy]),
	}
}

// labelsOf are the labels that Prometheus gives every series of a target.
func labelsOf(t *redpoll.Target) labels.Labels {
	b := labels.NewBuilder(labels.FromMap(t.Labels))
	return b.Set(model.JobLabel, t.Job).Set(model.InstanceLabel, t.Instance).Labels()
}

// of is the policy of a target with these labels.
func (p *policies) of(target labels.Labels) *policy {
	limits, everything := p.limitsFor(target)
	made := &policy{
		honorLabels: p.config.HonorLabels, rules: p.config.MetricRelabelConfigs, names: p.config.MetricNameValidationScheme,
	}
	var key []byte
	if everything || len(made.rules) > 0 {
		target.Range(func(l labels.Label) {
			one := targetLabel{name: l.Name}
			if everything || p.looked(l.Name) {
				one.value = l.Value
			}
			made.target = append(made.target, one)
			key = append(append(append(append(key, one.name...), 0xff), one.value...), 0xff)
		})
	}
	key = strconv.AppendInt(key, int64(limits.Labels), 10) // the only limit that may vary

	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.byKey[string(key)].Value(); known != nil {
		return known
	}
	made.library = exposition.NewLibrary(exposition.Options{
		Wanted: p.wanted, Relabel: made.relabelling(), HonorTimestamps: p.config.HonorTimestamps, Limits: limits,
	})
	p.add(string(key), made)
	return made
}

// add remembers a policy as long as some target has it.
func (p *policies) add(key string, made *policy) {
	if len(p.byKey) >= p.prune {
		for key, one := range p.byKey {
			if one.Value() == nil {
				delete(p.byKey, key)
			}
		}
		p.prune = 2*len(p.byKey) + 16
	}
	p.byKey[key] = weak.Make(made)
}

// limitsFor are the limits for the series of a target. Those on labels are on
// all that Prometheus would give a series; everything tells that it takes the
// target's own labels on them to hold these.
func (p *policies) limitsFor(target labels.Labels) (limits exposition.Limits, everything bool) {
	c := p.config
	limits = exposition.Limits{
		Samples:          limitOf(c.SampleLimit),
		Labels:           limitOf(c.LabelLimit),
		LabelNameLength:  limitOf(c.LabelNameLengthLimit),
		LabelValueLength: limitOf(c.LabelValueLengthLimit),
		NativeBuckets:    limitOf(c.NativeHistogramBucketLimit),
		NativeFactor:     c.NativeHistogramMinBucketFactor,
		Fail:             c.OnLimit == LimitFails,
	}
	if limits.Labels == 0 && limits.LabelNameLength == 0 && limits.LabelValueLength == 0 {
		return limits, false
	}
	if c.HonorLabels || len(c.MetricRelabelConfigs) > 0 || exceeds(target, &limits) {
		return limits, true
	}
	if limits.Labels > 0 {
		limits.Labels -= target.Len() // each series has all of them, beside its own
	}
	return limits, false
}

// exceeds reports whether labels are over the limits already before there is a
// series.
func exceeds(target labels.Labels, limits *exposition.Limits) (over bool) {
	over = limits.Labels > 0 && target.Len() >= limits.Labels
	target.Range(func(l labels.Label) {
		over = over ||
			limits.LabelNameLength > 0 && len(l.Name) > limits.LabelNameLength ||
			limits.LabelValueLength > 0 && len(l.Value) > limits.LabelValueLength
	})
	return over
}

// limitOf fits a limit of the configuration into an int.
func limitOf(n uint) int { return int(min(n, math.MaxInt32)) }

// lookedAt tells of which labels the rules look at the value. Where it cannot be
// told it is of all.
func lookedAt(rules []*relabel.Config) func(name string) bool {
	return func(name string) bool {
		return slices.ContainsFunc(rules, func(rule *relabel.Config) bool {
			switch rule.Action {
			case relabel.LabelDrop, relabel.LabelKeep:
				return false // whether a label of the target is left is the same
			case relabel.LabelMap:
				return rule.Regex.MatchString(name)
			case relabel.KeepEqual, relabel.DropEqual:
				if rule.TargetLabel == name {
					return true
				}
			}
			return slices.Contains(rule.SourceLabels, model.LabelName(name))
		})
	}
}

// relabelling is the function for exposition.Options; nil if it would change and
// refuse nothing.
func (p *policy) relabelling() func(labels.Labels) (labels.Labels, bool) {
	if len(p.rules) == 0 && len(p.target) == 0 && p.names == model.UTF8Validation {
		return nil
	}
	return p.relabel
}

// namesOrigins reports whether a label job or instance on a series says whose it
// is, as one that is not the target's own. Otherwise relabel has renamed it, or
// nobody looks at it.
func (p *policy) namesOrigins() bool { return p.honorLabels || len(p.rules) > 0 }

// relabel is what Prometheus does with the labels of a line: first those of the
// target, then the rules, then what a name may be.
func (p *policy) relabel(exposed labels.Labels) (labels.Labels, bool) {
	b := labels.NewBuilder(exposed)
	if p.honorLabels {
		p.fillIn(exposed, b)
	} else {
		p.override(exposed, b)
	}
	if !relabel.ProcessBuilder(b, p.rules...) {
		return labels.Labels{}, false
	}
	left := b.Labels()
	switch {
	case !left.Has(model.MetricNameLabel):
		note(&p.nameless, exposed)
		return labels.Labels{}, false
	case !left.IsValid(p.names):
		note(&p.misnamed, left)
		return labels.Labels{}, false
	}
	return left, true
}

// fillIn adds the labels of the target that the series does not have.
func (p *policy) fillIn(exposed labels.Labels, b *labels.Builder) {
	for _, l := range p.target {
		if !exposed.Has(l.name) {
			b.Set(l.name, l.value)
		}
	}
}

// override gives the series the labels of the target, and renames its own of the
// same names, the shorter names first.
func (p *policy) override(exposed labels.Labels, b *labels.Builder) {
	var clashing []labels.Label
	for _, l := range p.target {
		if own := exposed.Get(l.name); own != "" {
			clashing = append(clashing, labels.Label{Name: l.name, Value: own})
		}
		b.Set(l.name, l.value) // or, where nothing looks at it, removes it
	}
	slices.SortStableFunc(clashing, func(a, b labels.Label) int { return len(a.Name) - len(b.Name) })
	for _, l := range clashing {
		name := model.ExportedLabelPrefix + l.Name
		for b.Get(name) != "" || p.hasTargetLabel(name) {
			name = model.ExportedLabelPrefix + name
		}
		b.Set(name, l.Value)
	}
}

func (p *policy) hasTargetLabel(name string) bool {
	return slices.ContainsFunc(p.target, func(l targetLabel) bool { return l.name == name })
}

// warnings say which series relabelling made unusable. Prometheus fails the
// whole scrape for one of them.
func (p *policy) warnings() (list []string) {
	if example := p.nameless.Load(); example != nil {
		list = append(list, "metric_relabel_configs: series that lose their name are left out, e.g. "+*example+"; keep __name__")
	}
	if example := p.misnamed.Load(); example != nil {
		list = append(list, "metric_name_validation_scheme: series with names that are not valid under "+p.names.String()+
			" are left out, e.g. "+*example+"; rename them by metric_relabel_configs, or set the scheme to utf8")
	}
	return list
}

// note keeps the first series, as an example.
func note(example *atomic.Pointer[string], of labels.Labels) {
	if example.Load() == nil {
		text := strings.ToValidUTF8(cut(of.String()), "\ufffd")
		example.CompareAndSwap(nil, &text)
	}
}
