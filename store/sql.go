package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// rowsPerInsert is how many rows of the minute table one statement inserts:
// beyond that, longer statements gain nothing.
const rowsPerInsert = 20

// inserts are the prepared statements of the write path. All of them replace
// what is there, so that a transaction can be repeated.
type inserts struct {
	tick, mtick, gauge, bounds, endpoint, alert, mark *sql.Stmt
	minute, minutes                                   *sql.Stmt // one row, rowsPerInsert rows
}

// minuteColumns is how many minuteRow.appendTo fills.
const minuteColumns = 9

const insertMinute = `INSERT OR REPLACE INTO minute
	(ts, endpoint_id, p50_us, p95_us, p99_us, errors, client_errors, requests, elapsed_ms) VALUES `

func prepareInserts(ctx context.Context, db *sql.DB) (in inserts, err error) {
	row := "(" + strings.Repeat("?,", minuteColumns-1) + "?)"
	for _, p := range []struct {
		to  **sql.Stmt
		sql string
	}{
		{&in.tick, "INSERT OR REPLACE INTO tick (ts, data) VALUES (?,?)"},
		{&in.mtick, "INSERT OR REPLACE INTO mtick (ts, data) VALUES (?,?)"},
		{&in.gauge, `INSERT OR REPLACE INTO gauge
			(ts, uptime, memory, cpu, source, cdn_bandwidth, cdn_cache_hit_ratio, cdn_storage) VALUES (?,?,?,?,?,?,?,?)`},
		{&in.bounds, `INSERT INTO bounds (id, le, scale, last_ts) VALUES (?,?,?,?)
			ON CONFLICT (id) DO UPDATE SET last_ts = excluded.last_ts`},
		{&in.endpoint, `INSERT INTO endpoint
			(id, job, instance, path, method, bounds_id, first_ts, last_ts) VALUES (?,?,'',?,?,?,?,?)
			ON CONFLICT (id) DO UPDATE SET bounds_id = excluded.bounds_id, last_ts = excluded.last_ts`},
		{&in.alert, upsertAlert},
		{&in.mark, "INSERT OR REPLACE INTO mark (ts, job, instance, kind, text) VALUES (?,?,?,?,?)"},
		{&in.minute, insertMinute + row},
		{&in.minutes, insertMinute + row + strings.Repeat(","+row, rowsPerInsert-1)},
	} {
		if *p.to, err = db.PrepareContext(ctx, p.sql); err != nil {
			return inserts{}, fmt.Errorf("prepare %q: %w", p.sql, err)
		}
	}
	return in, nil
}

// transaction is a running one with the prepared statements at hand.
type transaction struct {
	*sql.Tx
	inserts
	ctx context.Context // it lives as long as the transaction
}

func (s *Store) begin(ctx context.Context) (*transaction, error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	return &transaction{Tx: tx, inserts: s.insert, ctx: ctx}, nil
}

func (tx *transaction) exec(statement *sql.Stmt, args ...any) error {
	_, err := tx.StmtContext(tx.ctx, statement).ExecContext(tx.ctx, args...)
	return err
}

// closeMinute writes the sum of a minute and what was left to do of the one
// before it. The rows of the closed one are due from now on.
func (s *Store) closeMinute(tx *transaction, m minute, left dueRows) (dueRows, error) {
	if err := s.putMinuteRows(tx, left.rows); err != nil {
		return left, err
	}
	records := make([]record, 0, len(m.increases))
	for _, id := range m.ids() {
		r := record{id: id, increase: *m.increases[id]}
		var err error
		if r.layout, err = s.catalog.layoutOf(id, m.start, r.increase.Latency); err != nil {
			key, _ := s.catalog.key(id)
			s.leaveOut(&r.increase, key, err)
		}
		records = append(records, r)
	}
	if len(records) == 0 {
		return dueRows{}, nil
	}
	if err := tx.exec(tx.mtick, m.start, encodeRecords(time.Minute, records)); err != nil {
		return left, err
	}
	return newDueRows(m.rows()), nil
}

// putMinuteRows writes rows of the minute table.
func (s *Store) putMinuteRows(tx *transaction, rows []minuteRow) error {
	args := make([]any, 0, rowsPerInsert*minuteColumns)
	for len(rows) > 0 {
		n, statement := 1, tx.minute
		if len(rows) >= rowsPerInsert {
			n, statement = rowsPerInsert, tx.minutes
		}
		args = args[:0]
		for _, r := range rows[:n] {
			args = r.appendTo(args)
			s.catalog.seen(r.id, r.ts)
		}
		if err := tx.exec(statement, args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func (r *minuteRow) appendTo(args []any) []any {
	in := r.increase
	var errors, clientErrors any
	if in.ErrorsKnown {
		errors = integer(in.Errors)
	}
	if in.ErrorsKnown && !in.ClientErrorsUnknown {
		clientErrors = integer(in.ClientErrors)
	}
	return append(args, r.ts, r.id, microseconds(in.Quantile(0.50)), microseconds(in.Quantile(0.95)),
		microseconds(in.Quantile(0.99)), errors, clientErrors, integer(in.Requests), in.Elapsed.Round(time.Millisecond).Milliseconds())
}

// integer clamps to what SQLite can hold.
func integer(v uint64) int64 { return int64(min(v, math.MaxInt64)) }

// microseconds rounds; it is NULL for nil.
func microseconds(e *redpoll.Estimate) any {
	if e == nil {
		return nil
	}
	return time.Duration(nanoseconds(e.Value)).Round(time.Microsecond).Microseconds()
}

// putCatalog writes the endpoints and layouts that the database lacks.
func (s *Store) putCatalog(tx *transaction) error {
	layouts, endpoints := s.catalog.toSave()
	for _, l := range layouts {
		if err := tx.exec(tx.bounds, l.id, l.shape.le, l.shape.scale, l.last); err != nil {
			return err
		}
	}
	for i := range endpoints {
		e := &endpoints[i]
		var bounds sql.NullInt64
		if e.own != nil {
			bounds = sql.NullInt64{Int64: e.own.id, Valid: true}
		}
		if err := tx.exec(tx.endpoint, e.id, e.key.Job, e.key.Path, e.key.Method, bounds, e.first, e.last); err != nil {
			return err
		}
	}
	return nil
}

// putGauges writes the figures beside the endpoints, if there are any.
func putGauges(tx *transaction, t *tick) error {
	c, y := &t.cdn, &t.system
	if *c == (redpoll.CDN{}) && *y == (redpoll.System{}) {
		return nil
	}
	source := sql.NullString{String: y.Source, Valid: y.Source != ""}
	return tx.exec(tx.gauge, t.ts, orNull(y.Uptime), orNull(y.Memory), orNull(y.CPU), source,
		orNull(c.Bandwidth), orNull(c.CacheHitRatio), orNull(c.Storage))
}

// orNull is NULL for nil. SQLite turns NaN into NULL itself.
func orNull(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}

// How long things are kept that have no setting.
const (
	minuteRowRetention = 48 * time.Hour // also of the gauges
	alertRetention     = 365 * 24 * time.Hour
	silenceRetention   = 5 * 24 * time.Hour // after it ended
)

// prune deletes what has passed its retention at time ts, and marks beyond their
// number. The journal goes by whole minutes: a minute is never left with a part
// of its ticks.
func (s *Store) prune(tx *transaction, ts int64) error {
	before := func(age time.Duration) int64 { return floor(ts-age.Milliseconds(), minuteMS) }
	err := tx.deleteOld([]oldRows{
		{"DELETE FROM tick WHERE ts < ?", before(time.Duration(s.config.Retention.Raw))},
		{"DELETE FROM mtick WHERE ts < ?", before(time.Duration(s.config.Retention.Minute))},
		{"DELETE FROM mark WHERE ts < ?", before(time.Duration(s.config.Retention.Minute))},
		{"DELETE FROM minute WHERE ts < ?", before(minuteRowRetention)},
		{"DELETE FROM gauge WHERE ts < ?", before(minuteRowRetention)},
		{"DELETE FROM anomaly_alerts WHERE resolved_at < ?", before(alertRetention)},
		{"DELETE FROM silences WHERE ends_at < ?", before(silenceRetention)},
	})
	if err != nil {
		return err
	}
	return tx.limitMarks(maxMarks)
}

// oldest is the time of the oldest record that prune leaves at time ts.
func (s *Store) oldest(ts int64) int64 {
	age := max(time.Duration(s.config.Retention.Minute), minuteRowRetention)
	return floor(ts-age.Milliseconds(), minuteMS)
}

// forgetRows deletes the endpoints and layouts that no record since a time
// needs. All that the catalog knows must have been written.
func forgetRows(tx *transaction, since int64) error {
	return tx.deleteOld([]oldRows{
		{"DELETE FROM endpoint WHERE last_ts < ?", endpointCutoff(since)},
		{"DELETE FROM bounds WHERE last_ts < ?", layoutCutoff(since)},
	})
}

// oldRows are those that a statement deletes: the ones before a time.
type oldRows struct {
	sql    string
	before int64
}

func (tx *transaction) deleteOld(rows []oldRows) error {
	for _, r := range rows {
		if _, err := tx.ExecContext(tx.ctx, r.sql, r.before); err != nil {
			return fmt.Errorf("%s: %w", r.sql, err)
		}
	}
	return nil
}
