package scrape

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/targetgroup"
)

const (
	// discoveryPause is the least time between two updates of the targets, so
	// that a discovery that changes its mind many times a second costs little.
	discoveryPause = 500 * time.Millisecond
	// discoveryGrace is how long targets stay that a job's discovery has found
	// before its configuration changed and has not found again yet: the new one
	// takes a moment to look, and a file that both name must not go missing.
	discoveryGrace = 5 * time.Second
)

// searcher runs the discovery of all jobs that have more than static targets.
type searcher struct {
	manager *discovery.Manager
	cancel  context.CancelFunc
	done    chan struct{} // closed when nothing is told any more
	retire  func()        // takes the metrics away
}

// startSearching makes a searcher that calls found with the groups of each job,
// by its name, whenever something may have changed. agent is for HTTP.
func startSearching(logger *slog.Logger, registerer prometheus.Registerer, agent string, found func(map[string][]*targetgroup.Group)) (*searcher, error) {
	if registerer == nil {
		registerer = prometheus.NewRegistry()
	}
	metrics, err := discovery.CreateAndRegisterSDMetrics(registerer)
	if err != nil {
		return nil, fmt.Errorf("start service discovery: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	manager := discovery.NewManager(ctx, logger, registerer, metrics,
		discovery.Name("scrape"), discovery.Updatert(discoveryPause),
		discovery.HTTPClientOptions(discoveryClient(agent)...))
	if manager == nil { // it has logged the reason
		cancel()
		return nil, fmt.Errorf("start service discovery: its metrics are registered already")
	}
	s := &searcher{manager: manager, cancel: cancel, done: make(chan struct{}), retire: func() {
		manager.UnregisterMetrics()
		for _, m := range metrics.MechanismMetrics {
			m.Unregister()
		}
		metrics.RefreshManager.Unregister()
	}}
	go func() { _ = manager.Run() }() // its error is that of ctx
	go func() {
		defer close(s.done)
		for groups := range manager.SyncCh() {
			found(groups)
		}
	}()
	return s, nil
}

// stop ends the discovery. found is not called after it.
func (s *searcher) stop() {
	s.cancel()
	<-s.done
	s.retire()
}

// finding is what the discovery of one job has told.
type finding struct {
	configs discovery.Configs // that look
	groups  []*targetgroup.Group
	// former are the groups from before the configs changed. They stand in for
	// those that are not found again, until they expire.
	former []*targetgroup.Group
	expire *time.Timer
}

// reconfigure takes the configs that look from now on. It reports whether they
// are others than before.
func (f *finding) reconfigure(configs discovery.Configs) bool {
	if reflect.DeepEqual(f.configs, configs) {
		return false
	}
	f.former, f.groups, f.configs = f.all(), nil, configs
	return true
}

// all are the groups that targets are made of.
func (f *finding) all() []*targetgroup.Group {
	all := slices.Clone(f.groups)
	for _, g := range f.former {
		if !slices.ContainsFunc(f.groups, func(n *targetgroup.Group) bool { return n.Source == g.Source }) {
			all = append(all, g)
		}
	}
	return all
}

// forget lets go of what was found before the configs changed.
func (f *finding) forget() { f.former = nil }

func (f *finding) stopTimer() {
	if f.expire != nil {
		f.expire.Stop()
	}
}

// search makes the discovery look for what the jobs ask for. The caller holds
// m.applying.
func (m *Manager) search(configs []JobConfig) error {
	wanted := make(map[string]discovery.Configs)
	for i := range configs {
		if dynamic := configs[i].dynamic(); len(dynamic) > 0 {
			wanted[configs[i].JobName] = dynamic
		}
	}
	if m.searcher == nil && len(wanted) > 0 {
		s, err := startSearching(m.logger, m.registerer, m.agent, m.found)
		if err != nil {
			return err
		}
		m.searcher = s
	}
	for name, f := range m.findings {
		if wanted[name] == nil {
			f.stopTimer()
			delete(m.findings, name)
		}
	}
	for name, dynamic := range wanted {
		f := m.findings[name]
		if f == nil {
			f = &finding{}
			m.findings[name] = f
		}
		if f.reconfigure(dynamic) && len(f.former) > 0 {
			f.stopTimer()
			f.expire = time.AfterFunc(discoveryGrace, func() { m.expire(f) })
		}
	}
	if m.searcher == nil {
		return nil
	}
	return m.searcher.manager.ApplyConfig(wanted)
}

// found takes what discovery tells of each job.
func (m *Manager) found(groups map[string][]*targetgroup.Group) {
	m.applying.Lock()
	defer m.applying.Unlock()
	for name, f := range m.findings {
		if told, ok := groups[name]; ok {
			f.groups = told
		}
	}
	m.repopulate()
}

// expire makes the targets go that were only found before f's configs changed.
func (m *Manager) expire(f *finding) {
	m.applying.Lock()
	defer m.applying.Unlock()
	f.forget()
	m.repopulate()
}

// discoveredBy are the groups of a job, nil if it has none or only static ones.
func (m *Manager) discoveredBy(name string) []*targetgroup.Group {
	if f := m.findings[name]; f != nil {
		return f.all()
	}
	return nil
}

// checkDiscovery refuses what the discovery would only log: a client for
// http_sd_configs that cannot be made.
func (d *Discovery) checkDiscovery() error {
	for i, c := range d.HTTPSDConfigs {
		client, err := config.NewClientFromConfig(c.HTTPClientConfig, "http_sd")
		if err != nil {
			return fmt.Errorf("http_sd_configs[%d]: %w", i, err)
		}
		client.CloseIdleConnections()
	}
	return nil
}
