package scrape

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// scrapeReport is what Prometheus writes down of every scrape beside its samples, see
// https://prometheus.io/docs/concepts/jobs_instances/. All counts are 0 where
// nothing was fetched. Of a body that failed they are what had been counted up
// to the fault; over sample_limit (on_limit: fail) that is all of it. Such a
// body adds nothing, where Prometheus counts the series up to the limit.
type scrapeReport struct {
	up       bool
	duration time.Duration // until everything was worked out
	timeout  time.Duration
	scraped  int // samples of the body
	// relabelled counts those that metric_relabel_configs left. Limits are for
	// later: what they leave out is among these.
	relabelled int
	added      int   // series that the last body did not have
	bytes      int64 // of the body; -1 if it is over body_size_limit
}

// reportOf reports a scrape that ended; of is what was read, also if that failed.
func reportOf(o *outcome, of *exposition.Scrape, timeout time.Duration) scrapeReport {
	return scrapeReport{
		up:         o.failure == "",
		duration:   o.duration,
		timeout:    timeout,
		scraped:    of.Exposed,
		relabelled: of.Relabelled + leftOut(of.Limited),
		added:      of.Added,
		bytes:      o.bytes,
	}
}

// leftOut counts the samples that limits left out.
func leftOut(by []exposition.Limited) (n int) {
	for i := range by {
		n += by[i].Count
	}
	return n
}

// remedies say what helps against each limit.
var remedies = map[string]string{
	"sample_limit":                  "drop series by metric_relabel_configs",
	"label_limit":                   "drop labels by metric_relabel_configs",
	"label_name_length_limit":       "rename labels by metric_relabel_configs",
	"label_value_length_limit":      "shorten values by metric_relabel_configs",
	"native_histogram_bucket_limit": "expose coarser histograms",
}

// warningsOf say what limits left out of a scrape, and what helps.
func warningsOf(of *exposition.Scrape, pool string) (list []string) {
	for _, l := range of.Limited {
		list = append(list, fmt.Sprintf("%s: %s of %s samples left out, e.g. %s; raise %s of job %q or %s",
			l.Limit, grouped(l.Count), grouped(of.Relabelled+leftOut(of.Limited)), strings.ToValidUTF8(l.Example, "\ufffd"),
			l.Limit, pool, remedies[l.Limit]))
	}
	return list
}

// grouped writes a number that is not negative with a comma between thousands.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// appendDuration appends to those of a target's last scrapes. Slices that were
// given out before are never written to: only when the memory, which is for
// several times as many, is full the last ones move.
func appendDuration(to []time.Duration, d time.Duration) []time.Duration {
	if len(to) == redpoll.MaxDurations {
		to = to[1:]
	}
	if len(to) == cap(to) {
		to = append(make([]time.Duration, 0, 3*redpoll.MaxDurations), to...)
	}
	return append(to, d)
}

// doubles are the targets whose job and instance another before them has, too,
// with the pool of that. Series can be told apart by these two only.
func doubles(jobs []*job) map[*target]string {
	first := make(map[originNames]string)
	double := make(map[*target]string)
	for _, j := range jobs {
		for _, t := range j.targets {
			names := namesOf(t)
			if pool, taken := first[names]; taken {
				double[t] = pool
				continue
			}
			first[names] = j.config.JobName
		}
	}
	return double
}

// originNames are the labels of a target's own series.
type originNames struct{ job, instance string }

// namesOf makes them valid: discovery may find any bytes.
func namesOf(t *target) originNames {
	return originNames{strings.ToValidUTF8(t.Job, "\ufffd"), strings.ToValidUTF8(t.Instance, "\ufffd")}
}

// reports exposes the last report of every target in the series that Prometheus
// makes of it. They go with the target. Of several targets with the same job and
// instance it is that of the first.
type reports struct{ manager *Manager }

// reported is one of these series.
type reported struct {
	desc  *prometheus.Desc
	extra bool // only with extra_scrape_metrics
	value func(*scrapeReport, *JobConfig) float64
}

func newReported(name, help string, value func(*scrapeReport, *JobConfig) float64) reported {
	return reported{desc: prometheus.NewDesc(name, help, []string{"job", "instance"}, nil), value: value}
}

func newExtra(name, help string, value func(*scrapeReport, *JobConfig) float64) reported {
	one := newReported(name, help, value)
	one.extra = true
	return one
}

var allReported = []reported{
	newReported("up", "1 if the last scrape of the target succeeded, else 0.",
		func(r *scrapeReport, _ *JobConfig) float64 {
			if r.up {
				return 1
			}
			return 0
		}),
	newReported("scrape_duration_seconds", "How long the last scrape of the target took.",
		func(r *scrapeReport, _ *JobConfig) float64 { return r.duration.Seconds() }),
	newReported("scrape_samples_scraped", "Samples that the target exposed.",
		func(r *scrapeReport, _ *JobConfig) float64 { return float64(r.scraped) }),
	newReported("scrape_samples_post_metric_relabeling", "Samples that metric_relabel_configs left.",
		func(r *scrapeReport, _ *JobConfig) float64 { return float64(r.relabelled) }),
	newReported("scrape_series_added", "Series of the last scrape that were not in the one before.",
		func(r *scrapeReport, _ *JobConfig) float64 { return float64(r.added) }),
	newExtra("scrape_timeout_seconds", "The scrape_timeout of the target.",
		func(r *scrapeReport, _ *JobConfig) float64 { return r.timeout.Seconds() }),
	newExtra("scrape_sample_limit", "The sample_limit of the target, 0 if there is none.",
		func(_ *scrapeReport, c *JobConfig) float64 { return float64(c.SampleLimit) }),
	newExtra("scrape_body_size_bytes", "Size of the last body after decompression, -1 if it was over body_size_limit, 0 if there was none.",
		func(r *scrapeReport, _ *JobConfig) float64 { return float64(r.bytes) }),
}

// Describe gives all series that there may be.
func (r reports) Describe(to chan<- *prometheus.Desc) {
	for i := range allReported {
		to <- allReported[i].desc
	}
}

// Collect gives those of the targets that have been scraped.
func (r reports) Collect(to chan<- prometheus.Metric) {
	for _, t := range r.manager.distinct() {
		last := t.lastReport()
		if last == nil {
			continue
		}
		config, names := &t.job.config, namesOf(t)
		for i := range allReported {
			one := &allReported[i]
			if one.extra && (config.ExtraScrapeMetrics == nil || !*config.ExtraScrapeMetrics) {
				continue
			}
			to <- prometheus.MustNewConstMetric(one.desc, prometheus.GaugeValue, one.value(last, config), names.job, names.instance)
		}
	}
}

// distinct are the targets that can be told apart.
func (m *Manager) distinct() (list []*target) {
	m.mu.Lock()
	defer m.mu.Unlock()
	double := doubles(m.jobs)
	for _, j := range m.jobs {
		for _, t := range j.targets {
			if _, ok := double[t]; !ok {
				list = append(list, t)
			}
		}
	}
	return list
}

// lastReport is that of the last scrape, nil before the first.
func (t *target) lastReport() *scrapeReport {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.status.LastScrape.IsZero() {
		return nil
	}
	last := t.report
	return &last
}

// Metadata is what the last successful scrape of the target with this ID said of
// its metric families, in the order of their names, the first maxFamilies; nil if
// there is no such target or none was.
func (m *Manager) Metadata(id string) []redpoll.Metadata {
	t := m.target(id)
	if t == nil {
		return nil
	}
	t.mu.Lock()
	families := t.families
	t.mu.Unlock()
	var list []redpoll.Metadata
	for i := range families {
		f := &families[i]
		list = append(list, redpoll.Metadata{Family: f.Name, Type: openMetricsType(f.Type), Help: f.Help, Unit: f.Unit})
	}
	return list
}

// openMetricsType is the name of a type in OpenMetrics.
func openMetricsType(t exposition.Type) string {
	if t == exposition.Untyped {
		return "unknown"
	}
	return t.String()
}

// doubleWarning is for a target whose job and instance one of a pool has, too.
func doubleWarning(pool string) string {
	return fmt.Sprintf("a target of job %q has the same job and instance: figures are those of both together, and up and scrape_* on redpoll's own metrics page those of the other alone; give one of them another instance by relabel_configs", pool)
}

// statusesOf are the targets' with what is known only of all together: advice on
// whole jobs goes to the first target that is up and has endpoints of it, and
// what is wrong with a whole pool to the first target there.
func (m *Manager) statusesOf(jobs []*job) (list []redpoll.TargetStatus) {
	advice, double := m.mergers.advice(), doubles(jobs)
	for _, j := range jobs {
		for i, t := range j.targets {
			status := t.currentStatus()
			if i == 0 {
				status.Warnings = slices.Concat(status.Warnings, j.warnings)
			}
			if more := advice[&t.window]; len(more) > 0 && status.Health == redpoll.HealthUp {
				status.Advice = slices.Concat(status.Advice, more)
			}
			if pool, ok := double[t]; ok {
				status.Warnings = append(slices.Clip(status.Warnings), doubleWarning(pool))
			}
			list = append(list, status)
		}
	}
	return list
}
