package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/version"

	"github.com/redpoll/redpoll/internal/config"
	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape"
)

// checkTarget is `redpoll check target`: it scrapes one URL twice, as a running
// redpoll would, and prints what it makes of it.
type checkTarget struct {
	command string // as kingpin names it
	url     string
	job     string
	wait    time.Duration
}

func newCheckTarget(check *kingpin.CmdClause) *checkTarget {
	c := &checkTarget{}
	k := check.Command("target", "Scrape a target twice and print which endpoints are found, by which convention, what is ignored and what is missing. Fails if no endpoint is found, other than the metrics page itself; a machine's exporter has none and passes.")
	k.Arg("url", "The metrics page: http://host:port/metrics, or host:port.").Required().StringVar(&c.url)
	k.Flag("job", "Use the settings of this job of --config.file. Without it: those of the job that lists the target, if one does.").StringVar(&c.job)
	k.Flag("wait", "Time between the two scrapes.").Default("5s").DurationVar(&c.wait)
	c.command = k.FullCommand()
	return c
}

// errNothingFound ends the check after the report has said what is missing.
var errNothingFound = errors.New("no endpoint was found; the report says what is missing")

func (c *checkTarget) run(ctx context.Context, configFile string, stdout io.Writer) error {
	job, err := c.jobConfig(configFile)
	if err != nil {
		return usageError{err}
	}
	m := scrape.NewManager(scrape.Options{Version: version.Version})
	defer m.Stop()
	if err := m.Apply([]scrape.JobConfig{job}); err != nil {
		return usageError{err}
	}
	snapshot, err := c.scrapeTwice(ctx, m)
	if err != nil {
		return err
	}
	target := &snapshot.Targets[0]
	if target.Health != redpoll.HealthUp {
		return fmt.Errorf("%s is down: %s", plainText(target.URL), plainText(target.Error))
	}
	report := targetReport{target: target, endpoints: snapshot.Endpoints, wait: c.wait}
	if err := report.print(stdout); err != nil {
		return err
	}
	if !target.Useful {
		return errNothingFound
	}
	return nil
}

// scrapeTwice waits until the target has been scraped twice, or once in vain,
// and gives the state after that.
func (c *checkTarget) scrapeTwice(ctx context.Context, m *scrape.Manager) (*redpoll.Snapshot, error) {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	var first time.Time
	for {
		select {
		case <-ctx.Done():
			return nil, errors.New("interrupted before the second scrape")
		case <-ticker.C:
		}
		status := m.Targets()[0]
		switch {
		case status.LastScrape.IsZero():
			continue
		case status.Health != redpoll.HealthDown && first.IsZero():
			first = status.LastScrape
		}
		if status.Health == redpoll.HealthDown || status.LastScrape.After(first) {
			return m.Snapshot(time.Now(), c.wait), nil
		}
	}
}

// jobConfig is the job to scrape the URL by: one of the configuration file, or
// one with the defaults.
func (c *checkTarget) jobConfig(configFile string) (scrape.JobConfig, error) {
	if c.wait < time.Second {
		return scrape.JobConfig{}, fmt.Errorf("--wait: %v is too short to tell rates by; the shortest is 1s", c.wait)
	}
	u, err := parseTarget(c.url)
	if err != nil {
		return scrape.JobConfig{}, err
	}
	conf := config.Default()
	if configFile != "" {
		if conf, _, err = config.Load(configFile); err != nil {
			return scrape.JobConfig{}, err
		}
	}
	job, err := c.chooseJob(conf, configFile, u.Host)
	if err != nil {
		return scrape.JobConfig{}, err
	}
	job.Scheme, job.MetricsPath = u.Scheme, cmp.Or(u.Path, job.MetricsPath)
	if u.RawQuery != "" {
		job.Params = u.Query()
	}
	// The URL is what relabelling makes: it stands for no other.
	job.Discovery = scrape.Discovery{StaticConfigs: []scrape.StaticConfig{{Targets: []string{u.Host}}}}
	job.ScrapeInterval = model.Duration(c.wait)
	job.ScrapeTimeout = min(cmp.Or(job.ScrapeTimeout, conf.Global.ScrapeTimeout), job.ScrapeInterval)
	conf.ScrapeConfigs = []scrape.JobConfig{job}
	if err := conf.Validate(); err != nil {
		return scrape.JobConfig{}, err
	}
	return conf.ScrapeConfigs[0], nil
}

// chooseJob finds the job that is named, else the one that lists the address.
func (c *checkTarget) chooseJob(conf *config.Config, configFile, address string) (scrape.JobConfig, error) {
	for _, job := range conf.ScrapeConfigs {
		lists := slices.ContainsFunc(job.StaticConfigs, func(s scrape.StaticConfig) bool {
			return slices.Contains(s.Targets, address)
		})
		if c.job == job.JobName || c.job == "" && lists {
			return job, nil
		}
	}
	switch {
	case c.job != "" && configFile == "":
		return scrape.JobConfig{}, errors.New("--job: name the file that has the job, too: --config.file")
	case c.job != "":
		return scrape.JobConfig{}, fmt.Errorf("--job: %s has no job %q", configFile, c.job)
	}
	return scrape.NewJobConfig("check"), nil
}

// parseTarget takes a URL or host:port. Credentials are refused: the command
// line is no place for them.
func parseTarget(text string) (*url.URL, error) {
	if _, _, err := net.SplitHostPort(text); err == nil && !strings.Contains(text, "/") {
		return &url.URL{Scheme: "http", Host: text}, nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%.200q is no URL such as http://127.0.0.1:8080/metrics", text)
	case u.User != nil:
		return nil, errors.New("the URL holds credentials; put them into basic_auth of a job and name its file with --config.file")
	}
	return u, nil
}
