package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

const (
	// maxMarks is how many marks are kept, lest targets that restart at every
	// scrape fill the disk. The oldest go first.
	maxMarks = 100_000
	// defaultMarkLimit is how many marks a query gives that names no limit.
	defaultMarkLimit = 1000
)

// marksUntil copies marks, with none in the future of the snapshot at ts that
// reports them: a target whose clock is ahead, or lies, must not outlive the
// retention.
func marksUntil(ts int64, marks []redpoll.Mark) []redpoll.Mark {
	var copies []redpoll.Mark
	for _, m := range marks {
		if m.Time.UnixMilli() > ts {
			m.Time = time.UnixMilli(ts)
		}
		copies = append(copies, m)
	}
	return copies
}

// markBytes is about what marks take up in memory.
func markBytes(marks []redpoll.Mark) (n int) {
	const fixed = 100
	for i := range marks {
		m := &marks[i]
		n += fixed + len(m.Job) + len(m.Instance) + len(m.Kind) + len(m.Text)
	}
	return n
}

// putMarks stores marks. What happened to a target at one time is stored once.
func putMarks(tx *transaction, marks []redpoll.Mark) error {
	for i := range marks {
		m := &marks[i]
		if err := tx.exec(tx.mark, m.Time.UnixMilli(), m.Job, m.Instance, string(m.Kind), m.Text); err != nil {
			return fmt.Errorf("mark of %s: %w", m.Instance, err)
		}
	}
	return nil
}

// limitMarks deletes all marks but the newest n.
func (tx *transaction) limitMarks(n int) error {
	_, err := tx.ExecContext(tx.ctx, `DELETE FROM mark WHERE (ts, job, instance, kind) < (SELECT ts, job, instance, kind
		FROM mark ORDER BY ts DESC, job DESC, instance DESC, kind DESC LIMIT 1 OFFSET ?)`, n-1)
	if err != nil {
		return fmt.Errorf("delete the oldest marks: %w", err)
	}
	return nil
}

// Marks gives what happened to targets, newest first, and what happened at the
// same time in the order of job, instance and kind. A zero Start or End does
// not bound the time. Times are whole milliseconds.
//
// Marks are kept as long as the minutes of the history, and at most maxMarks
// of them.
func (s *Store) Marks(ctx context.Context, q redpoll.MarkQuery) ([]redpoll.Mark, error) {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	query, args := selectMarks(q)
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read marks: %w", err)
	}
	defer rows.Close() // Err tells
	var marks []redpoll.Mark
	for rows.Next() {
		var m redpoll.Mark
		var ts int64
		if err := rows.Scan(&ts, &m.Job, &m.Instance, &m.Kind, &m.Text); err != nil {
			return nil, fmt.Errorf("read marks: %w", err)
		}
		m.Time = time.UnixMilli(ts)
		marks = append(marks, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read marks: %w", err)
	}
	return marks, nil
}

func selectMarks(q redpoll.MarkQuery) (query string, args []any) {
	where := []string{"true"}
	and := func(condition string, value any) {
		where, args = append(where, condition), append(args, value)
	}
	if q.Job != "" {
		and("job = ?", q.Job)
	}
	if !q.Start.IsZero() {
		and("ts >= ?", ceilMilli(q.Start))
	}
	if !q.End.IsZero() {
		and("ts < ?", ceilMilli(q.End))
	}
	limit := q.Limit
	if limit <= 0 {
		limit = defaultMarkLimit
	}
	return "SELECT ts, job, instance, kind, text FROM mark WHERE " + strings.Join(where, " AND ") +
		" ORDER BY ts DESC, job, instance, kind LIMIT ?", append(args, limit)
}
