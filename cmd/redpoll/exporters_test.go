package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
)

// exporter finds a real exporter. In CI it must be there; elsewhere its test
// is left out, and says so.
func exporter(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		message := fmt.Sprintf("%s is not installed; on Debian and Ubuntu: apt-get install %s", name, name)
		if os.Getenv("CI") != "" {
			t.Fatal(message)
		}
		t.Skip(message)
	}
	return path
}

// freeAddress is a loopback address that nothing listens on now. The exporters
// cannot tell which port they took, so that they cannot choose one.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func runExporter(t *testing.T, path string, args ...string) {
	t.Helper()
	cmd := exec.Command(path, args...)
	cmd.Dir = t.TempDir()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

func TestMetricsOfRealExporters(t *testing.T) {
	nodeExporter, prometheus := exporter(t, "prometheus-node-exporter"), exporter(t, "prometheus")
	node, prom, nobody := freeAddress(t), freeAddress(t), freeAddress(t)
	runExporter(t, nodeExporter, "--web.listen-address="+node)
	empty := t.TempDir() + "/prometheus.yml"
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	runExporter(t, prometheus, "--config.file="+empty, "--storage.tsdb.path="+t.TempDir(), "--web.listen-address="+prom)

	dir := t.TempDir()
	writeConfig(t, dir, fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 500ms}
scrape_configs:
  - {job_name: node, scrape_interval: 3s, scrape_timeout: 3s, static_configs: [{targets: [%q]}]}
  - {job_name: prometheus, static_configs: [{targets: [%q]}]}
  - {job_name: nobody, static_configs: [{targets: [%q]}]}
web: {listen_address: "127.0.0.1:0"}
`, node, prom, nobody))
	p := startRedpoll(t, dir)

	untilTarget(p, "node", "up")
	untilTarget(p, "prometheus", "up")
	if down := untilTarget(p, "nobody", "down"); down.Error == "" {
		t.Error("a target where nothing listens has no error")
	}

	s := p.dial()
	s.until("Prometheus' own scrapes as an endpoint", func(m message) bool {
		e := m.Data.endpoint("prometheus", "/metrics")
		return e != nil && e.P99 != nil && e.ErrorRate != nil && *e.ErrorRate == 0
	})
	s.until("the machine's figures", func(m message) bool {
		sys := m.Data.System
		return sys.Source == "node" && sys.Uptime != nil && *sys.Uptime > 0 &&
			sys.Memory != nil && *sys.Memory > 1<<20 && sys.CPU != nil && *sys.CPU >= 0 && *sys.CPU <= 100
	})
}
