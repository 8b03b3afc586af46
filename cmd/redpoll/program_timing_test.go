package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// The benchmarks of this file measure the whole program, as a process of its
// own, from outside: CPU seconds and resident memory from /proc. They run for
// some seconds whatever b.N is; call them with -benchtime=1x:
//
//	go test -run '^$' -bench Program -benchtime 1x ./cmd/redpoll

// loadTarget serves endpoints × 3 codes histograms of 12 buckets, which move
// by a random whole number of units at each scrape.
type loadTarget struct {
	mu     sync.Mutex
	rand   *rand.Rand
	labels []string
	units  []int
	began  int // series that began anew as others, so far
	load   load
	body   bytes.Buffer
	served *atomic.Int64 // samples
}

// load is what makes targets hard to scrape.
type load struct {
	named   bool // each target has a label of its own on every series
	churn   int  // series that give way to new ones at each scrape
	targets int
}

var loadBounds = []string{"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"}

func newLoadTarget(seed uint64, endpoints int, l load, served *atomic.Int64) *loadTarget {
	t := &loadTarget{rand: rand.New(rand.NewPCG(seed, 1)), load: l, served: served}
	own := ""
	if l.named {
		own = fmt.Sprintf(`,pod="shop-%d"`, seed)
	}
	for e := range endpoints {
		for _, code := range []string{"200", "404", "500"} {
			t.labels = append(t.labels, fmt.Sprintf(`code="%s",method="GET",path="/api/v1/resource%d/{id}"%s`, code, e, own))
		}
	}
	t.units = make([]int, len(t.labels))
	return t
}

// renew replaces the series whose turn it is.
func (t *loadTarget) renew() {
	for range t.load.churn {
		i := t.began % len(t.labels)
		t.began++
		labels, _, _ := strings.Cut(t.labels[i], ",version=")
		t.labels[i], t.units[i] = fmt.Sprintf(`%s,version="%d"`, labels, t.began), 0
	}
}

func (t *loadTarget) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.renew()
	t.body.Reset()
	t.body.WriteString("# TYPE http_request_duration_seconds histogram\n")
	for i, labels := range t.labels {
		t.units[i] += 1 + t.rand.IntN(16)
		for b, le := range loadBounds {
			fmt.Fprintf(&t.body, "http_request_duration_seconds_bucket{%s,le=\"%s\"} %d\n", labels, le, t.units[i]*(b+1))
		}
		total := t.units[i] * len(loadBounds)
		fmt.Fprintf(&t.body, "http_request_duration_seconds_sum{%s} %g\n", labels, float64(total)*0.031)
		fmt.Fprintf(&t.body, "http_request_duration_seconds_count{%s} %d\n", labels, total)
	}
	t.served.Add(int64(len(t.labels) * (len(loadBounds) + 2)))
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	_, _ = w.Write(t.body.Bytes())
}

// usage is what a process has used so far.
type usage struct{ cpu, rssMiB float64 }

// usageOf reads /proc/PID/stat: user and system time in ticks of 10 ms, and
// resident pages.
func usageOf(b *testing.B, pid int) usage {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Skipf("the process cannot be measured here: %v", err)
	}
	// The second field, the program's name, may contain spaces.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+2:]))
	number := func(i int) float64 {
		n, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	return usage{
		cpu:    (number(11) + number(12)) / 100,
		rssMiB: number(21) * float64(os.Getpagesize()) / (1 << 20),
	}
}

// BenchmarkProgramScrape scrapes, derives, judges and keeps 100 endpoints (4,200
// series) of each target, every second: of targets that are alike, as the
// replicas of a service; of such as have nothing in common but that; of such as
// have 1 % new series at each scrape; and of a large fleet from its start on,
// which therefore is every 5 seconds.
func BenchmarkProgramScrape(b *testing.B) {
	b.Run("alike", func(b *testing.B) { benchmarkScrape(b, load{targets: 50}, time.Second, 5*time.Second) })
	b.Run("unlike", func(b *testing.B) {
		benchmarkScrape(b, load{targets: 50, named: true}, time.Second, 5*time.Second)
	})
	b.Run("churning", func(b *testing.B) {
		benchmarkScrape(b, load{targets: 50, named: true, churn: 3}, time.Second, 5*time.Second)
	})
	b.Run("cold", func(b *testing.B) { benchmarkScrape(b, load{targets: 400}, 5*time.Second, 0) })
}

// benchmarkScrape measures three intervals at least after the warm-up.
func benchmarkScrape(b *testing.B, l load, interval, warmUp time.Duration) {
	const endpoints = 100
	var served atomic.Int64
	var list []string
	for i := range l.targets {
		s := httptest.NewServer(newLoadTarget(uint64(i), endpoints, l, &served))
		defer s.Close()
		list = append(list, strconv.Quote(strings.TrimPrefix(s.URL, "http://")))
	}
	p := startForBenchmark(b, fmt.Sprintf(`
global: {scrape_interval: %[1]v, scrape_timeout: %[1]v, evaluation_interval: %[1]v}
scrape_configs: [{job_name: load, static_configs: [{targets: [%[2]s]}]}]
web: {listen_address: "127.0.0.1:0"}
`, interval, strings.Join(list, ",")))
	const measured = 15 * time.Second
	time.Sleep(warmUp)
	before, samples := usageOf(b, p.cmd.Process.Pid), served.Load()
	time.Sleep(measured)
	after := usageOf(b, p.cmd.Process.Pid)
	n := float64(served.Load() - samples)
	due := measured.Seconds() / interval.Seconds() * float64(l.targets*endpoints*3*(len(loadBounds)+2))
	b.ReportMetric((after.cpu-before.cpu)/n*1e6, "cpu-s/Msample")
	b.ReportMetric(n/due, "on-time") // served over due
	b.ReportMetric(after.rssMiB, "MiB-rss")
}

// BenchmarkProgramWS: 1,000 WebSocket clients on 100 endpoints, five messages
// a second each.
func BenchmarkProgramWS(b *testing.B) {
	const clients = 1000
	var served, received atomic.Int64
	s := httptest.NewServer(newLoadTarget(1, 100, load{}, &served))
	defer s.Close()
	p := startForBenchmark(b, fmt.Sprintf(`
global: {scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}
scrape_configs: [{job_name: load, static_configs: [{targets: [%q]}]}]
web: {listen_address: "127.0.0.1:0"}
`, strings.TrimPrefix(s.URL, "http://")))

	alone := usageOf(b, p.cmd.Process.Pid)
	time.Sleep(10 * time.Second)
	base := usageOf(b, p.cmd.Process.Pid).cpu - alone.cpu // what 10 s cost without a client

	var wg sync.WaitGroup
	var conns []*websocket.Conn
	defer wg.Wait()
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for range clients {
		conn, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(p.url, "http")+"/metrics", nil)
		if err != nil {
			b.Fatal(err)
		}
		res.Body.Close()
		conns = append(conns, conn)
		wg.Go(func() {
			for {
				if _, _, err := conn.NextReader(); err != nil {
					return
				}
				received.Add(1)
			}
		})
	}
	time.Sleep(2 * time.Second)
	before, messages := usageOf(b, p.cmd.Process.Pid), received.Load()
	time.Sleep(10 * time.Second)
	after := usageOf(b, p.cmd.Process.Pid)
	million := float64(received.Load()-messages) / 1e6
	b.ReportMetric((after.cpu-before.cpu-base)/million, "cpu-s/Mmessage")
	b.ReportMetric(million*1e6/10/clients/5, "delivered")
	b.ReportMetric(after.rssMiB, "MiB-rss")
}

// startForBenchmark starts redpoll with a configuration of its own.
func startForBenchmark(b *testing.B, text string) *process {
	b.Helper()
	dir := b.TempDir()
	if err := os.WriteFile(dir+"/redpoll.yaml", []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return startRedpoll(b, dir, "--log.level=warn")
}
