// Package scrape fetches the metrics of every target at its interval, works
// out what happened at the endpoints and makes a Snapshot of it when asked.
package scrape

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/redpoll/redpoll/internal/redpoll"
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

	registerer prometheus.Registerer

	applying sync.Mutex // one change of the targets at a time; guards what follows
	searcher *searcher  // nil until a job has more than static targets
	findings map[string]*finding

	mu      sync.Mutex // guards what follows
	jobs    []*job     // in the order of their names
	byID    map[string]*target
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

		registerer: o.Registerer,
		findings:   make(map[string]*finding),
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
//
// Static targets are there when Apply returns; those that have to be discovered
// come, go and change by themselves from then on.
func (m *Manager) Apply(jobs []JobConfig) error {
	m.applying.Lock()
	defer m.applying.Unlock()
	next, err := m.newJobs(jobs)
	if err != nil {
		return err
	}
	if err := m.search(jobs); err != nil {
		return err
	}
	m.populate(next)
	m.install(next)
	return nil
}

// Stop ends all scraping and discovery, cancels what is in flight and waits for
// it.
func (m *Manager) Stop() {
	m.applying.Lock()
	searcher := m.searcher
	m.searcher = nil
	m.applying.Unlock()
	if searcher != nil {
		searcher.stop() // which may be telling of targets at the moment, so that it has to be let
	}
	_ = m.Apply(nil) // no job cannot fail
}

// newJobs makes the jobs of a configuration, without targets and without
// touching the running ones.
func (m *Manager) newJobs(configs []JobConfig) ([]*job, error) {
	running := m.running()
	built := make(map[string]*job, len(configs))
	for i := range configs {
		c := &configs[i]
		if built[c.JobName] != nil {
			return nil, fmt.Errorf("job %q is configured twice", c.JobName)
		}
		if err := c.checkDiscovery(); err != nil {
			return nil, fmt.Errorf("job %q: %w", c.JobName, err)
		}
		j, err := m.newJob(c, running[c.JobName])
		if err != nil {
			return nil, fmt.Errorf("job %q: %w", c.JobName, err)
		}
		built[c.JobName] = j
	}
	return slices.SortedFunc(maps.Values(built), func(a, b *job) int {
		return cmp.Compare(a.config.JobName, b.config.JobName)
	}), nil
}

// running are the jobs that are in force, by their names.
func (m *Manager) running() map[string]*job {
	m.mu.Lock()
	defer m.mu.Unlock()
	running := make(map[string]*job, len(m.jobs))
	for _, j := range m.jobs {
		running[j.config.JobName] = j
	}
	return running
}

// populate gives the jobs their targets.
func (m *Manager) populate(jobs []*job) {
	running := m.running()
	for _, j := range jobs {
		j.populate(m.discoveredBy(j.config.JobName), running[j.config.JobName])
	}
}

// repopulate makes the targets of what is known by now.
func (m *Manager) repopulate() {
	var next []*job
	running := m.running()
	for _, name := range sortedKeys(running) {
		j := running[name]
		if m.findings[name] != nil {
			j = &job{settings: j.settings, config: j.config}
			j.populate(m.discoveredBy(name), running[name])
		}
		next = append(next, j)
	}
	m.install(next)
}

// install puts the jobs in force.
func (m *Manager) install(next []*job) {
	m.mu.Lock()
	last := m.jobs
	m.jobs, m.byID = next, targetsByID(next)
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
}

func targetsByID(jobs []*job) map[string]*target {
	byID := make(map[string]*target)
	for _, j := range jobs {
		for _, t := range j.targets {
			byID[t.ID] = t
		}
	}
	return byID
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

// retire frees what only jobs had that are no longer there.
func (m *Manager) retire(last, next []*job) {
	clients, names := make(map[*http.Client]bool), make(map[string]bool)
	for _, j := range next {
		clients[j.client] = true
		for _, t := range j.targets {
			names[t.Job] = true
		}
	}
	for _, j := range last {
		if !clients[j.client] {
			j.client.CloseIdleConnections()
		}
		for _, t := range j.targets {
			if !names[t.Job] {
				m.metrics.forget(t.Job)
			}
		}
	}
}

// Targets is the state of all targets, in the order of pool, then instance.
func (m *Manager) Targets() []redpoll.TargetStatus {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.statusesOf(m.jobs)
}

// Dropped are the discovered targets that are not scraped, because relabelling
// or target_limit left them out or because they cannot be, in the order of pools;
// of each pool as many as keep_dropped_targets says, 10,000 at most. counts has the number of all
// of them by pool, 0 included.
func (m *Manager) Dropped() (dropped []redpoll.DroppedTarget, counts map[string]int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	counts = make(map[string]int, len(m.jobs))
	for _, j := range m.jobs {
		dropped = append(dropped, j.dropped...)
		counts[j.config.JobName] = j.drops
	}
	return dropped, counts
}
