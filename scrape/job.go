package scrape

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"slices"

	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/red"
)

// settings are what the targets of a job share. They do not change.
type settings struct {
	config    JobConfig // but for where the targets come from, which is the job's matter
	manager   *Manager
	client    *http.Client
	catalogue *red.Catalogue
	policies  *policies
	accepts   accepts
}

// job is a configured job with its targets. It does not change. Targets that
// stay over a change of the configuration refer to the settings only, so that
// those that go are not kept by them.
type job struct {
	*settings
	config   JobConfig // as it is now, where a change does not concern a target
	targets  []*target // in the order of their instances
	dropped  []redpoll.DroppedTarget
	drops    int      // including those that are not in dropped
	warnings []string // of the job's targets as a whole
}

// newJob makes a job without targets. It shares the settings with the one that
// runs, which may be nil, if they are the same.
func (m *Manager) newJob(c *JobConfig, running *job) (*job, error) {
	if running != nil && sameSettings(&running.settings.config, c) {
		return &job{settings: running.settings, config: *c}, nil
	}
	client, err := newClient(c)
	if err != nil {
		return nil, err
	}
	config := *c
	config.Discovery = Discovery{}
	s := &settings{config: config, manager: m, client: client, catalogue: red.NewCatalogue(c.Conventions), accepts: newAccepts(&c.Formats)}
	s.policies = newPolicies(s)
	return &job{settings: s, config: *c}, nil
}

// sameSettings compares everything that a target depends on other than by its
// labels.
func sameSettings(a, b *JobConfig) bool {
	x, y := *a, *b
	for _, c := range []*JobConfig{&x, &y} {
		c.Discovery = Discovery{}
		c.TargetLimit, c.KeepDroppedTargets = 0, 0
		c.ScrapeFailureLogFile = ""
	}
	return reflect.DeepEqual(x, y)
}

// populate makes the targets of what was discovered, beside the static ones, in
// the order of the groups' sources. A target with the URL, the labels and the
// settings of one of the job that runs, which may be nil, is that one.
func (j *job) populate(discovered []*targetgroup.Group, running *job) {
	groups := make([]*targetgroup.Group, 0, len(j.config.StaticConfigs)+len(discovered))
	for i := range j.config.StaticConfigs {
		groups = append(groups, j.config.StaticConfigs[i].group())
	}
	groups = append(groups, slices.SortedFunc(slices.Values(discovered), func(a, b *targetgroup.Group) int {
		return cmp.Compare(a.Source, b.Source)
	})...)

	p := population{job: j, known: make(map[string]*target), taken: make(map[string]bool)}
	if running != nil && running.settings == j.settings {
		for _, t := range running.targets {
			p.known[t.ID] = t
		}
	}
	b := labels.NewBuilder(labels.EmptyLabels())
	for _, group := range groups {
		for _, own := range group.Targets {
			drawn, err := j.config.draw(b, own, group.Labels)
			p.add(&drawn, err)
		}
	}
	p.finish()
	slices.SortFunc(j.targets, func(a, b *target) int {
		return cmp.Or(cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.URL, b.URL), cmp.Compare(a.ID, b.ID))
	})
	j.logWarnings(running)
}

const (
	// defaultTargets bounds the targets of a job without a target_limit: each
	// takes some 40 KB, and a discovery may name any number by mistake.
	defaultTargets = 10_000
	// maxDropped bounds those that are kept of what is left out, also where
	// keep_dropped_targets asks for all or for more.
	maxDropped = 10_000
)

// limit is how many targets the job may have. stated tells that the
// configuration says so.
func (j *job) limit() (limit int, stated bool) {
	if j.config.TargetLimit > 0 {
		return limitOf(j.config.TargetLimit), true
	}
	return defaultTargets, false
}

// population is a job's targets while they are made.
type population struct {
	job     *job
	known   map[string]*target // that run already, by their IDs
	taken   map[string]bool    // IDs
	refused int
	refusal error // the first
	excess  int   // over target_limit
}

// add takes the next blueprint, or why it cannot be used. Two targets with the
// same URL and labels are one.
func (p *population) add(drawn *blueprint, err error) {
	limit, stated := p.job.limit()
	fails := stated && p.job.config.OnLimit == LimitFails
	switch {
	case errors.Is(err, errDropped):
		p.job.drop(drawn, err.Error())
	case err != nil:
		p.job.drop(drawn, fmt.Sprintf("it cannot be scraped: %.300s", err))
		if p.refused++; p.refused == 1 {
			p.refusal = fmt.Errorf("%.200q: %w", drawn.Discovered["__address__"], err)
		}
	case p.taken[drawn.ID]:
	case len(p.taken) >= limit && !fails:
		p.excess++
		p.job.drop(drawn, fmt.Sprintf("the job has more than %d targets (target_limit)", limit))
	default:
		p.taken[drawn.ID] = true
		p.job.targets = append(p.job.targets, p.target(drawn))
	}
}

// target is one that runs already, or a new one.
func (p *population) target(drawn *blueprint) *target {
	t := p.known[drawn.ID]
	if t == nil || t.interval != drawn.interval || t.timeout != drawn.timeout {
		return p.job.newTarget(drawn)
	}
	t.rediscover(drawn.Discovered)
	return t
}

// drop keeps what is left out, and why, as far as keep_dropped_targets and maxDropped
// allow.
func (j *job) drop(drawn *blueprint, reason string) {
	j.drops++
	keep := maxDropped
	if asked := limitOf(j.config.KeepDroppedTargets); asked > 0 {
		keep = min(keep, asked)
	}
	if len(j.dropped) < keep {
		j.dropped = append(j.dropped, redpoll.DroppedTarget{Pool: j.config.JobName, Discovered: drawn.Discovered, Reason: reason})
	}
}

// finish words what is wrong. Where the job has too many targets and is to fail,
// none of them is scraped, and each says so.
func (p *population) finish() {
	j, barred := p.job, ""
	limit, stated := j.limit()
	switch {
	case p.excess > 0 && !stated:
		j.warnings = append(j.warnings, fmt.Sprintf("the job has %d targets, and only the first %d are scraped, as it has no target_limit; set one to scrape more, or drop some by relabel_configs",
			limit+p.excess, limit))
	case p.excess > 0:
		j.warnings = append(j.warnings, fmt.Sprintf("the job has %d targets, and only the first %d are scraped (target_limit); raise the limit or drop some by relabel_configs",
			limit+p.excess, limit))
	case len(j.targets) > limit:
		barred = fmt.Sprintf("not scraped: the job has %d targets, and target_limit is %d (on_limit: fail); raise the limit or drop some by relabel_configs",
			len(j.targets), limit)
	}
	if p.refused > 0 {
		j.warnings = append(j.warnings, fmt.Sprintf("%s of the job cannot be scraped, for example %v; correct the configuration or relabel_configs", redpoll.CountOf(p.refused, "target"), p.refusal))
	}
	for _, t := range j.targets {
		t.bar(barred)
	}
}

// logWarnings tells of what was not wrong with the job that runs.
func (j *job) logWarnings(running *job) {
	for _, w := range j.warnings {
		if running == nil || !slices.Contains(running.warnings, w) {
			j.manager.logger.Warn("not all targets of a job are scraped", slog.String("pool", j.config.JobName), slog.String("reason", w))
		}
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
