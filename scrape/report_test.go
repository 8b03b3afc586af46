package scrape

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// ownSeries are those that a registry shows of the targets, by their names and
// the values of their labels.
func ownSeries(t *testing.T, m *Manager) map[string]float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(reports{m})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := make(map[string]float64)
	for _, f := range families {
		for _, one := range f.GetMetric() {
			var text []string
			for _, l := range one.GetLabel() {
				text = append(text, l.GetValue())
			}
			name := fmt.Sprintf("%s %s", f.GetName(), strings.Join(text, " "))
			values[name] = one.GetGauge().GetValue()
		}
	}
	return values
}

func wantOwnSeries(t *testing.T, m *Manager, want map[string]float64) {
	t.Helper()
	if diff := cmp.Diff(want, ownSeries(t, m)); diff != "" {
		t.Errorf("series (-want +got):\n%s", diff)
	}
}

func TestFastExtraScrapeMetricsTellTheLimitsAndTheSize(t *testing.T) {
	extra := func(settings string, h http.HandlerFunc) map[string]float64 {
		t.Helper()
		address := serve(t, h)
		m := idle(t, jobConfig(t, relabelled(t, settings), address))
		m.jobs[0].targets[0].scrape(t.Context())
		got := make(map[string]float64)
		for name, value := range ownSeries(t, m) {
			name, _, _ = strings.Cut(name, " ")
			if name == "scrape_timeout_seconds" || name == "scrape_sample_limit" || name == "scrape_body_size_bytes" {
				got[name] = value
			}
		}
		return got
	}
	answer := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x 1\n")) }
	f := func(name string, got map[string]float64, size float64) {
		t.Helper()
		want := map[string]float64{"scrape_timeout_seconds": 4, "scrape_sample_limit": 7, "scrape_body_size_bytes": size}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	const on = "extra_scrape_metrics: true\nsample_limit: 7\n"
	f("a good scrape", extra(on, answer), 4)
	f("too large", extra(on+"body_size_limit: 3B", answer), -1)
	f("no answer", extra(on, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }), 0)
	if got := extra("sample_limit: 7", answer); len(got) != 0 {
		t.Errorf("without being asked for: %v", got)
	}
}

// The metrics page as a whole must not fail for what targets are called.
func TestFastTargetsThatCannotBeToldApartLeaveTheMetricsPageWhole(t *testing.T) {
	named := func(name string) JobConfig {
		return jobConfig(t, func(c *JobConfig) {
			c.JobName = name
			c.StaticConfigs[0].Labels = map[string]string{"instance": "same", "job": "shop"}
		}, "one:80")
	}
	m := idle(t, named("a"), named("b"))
	for _, j := range m.jobs { // whatever builds them
		j.targets[0].Job, j.targets[0].Instance = "shop", "same\xff"
	}
	m.jobs[0].targets[0].exposed("x 1\n", start)
	m.jobs[1].targets[0].failed(start)
	if got := ownSeries(t, m); got["up same\ufffd shop"] != 1 || len(got) != 5 {
		t.Errorf("%v", got)
	}
	targets := m.Targets()
	if len(targets[0].Warnings) != 0 {
		t.Errorf("the first is warned: %q", targets[0].Warnings)
	}
	if len(targets[1].Warnings) != 1 {
		t.Fatalf("the second is not warned")
	}
	wantContains(t, "the warning", targets[1].Warnings[0], `a target of job "a" has the same job and instance`)
}

func TestFastATargetThatIsRemovedTakesItsSeriesWithIt(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "one:80", "two:80"))
	for _, target := range m.jobs[0].targets {
		target.exposed("x 1\n", start)
	}
	m.jobs[0].targets = m.jobs[0].targets[1:]
	if got := ownSeries(t, m); len(got) != 5 || got["up two:80 shop"] != 1 {
		t.Errorf("%v", got)
	}
}

func TestFastTheDurationsOfTheLastScrapesAreKept(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "one:80"))
	one := m.jobs[0].targets[0]
	var given [][]time.Duration
	for i := range 5 * redpoll.MaxDurations {
		one.record(&outcome{begun: after(float64(i)), duration: time.Duration(i), failure: "it is broken"})
		given = append(given, m.Targets()[0].Durations)
	}
	for i, durations := range given { // none was written to after it was given out
		if want := min(i+1, redpoll.MaxDurations); len(durations) != want {
			t.Fatalf("after scrape %d there are %d durations, want %d", i, len(durations), want)
		}
		for back := range durations {
			if got := durations[len(durations)-1-back]; got != time.Duration(i-back) {
				t.Fatalf("after scrape %d the duration of scrape %d is %d", i, i-back, got)
			}
		}
	}
}

// Prometheus marks a series stale when its target no longer exposes it, fails or
// is gone; here the figures are gone with the next snapshot.
func TestFastFiguresEndWhereASeriesIsStaleInPrometheus(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "one:80"))
	one := m.jobs[0].targets[0]
	causeAt := func(seconds float64) redpoll.NoData {
		t.Helper()
		e := m.Snapshot(after(seconds), every).Endpoint(keyA)
		if e == nil {
			t.Fatalf("after %v s there is no endpoint", seconds)
		}
		if (e.Throughput != nil) != (e.Cause == redpoll.HasData) || e.Throughput == nil && e.P95 != nil {
			t.Errorf("after %v s the cause is %q and the throughput %v", seconds, e.Cause, number(e.Throughput))
		}
		return e.Cause
	}
	want := func(seconds float64, want redpoll.NoData) {
		t.Helper()
		if got := causeAt(seconds); got != want {
			t.Errorf("after %v s the cause is %q, want %q", seconds, got, want)
		}
	}
	one.served(10, start)
	one.served(20, after(5))
	want(6, redpoll.HasData)
	one.failed(after(10))
	want(11, redpoll.TargetDown)
	one.served(30, after(15))
	want(16, redpoll.HasData)
	one.exposed("x 1\n", after(20))
	want(21, redpoll.SeriesGone)
	one.served(40, after(25)) // it is back, and goes on counting
	want(26, redpoll.HasData)
	m.jobs[0].targets = nil
	if e := m.Snapshot(after(27), every).Endpoint(keyA); e != nil {
		t.Errorf("the target is gone, and its endpoint is %+v", e)
	}
}

func TestFastWarningsSayWhatALimitLeftOutAndWhatHelps(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("%d is %q", n, got)
		}
	}
	got := warningsOf(&exposition.Scrape{Relabelled: 3766, Limited: []exposition.Limited{
		{Limit: "sample_limit", Count: 1234, Example: `http_x{path="/a"}`},
	}}, "shop")
	want := []string{`sample_limit: 1,234 of 5,000 samples left out, e.g. http_x{path="/a"}; raise sample_limit of job "shop" or drop series by metric_relabel_configs`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFastEveryScrapeLeavesTheSeriesThatPrometheusMakesOfIt(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "one:80"))
	one := m.jobs[0].targets[0]
	wantOwnSeries(t, m, map[string]float64{})
	one.exposed(expose("/a", [3]int{1, 1, 1}, 0), start)
	wantOwnSeries(t, m, map[string]float64{
		"up one:80 shop":                                    1,
		"scrape_duration_seconds one:80 shop":               0.001,
		"scrape_samples_scraped one:80 shop":                10,
		"scrape_samples_post_metric_relabeling one:80 shop": 10,
		"scrape_series_added one:80 shop":                   10,
	})
	one.exposed(expose("/a", [3]int{1, 1, 1}, 0)+"x 1\n", after(5))
	if got := ownSeries(t, m)["scrape_series_added one:80 shop"]; got != 1 {
		t.Errorf("%v series added, want the new one", got)
	}
	one.failed(after(10))
	wantOwnSeries(t, m, map[string]float64{
		"up one:80 shop":                                    0,
		"scrape_duration_seconds one:80 shop":               0,
		"scrape_samples_scraped one:80 shop":                0,
		"scrape_samples_post_metric_relabeling one:80 shop": 0,
		"scrape_series_added one:80 shop":                   0,
	})
	one.exposed(expose("/a", [3]int{1, 1, 1}, 0)+"x 1\n", after(15))
	if got := ownSeries(t, m)["scrape_series_added one:80 shop"]; got != 0 {
		t.Errorf("%v series added after a failure, want none: the last body had them", got)
	}
}

func TestFastMetadataIsThatOfTheLastScrapeThatSucceeded(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "one:80"))
	one := m.jobs[0].targets[0]
	if got := m.Metadata(one.ID); got != nil {
		t.Errorf("before the first scrape: %v", got)
	}
	one.exposed("# HELP x_total What has been.\n# TYPE x_total counter\nx_total 1\ny 2\n", start)
	one.failed(after(5))
	want := []redpoll.Metadata{{Family: "x_total", Type: "counter", Help: "What has been."}, {Family: "y", Type: "unknown"}}
	if diff := cmp.Diff(want, m.Metadata(one.ID)); diff != "" {
		t.Error(diff)
	}
	if got := m.Metadata("another"); got != nil {
		t.Errorf("of no target: %v", got)
	}
}
