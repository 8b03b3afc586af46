package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// storedMatcher is a matcher as the database has it, in a JSON list.
type storedMatcher struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func encodeMatchers(matchers []redpoll.Matcher) (string, error) {
	stored := make([]storedMatcher, len(matchers))
	for i, m := range matchers {
		stored[i] = storedMatcher(m)
	}
	text, err := json.Marshal(stored)
	return string(text), err
}

func decodeMatchers(text []byte) ([]redpoll.Matcher, error) {
	var stored []storedMatcher
	if err := json.Unmarshal(text, &stored); err != nil {
		return nil, err
	}
	matchers := make([]redpoll.Matcher, len(stored))
	for i, m := range stored {
		matchers[i] = redpoll.Matcher(m)
	}
	return matchers, nil
}

// PutSilence stores a silence, in place of the one with its id if there is one.
func (s *Store) PutSilence(ctx context.Context, v redpoll.Silence) error {
	matchers, err := encodeMatchers(v.Matchers)
	if err != nil {
		return fmt.Errorf("store silence %s: %w", v.ID, err)
	}
	_, err = s.execute(ctx, `INSERT OR REPLACE INTO silences
		(id, matchers, starts_at, ends_at, created_by, comment) VALUES (?,?,?,?,?,?)`,
		v.ID, matchers, v.StartsAt.UnixMilli(), v.EndsAt.UnixMilli(), v.CreatedBy, v.Comment)
	if err != nil {
		return fmt.Errorf("store silence %s: %w", v.ID, err)
	}
	return nil
}

// DeleteSilence removes a silence; ErrNotFound if there is none of that id.
func (s *Store) DeleteSilence(ctx context.Context, id string) error {
	result, err := s.execute(ctx, "DELETE FROM silences WHERE id = ?", id)
	if err != nil {
		return fmt.Errorf("delete silence %s: %w", id, err)
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("delete silence %s: %w", id, err)
	}
	return nil
}

// execute runs a statement that writes, in a transaction of its own.
func (s *Store) execute(ctx context.Context, statement string, args ...any) (sql.Result, error) {
	if err := s.claim.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", s.config.Path, err)
	}
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	return s.write.ExecContext(ctx, statement, args...)
}

// Silences gives all silences, those that end last first. Ended ones are among
// them for some days.
func (s *Store) Silences(ctx context.Context) ([]redpoll.Silence, error) {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	rows, err := s.read.QueryContext(ctx, `SELECT id, matchers, starts_at, ends_at, created_by, comment
		FROM silences ORDER BY ends_at DESC, id DESC`)
	if err != nil {
		return nil, fmt.Errorf("read silences: %w", err)
	}
	defer rows.Close() // Err tells
	var silences []redpoll.Silence
	for rows.Next() {
		var v redpoll.Silence
		var matchers []byte
		var starts, ends int64
		if err := rows.Scan(&v.ID, &matchers, &starts, &ends, &v.CreatedBy, &v.Comment); err != nil {
			return nil, fmt.Errorf("read silences: %w", err)
		}
		if v.Matchers, err = decodeMatchers(matchers); err != nil {
			return nil, fmt.Errorf("matchers of silence %s: %w", v.ID, err)
		}
		v.StartsAt, v.EndsAt = time.UnixMilli(starts), time.UnixMilli(ends)
		silences = append(silences, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read silences: %w", err)
	}
	return silences, nil
}
