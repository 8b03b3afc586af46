package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/redpoll/redpoll/scrape"
)

// unusedKeys are the keys of a prometheus.yml that redpoll accepts, has no use
// for and says so: the value tells what redpoll does instead.
func (c *Config) unusedKeys() map[string]string {
	instead := map[string]string{}
	note := func(key string, value any, text string) {
		if value != nil {
			instead[key] = text
		}
	}
	note("alerting", c.Alerting, "alerts are shown on the dashboard and served by the API")
	note("rule_files", c.RuleFiles, "PromQL rules are not evaluated; write threshold rules under `rules`")
	note("remote_read", c.RemoteRead, "history is read from redpoll's own database")
	note("remote_write", c.RemoteWrite, "history is kept in redpoll's own database")
	note("runtime", c.Runtime, "set GOGC in the environment")
	note("tracing", c.Tracing, "redpoll does not trace")
	note("otlp", c.OTLP, "redpoll pulls, it does not receive")
	note("storage.tsdb", c.Storage.TSDB, "history is kept in redpoll's own database; see storage.retention")
	note("storage.exemplars", c.Storage.Exemplars, "exemplars are not kept")
	const noQueries = "redpoll has no query language"
	note("global.query_log_file", c.Global.QueryLogFile, noQueries)
	note("global.query_max_series", c.Global.QueryMaxSeries, noQueries)
	note("global.query_max_samples_read", c.Global.QueryMaxSamplesRead, noQueries)
	note("global.query_max_duration", c.Global.QueryMaxDuration, noQueries)
	note("global.rule_query_offset", c.Global.RuleQueryOffset, "rules judge the figures of the moment")
	for key, text := range c.Global.Unused() {
		instead["global."+key] = text
	}
	addUnused(instead, c.ScrapeConfigs)
	return instead
}

// addUnused adds the keys of jobs, which stand in one file.
func addUnused(instead map[string]string, jobs []scrape.JobConfig) {
	for i := range jobs {
		for key, text := range jobs[i].Unused() {
			instead[fmt.Sprintf("scrape_configs[%d].%s", i, key)] = text
		}
	}
}

// warn words the keys that a file has and redpoll does not use, in the order of
// their lines. A key that a job has inherited is said once, where it stands.
func warn(file string, text []byte, unused map[string]string) []string {
	type warning struct {
		line int
		text string
	}
	var list []warning
	for _, key := range sortedKeys(unused) {
		line, whole := find(text, key)
		if !whole {
			continue
		}
		list = append(list, warning{line, fmt.Sprintf("%s: `%s` is accepted and not used: %s", position(file, line), key, unused[key])})
	}
	slices.SortStableFunc(list, func(a, b warning) int { return cmp.Compare(a.line, b.line) })
	texts := make([]string, len(list))
	for i, w := range list {
		texts[i] = strings.TrimSpace(w.text)
	}
	return texts
}
