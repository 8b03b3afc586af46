package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// LastSnapshot is the time of the newest stored snapshot, zero if there is
// none: until then the last run, or this one, was watching.
func (s *Store) LastSnapshot() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal.last <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(s.journal.last)
}

// Minutes visits what happened at every endpoint in every whole minute that
// begins at or after start, minute by minute. The point, histogram included,
// is good during the call of visit only.
func (s *Store) Minutes(ctx context.Context, start time.Time, visit func(redpoll.EndpointKey, redpoll.HistoryPoint)) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	rows, err := s.read.QueryContext(ctx, "SELECT ts, data FROM mtick WHERE ts >= ? ORDER BY ts", ceilMilli(start))
	if err != nil {
		return fmt.Errorf("read minutes: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var ts int64
		var blob sql.RawBytes
		if err := rows.Scan(&ts, &blob); err != nil {
			return fmt.Errorf("read minutes: %w", err)
		}
		at := time.UnixMilli(ts)
		err := eachRecord(blob, s.catalog, func(id int64, in redpoll.Increase) {
			if key, ok := s.catalog.key(id); ok {
				visit(key, redpoll.HistoryPoint{Time: at, Increase: in})
			}
		})
		if err != nil {
			return fmt.Errorf("read the minute at %s: %w", at.UTC(), err)
		}
	}
	return rows.Err()
}

// key is the opposite of find.
func (c *catalog) key(id int64) (k redpoll.EndpointKey, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e, ok := c.byID[id]
	if !ok {
		return k, false
	}
	return e.key, true
}
