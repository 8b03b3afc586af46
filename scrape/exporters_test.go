package scrape

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// An application instrumented with client_golang, scraped over HTTP by running
// loops, shows the figures of the requests it has served.
func TestCanaryAnInstrumentedApplicationShowsItsFigures(t *testing.T) {
	registry := prometheus.NewRegistry()
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "http_request_duration_seconds", Buckets: []float64{.1, .5},
	}, []string{"path", "method", "code"})
	registry.MustRegister(durations)
	exposed := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	scraped := make(chan struct{})
	served := 0
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if served++; served == 2 { // after the first scrape, before the second
			for i := range 20 {
				durations.WithLabelValues("/pay", "post", []string{"200", "503"}[i/16]).Observe(.05)
			}
		}
		exposed.ServeHTTP(w, r)
		select {
		case scraped <- struct{}{}:
		case <-r.Context().Done():
		}
	})
	m := NewManager(Options{})
	t.Cleanup(m.Stop)
	err := m.Apply([]JobConfig{jobConfig(t, func(c *JobConfig) { c.ScrapeInterval = milliseconds(100) }, address)})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // a scrape begins when the one before is recorded
		<-scraped
	}
	e := m.Snapshot(time.Now(), every).Endpoint(redpoll.EndpointKey{Job: "shop", Method: "POST", Path: "/pay"})
	if e == nil || e.New == nil || e.New.Requests != 20 || e.P50.Value != .05 || *e.ErrorRate != .2 {
		t.Fatalf("the endpoint is %+v", e)
	}
}

// freeAddress is one that nothing listens on now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// exporter starts a program for the test and waits until it is ready, which a
// page of it says by status 200. Where it is not installed the test is skipped,
// but not in continuous integration, which has to install it.
func exporter(t *testing.T, ready, program string, arguments ...string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed: apt-get install %s", program, program)
		}
		t.Skipf("%s is not installed: apt-get install %s", program, program)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	command := exec.CommandContext(ctx, program, arguments...)
	var output strings.Builder
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = command.Wait(); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	for {
		response, err := http.Get(ready)
		if err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			http.DefaultClient.CloseIdleConnections()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-done:
			t.Fatalf("%s ended: %s", program, output.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestCanaryNodeExporterShowsTheMachine(t *testing.T) {
	address := freeAddress(t)
	exporter(t, "http://"+address+"/metrics", "prometheus-node-exporter", "--web.listen-address="+address)
	m := idle(t, jobConfig(t, nil, address))
	for range 2 {
		m.jobs[0].targets[0].scrape(t.Context())
	}
	s := m.Snapshot(time.Now(), every)
	if target := s.Targets[0]; target.Health != redpoll.HealthUp || target.Samples < 100 || target.Skipped != 0 {
		t.Errorf("%+v", target)
	}
	if y := s.System; y.Source != "node" || y.Uptime == nil || *y.Uptime <= 0 || y.Memory == nil || *y.Memory <= 0 {
		t.Errorf("system %+v", y)
	}
	if e := s.Endpoint(redpoll.EndpointKey{Job: "shop", Path: "/metrics"}); e == nil || e.New == nil || e.New.Requests != 1 {
		t.Errorf("the exporter's own endpoint is %+v", e)
	}
}

func TestCanaryPrometheusShowsItsHandlers(t *testing.T) {
	address, data := freeAddress(t), t.TempDir()
	file := filepath.Join(data, "prometheus.yml")
	if err := os.WriteFile(file, []byte("scrape_configs: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	exporter(t, "http://"+address+"/-/ready", "prometheus", "--config.file="+file, "--storage.tsdb.path="+data, "--web.listen-address="+address)
	m := idle(t, jobConfig(t, nil, address))
	target := m.jobs[0].targets[0]
	target.scrape(t.Context())
	const queries = 7
	for range queries {
		response, err := http.Get(fmt.Sprintf("http://%s/api/v1/query?query=1", address))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections()
	target.scrape(t.Context())
	e := m.Snapshot(time.Now(), every).Endpoint(redpoll.EndpointKey{Job: "shop", Path: "/api/v1/query"})
	if e == nil || e.New == nil || e.New.Requests != queries || e.P95 == nil || e.ErrorRate == nil || *e.ErrorRate != 0 {
		t.Errorf("the endpoint is %+v", e)
	}
	if note := m.Targets()[0].Recognised[0].Note; note != "requests and errors are taken from prometheus_http_requests_total" {
		t.Errorf("note %q", note)
	}
}
