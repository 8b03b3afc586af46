package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/redpoll/redpoll/internal/config"
)

const (
	defaultConfigFile = "redpoll.yaml"
	// demoStoragePath keeps the demo's history apart from a real one.
	demoStoragePath = "redpoll-demo.db"
)

// loadConfig reads the configuration that is to be in force: the named file,
// else redpoll.yaml, else the built-in one. Flags beat the file.
func (a *app) loadConfig() (*config.Config, error) {
	c, warnings, err := a.readConfig()
	if err != nil {
		return nil, err
	}
	for _, w := range warnings {
		a.logger.Warn(w)
	}
	if a.storagePath != "" {
		c.Storage.Path = a.storagePath
	}
	if a.listenAddress != "" {
		c.Web.ListenAddress = a.listenAddress
	}
	return c, c.Validate()
}

func (a *app) readConfig() (*config.Config, []string, error) {
	if a.configFile != "" {
		return config.Load(a.configFile)
	}
	c, warnings, err := config.Parse("built-in configuration", []byte(a.builtInConfig()))
	if err == nil && a.demo {
		c.Storage.Path = demoStoragePath
	}
	return c, warnings, err
}

// chooseConfig settles once where the configuration comes from: a file that
// has gone by the time of a reload must not be replaced by the built-in one.
func (o *options) chooseConfig() {
	if o.demo || o.configFile != "" {
		return
	}
	if _, err := os.Stat(defaultConfigFile); !errors.Is(err, fs.ErrNotExist) {
		o.configFile = defaultConfigFile
	}
}

// configSource names the configuration for the log.
func (a *app) configSource() string {
	switch {
	case a.demo:
		return "demo"
	case a.configFile == "" && a.webFile.BasicAuth:
		return "built-in, scrapes nothing because redpoll itself asks for a password; write " + defaultConfigFile
	case a.configFile == "":
		return "built-in, scrapes redpoll itself; write " + defaultConfigFile + " to scrape your own"
	default:
		return a.configFile
	}
}

// builtInConfig scrapes redpoll itself, unless that takes a password, and with
// --demo the shop. Before the addresses are known it scrapes nothing.
func (a *app) builtInConfig() string {
	const job = "  - {job_name: %s, static_configs: [{targets: [%q]}]%s}\n"
	text := "scrape_configs:\n"
	if a.listener != nil && !a.webFile.BasicAuth {
		tls := ""
		if a.webFile.TLS { // its own certificate need not name 127.0.0.1
			tls = ", scheme: https, tls_config: {insecure_skip_verify: true}"
		}
		text += fmt.Sprintf(job, "redpoll", reachable(a.listener.Addr()), tls)
	}
	if a.shop != nil {
		text += fmt.Sprintf(job, "shop", a.shop.Address(), "")
	}
	return text
}

func (a *app) redactedConfig() []byte {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	return a.running.Redacted()
}

// reload puts the file as it is now in force. On an error the configuration
// that runs stays as it is; the log has the error whoever asked.
func (a *app) reload(context.Context) error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	next, err := a.loadConfig()
	if err == nil {
		err = a.apply(next)
	}
	a.reloads.observe(err)
	if err != nil {
		err = fmt.Errorf("configuration not reloaded, the old one stays in force: %w", err)
		a.logger.Error(err.Error())
		return err
	}
	a.keepUntilRestart(next)
	a.running = next
	a.logger.Info("configuration reloaded", "configuration", a.configSource())
	return nil
}

// keepUntilRestart leaves in force what only a new start can change, and says
// so where it has changed.
func (a *app) keepUntilRestart(next *config.Config) {
	if next.Storage.Config != a.running.Storage.Config {
		a.logger.Warn("the `storage` section has changed; restart redpoll to put it in force")
	}
	if !reflect.DeepEqual(next.Web, a.running.Web) {
		a.logger.Warn("the `web` section has changed; restart redpoll to put it in force")
	}
	next.Storage, next.Web = a.running.Storage, a.running.Web
}

func (a *app) reloadOnHangup(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.hangup:
			_ = a.reload(ctx) // it has logged the reason, and nobody waits for it
		}
	}
}

// reloadMetrics carry Prometheus' own names for the same thing, with our
// prefix.
type reloadMetrics struct {
	successful prometheus.Gauge
	timestamp  prometheus.Gauge
}

func newReloadMetrics(r prometheus.Registerer) reloadMetrics {
	f := promauto.With(r)
	m := reloadMetrics{
		successful: f.NewGauge(prometheus.GaugeOpts{
			Name: "redpoll_config_last_reload_successful",
			Help: "Whether the last reload of the configuration succeeded.",
		}),
		timestamp: f.NewGauge(prometheus.GaugeOpts{
			Name: "redpoll_config_last_reload_success_timestamp_seconds",
			Help: "When the configuration in force was loaded.",
		}),
	}
	m.observe(nil)
	return m
}

func (m reloadMetrics) observe(err error) {
	if err != nil {
		m.successful.Set(0)
		return
	}
	m.successful.Set(1)
	m.timestamp.Set(float64(time.Now().UnixMilli()) / 1000)
}
