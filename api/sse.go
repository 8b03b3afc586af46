package api

import (
	"net/http"
	"time"
)

// serveEvents streams the WebSocket's messages as server-sent events. A client
// that comes back with Last-Event-ID gets a snapshot, as any other does, which
// makes up for what it missed.
func (a *API) serveEvents(w http.ResponseWriter, r *http.Request) {
	if !originAllowed(r, a.config.AllowedOrigins) {
		writeError(w, errForeignOrigin)
		return
	}
	if r.Method == http.MethodHead {
		setEventHeaders(w.Header(), r)
		return
	}
	if err := a.hub.admit(); err != nil {
		writeError(w, err)
		return
	}
	defer a.hub.release()
	conn := http.NewResponseController(w)
	c, err := a.hub.join(transportSSE, a.now(), func() { _ = conn.SetWriteDeadline(time.Now()) })
	if err != nil {
		writeError(w, err)
		return
	}
	defer func() { a.hub.leave(c, a.now()) }()

	setEventHeaders(w.Header(), r)
	_ = conn.SetReadDeadline(time.Time{}) // the server's would end the stream
	s := &eventStream{client: c, hub: a.hub, w: w, conn: conn}
	s.end(writeFailure(s.run(r.Context().Done())))
}

func setEventHeaders(h http.Header, r *http.Request) {
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold messages back
	if origin := r.Header.Get("Origin"); origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Vary", "Origin")
	}
}

// eventStream is a client with server-sent events; it lives on the goroutine
// of its request.
type eventStream struct {
	*client
	hub  *hub
	w    http.ResponseWriter
	conn *http.ResponseController
}

// run writes what the mailbox has, and a comment now and then by which proxies
// and clients see that the stream lives, until the stream or gone ends.
func (s *eventStream) run(gone <-chan struct{}) error {
	heartbeat := time.NewTicker(s.hub.limits.heartbeat)
	defer heartbeat.Stop()
	if err := s.write([]byte("retry: 2000\n\n")); err != nil {
		return err
	}
	for {
		if err := s.flush(); err != nil {
			return err
		}
		select {
		case <-s.box.wake:
		case <-heartbeat.C:
			if err := s.write([]byte(": still here\n\n")); err != nil {
				return err
			}
		case <-s.ended:
			return nil
		case <-gone:
			return nil
		}
	}
}

func (s *eventStream) flush() error {
	for {
		m, err := s.hub.next(s.client)
		if err != nil || m == nil {
			return err
		}
		if err := s.write(m.event()); err != nil {
			return err
		}
		s.sent.Inc()
	}
}

// write has a deadline only while it lasts: one that passed between two writes
// would end an HTTP/2 stream.
func (s *eventStream) write(event []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(s.hub.limits.writeTimeout)); err != nil {
		return err
	}
	if _, err := s.w.Write(event); err != nil {
		return err
	}
	if err := s.conn.Flush(); err != nil {
		return err
	}
	return s.conn.SetWriteDeadline(time.Time{})
}
