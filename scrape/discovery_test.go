package scrape

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/discovery/targetgroup"
)

// syncWriter may be written to and read at the same time.
type syncWriter struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *syncWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

func (w *syncWriter) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// discovering makes a manager that discovers targets for real, and scrapes
// nobody for a long time.
func discovering(t *testing.T, o Options, configs ...JobConfig) *Manager {
	t.Helper()
	m := NewManager(o)
	t.Cleanup(m.Stop)
	if err := m.Apply(configs); err != nil {
		t.Fatal(err)
	}
	return m
}

// lazily is a file of targets' job, whose scrapes are hours away.
func lazily(t *testing.T, text string) JobConfig {
	return parsed(t, "job_name: shop\nscrape_interval: 100d\n"+text)
}

// write replaces the file in one step: one that is caught empty in the middle of
// a change has no targets.
func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

// wait waits until f is true.
func wait(t *testing.T, what string, f func() bool) {
	t.Helper()
	for begun := time.Now(); !f(); time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			t.Fatalf("%s did not come about in 20 s", what)
		}
	}
}

func instances(m *Manager) (list []string) {
	for _, s := range m.Targets() {
		list = append(list, s.Instance)
	}
	return list
}

func waitForInstances(t *testing.T, m *Manager, want ...string) {
	t.Helper()
	wait(t, fmt.Sprintf("the targets %v", want), func() bool { return slices.Equal(instances(m), want) })
}

func TestFilesOfTargetsAreFollowed(t *testing.T) {
	dir := t.TempDir()
	yamlFile, jsonFile := filepath.Join(dir, "a.yml"), filepath.Join(dir, "b.json")
	write(t, yamlFile, "- targets: ['a:80', 'b:80']\n  labels: {zone: z}\n")
	write(t, jsonFile, `[{"targets": ["c:80"], "labels": {"__metrics_path__": "/m"}}]`)
	c := lazily(t, "static_configs: [{targets: ['static:80']}]\nfile_sd_configs: [{files: ['*.yml', '*.json']}]")
	c.SetDirectory(dir)
	var log syncWriter
	m := discovering(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, c)
	if len(instances(m)) == 0 {
		t.Error("the static target is not there at once")
	}
	waitForInstances(t, m, "a:80", "b:80", "c:80", "static:80")
	one, other := m.Targets()[0], m.Targets()[2]
	if one.Labels["zone"] != "z" || one.Discovered["__meta_filepath"] != yamlFile || other.URL != "http://c:80/m" {
		t.Errorf("%+v\n%+v", one.Target, other.Target)
	}
	kept := m.jobs[0].targets[0]

	write(t, yamlFile, "- targets: ['a:80', 'd:80']\n  labels: {zone: z}\n")
	waitForInstances(t, m, "a:80", "c:80", "d:80", "static:80")
	write(t, yamlFile, "- targets: [\n")
	wait(t, "an error in the log", func() bool { return strings.Contains(log.String(), "Error reading file") })
	write(t, jsonFile, `[{"targets": ["e:80"]}]`) // whose update shows that what is broken was let be
	waitForInstances(t, m, "a:80", "d:80", "e:80", "static:80")
	if m.jobs[0].targets[0] != kept {
		t.Error("a target that stays is another one")
	}
	if err := os.Remove(yamlFile); err != nil {
		t.Fatal(err)
	}
	waitForInstances(t, m, "e:80", "static:80")
}

// A new configuration takes a moment to look; targets that it finds again go
// on, and those that it does not go in the end.
func TestChangedDiscoveryLosesNoTargetThatItFindsAgain(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yml"), "- targets: ['a:80']\n")
	write(t, filepath.Join(dir, "b.yml"), "- targets: ['b:80']\n")
	files := func(text string) JobConfig {
		c := lazily(t, "file_sd_configs: ["+text+"]")
		c.SetDirectory(dir)
		return c
	}
	m := discovering(t, Options{}, files("{files: [a.yml]}"))
	waitForInstances(t, m, "a:80")
	one := m.jobs[0].targets[0]
	for _, next := range []string{"{files: [a.yml], refresh_interval: 1h}", "{files: [a.yml, b.yml]}", "{files: ['*.yml']}"} {
		if err := m.Apply([]JobConfig{files(next)}); err != nil {
			t.Fatal(err)
		}
		for begun := time.Now(); time.Since(begun) < 2*discoveryPause; time.Sleep(time.Millisecond) {
			if now := instances(m); len(now) == 0 || now[0] != "a:80" {
				t.Fatalf("%s: the targets are %v", next, now)
			}
		}
		if m.jobs[0].targets[0] != one {
			t.Errorf("%s: the target is another one", next)
		}
	}
	waitForInstances(t, m, "a:80", "b:80")
	if err := m.Apply([]JobConfig{files("{files: [b.yml]}")}); err != nil {
		t.Fatal(err)
	}
	waitForInstances(t, m, "b:80")
	if err := m.Apply([]JobConfig{lazily(t, "static_configs: [{targets: ['c:80']}]")}); err != nil {
		t.Fatal(err)
	}
	waitForInstances(t, m, "c:80")
}

func TestTargetsOverHTTPOutliveTheirServer(t *testing.T) {
	var down atomic.Bool
	var asked atomic.Int64
	agent := make(chan string, 1)
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case agent <- r.Header.Get("User-Agent"):
		default:
		}
		if user, password, _ := r.BasicAuth(); user != "u" || password != "p" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if down.Load() {
			asked.Add(1)
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `[{"targets": ["a:80"], "labels": {"zone": "z"}}]`)
	})
	var log syncWriter
	m := discovering(t, Options{Version: "1.2.3", Logger: slog.New(slog.NewTextHandler(&log, nil))},
		lazily(t, "http_sd_configs: [{url: 'http://"+address+"/targets', refresh_interval: 50ms, basic_auth: {username: u, password: p}}]"))
	waitForInstances(t, m, "a:80")
	if got := <-agent; got != "redpoll/1.2.3" {
		t.Errorf("the server is asked by %q", got)
	}
	if url := m.Targets()[0].Discovered["__meta_url"]; url != "http://"+address+"/targets" {
		t.Errorf("found at %q", url)
	}
	down.Store(true)
	wait(t, "two more requests", func() bool { return asked.Load() >= 2 })
	if diff := cmp.Diff([]string{"a:80"}, instances(m)); diff != "" {
		t.Error(diff)
	}
	wait(t, "the failure in the log", func() bool { return strings.Contains(log.String(), "Unable to refresh target groups") })
}

// TestTargetsOverHTTPWithoutEndAreRefused has a server that never stops
// answering.
func TestTargetsOverHTTPWithoutEndAreRefused(t *testing.T) {
	blanks := []byte(strings.Repeat(" ", 64<<10))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for r.Context().Err() == nil {
			if _, err := w.Write(blanks); err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	var log syncWriter
	discovering(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))},
		lazily(t, fmt.Sprintf("http_sd_configs: [{url: '%s'}]", server.URL)))
	wait(t, "the refusal", func() bool { return strings.Contains(log.String(), errTooMuchDiscovered.Error()) })
}

func TestDiscoveryHasMetricsWhileItRuns(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yml"), "- targets: ['a:80', 'b:80']\n")
	c := lazily(t, "file_sd_configs: [{files: [a.yml]}]")
	c.SetDirectory(dir)
	registry := prometheus.NewPedanticRegistry()
	m := NewManager(Options{Registerer: registry})
	for range 2 { // it can be started again
		if err := m.Apply([]JobConfig{c}); err != nil {
			t.Fatal(err)
		}
		waitForInstances(t, m, "a:80", "b:80")
		if n, err := testutil.GatherAndCount(registry, "prometheus_sd_discovered_targets"); n != 1 || err != nil {
			t.Errorf("%d series of discovered targets: %v", n, err)
		}
		m.Stop()
		if n, err := testutil.GatherAndCount(registry, "prometheus_sd_discovered_targets"); n != 0 || err != nil {
			t.Errorf("%d series are left: %v", n, err)
		}
	}
}

func TestFastDiscoveryThatCannotWorkIsRefused(t *testing.T) {
	c := lazily(t, "http_sd_configs: [{url: 'http://127.0.0.1:1/', tls_config: {ca_file: /nowhere/ca.pem}}]")
	m := NewManager(Options{})
	err := m.Apply([]JobConfig{c})
	if err == nil || !strings.Contains(err.Error(), `job "shop": http_sd_configs[0]: `) {
		t.Errorf("error %v", err)
	}
}

// Whatever discovery says, and how often: a target that stays is scraped once an
// interval, at its place.
func TestFastDiscoveryDisturbsNoTargetThatStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log requestLog
		c := jobConfig(t, nil)
		m := running(t, func(r *http.Request) (*http.Response, error) {
			log.note(r)
			return ok("a 1\n"), nil
		}, c)
		m.findings["shop"] = &finding{configs: c.dynamic()}
		found := func(zone string, addresses ...string) {
			g := &targetgroup.Group{Source: "file:0", Labels: model.LabelSet{"__meta_zone": model.LabelValue(zone)}}
			for _, address := range addresses {
				g.Targets = append(g.Targets, model.LabelSet{"__address__": model.LabelValue(address)})
			}
			m.found(map[string][]*targetgroup.Group{"shop": {g}})
		}
		found("0", "kept:80", "dropped:80")
		time.Sleep(11 * time.Second)
		for i := range 20 {
			found(fmt.Sprint(i), "kept:80", fmt.Sprintf("other%d:80", i))
			time.Sleep(700 * time.Millisecond)
		}
		if zone := m.Targets()[0].Discovered["__meta_zone"]; zone != "19" {
			t.Errorf("the zone is %q, want that of the last update", zone)
		}
		found("20", "kept:80")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		times := log.of("kept:80")
		if len(times) != 7 {
			t.Errorf("scraped %d times in seven intervals", len(times))
		}
		for _, gap := range gaps(times) {
			if gap != 5*time.Second {
				t.Errorf("scraped %v apart", gap)
			}
		}
		if n := len(log.of("dropped:80")); n < 2 || n > 3 {
			t.Errorf("the target that went after 11 s was scraped %d times", n)
		}
		found("21")
		if n := len(m.Targets()); n != 0 {
			t.Errorf("%d targets are left", n)
		}
	})
}

// What concerns only how many targets there are leaves them alone; what
// concerns scrapes makes new targets of this job.
func TestFastAChangedSettingTouchesItsJobOnly(t *testing.T) {
	const text = "job_name: shop\nstatic_configs: [{targets: ['a:80']}]\n"
	cart := parsed(t, "job_name: cart\nstatic_configs: [{targets: ['a:80']}]")
	f := func(change string, same bool) {
		t.Helper()
		m := idle(t, cart, parsed(t, text+"metric_relabel_configs: [{action: drop, source_labels: [a], regex: b.*}]"))
		before := [2]*target{m.jobs[0].targets[0], m.jobs[1].targets[0]}
		next, err := m.prepared([]JobConfig{cart, parsed(t, text+change)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(next[1].client.CloseIdleConnections)
		if next[0].targets[0] != before[0] {
			t.Errorf("%s touches another job", change)
		}
		if (next[1].targets[0] == before[1]) != same {
			t.Errorf("%s: the target is the same: %v, want %v", change, !same, same)
		}
	}
	const rule = "metric_relabel_configs: [{action: drop, source_labels: [a], regex: b.*}]\n"
	f(rule, true)
	f(rule+"target_limit: 5\nkeep_dropped_targets: 7", true)
	f(rule+"scrape_failure_log_file: f", true)
	f(rule+"file_sd_configs: [{files: [a.json]}]", true)
	f(rule+"relabel_configs: [{target_label: __meta_a, replacement: b}]", true)
	f("metric_relabel_configs: [{action: drop, source_labels: [a], regex: c.*}]", false)
	f(rule+"scrape_interval: 6s", false)
	f(rule+"sample_limit: 6", false)
	f(rule+"max_endpoints: 6", false)
	f(rule+"basic_auth: {username: u}", false)
}
