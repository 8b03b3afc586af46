package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// limits bound what a client of the stream may cost.
type limits struct {
	clients      int           // streams open at a time
	queue        int           // messages waiting for one client
	writeTimeout time.Duration // a write that takes longer ends the stream
	idleTimeout  time.Duration // so does silence, pongs included (WebSocket)
	pingInterval time.Duration // well inside idleTimeout
	heartbeat    time.Duration // of server-sent events
	closeGrace   time.Duration // for clients to take leave
}

func defaultLimits(clients int) limits {
	return limits{
		clients:      clients,
		queue:        8,
		writeTimeout: 10 * time.Second,
		idleTimeout:  120 * time.Second,
		pingInterval: 50 * time.Second,
		heartbeat:    15 * time.Second,
		closeGrace:   time.Second,
	}
}

// Why a stream is refused.
var (
	errTooManyClients = errors.New("too many streams are open: close one, or raise web.max_clients")
	errShuttingDown   = errors.New("redpoll is shutting down: connect again in a moment")
)

// hub hands every message to every client and knows who is there.
type hub struct {
	limits  limits
	metrics *metrics
	logger  *slog.Logger

	current atomic.Pointer[tick] // nil before the first publish

	mu       sync.Mutex // guards what follows
	clients  map[*client]struct{}
	admitted int // clients and those whose handshake is under way
	closed   bool

	// running counts the admitted ones for close to wait for.
	running sync.WaitGroup
}

func newHub(l limits, m *metrics, logger *slog.Logger) *hub {
	return &hub{limits: l, metrics: m, logger: logger, clients: map[*client]struct{}{}}
}

// client is one stream. Its transport runs one goroutine that writes.
type client struct {
	id        uuid.UUID
	transport string
	connected time.Time
	box       *mailbox

	// sent and lost are the transport's counters.
	sent, lost prometheus.Counter

	// ended is closed when the stream is to end, for the given reason; empty
	// means that the client went away.
	ended  chan struct{}
	once   sync.Once
	reason string

	// abort breaks the connection off, so that nothing waits for it.
	abort func()
}

// end asks the client's goroutines to stop. Only the first reason counts.
func (c *client) end(reason string) {
	c.once.Do(func() {
		c.reason = reason
		close(c.ended)
	})
}

// admit reserves a place. Every successful admit needs one release.
func (h *hub) admit() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return errShuttingDown
	case h.admitted >= h.limits.clients:
		return errTooManyClients
	}
	h.admitted++
	h.running.Add(1)
	return nil
}

func (h *hub) release() {
	h.mu.Lock()
	h.admitted--
	h.mu.Unlock()
	h.running.Done()
}

// join adds a client that has a place. abort is called at most once, from
// another goroutine, and not after leave.
func (h *hub) join(transport string, now time.Time, abort func()) (*client, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make a client id: %w", err)
	}
	c := &client{
		id: id, transport: transport, connected: now, abort: abort,
		box:   newMailbox(h.limits.queue),
		ended: make(chan struct{}),
		sent:  h.metrics.sent.WithLabelValues(transport),
		lost:  h.metrics.lost.WithLabelValues(transport),
	}
	h.mu.Lock()
	h.clients[c] = struct{}{}
	if h.closed {
		c.end(droppedShutdown)
	}
	h.mu.Unlock()
	h.metrics.clients.WithLabelValues(transport).Inc()
	return c, nil
}

// leave removes the client; its stream must have ended.
func (h *hub) leave(c *client, now time.Time) {
	h.mu.Lock()
	delete(h.clients, c)
	h.mu.Unlock()
	h.metrics.clients.WithLabelValues(c.transport).Dec()
	if c.reason != "" {
		h.metrics.clientsDropped.WithLabelValues(c.reason).Inc()
	}
	h.logger.Debug("stream ended", "client", c.id, "transport", c.transport,
		"after", now.Sub(c.connected), "reason", c.reason)
}

// publish makes a tick current and hands its update to everyone. It never
// waits for a client. One caller at a time.
func (h *hub) publish(s *redpoll.Snapshot, transitions, active []redpoll.Alert) error {
	seq := uint64(1)
	if last := h.current.Load(); last != nil {
		seq = last.seq + 1
	}
	t, err := newTick(seq, s, transitions, active)
	if err != nil {
		return err
	}
	h.metrics.messageBytes.Observe(float64(t.update.size))
	h.current.Store(t)
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.clients {
		if c.box.offer(t) {
			c.lost.Inc()
		}
	}
	return nil
}

// next is the message that the client's writer should write now, nil if there
// is none until the mailbox wakes it.
func (h *hub) next(c *client) (*message, error) {
	current := h.current.Load()
	m, snapshot := c.box.take(current)
	if !snapshot {
		return m, nil
	}
	return current.snapshot()
}

// close ends every stream and waits until all have gone: politely at first,
// and by breaking off what is left after closeGrace or when ctx ends.
func (h *hub) close(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	for c := range h.clients {
		c.end(droppedShutdown)
	}
	h.mu.Unlock()

	gone := make(chan struct{})
	go func() {
		h.running.Wait()
		close(gone)
	}()
	grace, cancel := context.WithTimeout(ctx, 2*h.limits.closeGrace)
	defer cancel()
	select {
	case <-gone:
		return nil
	case <-grace.Done():
	}
	h.abortAll()
	select {
	case <-gone:
		return nil
	case <-time.After(h.limits.closeGrace):
		return errors.New("close streams: some connections did not end")
	}
}

func (h *hub) abortAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.clients {
		c.abort()
	}
}
