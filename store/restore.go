package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// restore takes up where the journal ends: it reads the catalog, sums up the
// ticks whose minute is not written yet and finds the minute rows that a
// killed process left out.
func (s *Store) restore(ctx context.Context) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // does nothing after Commit
	if err := s.catalog.load(ctx, tx.Tx); err != nil {
		return err
	}
	open, err := s.restoreRows(tx)
	if err != nil {
		return err
	}
	if err := s.replay(tx, open); err != nil {
		return err
	}
	if err := s.putCatalog(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	s.catalog.setSaved()
	return nil
}

// restoreRows makes the rows of the last written minute due once more if some
// are missing, and gives the time from which on no minute is written. Earlier
// minutes lack none: closing a minute writes what the one before still has due.
func (s *Store) restoreRows(tx *transaction) (from int64, err error) {
	var m minute
	var blob []byte
	err = tx.QueryRowContext(tx.ctx, "SELECT ts, data FROM mtick ORDER BY ts DESC LIMIT 1").Scan(&m.start, &blob)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	m = newMinute(m.start)
	if err := m.add(blob, s.catalog); err != nil {
		s.log.Warn("A minute of the history is unreadable", "minute", time.UnixMilli(m.start).UTC(), "err", err)
	}
	var written int
	err = tx.QueryRowContext(tx.ctx, "SELECT count(*) FROM minute WHERE ts = ?", m.start).Scan(&written)
	if err == nil && written < len(m.increases) {
		s.journal.due = newDueRows(m.rows())
	}
	return m.start + minuteMS, err
}

// replay sums up the ticks from a time on, and writes the minutes among them
// that have ended.
func (s *Store) replay(tx *transaction, from int64) error {
	j := &s.journal
	j.last = from - 1
	rows, err := tx.QueryContext(tx.ctx, "SELECT ts, data FROM tick WHERE ts >= ? ORDER BY ts", from)
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
		if j.open.endsBefore(ts) {
			if j.due, err = s.closeMinute(tx, j.open, j.due); err != nil {
				return err
			}
		}
		s.follow(ts, blob)
		j.last = ts
	}
	return rows.Err()
}

// load reads the endpoints and bucket layouts.
func (c *catalog) load(ctx context.Context, tx *sql.Tx) error {
	if err := c.loadLayouts(ctx, tx); err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT id, job, path, method, bounds_id, first_ts, last_ts
		FROM endpoint WHERE instance = ''`)
	if err != nil {
		return err
	}
	defer rows.Close() // Err tells
	for rows.Next() {
		e := &endpoint{saved: true}
		var own sql.NullInt64
		err := rows.Scan(&e.id, &e.key.Job, &e.key.Path, &e.key.Method, &own, &e.first, &e.last)
		if err != nil {
			return err
		}
		e.own = c.layouts[own.Int64]
		if own.Valid && e.own == nil {
			return fmt.Errorf("endpoint %d: there is no bucket layout %d", e.id, own.Int64)
		}
		c.put(e)
		c.lastID = max(c.lastID, e.id)
	}
	return rows.Err()
}

func (c *catalog) loadLayouts(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, "SELECT id, le, scale, last_ts FROM bounds")
	if err != nil {
		return err
	}
	defer rows.Close() // Err tells
	for rows.Next() {
		var id, last int64
		var s shape
		if err := rows.Scan(&id, &s.le, &s.scale, &last); err != nil {
			return err
		}
		l, err := newLayout(id, s)
		if err != nil {
			return err
		}
		l.last, l.saved = last, true
		c.putLayout(l)
	}
	return rows.Err()
}
