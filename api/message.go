package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// message is one encoded message of the stream. Everyone who gets it shares
// it; it never changes.
type message struct {
	seq uint64 // of the tick that it tells of; 0 for an answer to one client
	// frame is the WebSocket form; it compresses itself once, when the first
	// client with compression gets it.
	frame *websocket.PreparedMessage
	// event is the server-sent event, put together once when asked for.
	event func() []byte
	size  int // bytes of JSON
}

func (m *message) isAnswer() bool { return m.seq == 0 }

// newMessage makes a message of JSON. The event gets the id seq, and none if
// that is 0.
func newMessage(seq uint64, text []byte) (*message, error) {
	frame, err := websocket.NewPreparedMessage(websocket.TextMessage, text)
	if err != nil {
		return nil, fmt.Errorf("frame stream message: %w", err)
	}
	return &message{
		seq:   seq,
		frame: frame,
		event: sync.OnceValue(func() []byte { return appendEvent(nil, seq, text) }),
		size:  len(text),
	}, nil
}

func (m *streamMessage) message() (*message, error) {
	text, err := m.encode()
	if err != nil {
		return nil, err
	}
	return newMessage(m.Seq, text)
}

func (m errorMessage) message() (*message, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode error message: %w", err)
	}
	return newMessage(0, text)
}

// appendEvent relies on JSON text having no line breaks.
func appendEvent(b []byte, seq uint64, text []byte) []byte {
	if seq != 0 {
		b = append(b, "id: "...)
		b = strconv.AppendUint(b, seq, 10)
		b = append(b, '\n')
	}
	b = append(b, "data: "...)
	b = append(b, text...)
	return append(b, "\n\n"...)
}

// tick is what became of one Publish; it never changes.
type tick struct {
	seq  uint64
	snap *redpoll.Snapshot
	// body is the snapshot's JSON, which /api/metrics answers and both
	// messages carry as their data; etag is its weak entity tag.
	body []byte
	etag string

	update *message
	// snapshot is encoded when the first client needs it: where nobody
	// connects and nobody falls behind, nobody does.
	snapshot func() (*message, error)
}

// newTick encodes the snapshot once. It keeps s and active.
func newTick(seq uint64, s *redpoll.Snapshot, transitions, active []redpoll.Alert) (*tick, error) {
	w := toWireSnapshot(s)
	body, err := w.encode()
	if err != nil {
		return nil, err
	}
	m := streamMessage{Type: "update", Seq: seq, Timestamp: s.Time.UnixMilli(), Data: body}
	if len(transitions) > 0 {
		m.Alerts = toWireAlerts(transitions)
	}
	update, err := m.message()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	return &tick{
		seq: seq, snap: s, body: body,
		etag:   `W/"` + hex.EncodeToString(sum[:12]) + `"`,
		update: update,
		snapshot: sync.OnceValues(func() (*message, error) {
			m := m
			m.Type, m.Alerts = "snapshot", toWireAlerts(active)
			return m.message()
		}),
	}, nil
}
