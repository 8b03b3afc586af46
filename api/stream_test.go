package api

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// received is any message of the stream.
type received struct {
	Type      string       `json:"type"`
	Seq       uint64       `json:"seq"`
	Timestamp int64        `json:"timestamp"`
	Data      wireSnapshot `json:"data"`
	Alerts    *[]struct {
		ID    string `json:"id"`
		State string `json:"state"`
	} `json:"alerts"`
	Error string `json:"error"`
}

// UnmarshalJSON is what tests read numbers by.
func (n *number) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &n.v) }

// UnmarshalJSON is what tests read ranges by.
func (r *wireRange) UnmarshalJSON(b []byte) error {
	var bounds []*float64
	if err := json.Unmarshal(b, &bounds); err != nil || bounds == nil {
		return err
	}
	*r = wireRange{lower: *bounds[0], upper: math.Inf(1), known: true}
	if bounds[1] != nil {
		r.upper = *bounds[1]
	}
	return nil
}

// wsClient is a client whose messages tests await.
type wsClient struct {
	*websocket.Conn
	t *testing.T
}

func (s *server) dial(t *testing.T, path string) *wsClient {
	t.Helper()
	return s.dialWith(t, websocket.Dialer{EnableCompression: true}, path)
}

func (s *server) dialWith(t *testing.T, d websocket.Dialer, path string) *wsClient {
	t.Helper()
	conn, resp, err := d.Dial("ws"+strings.TrimPrefix(s.URL, "http")+path, nil)
	if err != nil {
		t.Fatalf("dial %s: %v (%+v)", path, err, resp)
	}
	t.Cleanup(func() { conn.Close() })
	return &wsClient{conn, t}
}

func (c *wsClient) next() received {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(30 * time.Second))
	_, text, err := c.ReadMessage()
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	var m received
	if err := json.Unmarshal(text, &m); err != nil {
		c.t.Fatalf("%q: %v", text, err)
	}
	return m
}

func (c *wsClient) expect(kind string, seq uint64) received {
	c.t.Helper()
	m := c.next()
	if m.Type != kind || m.Seq != seq {
		c.t.Fatalf("got %s %d %q, want %s %d", m.Type, m.Seq, m.Error, kind, seq)
	}
	return m
}

func (c *wsClient) send(text string) {
	c.t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// expectClose reads until the connection ends and checks its close code.
func (c *wsClient) expectClose(code int) {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(30 * time.Second))
	for {
		_, _, err := c.ReadMessage()
		if err == nil {
			continue
		}
		if !websocket.IsCloseError(err, code) {
			c.t.Fatalf("got %v, want close code %d", err, code)
		}
		return
	}
}

// await returns once done says so.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("still waiting: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func (s *server) awaitClients(t *testing.T, transport string, n float64) {
	t.Helper()
	await(t, "clients to come or go", func() bool {
		return testutil.ToFloat64(s.api.metrics.clients.WithLabelValues(transport)) == n
	})
}

func TestCanaryWSClientGetsSnapshotThenUpdatesWithTransitions(t *testing.T) {
	for _, path := range []string{"/metrics", "/api/stream"} {
		t.Run(path, func(t *testing.T) {
			s := newServer(t)
			s.api.Publish(snapshotAt(0), nil, []redpoll.Alert{slowAlert})
			c := s.dial(t, path)
			m := c.expect("snapshot", 1)
			if m.Timestamp != noon.UnixMilli() || len(m.Data.Endpoints) != 2 || *m.Data.Endpoints[0].P95.v != 90.5 {
				t.Errorf("snapshot is %+v", m)
			}
			if m.Alerts == nil || len(*m.Alerts) != 1 || (*m.Alerts)[0].ID != slowAlert.ID {
				t.Errorf("snapshot's alerts are %+v, want the active one", m.Alerts)
			}

			s.api.Publish(snapshotAt(1), nil, []redpoll.Alert{slowAlert})
			if m := c.expect("update", 2); m.Alerts != nil {
				t.Errorf("update without transitions has alerts %+v", *m.Alerts)
			}
			s.api.Publish(snapshotAt(2), []redpoll.Alert{resolvedAlert(0)}, nil)
			if m := c.expect("update", 3); m.Alerts == nil || (*m.Alerts)[0].State != "resolved" {
				t.Errorf("update's alerts are %+v, want the transition", m.Alerts)
			}
		})
	}
}

func TestWSClientBeforeTheFirstSnapshotGetsItWhenItComes(t *testing.T) {
	s := newServer(t)
	c := s.dial(t, "/metrics")
	s.awaitClients(t, transportWS, 1)
	s.api.Publish(snapshotAt(0), nil, nil)
	if m := c.expect("snapshot", 1); m.Alerts == nil || len(*m.Alerts) != 0 {
		t.Errorf("alerts are %v, want an empty list", m.Alerts)
	}
	s.api.Publish(snapshotAt(1), nil, nil)
	c.expect("update", 2)
	if lost := testutil.ToFloat64(s.api.metrics.lost.WithLabelValues(transportWS)); lost != 0 {
		t.Errorf("%v messages counted as lost", lost)
	}
}

func TestWSBadMessageIsAnsweredAndTheConnectionKept(t *testing.T) {
	s := newServer(t)
	s.api.Publish(snapshotAt(0), nil, nil)
	c := s.dial(t, "/metrics")
	c.expect("snapshot", 1)
	for text, says := range map[string]string{
		`nonsense`:                             "not a JSON object",
		`[]`:                                   "not a JSON object",
		`null`:                                 "not a JSON object",
		`{}`:                                   "no type",
		`{"type":7}`:                           "not a string",
		`{"type":"dance"}`:                     `"dance" is unknown`,
		`{"type":"subscribe","filter":{}}`:     `no field "filter"`,
		`{"type":"unsubscribe","a":1,"b":2}`:   `no field "a"`,
		`{"type":"` + strings.Repeat("x", 9e3): "not a JSON object",
		`{"type":"` + strings.Repeat("x", 9e3) + `"}`: "is unknown",
	} {
		c.send(text)
		m := c.next()
		if m.Type != "error" || !strings.Contains(m.Error, says) || !strings.Contains(m.Error, `{"type":"subscribe"}`) || len(m.Error) > 300 {
			t.Errorf("%.40s: got %s %q, want error with %q", text, m.Type, m.Error, says)
		}
	}
	if err := c.WriteMessage(websocket.BinaryMessage, []byte(`{"type":"subscribe"}`)); err != nil {
		t.Fatal(err)
	}
	if m := c.next(); m.Type != "error" || !strings.Contains(m.Error, "binary") {
		t.Errorf("binary message: got %+v", m)
	}
	s.api.Publish(snapshotAt(1), nil, nil)
	c.expect("update", 2)
}

func TestWSMessageOverTheLimitClosesWith1009(t *testing.T) {
	for name, compressible := range map[string]bool{"plain": false, "small but inflating": true} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			c := s.dial(t, "/metrics")
			c.EnableWriteCompression(compressible)
			c.send(strings.Repeat(" ", maxClientMessage+1))
			c.expectClose(websocket.CloseMessageTooBig)
			s.awaitClients(t, transportWS, 0)
			if n := testutil.ToFloat64(s.api.metrics.clientsDropped.WithLabelValues(droppedTooBig)); n != 1 {
				t.Errorf("%v clients counted as dropped", n)
			}
		})
	}
}

func TestWSMessageAtTheLimitIsRead(t *testing.T) {
	s := newServer(t)
	s.api.Publish(snapshotAt(0), nil, nil)
	c := s.dial(t, "/metrics")
	c.expect("snapshot", 1)
	subscribe := `{"type":"subscribe"}`
	c.send(subscribe + strings.Repeat(" ", maxClientMessage-len(subscribe)))
	c.expect("snapshot", 1)
}

func TestWSUnsubscribePausesAndSubscribeResumesWithSnapshot(t *testing.T) {
	s := newServer(t)
	s.api.Publish(snapshotAt(0), nil, nil)
	c := s.dial(t, "/metrics")
	c.expect("snapshot", 1)
	c.send(`{"type":"unsubscribe"}`)
	c.send(`{"type":"?"}`) // its answer tells that the message before was obeyed
	if m := c.next(); m.Type != "error" {
		t.Fatalf("got %+v", m)
	}
	s.api.Publish(snapshotAt(1), nil, nil)
	s.api.Publish(snapshotAt(2), nil, nil)
	c.send(`{"type":"subscribe"}`)
	c.expect("snapshot", 3)
	s.api.Publish(snapshotAt(3), nil, nil)
	c.expect("update", 4)
	if lost := testutil.ToFloat64(s.api.metrics.lost.WithLabelValues(transportWS)); lost != 0 {
		t.Errorf("%v messages counted as lost: nobody wanted them", lost)
	}
}

// bigSnapshot soon fills the socket's buffers of a client that does not read,
// and does not compress.
func bigSnapshot(n int) *redpoll.Snapshot {
	e := checkout
	e.Key.Path = "/" + strings.Repeat("x", 1<<20)
	return snapshotAt(n, e)
}

func TestCanaryWSStuckClientIsDroppedAndOthersMissNothing(t *testing.T) {
	s := newServer(t, func(_ *Config, l *limits) { l.writeTimeout = time.Second })
	s.api.Publish(snapshotAt(0), nil, nil)
	stuck, healthy := s.dialWith(t, websocket.Dialer{}, "/metrics"), s.dial(t, "/metrics")
	stuck.expect("snapshot", 1)
	healthy.expect("snapshot", 1)
	dropped := func() float64 {
		return testutil.ToFloat64(s.api.metrics.clientsDropped.WithLabelValues(droppedSlow))
	}
	seq := uint64(1)
	await(t, "the stuck client to be dropped", func() bool {
		s.api.Publish(bigSnapshot(int(seq)), nil, nil)
		seq++
		healthy.expect("update", seq)
		return dropped() == 1
	})
	s.awaitClients(t, transportWS, 1)
}

func TestWSClientThatFellBehindIsResyncedBySnapshot(t *testing.T) {
	s := newServer(t, func(_ *Config, l *limits) { l.queue = 2 })
	s.api.Publish(snapshotAt(0), nil, nil)
	c := s.dialWith(t, websocket.Dialer{}, "/metrics")
	c.expect("snapshot", 1)
	lost := func() float64 { return testutil.ToFloat64(s.api.metrics.lost.WithLabelValues(transportWS)) }
	n := 1
	await(t, "messages to be lost", func() bool {
		s.api.Publish(bigSnapshot(n), nil, nil)
		n++
		return lost() > 0
	})
	last := uint64(1)
	for {
		m := c.next()
		if m.Type == "snapshot" {
			if m.Seq != last+uint64(lost()) {
				t.Errorf("snapshot %d after %d, with %v lost", m.Seq, last, lost())
			}
			last = m.Seq
			break
		}
		if m.Seq != last+1 {
			t.Fatalf("update %d after %d", m.Seq, last)
		}
		last = m.Seq
	}
	s.api.Publish(snapshotAt(n), nil, nil)
	c.expect("update", last+1)
}

func TestWSSilentClientIsDroppedButOneThatAnswersPingsStays(t *testing.T) {
	s := newServer(t, func(_ *Config, l *limits) {
		l.idleTimeout, l.pingInterval = 2*time.Second, 200*time.Millisecond
	})
	s.api.Publish(snapshotAt(0), nil, nil)
	silent, alive := s.dial(t, "/metrics"), s.dial(t, "/metrics")
	silent.expect("snapshot", 1) // and reads no more, so it answers no ping
	alive.expect("snapshot", 1)
	read := make(chan received, 1)
	go func() {
		var m received
		if err := alive.ReadJSON(&m); err == nil {
			read <- m
		}
		close(read)
	}()
	await(t, "the silent client to be dropped", func() bool {
		return testutil.ToFloat64(s.api.metrics.clientsDropped.WithLabelValues(droppedIdle)) == 1
	})
	s.api.Publish(snapshotAt(1), nil, nil)
	if m := <-read; m.Seq != 2 {
		t.Errorf("the client that answers pings got %+v", m)
	}
}

func TestCanaryWSCloseSays1001AndLeavesNobody(t *testing.T) {
	s := newServer(t)
	clients := []*wsClient{s.dial(t, "/metrics"), s.dial(t, "/api/stream")}
	s.awaitClients(t, transportWS, 2)
	closed := make(chan error, 1)
	go func() { closed <- s.api.Close(context.Background()) }()
	for _, c := range clients {
		c.expectClose(websocket.CloseGoingAway)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	s.awaitClients(t, transportWS, 0)
	a := s.get(t, "/sse")
	wantError(t, a, http.StatusServiceUnavailable, "shutting down")
}

func TestWSCloseBreaksOffClientsThatDoNotTakeLeave(t *testing.T) {
	s := newServer(t, func(_ *Config, l *limits) { l.writeTimeout = time.Hour })
	s.dialWith(t, websocket.Dialer{}, "/metrics") // and never read
	s.awaitClients(t, transportWS, 1)
	for n := range 8 {
		s.api.Publish(bigSnapshot(n), nil, nil)
	}
	if err := s.api.Close(context.Background()); err != nil {
		t.Error(err)
	}
	s.awaitClients(t, transportWS, 0)
}

func TestWSCloseWaitsForWriters(t *testing.T) {
	s := newServer(t)
	s.api.Publish(snapshotAt(0), nil, nil)
	current := s.api.hub.current.Load()
	busy, encode := make(chan struct{}), make(chan struct{})
	slow := *current
	slow.snapshot = func() (*message, error) {
		close(busy)
		<-encode
		return current.snapshot()
	}
	s.api.hub.current.Store(&slow)
	s.dial(t, "/metrics")
	<-busy // the writer, and does not see its connection end
	if err := s.api.Close(context.Background()); err == nil {
		t.Error("closed, although a writer is still at work")
	}
	close(encode)
	if err := s.api.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestWSFailedUpgradeIsAnsweredInJSON(t *testing.T) {
	s := newServer(t, func(c *Config, _ *limits) { c.AllowedOrigins = []string{"https://status.example.com"} })
	wantError(t, s.get(t, "/api/stream"), http.StatusBadRequest, "WebSocket client")
	wantError(t, s.get(t, "/metrics", "Upgrade: websocket"), http.StatusBadRequest, "'Connection' header")

	dial := func(origin string) (int, error) {
		conn, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/metrics",
			http.Header{"Origin": {origin}})
		if err == nil {
			conn.Close()
		}
		return resp.StatusCode, err
	}
	if status, err := dial("https://evil.example.com"); err == nil || status != http.StatusForbidden {
		t.Errorf("foreign origin: %d, %v", status, err)
	}
	for _, origin := range []string{s.URL, "https://status.example.com"} {
		if status, err := dial(origin); err != nil {
			t.Errorf("origin %s: %d, %v", origin, status, err)
		}
	}
	s.awaitClients(t, transportWS, 0)
}

func TestWSClientsOverTheLimitAreRefused(t *testing.T) {
	s := newServer(t, func(_ *Config, l *limits) { l.clients = 1 })
	first := s.dial(t, "/metrics")
	wantError(t, s.get(t, "/sse"), http.StatusServiceUnavailable, "web.max_clients")
	_, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/metrics", nil)
	if !errors.Is(err, websocket.ErrBadHandshake) || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("second client: %v", err)
	}
	first.Close()
	await(t, "its place", func() bool {
		err := s.api.hub.admit()
		if err == nil {
			s.api.hub.release()
		}
		return err == nil
	})
	s.dial(t, "/metrics")
}

func TestWSEncodesOnceWhateverTheNumberOfClients(t *testing.T) {
	s := newServer(t)
	s.api.Publish(snapshotAt(0), nil, nil)
	current := s.api.hub.current.Load()
	one, err := current.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	two, err := current.snapshot()
	if err != nil || one != two {
		t.Errorf("two snapshots of one tick (%v)", err)
	}
	clients := make([]*wsClient, 5)
	for i := range clients {
		clients[i] = s.dial(t, "/metrics")
		clients[i].expect("snapshot", 1)
	}
	s.api.Publish(snapshotAt(1), nil, nil)
	for _, c := range clients {
		c.expect("update", 2)
	}
	await(t, "all messages to be counted", func() bool {
		return testutil.ToFloat64(s.api.metrics.sent.WithLabelValues(transportWS)) == 10
	})
}

// meter counts the bytes read from a connection.
type meter struct {
	net.Conn
	read int
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	m.read += n
	return n, err
}

func TestWSMessagesAreCompressedForClientsThatOfferIt(t *testing.T) {
	s := newServer(t)
	s.api.Publish(snapshotAt(0, slices.Repeat([]redpoll.EndpointMetrics{checkout}, 100)...), nil, nil)
	size := len(s.api.hub.current.Load().body)
	for _, offer := range []bool{true, false} {
		var wire *meter
		c := s.dialWith(t, websocket.Dialer{
			EnableCompression: offer,
			NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, address)
				wire = &meter{Conn: conn}
				return wire, err
			},
		}, "/metrics")
		c.expect("snapshot", 1)
		if n := wire.read; (n < size/10) != offer {
			t.Errorf("compression offered: %v; %d bytes for %d bytes of data", offer, n, size)
		}
	}
}
