package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// MaxPoints is the most steps that a history query may ask for.
const MaxPoints = 11_000

// queryTimeout bounds queries whose context has no deadline: a reader that
// stays keeps the WAL from being emptied.
const queryTimeout = 10 * time.Second

func withDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, queryTimeout)
}

// Range reads one endpoint's history.
//
// Steps are aligned to the Unix epoch and always whole: the first begins at or
// before Start, the last ends at or after End. What a snapshot added belongs
// to the step that its time lies in.
//
// A step of whole minutes is read from the one-minute sums and, where those
// end, from the snapshots. Every other step is read from the snapshots, unless
// the time asked for reaches further back than they do: then the whole answer
// is in whole minutes, with a longer step if need be.
//
// An endpoint without history has no points and is no error. ErrTooManyPoints
// says which step would do. The context's deadline is kept to, 10 s without
// one.
func (s *Store) Range(ctx context.Context, q redpoll.HistoryQuery) (redpoll.History, error) {
	step := (q.Step + time.Millisecond - 1).Milliseconds()
	if step <= 0 {
		return redpoll.History{}, fmt.Errorf("history step %s: must be positive", q.Step)
	}
	id, ok := s.catalog.find(q.Key)
	if !ok || !q.Start.Before(q.End) {
		return redpoll.History{Step: time.Duration(step) * time.Millisecond}, nil
	}
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return redpoll.History{}, fmt.Errorf("read history: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	r := &rangeReader{tx: tx, ctx: ctx, endpoint: id, decoder: s.catalog.decoder()}
	h, err := r.answer(q, step)
	if err != nil && !errors.Is(err, ErrTooManyPoints) {
		err = fmt.Errorf("read history: %w", err)
	}
	return h, err
}

// rangeReader answers one history query within one read transaction. Times are
// Unix ms.
type rangeReader struct {
	tx       *sql.Tx
	ctx      context.Context // it lives as long as the transaction
	endpoint int64
	decoder  decoder

	start, end, step int64
	history          redpoll.History
}

func (r *rangeReader) answer(q redpoll.HistoryQuery, step int64) (redpoll.History, error) {
	r.align(q, step)
	minutes, err := r.needsMinutes()
	if err != nil {
		return r.history, err
	}
	if minutes {
		r.align(q, ceil(step, minuteMS))
	}
	if err := r.checkPoints(); err != nil {
		return r.history, err
	}
	r.history.Step = time.Duration(r.step) * time.Millisecond
	ticksFrom := r.start
	if minutes {
		if ticksFrom, err = r.readMinutes(); err != nil {
			return r.history, err
		}
	}
	return r.history, r.read("SELECT ts, data FROM tick WHERE ts >= ? AND ts < ? ORDER BY ts", ticksFrom)
}

// needsMinutes tells whether the one-minute sums are to be read: because they
// suffice, or because only they reach back far enough.
func (r *rangeReader) needsMinutes() (bool, error) {
	if r.step%minuteMS == 0 {
		return true, nil
	}
	var older bool
	err := r.tx.QueryRowContext(r.ctx, `SELECT EXISTS (SELECT 1 FROM mtick
		WHERE ts >= ? AND ts < ? AND ts < coalesce((SELECT min(ts) / ? * ? FROM tick), ?))`,
		floor(r.start, minuteMS), r.end, minuteMS, minuteMS, r.end).Scan(&older)
	return older, err
}

// align widens the time asked for to whole steps.
func (r *rangeReader) align(q redpoll.HistoryQuery, step int64) {
	r.start, r.end, r.step = floor(q.Start.UnixMilli(), step), ceil(ceilMilli(q.End), step), step
}

// checkPoints refuses an answer of more than MaxPoints. The step that it
// suggests leaves room for the two that aligning may add.
func (r *rangeReader) checkPoints() error {
	points := (r.end - r.start) / r.step
	if points <= MaxPoints {
		return nil
	}
	least := ceil((r.end-r.start)/(MaxPoints-2)+1, 1000)
	if least > minuteMS {
		least = ceil(least, minuteMS)
	}
	return fmt.Errorf("%w: %d of %s each, at most %d; a step of %s does", ErrTooManyPoints, points,
		time.Duration(r.step)*time.Millisecond, MaxPoints, time.Duration(least)*time.Millisecond)
}

// readMinutes reads the one-minute sums and gives the time where they end.
func (r *rangeReader) readMinutes() (end int64, err error) {
	var last sql.NullInt64
	if err := r.tx.QueryRowContext(r.ctx, "SELECT max(ts) FROM mtick").Scan(&last); err != nil {
		return 0, err
	}
	if !last.Valid {
		return r.start, nil
	}
	err = r.read("SELECT ts, data FROM mtick WHERE ts >= ? AND ts < ? ORDER BY ts", r.start)
	return max(r.start, last.Int64+minuteMS), err
}

// read adds what the selected blobs say of the endpoint.
func (r *rangeReader) read(query string, from int64) error {
	rows, err := r.tx.QueryContext(r.ctx, query, from, r.end)
	if err != nil {
		return err
	}
	defer rows.Close() // Err tells
	for rows.Next() {
		var ts int64
		var blob sql.RawBytes
		if err := rows.Scan(&ts, &blob); err != nil {
			return err
		}
		if err := r.add(ts, blob); err != nil {
			return fmt.Errorf("at %s: %w", time.UnixMilli(ts).UTC(), err)
		}
	}
	return rows.Err()
}

func (r *rangeReader) add(ts int64, blob []byte) error {
	b, interval, err := openBlob(blob)
	if err != nil {
		return err
	}
	r.history.Resolution = max(r.history.Resolution, interval)
	ok, err := b.seek(r.endpoint)
	if !ok {
		return err
	}
	in, err := r.decoder.decode(&b)
	if err != nil {
		return err
	}
	at := time.UnixMilli(floor(ts, r.step))
	points := r.history.Points
	if n := len(points); n == 0 || !points[n-1].Time.Equal(at) {
		r.history.Points = append(points, redpoll.HistoryPoint{Time: at})
	}
	r.history.Points[len(r.history.Points)-1].Append(in)
	return nil
}

// ceil rounds ts up to a multiple of step.
func ceil(ts, step int64) int64 { return -floor(-ts, step) }

// ceilMilli rounds t up to a millisecond, so that End never cuts off a tick
// that lies before it.
func ceilMilli(t time.Time) int64 {
	return t.Add(time.Millisecond - 1).UnixMilli()
}
