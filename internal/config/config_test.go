package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

const oneJob = `
scrape_configs:
  - job_name: shop
    static_configs: [{targets: ["127.0.0.1:8080"]}]
`

func mustParse(t *testing.T, text string) *Config {
	t.Helper()
	c, _, err := Parse("redpoll.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCanaryExampleLoadsAsItIs(t *testing.T) {
	c, warnings, err := Load("../../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) > 0 {
		t.Errorf("warnings: %v", warnings)
	}
	var jobs []string
	for _, j := range c.ScrapeConfigs {
		jobs = append(jobs, j.JobName)
	}
	if diff := cmp.Diff([]string{"redpoll", "node"}, jobs); diff != "" {
		t.Error(diff)
	}
	// The example says of itself that it shows the defaults.
	d := Default()
	if !reflect.DeepEqual(c.Global, d.Global) || c.Thresholds != d.Thresholds || c.Storage != d.Storage || c.Web.ListenAddress != d.Web.ListenAddress {
		t.Errorf("the example differs from the defaults:\n%s\nwant\n%s", c.Redacted(), d.Redacted())
	}
}

// Who takes the comments away has a job that loads.
func TestFastCommentedJobOfTheExampleIsValid(t *testing.T) {
	text, err := os.ReadFile("../../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, job, found := strings.Cut(string(text), "  # - job_name: shop\n")
	job, _, found2 := strings.Cut(job, "\n\n")
	if !found || !found2 {
		t.Fatal("the example has no commented job any more")
	}
	var uncommented strings.Builder
	uncommented.WriteString("scrape_configs:\n  - job_name: shop\n")
	for line := range strings.Lines(job + "\n") {
		uncommented.WriteString("  " + strings.TrimPrefix(line, "  # "))
	}
	c := mustParse(t, uncommented.String())
	if len(c.ScrapeConfigs) != 1 || len(c.ScrapeConfigs[0].Endpoints) != 1 {
		t.Errorf("understood as\n%s", c.Redacted())
	}
}

func TestFastDefaultsHoldWhereTheFileSaysNothing(t *testing.T) {
	f := func(text string) {
		t.Helper()
		c := mustParse(t, text)
		d := Default()
		if !reflect.DeepEqual(c.Global, d.Global) || c.Thresholds != d.Thresholds || c.Storage != d.Storage {
			t.Errorf("%q is understood as\n%s", text, c.Redacted())
		}
	}
	f("")
	f("# nothing but a comment\n")
	f("global:\nthresholds:\nstorage:\nweb:\nrules:\nscrape_configs:\n")
	f("global: {}\nthresholds: {}\nstorage: {}\nweb: {}\n")
}

func TestFastSectionThatSetsOneKeyKeepsTheOthers(t *testing.T) {
	c := mustParse(t, "global: {scrape_interval: 10s}\nstorage: {path: other.db}\n")
	if got := time.Duration(c.Global.ScrapeInterval); got != 10*time.Second {
		t.Errorf("scrape_interval is %v", got)
	}
	if c.Global.ScrapeTimeout != Default().Global.ScrapeTimeout {
		t.Errorf("scrape_timeout is %v", c.Global.ScrapeTimeout)
	}
	if c.Global.EvaluationInterval != Default().Global.EvaluationInterval {
		t.Errorf("evaluation_interval is %v", c.Global.EvaluationInterval)
	}
	if c.Storage.Path != "other.db" || c.Storage.Retention != Default().Storage.Retention {
		t.Errorf("storage is %+v", c.Storage)
	}
}

func TestFastPrometheusSectionsAreAcceptedWithAWarning(t *testing.T) {
	_, warnings, err := Parse("prometheus.yml", []byte(`
global:
  external_labels: {dc: a}
alerting:
  alertmanagers: [{static_configs: [{targets: ["127.0.0.1:9093"]}]}]
rule_files: ["rules/*.yml"]
remote_write: [{url: "http://127.0.0.1:9009/push"}]
`+oneJob))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"prometheus.yml:3: `global.external_labels`", "prometheus.yml:4: `alerting`", "prometheus.yml:6: `rule_files`", "prometheus.yml:7: `remote_write`"}
	if len(warnings) != len(want) {
		t.Fatalf("%d warnings: %v", len(warnings), warnings)
	}
	for i, w := range want {
		if !strings.HasPrefix(warnings[i], w) {
			t.Errorf("warning %d is %q, want it to begin with %q", i, warnings[i], w)
		}
	}
}

// Every fault names the file and the line, the field where there is one, and
// what is wrong.
func TestFastFaultsNameTheLine(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		_, _, err := Parse("redpoll.yaml", []byte(text))
		if err == nil {
			t.Errorf("%q is accepted, want %q", text, want)
			return
		}
		if !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q gives\n  %v\nwant it to begin with\n  %s", text, err, want)
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%q gives more than one line: %v", text, err)
		}
	}
	f("globl: {}\n", "redpoll.yaml:1: unknown key `globl`;")
	f("global:\n  scrape_intervall: 5s\n", "redpoll.yaml:2: unknown key `scrape_intervall`;")
	f("scrape_configs:\n  - job_name: a\n    static_confgs: []\n", "redpoll.yaml:3: unknown key `static_confgs`;")
	f("rules:\n  - alert: A\n    metric: p99\n    above: 1s\n    forr: 1s\n", "redpoll.yaml:5: unknown key `forr`;")
	f("global: {scrape_interval: fast}\n", "redpoll.yaml:1: global.scrape_interval: ")
	f("global:\n  scrape_interval: 5s\n  scrape_timeout: 3\n", "redpoll.yaml:3: global.scrape_timeout: ")
	f("global: 5s\n", "redpoll.yaml:1: wrong type: found text, want a section")
	f(oneJob+"    basic_auth: hunter2secret\n", "redpoll.yaml:5: wrong type: found text, want a section")
	f(oneJob+"    estimate: [linear]\n", "redpoll.yaml:5: wrong type: found a list, want one word")
	f(oneJob+"    on_limit: [drop]\n", "redpoll.yaml:5: wrong type: found a list, want one word")
	f(oneJob+"    scrape_protocols: [{name: PrometheusProto}]\n", "redpoll.yaml:5: wrong type: found a section, want one word")
	f(oneJob+"    relabel_configs:\n      - source_labels: __address__\n", "redpoll.yaml:6: wrong type: found text (__addre...), want a list")
	f("conventions: {name: acme}\n", "redpoll.yaml:1: wrong type: found a section, want a list")
	f("storage: history.db\n", "redpoll.yaml:1: wrong type: found text, want a section")
	f("rules:\n  - alert: A\n    metric: p99\n    above: 1s\n    severity: [critical]\n", "redpoll.yaml:5: wrong type: found a list, want one word")
	f(oneJob+"    errors: {code: 5xx}\n", "redpoll.yaml:5: wrong type: found a section, want a list")
	f(oneJob+"    errors: [5xx, 6xx]\n", "redpoll.yaml:5: scrape_configs[0].errors: \"6xx\" is no status; codes are")
	f(oneJob+"    kubernetes_sd_configs: [{role: pod}]\n", "redpoll.yaml:5: redpoll has no `kubernetes_sd_configs`; let something write the targets into a file for `file_sd_configs`, or serve them for `http_sd_configs`")
	f(oneJob+"    fiel_sd_configs: []\n", "redpoll.yaml:5: unknown key `fiel_sd_configs`;")
	f(oneJob+"    relabel_configs:\n      - {source_labels: [a], target_label: b}\n      - {regex: '('}\n", "redpoll.yaml:7: scrape_configs[0].relabel_configs[1].regex: error parsing regexp: missing closing )")
	f(oneJob+"    relabel_configs:\n      - {target_label: b}\n      - {action: hashmod, target_label: b}\n", "redpoll.yaml:7: scrape_configs[0].relabel_configs[1]: relabel configuration for hashmod requires non-zero modulus")
	f(oneJob+"    metric_relabel_configs:\n      - action: replace\n        targetlabel: b\n", "redpoll.yaml:7: unknown key `targetlabel`;")
	f(oneJob+"    metric_relabel_configs:\n      - action: kepp\n", "redpoll.yaml:6: scrape_configs[0].metric_relabel_configs[0].action: unknown relabel action \"kepp\"")
	f(oneJob+"    file_sd_configs:\n      - files: [a.txt]\n", "redpoll.yaml:6: scrape_configs[0].file_sd_configs[0]")
	f(oneJob+"    file_sd_configs:\n      - files: [a.json]\n        refresh: 5s\n", "redpoll.yaml:7: unknown key `refresh`;")
	f(oneJob+"    http_sd_configs:\n      - url: ftp://a\n", "redpoll.yaml:6: scrape_configs[0].http_sd_configs[0]")
	f(oneJob+"    http_sd_configs:\n      - url: http://a\n        basic_auth: {user: u}\n", "redpoll.yaml:7: unknown key `user`;")
	f(oneJob+"    dns_sd_configs:\n      - {names: [a], type: A}\n", "redpoll.yaml:6: scrape_configs[0].dns_sd_configs[0]")
	f(oneJob+"    scrape_protocols: [PrometheusProto, OpenMetrics]\n", "redpoll.yaml:5: scrape_configs[0].scrape_protocols[1]: \"OpenMetrics\" is not one of PrometheusProto,")
	f(oneJob+"    scrape_protocols: []\n", "redpoll.yaml:5: scrape_configs[0].scrape_protocols: the list is empty;")
	f(oneJob+"    on_limit: explode\n", "redpoll.yaml:5: scrape_configs[0].on_limit: \"explode\" is neither \"drop\" nor \"fail\"")
	f(oneJob+"    sample_limit: -1\n", "redpoll.yaml:5: wrong type: found a number (-1), want a number that is not negative")
	f(oneJob+"    metric_name_validation_scheme: ascii\n", "redpoll.yaml:5: scrape_configs[0].metric_name_validation_scheme: ")
	f(oneJob+"    metric_name_escaping_scheme: morse\n", "redpoll.yaml:5: scrape_configs[0].metric_name_escaping_scheme: \"morse\" is not one of allow-utf-8,")
	f("global:\n  external_labels:\n    \"\": a\n", "redpoll.yaml:2: global.external_labels: \"\" is not a label name")
	f("scrape_configs: [~]\n", "redpoll.yaml:1: this list entry is empty;")
	f("rules:\n  -\n", "redpoll.yaml:2: this list entry is empty;")
	f("scrape_configs:\n  - job_name: a\n    scrape_interval: 5x\n  - job_name: b\n    scrape_interval: 5q\n", "redpoll.yaml:3: scrape_configs[0].scrape_interval: ")
	f("scrape_configs:\n  - job_name: a\n  - job_name: b\n    scrape_interval: 5q\n", "redpoll.yaml:4: scrape_configs[1].scrape_interval: ")
	f("scrape_configs: {}\n", "redpoll.yaml:1: wrong type: found a section, want a list")
	f("web:\n  max_clients: many\n", "redpoll.yaml:2: wrong type: found text (many), want a number")
	f("storage: {path: a}\nstorage: {path: b}\n", "redpoll.yaml:2: key `storage` is given twice, first in line 1;")
	f("global: {scrape_interval: 5s\n", "redpoll.yaml:")
	f("global:\n\tscrape_interval: 5s\n", "redpoll.yaml:2: found character that cannot start any token")
	f("global: {}\n---\nglobal: {}\n", "redpoll.yaml: more than one YAML document")
	f("global:\n  scrape_interval: 5s\n  scrape_timeout: 10s\n", "redpoll.yaml:3: global.scrape_timeout: 10s is longer than scrape_interval, 5s")
	f("global: {scrape_interval: 10ms}\n", "redpoll.yaml:1: global.scrape_interval: 10ms is too short;")
	f("global: {evaluation_interval: 10ms}\n", "redpoll.yaml:1: global.evaluation_interval: 10ms is too short;")
	f(oneJob+oneJob[len("\nscrape_configs:\n"):], "redpoll.yaml:5: scrape_configs[1].job_name: \"shop\" is already the name of scrape_configs[0];")
	f("scrape_configs:\n  - job_name: a\n    static_configs:\n      - targets: [\"http://a b/\"]\n", "redpoll.yaml:4: scrape_configs[0].")
	f("scrape_configs:\n  - static_configs: []\n", "redpoll.yaml:2: scrape_configs[0].job_name: ")
	f("thresholds: {latency_spike: 50ms}\n", "redpoll.yaml:1: thresholds.latency_spike: ")
	f("rules:\n  - alert: A\n    metric: p99\n    above: 5%\n", "redpoll.yaml:4: rules[0].above: ")
	f("rules:\n  - {alert: A, metric: p99, above: 1s}\n  - {alert: A, metric: p99, above: 2s}\n", "redpoll.yaml:3: rules[1].alert: ")
	f("storage:\n  synchronous: never\n", "redpoll.yaml:2: storage.synchronous: ")
	convention := "conventions:\n  - name: ours\n    family: f_seconds\n    path: route\n"
	f(convention+"    unit: h\n", "redpoll.yaml:5: conventions[0].unit: \"h\" is not one of s, ms, us")
	f(convention+"    colour: red\n", "redpoll.yaml:5: unknown key `colour`;")
	f(convention+"  - family: g_seconds\n", "redpoll.yaml:5: conventions[1].name: ")
	f(convention+"    errors_from:\n      status: code\n", "redpoll.yaml:5: conventions[0].errors_from.family: ")
	f(convention+"    method: \"{verb\"\n", "redpoll.yaml:5: conventions[0].method: ")
	f(convention+"    errors_from:\n      family: e_total\n      path: \"}\"\n", "redpoll.yaml:7: conventions[0].errors_from.path: ")
	f("web:\n  listen_address: nowhere\n", "redpoll.yaml:2: web.listen_address: ")
}

// Every job knows the conventions of the whole configuration.
func TestFastConventionsReachEveryJob(t *testing.T) {
	c := mustParse(t, oneJob+`
  - job_name: cart
conventions:
  - {name: ours, family: "*_op_milliseconds", unit: ms, path: ["{service}/{op}", op], where: {side: server}, errors_from: {family: ops_total, status: code}}
`)
	for _, job := range c.ScrapeConfigs {
		if len(job.Conventions) != 1 || job.Conventions[0].Name != "ours" || job.Conventions[0].ErrorsFrom.Path[0] != "{service}/{op}" {
			t.Errorf("%s has the conventions %+v", job.JobName, job.Conventions)
		}
	}
	again := mustParse(t, string(c.Redacted()))
	if diff := cmp.Diff(c.Conventions, again.Conventions); diff != "" {
		t.Errorf("printed and read again they differ:\n%s", diff)
	}
}

func TestFastSecretsAreNeverPrinted(t *testing.T) {
	c := mustParse(t, `
scrape_configs:
  - job_name: shop
    static_configs: [{targets: ["127.0.0.1:8080"]}]
    basic_auth: {username: redpoll, password: hunter2secret}
  - job_name: cart
    static_configs: [{targets: ["127.0.0.1:8081"]}]
    authorization: {credentials: token4711secret}
`)
	text := string(c.Redacted())
	for _, secret := range []string{"hunter2secret", "token4711secret"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s is printed:\n%s", secret, text)
		}
	}
	if !strings.Contains(text, "<secret>") {
		t.Errorf("nothing shows that secrets are set:\n%s", text)
	}
}

func TestFastRedactedConfigurationLoadsAgain(t *testing.T) {
	c := mustParse(t, oneJob+"rules: [{alert: A, metric: p99, above: 1s, match: {path: \"/a*\"}}]\n")
	again, _, err := Parse("redacted", c.Redacted())
	if err != nil {
		t.Fatalf("%v\n%s", err, c.Redacted())
	}
	if diff := cmp.Diff(string(c.Redacted()), string(again.Redacted())); diff != "" {
		t.Error(diff)
	}
}

func TestFastFilesAreLookedForBesideTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "redpoll.yaml")
	if err := os.WriteFile(path, []byte(oneJob+"    basic_auth: {username: a, password_file: secret}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, _, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.ScrapeConfigs[0].HTTPClientConfig.BasicAuth.PasswordFile, filepath.Join(dir, "secret"); got != want {
		t.Errorf("password_file is %s, want %s", got, want)
	}
}

func TestFastFileThatCannotBeReadIsSaid(t *testing.T) {
	_, _, err := Load(filepath.Join(t.TempDir(), "missing.yaml"))
	if err == nil || !strings.Contains(err.Error(), "missing.yaml") {
		t.Errorf("error is %v", err)
	}
	if _, _, err := Load(t.TempDir()); err == nil {
		t.Error("a folder is read as a file")
	}
	big := filepath.Join(t.TempDir(), "big.yaml")
	if err := os.WriteFile(big, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(big, maxFileSize+1); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Load(big); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("error is %v", err)
	}
}

// FuzzParse: whatever the text, there is either a configuration that prints
// and loads again, or one line that names the file.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("../../config.example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(example))
	f.Add(oneJob)
	f.Add("rules: [{alert: A, metric: p99.9, above: 1s}]")
	f.Add("global: {scrape_interval: 1e9y}")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		c, _, err := Parse("file.yaml", []byte(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "file.yaml:") {
				t.Errorf("error does not name the file: %v", err)
			}
			return
		}
		var back map[string]any
		if err := yaml.Unmarshal(c.Redacted(), &back); err != nil {
			t.Errorf("a valid configuration prints as broken YAML: %v", err)
		}
	})
}
