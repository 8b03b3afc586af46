package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/version"
	toolkit "github.com/prometheus/exporter-toolkit/web"

	"github.com/redpoll/redpoll/api"
	"github.com/redpoll/redpoll/internal/config"
	"github.com/redpoll/redpoll/internal/demo"
	"github.com/redpoll/redpoll/rules"
	"github.com/redpoll/redpoll/scrape"
	"github.com/redpoll/redpoll/store"
	"github.com/redpoll/redpoll/web"
)

// stopTimeout bounds the whole shutdown, stepTimeout each step: what is not
// done by then is left to the end of the process.
const (
	stopTimeout = 4500 * time.Millisecond
	stepTimeout = 2 * time.Second
)

// options are what the command line and the surroundings of the process say.
type options struct {
	configFile    string // empty for the built-in configuration
	storagePath   string
	listenAddress string
	webConfigFile string
	demo          bool

	logger *slog.Logger
	stdout io.Writer
	hangup <-chan os.Signal
	// ready, if set, gets the bound address once requests are answered.
	ready func(net.Addr)
}

// app is a running redpoll: the stages and what connects them. Several can run
// in one process: nothing is global.
type app struct {
	options
	registry *prometheus.Registry

	webFile  config.WebFile
	listener net.Listener
	shop     *demo.Shop // nil without --demo
	manager  *scrape.Manager
	engine   *rules.Engine
	store    *store.Store
	api      *api.API
	pipeline *pipeline

	reloading sync.Mutex // one reload at a time; guards running
	running   *config.Config
	reloads   reloadMetrics

	stops []stopStep
}

// stopStep undoes one step of the start.
type stopStep struct {
	name string
	stop func() error
}

// run starts redpoll, serves until ctx ends, and stops in reverse order.
func run(ctx context.Context, o options) (err error) {
	o.chooseConfig()
	a := &app{options: o, registry: prometheus.NewRegistry()}
	defer func() { err = errors.Join(err, a.stop()) }()
	if err := a.start(ctx); err != nil {
		return err
	}
	return a.serve(ctx)
}

// start brings everything up that can fail: the user hears of a taken port or
// a locked database before anything runs.
func (a *app) start(ctx context.Context) error {
	a.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		versioncollector.NewCollector("redpoll"),
	)
	a.reloads = newReloadMetrics(a.registry)

	c, err := a.loadConfig()
	if err != nil {
		return usageError{err}
	}
	if err := a.checkWebFile(); err != nil {
		return usageError{fmt.Errorf("--web.config.file: %w", err)}
	}
	if err := a.listen(ctx, c.Web.ListenAddress); err != nil {
		return err
	}
	if err := a.openStore(ctx, c.Storage.Config); err != nil {
		return err
	}
	if a.demo {
		if err := a.startShop(ctx); err != nil {
			return err
		}
	}
	if a.configFile == "" { // only now are the addresses known that it scrapes
		if c, err = a.loadConfig(); err != nil {
			return usageError{err}
		}
	}
	return a.startStages(ctx, c)
}

func (a *app) checkWebFile() (err error) {
	if err := toolkit.Validate(a.webConfigFile); err != nil {
		return err
	}
	a.webFile, err = config.LoadWebFile(a.webConfigFile)
	return err
}

func (a *app) onStop(name string, stop func() error) {
	a.stops = append(a.stops, stopStep{name, stop})
}

// stop runs the steps in reverse.
func (a *app) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	var errs []error
	for i := len(a.stops) - 1; i >= 0; i-- {
		if err := a.stops[i].run(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", a.stops[i].name, err))
		}
	}
	return errors.Join(errs...)
}

// run carries out the step, and gives up waiting for it after stepTimeout or
// when ctx ends.
func (s *stopStep) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.stop() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errors.New("took too long and was cut off")
	}
}

func (a *app) openStore(ctx context.Context, c store.Config) error {
	s, err := store.Open(ctx, c, store.Options{Logger: a.logger.With("stage", "store"), Registerer: a.registry})
	if err != nil {
		return fmt.Errorf("open history: %w", err)
	}
	a.store = s
	a.onStop("history", s.Close)
	return nil
}

func (a *app) startShop(ctx context.Context) error {
	shop, err := demo.Start(ctx, demo.Options{Logger: a.logger.With("stage", "demo")})
	if err != nil {
		return fmt.Errorf("start the demo shop: %w", err)
	}
	a.shop = shop
	a.onStop("demo shop", shop.Close)
	return nil
}

// startStages creates the stages in the order of the data's way, restores what
// the last run left and puts the configuration in force.
func (a *app) startStages(ctx context.Context, c *config.Config) error {
	a.engine = rules.NewEngine(rules.Options{Logger: a.logger.With("stage", "rules"), Registerer: a.registry})
	a.manager = scrape.NewManager(scrape.Options{
		Logger: a.logger.With("stage", "scrape"), Registerer: a.registry, Version: version.Version,
	})
	a.onStop("scraping", func() error { a.manager.Stop(); return nil })

	a.api = api.New(c.Web, api.Options{
		Logger: a.logger.With("stage", "api"), Registerer: a.registry, Gatherer: a.registry,
		History: a.store, Instances: a.manager.Instances, Rules: a.engine,
		Targets: a.manager.Targets, Dropped: a.manager.Dropped, Metadata: a.manager.Metadata, Exposition: a.exposition,
		Config: a.redactedConfig, Reload: a.reload, HistoryError: a.historyError,
		Dashboard: web.Handler(), Hostname: hostname(),
		Version: version.Version, Revision: version.Revision, Branch: version.Branch,
		BuildUser: version.BuildUser, BuildDate: version.BuildDate,
	})
	a.pipeline = newPipeline(a.manager, a.engine, a.store, a.api, a.logger, a.registry)
	if err := a.apply(c); err != nil {
		return usageError{err}
	}
	a.running = c
	return a.restore(ctx)
}

// apply puts c in force. On an error nothing has changed.
func (a *app) apply(c *config.Config) error {
	// Everything that can be wrong with rules was found by c.Validate, so
	// that only the scrape stage can still refuse, and it goes first.
	if err := a.manager.Apply(c.ScrapeConfigs); err != nil {
		return err
	}
	if err := a.engine.Apply(c.Thresholds, c.Rules); err != nil {
		return err
	}
	a.pipeline.setInterval(time.Duration(c.Global.EvaluationInterval))
	return nil
}

// historyError is why the last snapshot is not in the history; nil if it is.
func (a *app) historyError() error { return a.pipeline.historyError() }
