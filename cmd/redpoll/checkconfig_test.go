package main

import (
	"errors"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestFastCheckConfigTellsWhatBecomesOfAPrometheusFile(t *testing.T) {
	const file = "testdata/prometheus/prometheus.yml"
	var out strings.Builder
	err := runCheckConfig(file, &out)
	if !errors.Is(err, errFilesMissing) || exitCode(err) != 1 {
		t.Errorf("error %v, want one that names the missing files", err)
	}
	report, _, found := strings.Cut(out.String(), "# With defaults it reads:\n")
	if !found {
		t.Fatalf("the configuration itself is missing:\n%s", out.String())
	}
	const want = `# testdata/prometheus/prometheus.yml is valid: 7 jobs.
#   node: file_sd_configs (1), through 1 rule of relabel_configs, every 15s, timeout 10s, http://…/metrics
#   blackbox: 2 static targets, through 3 rules of relabel_configs, every 15s, timeout 10s, http://…/probe
#   pushgateway: 1 static target, every 15s, timeout 10s, http://…/metrics
#   federate: 1 static target, every 15s, timeout 10s, http://…/federate
#   shop: dns_sd_configs (2), every 15s, timeout 10s, https://…/metrics
#   cart: http_sd_configs (1), every 15s, timeout 10s, http://…/metrics
#   mail: 1 static target, every 15s, timeout 10s, http://…/metrics
#
# Missing:
#   testdata/prometheus/prometheus.yml:62: scrape_configs[4].tls_config.ca_file: open testdata/prometheus/secrets/ca.pem: no such file or directory
#   testdata/prometheus/jobs/mail.yml:4: scrape_configs[0].authorization.credentials_file: open testdata/prometheus/jobs/token: no such file or directory
#
# Look at:
`
	if !strings.HasPrefix(report, want) {
		t.Errorf("the report is\n%s\nwant it to begin with\n%s", report, want)
	}
	for _, part := range []string{
		"prometheus.yml:7: `global.external_labels` is accepted and not used: ",
		"prometheus.yml:12: `alerting` is accepted and not used: ",
		"prometheus.yml:16: `rule_files` is accepted and not used: ",
		"prometheus.yml:49: `scrape_configs[2].track_timestamps_staleness` is accepted and not used: ",
		"prometheus.yml:72: `scrape_configs[5].convert_classic_histograms_to_nhcb` is accepted and not used: ",
		"prometheus.yml:74: `remote_write` is accepted and not used: ",
		"prometheus.yml:78: `storage.tsdb` is accepted and not used: ",
		"jobs/mail.yml:3: `scrape_configs[0].scrape_failure_log_file` is accepted and not used: ",
		"prometheus.yml:25: scrape_configs[0].file_sd_configs[0].files[1]: no file is called testdata/prometheus/targets/*.yml yet",
	} {
		if !strings.Contains(report, part) {
			t.Errorf("the report does not say %q:\n%s", part, report)
		}
	}
	var shown map[string]any
	if err := yaml.Unmarshal([]byte(out.String()), &shown); err != nil || len(shown["scrape_configs"].([]any)) != 7 {
		t.Errorf("what is printed is no YAML with all jobs: %v", err)
	}
	for _, secret := range []string{"inventorypassword", "inventorytoken", "letmein"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%s is printed", secret)
		}
	}
}

func TestFastCheckConfigPassesTheBuiltInExample(t *testing.T) {
	var out strings.Builder
	if err := runCheckConfig("../../config.example.yaml", &out); err != nil || !strings.Contains(out.String(), "is valid: 2 jobs.") {
		t.Errorf("%v\n%s", err, out.String())
	}
}
