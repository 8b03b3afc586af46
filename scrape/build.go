package scrape

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// blueprint is what a target is made from: what discovery, the job's settings
// and relabelling say of it.
type blueprint struct {
	redpoll.Target
	address  string // host:port to connect to
	path     string // of the URL
	interval time.Duration
	timeout  time.Duration
}

// errDropped says that relabelling wants no target to be made.
var errDropped = errors.New("dropped by relabel_configs")

// draw makes the blueprint of one of a group's targets, whose own labels win
// over those of the group. b is scratch space. The error is errDropped or says
// why no target can be made; what was discovered is in the blueprint anyway.
func (c *JobConfig) draw(b *labels.Builder, own, group model.LabelSet) (blueprint, error) {
	c.discover(b, own, group)
	p := blueprint{Target: redpoll.Target{Pool: c.JobName, Discovered: labelMap(b, "")}}
	if !relabel.ProcessBuilder(b, c.RelabelConfigs...) {
		return p, errDropped
	}
	p.address = b.Get(model.AddressLabel)
	if p.address == "" {
		return p, errors.New("relabelling left no __address__")
	}
	if err := checkAddress(p.address); err != nil {
		return p, fmt.Errorf("__address__: %w", err)
	}
	if err := p.readTimes(b); err != nil {
		return p, err
	}
	if b.Get(model.InstanceLabel) == "" {
		b.Set(model.InstanceLabel, p.address)
	}
	p.Labels = labelMap(b, model.ReservedLabelPrefix)
	for name, value := range p.Labels {
		if !model.LabelValue(value).IsValid() {
			return p, fmt.Errorf("the label %s is not UTF-8", name)
		}
	}
	// Everything in redpoll belongs to some job, also where relabelling took the
	// label away.
	p.Job, p.Instance = b.Get(model.JobLabel), b.Get(model.InstanceLabel)
	if p.Job == "" {
		p.Job = c.JobName
	}
	if err := p.setURL(b, c.Params); err != nil {
		return p, err
	}
	p.ID = identify(&p.Target)
	return p, nil
}

// discover sets b to the labels before relabelling.
func (c *JobConfig) discover(b *labels.Builder, own, group model.LabelSet) {
	b.Reset(labels.EmptyLabels())
	for name, value := range group {
		b.Set(string(name), string(value))
	}
	for name, value := range own {
		b.Set(string(name), string(value))
	}
	byDefault := func(name, value string) {
		if b.Get(name) == "" {
			b.Set(name, value)
		}
	}
	byDefault(model.JobLabel, c.JobName)
	byDefault(model.ScrapeIntervalLabel, c.ScrapeInterval.String())
	byDefault(model.ScrapeTimeoutLabel, c.ScrapeTimeout.String())
	byDefault(model.MetricsPathLabel, c.MetricsPath)
	byDefault(model.SchemeLabel, c.Scheme)
	for name, values := range c.Params {
		if len(values) > 0 {
			byDefault(model.ParamLabelPrefix+name, values[0])
		}
	}
}

// labelMap is what b has, without labels that begin with the prefix, if there
// is one.
func labelMap(b *labels.Builder, without string) map[string]string {
	set := make(map[string]string)
	b.Range(func(l labels.Label) {
		if without == "" || !strings.HasPrefix(l.Name, without) {
			set[l.Name] = l.Value
		}
	})
	return set
}

func (p *blueprint) readTimes(b *labels.Builder) error {
	for _, one := range []struct {
		label string
		into  *time.Duration
	}{{model.ScrapeIntervalLabel, &p.interval}, {model.ScrapeTimeoutLabel, &p.timeout}} {
		text := b.Get(one.label)
		d, err := model.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%s: %w", one.label, err)
		}
		if d == 0 {
			return fmt.Errorf("%s: it is 0", one.label)
		}
		*one.into = time.Duration(d)
	}
	if err := checkTimes(model.Duration(p.interval), model.Duration(p.timeout)); err != nil {
		return fmt.Errorf("after relabelling, %w", err)
	}
	return nil
}

// setURL puts the URL together. A __param_ label stands for the first value of
// its parameter.
func (p *blueprint) setURL(b *labels.Builder, params url.Values) error {
	scheme := b.Get(model.SchemeLabel)
	if scheme != "http" && scheme != "https" {
		return fmt.Errorf("__scheme__: %q is neither http nor https", scheme)
	}
	query := make(url.Values, len(params))
	for name, values := range params {
		query[name] = slices.Clone(values)
	}
	b.Range(func(l labels.Label) {
		name, ok := strings.CutPrefix(l.Name, model.ParamLabelPrefix)
		switch {
		case !ok:
		case len(query[name]) > 0:
			query[name][0] = l.Value
		default:
			query[name] = []string{l.Value}
		}
	})
	p.path = b.Get(model.MetricsPathLabel)
	u := url.URL{Scheme: scheme, Host: p.address, Path: p.path, RawQuery: query.Encode()}
	p.URL = u.String()
	return nil
}

// hostPort is the address with the port that is connected to, also where the
// address leaves it to the scheme.
func (p *blueprint) hostPort() string {
	host := url.URL{Host: p.address}
	switch {
	case host.Port() != "":
		return p.address
	case strings.HasPrefix(p.URL, "https:"):
		return strings.TrimSuffix(p.address, ":") + ":443"
	}
	return strings.TrimSuffix(p.address, ":") + ":80"
}

// identify works out the ID: it does not depend on anything but pool, URL and
// labels.
func identify(t *redpoll.Target) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q", t.Pool, t.URL)
	for _, name := range sortedKeys(t.Labels) {
		fmt.Fprintf(h, " %q=%q", name, t.Labels[name])
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// group is the static targets as if they had been discovered.
func (s *StaticConfig) group() *targetgroup.Group {
	g := &targetgroup.Group{Labels: make(model.LabelSet, len(s.Labels))}
	for name, value := range s.Labels {
		g.Labels[model.LabelName(name)] = model.LabelValue(value)
	}
	for _, address := range s.Targets {
		g.Targets = append(g.Targets, model.LabelSet{model.AddressLabel: model.LabelValue(address)})
	}
	return g
}
