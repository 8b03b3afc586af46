package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// How much history is kept in memory while it cannot be written, and how much
// of it one Append writes once it can: an hour's worth at 5 s, without holding
// up the evaluations that follow.
const (
	maxPendingTicks = 720
	maxPendingBytes = 64 << 20
	maxBacklog      = 32
)

// tick is what one snapshot adds to the database.
type tick struct {
	ts       int64 // Unix ms, ascending
	interval time.Duration
	blob     []byte // nil if no endpoint has anything new
	cdn      redpoll.CDN
	system   redpoll.System
	marks    []redpoll.Mark
	alerts   []redpoll.Alert
}

// bytes is about what the tick takes up in memory, alerts apart.
func (t *tick) bytes() int { return len(t.blob) + markBytes(t.marks) }

// journal is what the writer remembers from one snapshot to the next. open and
// due change only once a commit has succeeded, so a failed one needs no undoing.
type journal struct {
	// pending are the ticks to be written, oldest first; bytes is the size of
	// them together.
	pending []tick
	bytes   int
	// last is the newest tick's time, pending ones included.
	last int64
	// behind is true while the clock shows a time before last.
	behind bool
	// open is the minute that the newest written tick belongs to, due what is
	// left to do of the one before it.
	open   minute
	due    dueRows
	closed bool
	// leftOut is true once a histogram was left out since the last hour began.
	leftOut bool
}

// Append stores a snapshot in one transaction: the New increases of its
// endpoints, the system and cdn figures, the marks and the alerts that changed.
//
// When that fails, the snapshot is kept in memory and written by a later
// Append, in order; what exceeds maxPendingTicks or maxPendingBytes is lost,
// oldest first, and counted, except for alerts. A snapshot that is older than
// the one before it, because the clock was set back, is stored a millisecond
// after that one. A histogram that contradicts itself is left out; the error
// names it, and the rest is stored.
func (s *Store) Append(ctx context.Context, snap *redpoll.Snapshot, transitions []redpoll.Alert) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal.closed {
		return ErrClosed
	}
	t, err := s.newTick(snap, transitions)
	s.enqueue(t)
	return errors.Join(err, s.drain(ctx, maxBacklog))
}

func (s *Store) newTick(snap *redpoll.Snapshot, transitions []redpoll.Alert) (tick, error) {
	t := tick{
		ts:       s.timestamp(snap.Time),
		interval: snap.Interval,
		cdn:      snap.CDN,
		system:   snap.System,
		alerts:   cloneAlerts(transitions),
	}
	t.marks = marksUntil(t.ts, snap.Marks)
	var err error
	t.blob, err = s.encode(snap, t.ts)
	return t, err
}

func cloneAlerts(alerts []redpoll.Alert) []redpoll.Alert {
	var clones []redpoll.Alert
	for i := range alerts {
		clones = append(clones, alerts[i].Clone())
	}
	return clones
}

// timestamp is t unless that would not be after the newest tick.
func (s *Store) timestamp(t time.Time) int64 {
	j, ts := &s.journal, t.UnixMilli()
	behind := ts <= j.last
	switch {
	case behind && !j.behind:
		s.log.Warn("The clock was set back: snapshots are stored right after the newest one until it catches up",
			"clock", t.UTC(), "newest", time.UnixMilli(j.last).UTC())
	case j.behind && !behind:
		s.log.Info("The clock has caught up with the stored history", "clock", t.UTC())
	}
	j.behind = behind
	if behind {
		return j.last + 1
	}
	return ts
}

// encode makes the blob of what is new at the endpoints; nil if nothing is.
// The error names the first endpoint of which something had to be left out.
func (s *Store) encode(snap *redpoll.Snapshot, ts int64) ([]byte, error) {
	var first error
	var records []record
	for i := range snap.Endpoints {
		e := &snap.Endpoints[i]
		if e.New == nil {
			continue
		}
		r, err := s.record(e.Key, *e.New, ts)
		if err != nil && first == nil {
			first = fmt.Errorf("store endpoint %s %s of job %s: %w; left out", e.Key.Method, e.Key.Path, e.Key.Job, err)
		}
		if r.id != 0 {
			records = append(records, r)
		}
	}
	return encodeRecords(snap.Interval, records), first
}

// record prepares an increase for the journal. With an error it comes without
// its histogram, or with id 0 if nothing of it can be stored.
func (s *Store) record(k redpoll.EndpointKey, in redpoll.Increase, ts int64) (record, error) {
	id, layout, err := s.catalog.intern(k, ts, in.Latency)
	switch {
	case errors.Is(err, errTooManyLayouts):
		s.leaveOut(&in, k, err)
		err = nil
	case err != nil:
		in.Latency = nil
	}
	return record{id: id, layout: layout, increase: in}, err
}

// leaveOut takes away a histogram that the history has no room for, counts it,
// and logs the first one of each hour.
func (s *Store) leaveOut(in *redpoll.Increase, k redpoll.EndpointKey, cause error) {
	in.Latency = nil
	s.metrics.histograms.Inc()
	if s.journal.leftOut {
		return
	}
	s.journal.leftOut = true
	s.log.Warn("Histograms are left out of the history, requests and errors are kept; an application's buckets must stay the same",
		"job", k.Job, "method", k.Method, "path", k.Path, "err", cause)
}

func (s *Store) enqueue(t tick) {
	j := &s.journal
	j.pending = append(j.pending, t)
	j.bytes += t.bytes()
	j.last = t.ts
	for len(j.pending) > 1 && (len(j.pending) > maxPendingTicks || j.bytes > maxPendingBytes) {
		lost := &j.pending[0]
		j.pending[1].alerts = latest(append(lost.alerts, j.pending[1].alerts...))
		j.shift()
		s.metrics.dropped.Inc()
	}
}

// shift takes away the oldest pending tick.
func (j *journal) shift() {
	j.bytes -= j.pending[0].bytes()
	j.pending[0] = tick{} // for the garbage collector
	j.pending = j.pending[1:]
}

// latest keeps the newest version of every alert.
func latest(alerts []redpoll.Alert) []redpoll.Alert {
	at := map[string]int{}
	var kept []redpoll.Alert
	for _, a := range alerts {
		if i, ok := at[a.ID]; ok {
			kept[i] = a
			continue
		}
		at[a.ID] = len(kept)
		kept = append(kept, a)
	}
	return kept
}

// drain writes pending ticks, oldest first and at most n, until one fails.
func (s *Store) drain(ctx context.Context, n int) error {
	j := &s.journal
	defer func() { s.pending.Store(int64(len(j.pending))) }()
	for ; n > 0 && len(j.pending) > 0; n-- {
		start := time.Now()
		err := s.commit(ctx, &j.pending[0])
		s.metrics.committed(time.Since(start), err)
		if err != nil {
			return fmt.Errorf("write history to %s: %w; %d snapshots are kept in memory until it works (at most %d)",
				s.config.Path, explain(s.config.Path, err), len(j.pending), maxPendingTicks)
		}
		j.shift()
	}
	return nil
}

// commit writes a tick and all that is due with it, and takes note of it.
// Every statement may be repeated: a commit that reports an error can have
// taken place.
func (s *Store) commit(ctx context.Context, t *tick) error {
	j := &s.journal
	if err := s.claim.check(); err != nil {
		return err
	}
	tx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // does nothing after Commit
	due, err := s.putDue(tx, t)
	if err != nil {
		return err
	}
	if err := s.putTick(tx, t); err != nil {
		return err
	}
	if err := s.deleteDue(tx, t.ts); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	s.catalog.setSaved()
	if j.open.endsHourBefore(t.ts) {
		s.catalog.forget(s.oldest(t.ts))
		j.leftOut = false
	}
	j.due = due
	s.follow(t.ts, t.blob)
	return nil
}

// putDue writes the minute that a tick ends, if it does, and the tick's share
// of minute rows. It gives the rows that are left.
func (s *Store) putDue(tx *transaction, t *tick) (left dueRows, err error) {
	j := &s.journal
	left = j.due
	if j.open.endsBefore(t.ts) {
		if left, err = s.closeMinute(tx, j.open, left); err != nil {
			return left, err
		}
	}
	rows, left := left.take(t.interval)
	return left, s.putMinuteRows(tx, rows)
}

// deleteDue deletes what is out of date, each minute, and once an hour what
// nothing refers to any more.
func (s *Store) deleteDue(tx *transaction, ts int64) error {
	open := s.journal.open
	if open.endsBefore(ts) {
		if err := s.prune(tx, ts); err != nil {
			return err
		}
	}
	if open.endsHourBefore(ts) {
		return forgetRows(tx, s.oldest(ts))
	}
	return nil
}

// putTick writes what the tick itself holds, and the endpoints and layouts
// that its blob refers to.
func (s *Store) putTick(tx *transaction, t *tick) error {
	if err := s.putCatalog(tx); err != nil {
		return err
	}
	if t.blob != nil {
		if err := tx.exec(tx.tick, t.ts, t.blob); err != nil {
			return err
		}
	}
	if err := putGauges(tx, t); err != nil {
		return err
	}
	if err := putMarks(tx, t.marks); err != nil {
		return err
	}
	return putAlerts(tx, t.alerts)
}

// follow adds a written tick to the minute that it belongs to.
func (s *Store) follow(ts int64, blob []byte) {
	j := &s.journal
	if j.open.endsBefore(ts) || j.open.increases == nil {
		j.open = newMinute(ts)
	}
	if err := j.open.add(blob, s.catalog); err != nil {
		s.log.Warn("A snapshot of the history is unreadable", "time", time.UnixMilli(ts).UTC(), "err", err)
	}
}
