package api

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// errTooBig is a message over maxClientMessage after decompression.
var errTooBig = errors.New("message too big")

// compressionLevel makes messages a fifth shorter than flate's fastest level
// does. It costs a quarter of a millisecond more for 100 endpoints, which
// matters little when it is spent once for all clients.
const compressionLevel = 5

// newUpgrader keeps what a client costs small: no buffer for writing, because
// frames are shared, and a small one for reading. Compression forgets between
// messages (no context takeover), which is what lets clients share frames.
func newUpgrader(origins []string) *websocket.Upgrader {
	return &websocket.Upgrader{
		HandshakeTimeout:  10 * time.Second,
		ReadBufferSize:    256,
		WriteBufferSize:   1024,
		WriteBufferPool:   &sync.Pool{},
		EnableCompression: true,
		CheckOrigin:       func(r *http.Request) bool { return originAllowed(r, origins) },
		Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
			writeError(w, &statusError{status, upgradeAdvice(status, reason)})
		},
	}
}

// originAllowed lets in programs, which send no Origin, pages of redpoll's own
// and those of the origins listed.
func originAllowed(r *http.Request, allowed []string) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || slices.Contains(allowed, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

func upgradeAdvice(status int, reason error) string {
	what := strings.TrimPrefix(reason.Error(), "websocket: ")
	if status == http.StatusForbidden {
		return what + ": list the page's origin under web.allowed_origins"
	}
	return what + ": connect with a WebSocket client, or read the same messages from /sse"
}

// wantsUpgrade tells a stream from a scrape of /metrics.
func wantsUpgrade(r *http.Request) bool {
	for _, line := range r.Header.Values("Upgrade") {
		for protocol := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(protocol), "websocket") {
				return true
			}
		}
	}
	return false
}

// serveWebSocket starts the stream and returns: the goroutine that net/http
// runs handlers on holds buffers that a stream has no use for.
func (a *API) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	if err := a.hub.admit(); err != nil {
		writeError(w, err)
		return
	}
	conn, err := a.upgrader.Upgrade(w, r, nil)
	if err != nil { // answered by Upgrader.Error
		a.logger.Debug("WebSocket handshake failed", "remote", r.RemoteAddr, "err", err)
		a.hub.release()
		return
	}
	_ = conn.SetCompressionLevel(compressionLevel) // fails for levels that do not exist
	c, err := a.hub.join(transportWS, a.now(), func() { _ = conn.Close() })
	if err != nil {
		a.logger.Error("WebSocket stream refused", "err", err)
		_ = conn.Close()
		a.hub.release()
		return
	}
	ws := &wsStream{client: c, hub: a.hub, conn: conn, now: a.now, written: make(chan struct{})}
	go ws.write()
	go ws.read()
}

// wsStream is a client with a WebSocket. The reader owns the connection's end;
// the writer alone writes messages (gorilla/websocket allows one of each).
type wsStream struct {
	*client
	hub  *hub
	conn *websocket.Conn
	now  func() time.Time
	// written is closed when the writer is gone.
	written chan struct{}
}

// write sends what the mailbox has, and pings, until the stream ends.
func (s *wsStream) write() {
	defer close(s.written)
	ping := time.NewTicker(s.hub.limits.pingInterval)
	defer ping.Stop()
	for {
		if err := s.flush(); err != nil {
			s.end(writeFailure(err))
			_ = s.conn.Close()
			return
		}
		select {
		case <-s.box.wake:
		case <-ping.C:
			// A failure shows in the next write or as the peer's silence.
			_ = s.conn.WriteControl(websocket.PingMessage, nil, s.deadline())
		case <-s.ended:
			s.sayGoodbye()
			return
		}
	}
}

func (s *wsStream) flush() error {
	for {
		m, err := s.hub.next(s.client)
		if err != nil || m == nil {
			return err
		}
		if err := s.conn.SetWriteDeadline(s.deadline()); err != nil {
			return err
		}
		if err := s.conn.WritePreparedMessage(m.frame); err != nil {
			return err
		}
		s.sent.Inc()
	}
}

func (s *wsStream) deadline() time.Time { return time.Now().Add(s.hub.limits.writeTimeout) }

// sayGoodbye tells the client why the stream ends, where redpoll ended it on
// its own account, and leaves the peer closeGrace to answer.
func (s *wsStream) sayGoodbye() {
	if s.reason != droppedShutdown {
		return
	}
	grace := time.Now().Add(s.hub.limits.closeGrace)
	text := websocket.FormatCloseMessage(websocket.CloseGoingAway, errShuttingDown.Error())
	_ = s.conn.WriteControl(websocket.CloseMessage, text, grace) // the reader closes in any case
	_ = s.conn.SetReadDeadline(grace)
}

// read takes messages until the connection ends, and then cleans up, once the
// writer is gone, too.
func (s *wsStream) read() {
	defer s.hub.release()
	s.conn.SetReadLimit(maxClientMessage)
	s.conn.SetPongHandler(func(string) error { s.extend(); return nil })
	s.extend()
	err := s.readMessages()
	s.end(readFailure(err))
	if errors.Is(err, websocket.ErrReadLimit) || errors.Is(err, errTooBig) {
		s.linger()
	}
	_ = s.conn.Close()
	<-s.written
	s.hub.leave(s.client, s.now())
}

// extend restarts the idle limit.
func (s *wsStream) extend() {
	select {
	case <-s.ended: // the limit is sayGoodbye's now
	default:
		_ = s.conn.SetReadDeadline(time.Now().Add(s.hub.limits.idleTimeout))
	}
}

func (s *wsStream) readMessages() error {
	for {
		kind, r, err := s.conn.NextReader()
		if err != nil {
			return err
		}
		text, err := io.ReadAll(io.LimitReader(r, maxClientMessage+1))
		if err != nil {
			return err
		}
		if len(text) > maxClientMessage { // a small frame that inflates
			goodbye := websocket.FormatCloseMessage(websocket.CloseMessageTooBig, "")
			_ = s.conn.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(s.hub.limits.closeGrace))
			return errTooBig
		}
		s.extend()
		s.handle(kind, text)
	}
}

// handle obeys a message, or answers what is wrong with it.
func (s *wsStream) handle(kind int, text []byte) {
	if kind != websocket.TextMessage {
		s.complain(errors.New("binary messages are not understood: " + clientMessageHelp))
		return
	}
	switch what, err := parseClientMessage(text); {
	case err != nil:
		s.complain(err)
	case what == typeSubscribe:
		s.box.resume()
	case what == typeUnsubscribe:
		s.box.pause()
	}
}

// complain answers with an error message. Where the client sends nonsense
// faster than it reads the answers, some are lost.
func (s *wsStream) complain(reason error) {
	m, err := errorMessage{Type: "error", Timestamp: s.now().UnixMilli(), Error: reason.Error()}.message()
	if err != nil || !s.box.post(m) {
		s.lost.Inc()
	}
}

// linger reads on for a moment: to close while the peer still sends would
// reset the connection, and the peer might never see the close frame.
func (s *wsStream) linger() {
	_ = s.conn.SetReadDeadline(time.Now().Add(s.hub.limits.closeGrace))
	_, _ = io.CopyN(io.Discard, s.conn.NetConn(), 64*maxClientMessage)
}

// writeFailure and readFailure give the reason to count, empty where the peer
// went away by itself.
func writeFailure(err error) string {
	if isTimeout(err) {
		return droppedSlow
	}
	return ""
}

func readFailure(err error) string {
	switch {
	case errors.Is(err, websocket.ErrReadLimit), errors.Is(err, errTooBig):
		return droppedTooBig
	case isTimeout(err):
		return droppedIdle
	}
	return ""
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}
