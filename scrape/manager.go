// Package scrape fetches the metrics of every target at its interval, works
// out what happened at the endpoints and makes a Snapshot of it when asked.
package scrape

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/red"
)

// Options are what a Manager needs from outside.
type Options struct {
	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil registers nothing
	Version    string                // for the User-Agent
}

// Manager scrapes the targets of all jobs. Its methods may be called
// concurrently. Every target has a goroutine, which Apply starts and Apply or
// Stop ends.
type Manager struct {
	logger  *slog.Logger
	agent   string
	metrics *metrics
	room    *semaphore.Weighted // of bodyMemory, for bodies that arrive
	turns   *turns              // bodies wait here after they have arrived
	looks   chan struct{}       // takes a token for every Exposition that goes on

	applying sync.Mutex // one Apply or Stop at a time

	mu      sync.Mutex // guards what follows
	jobs    []*job     // in the order of their names
	mergers mergers
}

// NewManager makes a manager without targets.
func NewManager(o Options) *Manager {
	m := &Manager{
		logger:  o.Logger,
		agent:   "redpoll/" + cmp.Or(o.Version, "unknown"),
		room:    semaphore.NewWeighted(bodyMemory),
		turns:   newTurns(runtime.GOMAXPROCS(0)),
		looks:   make(chan struct{}, maxLooks),
		mergers: mergers{byJob: make(map[string]*merger)},
	}
	if m.logger == nil {
		m.logger = slog.New(slog.DiscardHandler)
	}
	m.metrics = newMetrics(o.Registerer, m)
	return m
}

// Apply makes jobs, which must be valid, the ones that are scraped. A target
// whose URL, labels and job settings are as before goes on undisturbed. If
// Apply returns an error, everything does.
func (m *Manager) Apply(jobs []JobConfig) error {
	m.applying.Lock()
	defer m.applying.Unlock()
	next, err := m.build(jobs)
	if err != nil {
		return err
	}
	m.mu.Lock()
	last := m.jobs
	m.jobs = next
	started, stopped := compareTargets(last, next)
	m.mu.Unlock()

	for _, t := range started {
		t.start()
	}
	for _, t := range stopped {
		t.cancel()
	}
	for _, t := range stopped {
		<-t.done
	}
	m.retire(last, next)
	return nil
}

// Stop ends all scraping, cancels what is in flight and waits for it.
func (m *Manager) Stop() {
	_ = m.Apply(nil) // building no job cannot fail
}

// build makes the jobs of a configuration without touching the running ones.
func (m *Manager) build(configs []JobConfig) ([]*job, error) {
	running := make(map[string]*job)
	m.mu.Lock()
	for _, j := range m.jobs {
		running[j.config.JobName] = j
	}
	m.mu.Unlock()

	built := make(map[string]*job, len(configs))
	for i := range configs {
		c := &configs[i]
		if built[c.JobName] != nil {
			return nil, fmt.Errorf("job %q is configured twice", c.JobName)
		}
		j, err := m.buildJob(c, running[c.JobName])
		if err != nil {
			return nil, fmt.Errorf("job %q: %w", c.JobName, err)
		}
		built[c.JobName] = j
	}
	return slices.SortedFunc(maps.Values(built), func(a, b *job) int {
		return cmp.Compare(a.config.JobName, b.config.JobName)
	}), nil
}

// buildJob makes a job that shares what it can with the one that runs, which
// may be nil.
func (m *Manager) buildJob(c *JobConfig, running *job) (*job, error) {
	j := &job{}
	if running != nil && sameSettings(&running.config, c) {
		j.settings = running.settings
	} else {
		client, err := newClient(c)
		if err != nil {
			return nil, err
		}
		j.settings = &settings{config: *c, manager: m, client: client, catalogue: red.NewCatalogue(c.Conventions)}
		j.policies = newPolicies(j.settings)
		running = nil
	}
	for _, static := range c.StaticConfigs {
		for _, address := range static.Targets {
			j.targets = append(j.targets, j.buildTarget(address, static.Labels, running))
		}
	}
	slices.SortFunc(j.targets, func(a, b *target) int {
		return cmp.Or(cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.URL, b.URL))
	})
	return j, nil
}

// sameSettings compares everything but the targets.
func sameSettings(a, b *JobConfig) bool {
	x, y := *a, *b
	x.StaticConfigs, y.StaticConfigs = nil, nil
	return reflect.DeepEqual(x, y)
}

// compareTargets finds the targets that only one side has.
func compareTargets(last, next []*job) (started, stopped []*target) {
	old := make(map[*target]bool)
	for _, j := range last {
		for _, t := range j.targets {
			old[t] = true
		}
	}
	for _, j := range next {
		for _, t := range j.targets {
			if !old[t] {
				started = append(started, t)
			}
			delete(old, t)
		}
	}
	return started, slices.Collect(maps.Keys(old))
}

// retire frees what jobs that are no longer there had.
func (m *Manager) retire(last, next []*job) {
	clients, names := make(map[*http.Client]bool), make(map[string]bool)
	for _, j := range next {
		clients[j.client], names[j.config.JobName] = true, true
	}
	for _, j := range last {
		if !clients[j.client] {
			j.client.CloseIdleConnections()
		}
		if !names[j.config.JobName] {
			m.metrics.forget(j.config.JobName)
		}
	}
}

// Targets is the state of all targets, in the order of job, then instance.
func (m *Manager) Targets() []redpoll.TargetStatus {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.statusesOf(m.jobs)
}
