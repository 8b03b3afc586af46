package scrape

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// parsed is a job as a file has it, valid.
func parsed(t *testing.T, text string) JobConfig {
	t.Helper()
	c, err := decodeJob(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return c
}

func TestFastRelabellingMakesURLAndLabels(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		var got []string
		for _, s := range idle(t, parsed(t, "job_name: shop\n"+text)).Targets() {
			got = append(got, fmt.Sprintf("%s %s %v", s.URL, s.Job, s.Labels))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
	}
	f("static_configs: [{targets: [a]}]",
		"http://a/metrics shop map[instance:a job:shop]")
	f("static_configs: [{targets: ['[::1]:80', '[fe80::1%eth0]:80']}]",
		"http://[::1]:80/metrics shop map[instance:[::1]:80 job:shop]",
		"http://[fe80::1%25eth0]:80/metrics shop map[instance:[fe80::1%eth0]:80 job:shop]")
	f("static_configs: [{targets: [a], labels: {job: cart, instance: first, __metrics_path__: /m, __hidden: x}}]",
		"http://a/m cart map[instance:first job:cart]")
	f("scheme: https\nmetrics_path: /probe\nparams: {module: [http, more], x: [y]}\n"+
		"static_configs: [{targets: ['http://shop.example/a?b=c', 'shop.example:22']}]\n"+`
relabel_configs:
  - {source_labels: [__address__], target_label: __param_target}
  - {source_labels: [__address__], regex: '.*:22', target_label: __param_module, replacement: ssh}
  - {source_labels: [__param_target], target_label: instance}
  - {target_label: __address__, replacement: '127.0.0.1:9115'}`,
		"https://127.0.0.1:9115/probe?module=http&module=more&target=http%3A%2F%2Fshop.example%2Fa%3Fb%3Dc&x=y shop map[instance:http://shop.example/a?b=c job:shop]",
		"https://127.0.0.1:9115/probe?module=ssh&module=more&target=shop.example%3A22&x=y shop map[instance:shop.example:22 job:shop]")
	f("metrics_path: metrics\nstatic_configs: [{targets: ['a:80']}]",
		"http://a:80/metrics shop map[instance:a:80 job:shop]")
	f("static_configs: [{targets: [a], labels: {team: x}}]\nrelabel_configs: [{action: labeldrop, regex: 'job|team'}, {target_label: __scheme__, replacement: https}]",
		"https://a/metrics shop map[instance:a]")
	f("static_configs: [{targets: [a, a]}, {targets: [a]}]",
		"http://a/metrics shop map[instance:a job:shop]")
	f("static_configs: [{targets: [a]}, {targets: [a], labels: {b: c}}]",
		"http://a/metrics shop map[b:c instance:a job:shop]",
		"http://a/metrics shop map[instance:a job:shop]")
}

func TestFastDiscoveredLabelsAreThoseFromBeforeRelabelling(t *testing.T) {
	c := parsed(t, "job_name: shop\nparams: {a: [b]}\nstatic_configs: [{targets: ['one:80'], labels: {__meta_zone: z}}]\nrelabel_configs: [{source_labels: [__meta_zone], target_label: zone}]")
	got := idle(t, c).Targets()[0]
	want := map[string]string{
		"__address__": "one:80", "__metrics_path__": "/metrics", "__scheme__": "http", "__scrape_interval__": "5s",
		"__scrape_timeout__": "4s", "__param_a": "b", "__meta_zone": "z", "job": "shop",
	}
	if diff := cmp.Diff(want, got.Discovered); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"job": "shop", "instance": "one:80", "zone": "z"}, got.Labels); diff != "" {
		t.Error(diff)
	}
	if got.Pool != "shop" || got.Instance != "one:80" {
		t.Errorf("%+v", got.Target)
	}
}

func TestFastRelabellingSetsATargetsOwnIntervalAndTimeout(t *testing.T) {
	m := idle(t, parsed(t, `
job_name: shop
static_configs: [{targets: ["slow:80", "other:80"]}]
relabel_configs:
  - {source_labels: [__address__], regex: slow:80, target_label: __scrape_interval__, replacement: 1m}
  - {source_labels: [__address__], regex: slow:80, target_label: __scrape_timeout__, replacement: 50s}
`))
	var got []string
	for _, s := range m.Targets() {
		got = append(got, fmt.Sprintf("%s %v %v", s.Instance, s.Interval, s.Timeout))
	}
	if diff := cmp.Diff([]string{"other:80 5s 4s", "slow:80 1m0s 50s"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestFastTargetsThatCannotBeScrapedAreDroppedAndSaid(t *testing.T) {
	f := func(label, value, want string) {
		t.Helper()
		var log strings.Builder
		m := NewManager(Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		jobs, err := m.prepared([]JobConfig{parsed(t, fmt.Sprintf(`
job_name: shop
static_configs: [{targets: ["good:80", "bad:80", "worse:80"]}]
relabel_configs: [{source_labels: [__address__], regex: "bad:80|worse:80", target_label: %s, replacement: %q}]
`, label, value))})
		if err != nil {
			t.Fatal(err)
		}
		m.jobs = jobs
		targets := m.Targets()
		if len(targets) != 1 || len(targets[0].Warnings) != 1 {
			t.Fatalf("%s: %q: targets %+v", label, value, targets)
		}
		wantContains(t, "the warning", targets[0].Warnings[0], `2 targets of the job cannot be scraped, for example "bad:80": `+want)
		wantContains(t, "the log", log.String(), "pool=shop")
		dropped, counts := m.Dropped()
		if len(dropped) != 2 || counts["shop"] != 2 || dropped[0].Pool != "shop" || dropped[0].Discovered["__address__"] != "bad:80" {
			t.Errorf("%s: %q: dropped %+v %v", label, value, dropped, counts)
			return
		}
		wantContains(t, "the reason", dropped[0].Reason, "it cannot be scraped: "+want)
	}
	f("__address__", "", "relabelling left no __address__")
	f("__address__", "http://a/b", `__address__: "http://a/b" is not host:port`)
	f("__address__", "a:99999", `__address__: "a:99999" has no valid port`)
	f("__address__", "u:p@a:1", "__address__: a target holds credentials")
	f("__scheme__", "gopher", `__scheme__: "gopher" is neither http nor https`)
	f("__scrape_interval__", "often", "__scrape_interval__: not a valid duration")
	f("__scrape_timeout__", "0s", "__scrape_timeout__: it is 0")
	f("__scrape_timeout__", "1m", "after relabelling, scrape_timeout: 1m is longer than scrape_interval, 5s")
	f("__scrape_interval__", "1ms", "after relabelling, scrape_interval: 1ms is too short")
}

func TestFastDroppedTargetsAreCountedAndKeptUpToTheLimit(t *testing.T) {
	f := func(settings string, kept int) {
		t.Helper()
		m := idle(t, parsed(t, settings+`
job_name: shop
static_configs: [{targets: [a, b, c, d, e]}]
relabel_configs: [{source_labels: [__address__], regex: a, action: keep}]
`), parsed(t, "job_name: cart\nstatic_configs: [{targets: [a]}]"))
		dropped, counts := m.Dropped()
		if diff := cmp.Diff(map[string]int{"shop": 4, "cart": 0}, counts); diff != "" || len(dropped) != kept {
			t.Errorf("%s: %d are kept, want %d; counts %s", settings, len(dropped), kept, diff)
		}
		if n := len(m.Targets()); n != 2 {
			t.Errorf("%d targets", n)
		}
	}
	f("", 4)
	f("keep_dropped_targets: 3", 3)
}

func TestFastATargetLimitLeavesOutTheExcess(t *testing.T) {
	m := idle(t, parsed(t, "job_name: shop\ntarget_limit: 2\nstatic_configs: [{targets: [c, b, a, c]}]"))
	targets := m.Targets()
	if len(targets) != 2 || targets[0].Instance != "b" || targets[1].Instance != "c" {
		t.Fatalf("targets %+v, want the first two of the file", targets)
	}
	want := []string{"the job has 3 targets, and only the first 2 are scraped (target_limit); raise the limit or drop some by relabel_configs"}
	if diff := cmp.Diff(want, targets[0].Warnings); diff != "" {
		t.Error(diff)
	}
	if dropped, counts := m.Dropped(); len(dropped) != 1 || counts["shop"] != 1 || dropped[0].Reason != "the job has more than 2 targets (target_limit)" {
		t.Errorf("dropped %v %v", dropped, counts)
	}
}

func TestFastAJobWithoutATargetLimitHasOneOfItsOwn(t *testing.T) {
	config := parsed(t, "job_name: shop\nstatic_configs: [{targets: []}]")
	for i := range defaultTargets + 2 {
		config.StaticConfigs[0].Targets = append(config.StaticConfigs[0].Targets, fmt.Sprintf("t%d", i))
	}
	m := idle(t, config)
	targets := m.Targets()
	_, counts := m.Dropped()
	if len(targets) != defaultTargets || counts["shop"] != 2 {
		t.Errorf("%d targets are scraped and %d dropped, want %d and 2", len(targets), counts["shop"], defaultTargets)
	}
	if want := "the job has 10002 targets, and only the first 10000 are scraped, as it has no target_limit"; !strings.HasPrefix(targets[0].Warnings[0], want) {
		t.Errorf("warning %q, want %q", targets[0].Warnings[0], want)
	}
	config.TargetLimit = defaultTargets + 1
	if n := len(idle(t, config).Targets()); n != defaultTargets+1 {
		t.Errorf("%d targets with a limit of one more", n)
	}
}

// As in Prometheus, all targets are down, and they are up again once there are
// few enough.
func TestFastATargetLimitThatFailsBarsAllTargets(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("a 1\n")) })
	text := "job_name: shop\ntarget_limit: 1\non_limit: fail\nstatic_configs: [{targets: ['%s']}, {targets: [%s], labels: {a: b}}]"
	m := idle(t, parsed(t, fmt.Sprintf(text, address, "'"+address+"'")))
	scrapeAll := func() {
		for _, target := range m.jobs[0].targets {
			target.scrape(t.Context())
		}
	}
	scrapeAll()
	for _, s := range m.Targets() {
		if want := "not scraped: the job has 2 targets, and target_limit is 1 (on_limit: fail)"; s.Health != redpoll.HealthDown || !strings.HasPrefix(s.Error, want) {
			t.Errorf("%s is %s: %s", s.Instance, s.Health, s.Error)
		}
	}
	one := m.jobs[0].targets[slices.IndexFunc(m.jobs[0].targets, func(t *target) bool { return t.Labels["a"] == "" })]
	jobs, err := m.prepared([]JobConfig{parsed(t, fmt.Sprintf(text, address, ""))})
	if err != nil {
		t.Fatal(err)
	}
	m.jobs = jobs
	scrapeAll()
	if s := m.Targets()[0]; s.Health != redpoll.HealthUp || m.jobs[0].targets[0] != one {
		t.Errorf("the target that is left is %s: %s", s.Health, s.Error)
	}
}

func TestFastIDsDependOnPoolURLAndLabelsOnly(t *testing.T) {
	id := func(text string) string {
		t.Helper()
		return idle(t, parsed(t, text)).Targets()[0].ID
	}
	const text = "job_name: shop\nstatic_configs: [{targets: [a], labels: {b: c}}]\n"
	first := id(text)
	if len(first) != 24 {
		t.Errorf("ID %q", first)
	}
	for _, same := range []string{"scrape_interval: 10s", "sample_limit: 5", "basic_auth: {username: u}", "relabel_configs: [{target_label: __meta_x, replacement: y}]"} {
		if id(text+same) != first {
			t.Errorf("%s makes another ID", same)
		}
	}
	for _, other := range []string{"metrics_path: /m", "params: {a: [b]}", "relabel_configs: [{target_label: b, replacement: d}]"} {
		if id(text+other) == first {
			t.Errorf("%s leaves the ID", other)
		}
	}
	if id(strings.Replace(text, "shop", "cart\nrelabel_configs: [{target_label: job, replacement: shop}]", 1)) == first {
		t.Error("another pool has the same ID")
	}
}
