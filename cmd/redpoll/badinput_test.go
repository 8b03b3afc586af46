package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fails starts redpoll, which must end by itself with this exit code and this
// text on standard error.
func fails(t *testing.T, dir string, code int, want string, args ...string) {
	t.Helper()
	p, stdout := spawn(t, dir, args...)
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	if got := p.wait(); got != code {
		t.Errorf("%v: exit code %d, want %d\n%s", args, got, code, p.log)
	}
	if !strings.Contains(p.log.String(), want) {
		t.Errorf("%v: standard error is\n%s\nwant it to contain %q", args, p.log, want)
	}
}

func TestCanaryFaultyConfigurationEndsWithTwoAndTheLine(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		dir := t.TempDir()
		path := writeConfig(t, dir, text)
		fails(t, dir, 2, want, "--config.file="+path)
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("a faulty configuration left files behind: %v", entries)
		}
	}
	f("scrape_confgs: []\n", "redpoll.yaml:1: unknown key `scrape_confgs`")
	f("scrape_configs: [{job_name: a, static_configs: [{targets: ['http://']}]}]\n", "redpoll.yaml:1: scrape_configs[0].")
	f("\nglobal: {scrape_interval: soon}\n", "redpoll.yaml:2: global.scrape_interval: ")
	dir := t.TempDir()
	fails(t, dir, 2, "missing.yaml", "--config.file=missing.yaml")
	fails(t, dir, 2, "--no-such-flag", "--no-such-flag")
	fails(t, dir, 2, "leave --config.file out", "--demo", "--config.file=x.yaml")
	fails(t, dir, 2, "--web.config.file: ", "--web.config.file=missing.yaml")
	writeConfig(t, dir, "rules: 5\n")
	fails(t, dir, 2, "redpoll.yaml:1: ", "check", "config")
}

func TestTakenPortEndsWithOneAndNoDatabase(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	fails(t, dir, 1, "the address is in use", "--web.listen-address="+l.Addr().String())
	if _, err := os.Stat(filepath.Join(dir, "redpoll.db")); err == nil {
		t.Error("a database was created although the port is taken")
	}
}

func TestCanarySecondRedpollOnOneDatabaseIsRefused(t *testing.T) {
	dir := t.TempDir()
	startRedpoll(t, dir, "--web.listen-address=127.0.0.1:0")
	fails(t, dir, 1, "in use by another redpoll", "--web.listen-address=127.0.0.1:0")
}

func TestForeignFileIsRefusedAndUntouched(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "notes.txt")
	text := []byte(strings.Repeat("not a database\n", 500))
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	fails(t, dir, 1, "notes.txt", "--storage.path="+path, "--web.listen-address=127.0.0.1:0")
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, text) {
		t.Error("the file was changed")
	}
}

func TestReloadOfAFaultyFileKeepsTheOldConfiguration(t *testing.T) {
	target := httptest.NewServer(newScriptedTarget(usual))
	defer target.Close()
	dir := t.TempDir()
	good := fmt.Sprintf(programConfig, strings.TrimPrefix(target.URL, "http://"))
	path := writeConfig(t, dir, good)
	p := startRedpoll(t, dir)
	reload := func() (int, string) {
		t.Helper()
		res, err := http.Post(p.url+"/-/reload", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(b)
	}

	writeConfig(t, dir, good+"oops: true\n")
	code, body := reload()
	if code != http.StatusBadRequest || !strings.Contains(body, "unknown key `oops`") || !strings.Contains(body, filepath.Base(path)) {
		t.Errorf("reload of a faulty file: %d %s", code, body)
	}
	if targets := targetsOf(p); len(targets) != 1 || targets[0].Job != "shop" {
		t.Errorf("targets after a refused reload: %+v", targets)
	}

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if code, body = reload(); code != http.StatusBadRequest || !strings.Contains(body, "no such file") {
		t.Errorf("reload without the file: %d %s", code, body)
	}

	writeConfig(t, dir, strings.Replace(good, "job_name: shop", "job_name: store", 1))
	if code, body = reload(); code != http.StatusOK {
		t.Errorf("reload of a good file: %d %s", code, body)
	}
	if targets := targetsOf(p); len(targets) != 1 || targets[0].Job != "store" {
		t.Errorf("targets after a reload: %+v", targets)
	}
}

type targetStatus struct {
	Job        string `json:"job"`
	Instance   string `json:"instance"`
	Health     string `json:"health"`
	Error      string `json:"error"`
	Recognised []struct {
		Convention string `json:"convention"`
		Endpoints  int    `json:"endpoints"`
	} `json:"recognised"`
}

func targetsOf(p *process) []targetStatus {
	p.t.Helper()
	var targets []targetStatus
	p.get("/api/targets", &targets)
	return targets
}

// untilTarget waits until a job's target has this health.
func untilTarget(p *process, job, health string) targetStatus {
	p.t.Helper()
	s := p.dial() // a message a tick: nothing to poll blindly for
	defer s.conn.Close()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); s.next() {
		for _, target := range targetsOf(p) {
			if target.Job == job && target.Health == health {
				return target
			}
		}
	}
	p.t.Fatalf("target of %s never became %s: %+v", job, health, targetsOf(p))
	return targetStatus{}
}
