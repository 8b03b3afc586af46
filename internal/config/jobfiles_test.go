package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redpoll/redpoll/scrape"
)

// folder writes files and returns the path of redpoll.yaml among them.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "redpoll.yaml")
}

func TestFastJobsOfOtherFilesAreAdded(t *testing.T) {
	path := folder(t, map[string]string{
		"redpoll.yaml": "global: {scrape_interval: 7s, sample_limit: 9}\nscrape_config_files: [jobs/*.yml, none.yml]\n" + oneJob,
		"jobs/b.yml":   "scrape_configs: [{job_name: b, basic_auth: {username: u, password_file: secret}}]",
		"jobs/a.yml":   "scrape_configs:\n  - job_name: a\n    sample_limit: 3\n    track_timestamps_staleness: true\n  - job_name: a2\n",
		"jobs/c.yml":   "",
	})
	c, warnings, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	byName := make(map[string]scrape.JobConfig)
	for _, job := range c.ScrapeConfigs {
		names = append(names, job.JobName)
		byName[job.JobName] = job
	}
	if got := strings.Join(names, " "); got != "shop a a2 b" {
		t.Errorf("jobs %s", got)
	}
	if byName["a"].SampleLimit != 3 || byName["a2"].SampleLimit != 9 || byName["b"].ScrapeInterval.String() != "7s" {
		t.Errorf("they inherit nothing: %+v", c.ScrapeConfigs)
	}
	if got, want := byName["b"].HTTPClientConfig.BasicAuth.PasswordFile, filepath.Join(filepath.Dir(path), "jobs", "secret"); got != want {
		t.Errorf("password_file is %s, want %s", got, want)
	}
	all := strings.Join(warnings, "\n")
	for _, want := range []string{"redpoll.yaml:2: `scrape_config_files[1]` names ", "a.yml:4: `scrape_configs[0].track_timestamps_staleness` is accepted"} {
		if !strings.Contains(all, want) {
			t.Errorf("no warning says %q:\n%s", want, all)
		}
	}
	again, _, err := Parse("printed", c.Redacted())
	if err != nil || len(again.ScrapeConfigs) != 4 {
		t.Errorf("what is printed has not all jobs: %v\n%s", err, c.Redacted())
	}
}

func TestFastFaultsInOtherFilesNameFileAndLine(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		path := folder(t, map[string]string{"redpoll.yaml": "scrape_config_files: ['*.yml']\n" + oneJob, "more.yml": text})
		_, _, err := Load(path)
		if err == nil || !strings.HasPrefix(err.Error(), filepath.Join(filepath.Dir(path), "more.yml:")+want) {
			t.Errorf("%q gives\n  %v\nwant it to say\n  more.yml:%s", text, err, want)
		}
	}
	f("global: {}\n", "1: unknown key `global`;")
	f("scrape_configs:\n  - job_name: a\n  -\n", "3: this list entry is empty;")
	f("scrape_configs:\n  - job_name: a\n    scheme: ftp\n", "3: scrape_configs[0].scheme: \"ftp\" is neither")
	f("scrape_configs:\n  - job_name: a\n    scrape_interval: often\n", "3: scrape_configs[0].scrape_interval: ")
	f("scrape_configs:\n  - job_name: a\n    consul_sd_configs: []\n", "3: redpoll has no `consul_sd_configs`;")
	f("scrape_configs:\n  - job_name: a\n  - job_name: shop\n", "3: scrape_configs[1].job_name: \"shop\" is already the name of a job in ")
	f("scrape_configs:\n  - job_name: a\n  - job_name: a\n", "3: scrape_configs[1].job_name: \"a\" is already the name of a job in ")
}

func TestFastJobsInheritFromTheGlobalSectionAsInPrometheus(t *testing.T) {
	job := func(global, text string) *scrape.JobConfig {
		t.Helper()
		return &mustParse(t, "global: {"+global+"}\n"+oneJob+text).ScrapeConfigs[0]
	}
	all := job("body_size_limit: 1MB, sample_limit: 2, target_limit: 3, label_limit: 4, label_name_length_limit: 5, label_value_length_limit: 6, keep_dropped_targets: 7, on_limit: fail", "")
	if want := (scrape.Limits{BodySizeLimit: 1 << 20, SampleLimit: 2, TargetLimit: 3, LabelLimit: 4, LabelNameLengthLimit: 5, LabelValueLengthLimit: 6, KeepDroppedTargets: 7, OnLimit: scrape.LimitFails}); all.Limits != want {
		t.Errorf("limits %+v", all.Limits)
	}
	if own := job("sample_limit: 2, on_limit: fail", "    sample_limit: 9\n    on_limit: drop\n"); own.SampleLimit != 9 || own.OnLimit != scrape.LimitDrops {
		t.Errorf("limits %+v", own.Limits)
	}
	protocols := func(global, text, want string) {
		t.Helper()
		var got []string
		for _, p := range job(global, text).ScrapeProtocols {
			got = append(got, string(p))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s, %s: protocols %s, want %s", global, text, s, want)
		}
	}
	const text = "OpenMetricsText1.0.0 OpenMetricsText0.0.1 PrometheusText1.0.0 PrometheusText0.0.4"
	protocols("", "", "PrometheusProto "+text)
	protocols("scrape_native_histograms: false", "", text)
	protocols("scrape_native_histograms: false", "    scrape_native_histograms: true\n", "PrometheusProto "+text)
	protocols("scrape_protocols: [PrometheusText0.0.4]", "", "PrometheusText0.0.4")
	protocols("scrape_protocols: [PrometheusText0.0.4]", "    scrape_protocols: [PrometheusProto]\n", "PrometheusProto")
	escaping := func(global, text, want string) {
		t.Helper()
		if got := job(global, text).MetricNameEscapingScheme; got != want {
			t.Errorf("%s, %s: escaping %s, want %s", global, text, got, want)
		}
	}
	escaping("", "", "allow-utf-8")
	escaping("metric_name_validation_scheme: legacy", "", "underscores")
	escaping("", "    metric_name_validation_scheme: legacy\n", "underscores")
	escaping("metric_name_escaping_scheme: dots", "", "dots")
	escaping("metric_name_escaping_scheme: dots", "    metric_name_escaping_scheme: values\n", "values")
	escaping("metric_name_validation_scheme: legacy", "    metric_name_validation_scheme: utf8\n", "allow-utf-8")
}

func TestFastExternalLabelsTakeVariablesOfTheEnvironment(t *testing.T) {
	t.Setenv("REDPOLL_TEST_ZONE", "west")
	c := mustParse(t, "global:\n  external_labels: {zone: \"${REDPOLL_TEST_ZONE}-1\", price: $$5, none: \"a$REDPOLL_TEST_NONE\"}\n")
	want := map[string]string{"zone": "west-1", "price": "$5", "none": "a"}
	for name, value := range c.Global.Labels() {
		if value != want[name] {
			t.Errorf("%s is %q, want %q", name, value, want[name])
		}
	}
	if len(c.Global.Labels()) != len(want) {
		t.Errorf("%v", c.Global.Labels())
	}
}
