package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
)

// runMainEnv makes the test binary act as redpoll itself, so that tests can
// start, signal and kill the real program.
const runMainEnv = "REDPOLL_TEST_RUN_MAIN"

// patience bounds every wait; a machine that is merely slow does not reach it.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(runMainEnv) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// process is a running redpoll.
type process struct {
	t      testing.TB
	cmd    *exec.Cmd
	url    string
	log    *lockedBuffer
	exited chan error
}

// lockedBuffer collects standard error while the test may read it.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// startRedpoll starts the program in dir and waits until it serves.
func startRedpoll(t testing.TB, dir string, args ...string) *process {
	t.Helper()
	p, stdout := spawn(t, dir, args...)
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() {
		t.Fatalf("redpoll ended before it served: %v\n%s", <-p.exited, p.log)
	}
	_, rest, found := strings.Cut(lines.Text(), "redpoll is at ")
	if !found {
		t.Fatalf("first line is %q, want the address", lines.Text())
	}
	p.url, _, _ = strings.Cut(rest, " ")
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	return p
}

// spawn starts the program without waiting for it to serve.
func spawn(t testing.TB, dir string, args ...string) (*process, io.Reader) {
	t.Helper()
	p := &process{t: t, log: &lockedBuffer{}, exited: make(chan error, 1)}
	p.cmd = exec.Command(os.Args[0], args...)
	p.cmd.Dir = dir
	p.cmd.Env = append(os.Environ(), runMainEnv+"=1", "GOCOVERDIR="+t.TempDir())
	p.cmd.Stderr = p.log
	// A pipe of our own: Wait would close StdoutPipe's under its reader.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout = w
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	done := make(chan struct{})
	go func() {
		p.exited <- p.cmd.Wait()
		close(done)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-done
		r.Close()
		if t.Failed() {
			t.Logf("log of redpoll:\n%s", p.log)
		}
	})
	return p, r
}

// wait gives the exit code.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("redpoll does not end\n%s", p.log)
		return -1
	}
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// get reads a route as JSON into v.
func (p *process) get(path string, v any) {
	p.t.Helper()
	res, err := http.Get(p.url + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		p.t.Fatalf("GET %s: %s: %s", path, res.Status, b)
	}
	if err := json.Unmarshal(b, v); err != nil {
		p.t.Fatalf("GET %s: %v: %.200s", path, err, b)
	}
}

// The wire as a foreign client would declare it: on purpose not api's types.
type (
	endpoint struct {
		Job    string   `json:"job"`
		Method string   `json:"method"`
		Path   string   `json:"path"`
		P50    *float64 `json:"p50"`
		P95    *float64 `json:"p95"`
		P99    *float64 `json:"p99"`
		// Ranges are the bounds of p50, p95 and p99.
		Ranges     [][]*float64 `json:"ranges"`
		ErrorRate  *float64     `json:"errorRate"`
		Throughput *float64     `json:"throughput"`
		Requests   float64      `json:"requests"`
	}
	alert struct {
		ID    string   `json:"id"`
		Rule  string   `json:"rule"`
		State string   `json:"state"`
		Value *float64 `json:"value"`
		// Range has the bounds of Value.
		Range []*float64 `json:"range"`
		Path  string     `json:"path"`
	}
	mark struct {
		Job  string `json:"job"`
		Kind string `json:"kind"`
		Text string `json:"text"`
	}
	snapshot struct {
		Timestamp int64      `json:"timestamp"`
		Endpoints []endpoint `json:"endpoints"`
		Marks     []mark     `json:"marks"`
		System    struct {
			Uptime *float64 `json:"uptime"`
			Memory *float64 `json:"memory"`
			CPU    *float64 `json:"cpu"`
			Source string   `json:"source"`
		} `json:"system"`
	}
	message struct {
		Type   string   `json:"type"`
		Seq    uint64   `json:"seq"`
		Data   snapshot `json:"data"`
		Alerts []alert  `json:"alerts"`
	}
)

func (s *snapshot) endpoint(job, path string) *endpoint {
	for i := range s.Endpoints {
		if s.Endpoints[i].Job == job && s.Endpoints[i].Path == path {
			return &s.Endpoints[i]
		}
	}
	return nil
}

// stream is a WebSocket to a process.
type stream struct {
	t    testing.TB
	conn *websocket.Conn
}

func (p *process) dial() *stream {
	p.t.Helper()
	conn, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(p.url, "http")+"/metrics", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	res.Body.Close()
	p.t.Cleanup(func() { conn.Close() })
	return &stream{p.t, conn}
}

func (s *stream) next() message {
	s.t.Helper()
	_ = s.conn.SetReadDeadline(time.Now().Add(patience))
	var m message
	if err := s.conn.ReadJSON(&m); err != nil {
		s.t.Fatalf("stream: %v", err)
	}
	return m
}

// until reads on until a message satisfies want.
func (s *stream) until(what string, want func(message) bool) message {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		if m := s.next(); want(m) {
			return m
		}
	}
	s.t.Fatalf("never saw %s", what)
	return message{}
}

// untilAlert reads on until a message tells of an alert in this state.
func (s *stream) untilAlert(state string, id string) alert {
	s.t.Helper()
	var found alert
	s.until("an alert "+state, func(m message) bool {
		for _, a := range m.Alerts {
			if a.State == state && (id == "" || a.ID == id) {
				found = a
				return true
			}
		}
		return false
	})
	return found
}

// unit is the traffic that a scripted target adds at each scrape: requests per
// bucket (0.1, 0.5, 1, 2 s) and status.
type unit map[string][4]int

// scriptedTarget is an application whose every figure is known: between two
// scrapes exactly one unit of traffic has come in.
type scriptedTarget struct {
	mu      sync.Mutex
	unit    unit
	version string
	scrapes int
	counts  map[string]*[4]int
}

func newScriptedTarget(u unit) *scriptedTarget {
	return &scriptedTarget{unit: u, version: "1.4.1", counts: map[string]*[4]int{}}
}

func (s *scriptedTarget) set(u unit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unit = u
}

// deploy makes it one of another version.
func (s *scriptedTarget) deploy(version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version = version
}

func (s *scriptedTarget) served() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.scrapes
}

func (s *scriptedTarget) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scrapes++
	for code, add := range s.unit {
		if s.counts[code] == nil {
			s.counts[code] = &[4]int{}
		}
		for i, n := range add {
			s.counts[code][i] += n
		}
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	fmt.Fprintf(w, "# TYPE shop_build_info gauge\nshop_build_info{version=%q} 1\n", s.version)
	fmt.Fprintln(w, "# TYPE http_request_duration_seconds histogram")
	for code, counts := range s.counts {
		labels := fmt.Sprintf(`method="post",path="/checkout",code=%q`, code)
		total := 0
		for i, le := range []string{"0.1", "0.5", "1", "2"} {
			total += counts[i]
			fmt.Fprintf(w, "http_request_duration_seconds_bucket{%s,le=%q} %d\n", labels, le, total)
		}
		fmt.Fprintf(w, "http_request_duration_seconds_bucket{%s,le=\"+Inf\"} %d\n", labels, total)
		fmt.Fprintf(w, "http_request_duration_seconds_count{%s} %d\n", labels, total)
		fmt.Fprintf(w, "http_request_duration_seconds_sum{%s} %d\n", labels, total)
	}
}

// writeConfig writes redpoll.yaml into dir.
func writeConfig(t *testing.T, dir, text string) string {
	t.Helper()
	path := filepath.Join(dir, "redpoll.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// firstSSE reads the first event of /sse.
func (p *process) firstSSE() message {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/sse", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			var m message
			if err := json.Unmarshal([]byte(data), &m); err != nil {
				p.t.Fatal(err)
			}
			return m
		}
	}
	p.t.Fatalf("no event on /sse: %v", lines.Err())
	return message{}
}
