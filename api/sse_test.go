package api

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// events reads a stream of server-sent events.
type events struct {
	t       *testing.T
	resp    *http.Response
	scanner *bufio.Scanner
}

func (s *server) events(t *testing.T, headers ...string) *events {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/sse", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	resp, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	e := &events{t, resp, bufio.NewScanner(resp.Body)}
	e.scanner.Buffer(nil, 4<<20)
	return e
}

// block reads up to the next blank line; nil at the end of the stream.
func (e *events) block() map[string]string {
	e.t.Helper()
	fields := map[string]string{}
	for e.scanner.Scan() {
		line := e.scanner.Text()
		if line == "" {
			return fields
		}
		name, value, _ := strings.Cut(line, ":")
		fields[name] = strings.TrimPrefix(value, " ")
	}
	return nil
}

func (e *events) expect(kind string, seq uint64) received {
	e.t.Helper()
	b := e.block()
	var m received
	if err := json.Unmarshal([]byte(b["data"]), &m); err != nil {
		e.t.Fatalf("%q: %v", b, err)
	}
	if m.Type != kind || m.Seq != seq || b["id"] != strconv.FormatUint(seq, 10) {
		e.t.Fatalf("got %s %d with id %q, want %s %d", m.Type, m.Seq, b["id"], kind, seq)
	}
	return m
}

func TestCanarySSEHasTheMessagesOfTheWebSocket(t *testing.T) {
	s := newServer(t)
	s.api.Publish(snapshotAt(0), nil, nil)
	e := s.events(t)
	for name, want := range map[string]string{
		"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no",
		"X-Content-Type-Options": "nosniff", "Content-Encoding": "",
	} {
		if got := e.resp.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if b := e.block(); b["retry"] != "2000" {
		t.Errorf("stream begins with %v", b)
	}
	if m := e.expect("snapshot", 1); *m.Data.Endpoints[0].P95.v != 90.5 {
		t.Errorf("snapshot is %+v", m)
	}
	s.api.Publish(snapshotAt(1), nil, nil)
	e.expect("update", 2)
}

func TestSSELastEventIDIsAnsweredWithAFreshSnapshot(t *testing.T) {
	s := newServer(t)
	for n := range 3 {
		s.api.Publish(snapshotAt(n), nil, nil)
	}
	e := s.events(t, "Last-Event-ID: 2")
	e.block()
	e.expect("snapshot", 3)
}

func TestSSEHeartbeatIsAComment(t *testing.T) {
	s := newServer(t, func(_ *Config, l *limits) { l.heartbeat = time.Millisecond })
	e := s.events(t)
	e.block()
	if b := e.block(); b[""] == "" {
		t.Errorf("got %v, want a comment", b)
	}
}

func TestSSEEndsWhenTheAPICloses(t *testing.T) {
	s := newServer(t)
	e := s.events(t)
	e.block()
	if err := s.api.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if b := e.block(); b != nil {
		t.Errorf("got %v after the end", b)
	}
	s.awaitClients(t, transportSSE, 0)
}

func TestSSECloseBreaksOffClientsThatDoNotRead(t *testing.T) {
	s := newServer(t, func(_ *Config, l *limits) { l.writeTimeout = time.Hour })
	s.events(t).block()
	for n := range 8 {
		s.api.Publish(bigSnapshot(n), nil, nil)
	}
	if err := s.api.Close(context.Background()); err != nil {
		t.Error(err)
	}
	s.awaitClients(t, transportSSE, 0)
}

func TestSSEAnswersHEADAndEnds(t *testing.T) {
	s := newServer(t)
	if a := s.do(t, "HEAD", "/sse", ""); a.status != 200 || a.header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("%d %v", a.status, a.header)
	}
}

func TestSSEStuckClientIsDropped(t *testing.T) {
	s := newServer(t, func(_ *Config, l *limits) { l.writeTimeout = time.Second })
	s.events(t).block()
	n := 0
	await(t, "the stuck client to be dropped", func() bool {
		s.api.Publish(bigSnapshot(n), nil, nil)
		n++
		return testutil.ToFloat64(s.api.metrics.clientsDropped.WithLabelValues(droppedSlow)) == 1
	})
	s.awaitClients(t, transportSSE, 0)
}

func TestSSEOfAForeignOriginIsRefused(t *testing.T) {
	s := newServer(t, func(c *Config, _ *limits) { c.AllowedOrigins = []string{"https://status.example.com"} })
	wantError(t, s.get(t, "/sse", "Origin: https://evil.example.com"), http.StatusForbidden, "web.allowed_origins")
	e := s.events(t, "Origin: https://status.example.com")
	if got := e.resp.Header.Get("Access-Control-Allow-Origin"); got != "https://status.example.com" {
		t.Errorf("Access-Control-Allow-Origin: %q", got)
	}
}
