package api

import (
	"slices"
	"sync"
)

// mailbox holds what one client has yet to get: a few shared messages at most.
// When it overflows, the client's next message after those is a snapshot,
// which makes up for whatever was lost.
//
// offer and post are for producers, take for the client's writer. All may be
// called concurrently.
type mailbox struct {
	// wake has an element whenever take may have something new.
	wake chan struct{}

	mu     sync.Mutex
	queue  []*message
	limit  int
	paused bool
	// snapshotDue is set for a new client and one that lost messages.
	snapshotDue bool
	// seq is that of the newest snapshot or update put in, 0 before the first.
	seq uint64
	// offered is that of the newest tick, put in or not. A snapshot that is due
	// must not be older: it stands for all that was held back.
	offered uint64
}

// newMailbox makes one for a client that has nothing yet: a snapshot is due.
func newMailbox(limit int) *mailbox {
	return &mailbox{wake: make(chan struct{}, 1), limit: limit, snapshotDue: true}
}

// offer puts t's update in, and reports whether the client lost it.
func (b *mailbox) offer(t *tick) (lost bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.offered = t.seq
	switch {
	case b.paused, t.seq <= b.seq: // the latter: its snapshot went ahead
		return false
	case b.snapshotDue:
		lost = b.seq != 0
	case len(b.queue) >= b.limit:
		b.snapshotDue, lost = true, true
	default:
		b.queue = append(b.queue, t.update)
		b.seq = t.seq
	}
	b.signal()
	return lost
}

// post puts an answer to the client in, and reports whether there was room.
func (b *mailbox) post(m *message) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) >= b.limit {
		return false
	}
	b.queue = append(b.queue, m)
	b.signal()
	return true
}

// take removes the next message, nil if there is none. Once the queue is empty
// and a snapshot due, it reports snapshot instead: current's is next. Where
// current is nil, or older than what has been offered since it was looked up,
// the snapshot stays due; the offer has set off wake.
func (b *mailbox) take(current *tick) (m *message, snapshot bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.queue); n > 0 {
		m = b.queue[0]
		copy(b.queue, b.queue[1:])
		b.queue[n-1] = nil
		b.queue = b.queue[:n-1]
		return m, false
	}
	if !b.snapshotDue || b.paused || current == nil || current.seq < b.offered {
		return nil, false
	}
	b.snapshotDue, b.seq = false, current.seq
	return nil, true
}

// pause throws away all that is queued but answers, and lets nothing else in.
func (b *mailbox) pause() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.paused = true
	b.queue = slices.DeleteFunc(b.queue, func(m *message) bool { return !m.isAnswer() })
}

// resume starts again with a snapshot, as for a new client.
func (b *mailbox) resume() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.paused, b.snapshotDue, b.seq = false, true, 0
	b.signal()
}

func (b *mailbox) signal() {
	select {
	case b.wake <- struct{}{}:
	default: // awake already
	}
}
