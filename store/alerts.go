package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// alertColumns in the order of alertArgs and scanAlert.
const alertColumns = `id, rule, metric, severity, state, state_before, cause, job, method, path,
	value, peak, threshold, above, unit, baseline, labels, annotations, since, fired_at, resolved_at, updated_at, silenced_by,
	latency_lower, latency_upper, peak_is_lower_limit`

const upsertAlert = "INSERT OR REPLACE INTO anomaly_alerts (" + alertColumns + `)
	VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`

// activeStates as a condition, worded as the partial index is.
const activeStates = "state IN ('pending', 'firing', 'unknown')"

// defaultAlertLimit is the page length where a query names none.
const defaultAlertLimit = 100

// putAlerts stores alerts as they are now. One that never fired leaves nothing
// behind.
func putAlerts(tx *transaction, alerts []redpoll.Alert) error {
	for i := range alerts {
		a := &alerts[i]
		if a.State == redpoll.Inactive {
			if _, err := tx.ExecContext(tx.ctx, "DELETE FROM anomaly_alerts WHERE id = ?", a.ID); err != nil {
				return err
			}
			continue
		}
		args, err := alertArgs(a)
		if err != nil {
			return fmt.Errorf("alert %s: %w", a.ID, err)
		}
		if err := tx.exec(tx.alert, args...); err != nil {
			return fmt.Errorf("alert %s: %w", a.ID, err)
		}
	}
	return nil
}

func alertArgs(a *redpoll.Alert) ([]any, error) {
	labels, err := json.Marshal(a.Labels)
	if err != nil {
		return nil, err
	}
	annotations, err := json.Marshal(a.Annotations)
	if err != nil {
		return nil, err
	}
	return []any{
		a.ID, a.Rule, a.Metric, string(a.Severity), string(a.State), string(a.Before), string(a.Cause),
		a.Endpoint.Job, a.Endpoint.Method, a.Endpoint.Path,
		orNull(a.Value), orNull(a.Peak), finite(a.Threshold), a.Above, string(a.Unit), orNull(a.Baseline),
		string(labels), string(annotations),
		a.Since.UnixMilli(), unixMilli(a.FiredAt), unixMilli(a.ResolvedAt), unixMilli(a.UpdatedAt), a.SilencedBy,
		orNull(a.Lower), orNull(a.Upper), a.PeakIsLowerLimit,
	}, nil
}

// finite is 0 for NaN, which SQLite would refuse as NULL.
func finite(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}

// unixMilli is NULL for the zero time.
func unixMilli(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// Alerts gives the alerts that fired or may still fire, newest first. Resolved
// ones are kept for a year.
func (s *Store) Alerts(ctx context.Context, q redpoll.AlertQuery) ([]redpoll.Alert, error) {
	where := []string{"(fired_at IS NOT NULL OR " + activeStates + ")"}
	var args []any
	and := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	if !q.Start.IsZero() {
		and("(resolved_at IS NULL OR resolved_at >= ?)", q.Start.UnixMilli())
	}
	if !q.End.IsZero() {
		and("since < ?", q.End.UnixMilli())
	}
	if k := q.Endpoint; k != nil {
		and("job = ? AND method = ? AND path = ?", k.Job, k.Method, k.Path)
	}
	if q.Before != "" {
		and("id < ?", q.Before)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = defaultAlertLimit
	}
	return s.queryAlerts(ctx, strings.Join(where, " AND ")+" ORDER BY id DESC LIMIT ?", append(args, limit)...)
}

// ActiveAlerts gives the alerts that are pending, firing or unknown, newest
// first.
func (s *Store) ActiveAlerts(ctx context.Context) ([]redpoll.Alert, error) {
	return s.queryAlerts(ctx, activeStates+" ORDER BY id DESC")
}

func (s *Store) queryAlerts(ctx context.Context, where string, args ...any) ([]redpoll.Alert, error) {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	rows, err := s.read.QueryContext(ctx, "SELECT "+alertColumns+" FROM anomaly_alerts WHERE "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read alerts: %w", err)
	}
	defer rows.Close() // Err tells
	var alerts []redpoll.Alert
	for rows.Next() {
		a, err := scanAlert(rows)
		if err != nil {
			return nil, fmt.Errorf("read alerts: %w", err)
		}
		alerts = append(alerts, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read alerts: %w", err)
	}
	return alerts, nil
}

func scanAlert(rows *sql.Rows) (a redpoll.Alert, err error) {
	var labels, annotations []byte
	var since int64
	var fired, resolved, updated sql.NullInt64
	err = rows.Scan(&a.ID, &a.Rule, &a.Metric, &a.Severity, &a.State, &a.Before, &a.Cause,
		&a.Endpoint.Job, &a.Endpoint.Method, &a.Endpoint.Path,
		&a.Value, &a.Peak, &a.Threshold, &a.Above, &a.Unit, &a.Baseline,
		&labels, &annotations, &since, &fired, &resolved, &updated, &a.SilencedBy, &a.Lower, &a.Upper, &a.PeakIsLowerLimit)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(labels, &a.Labels); err != nil {
		return a, fmt.Errorf("labels of alert %s: %w", a.ID, err)
	}
	if err := json.Unmarshal(annotations, &a.Annotations); err != nil {
		return a, fmt.Errorf("annotations of alert %s: %w", a.ID, err)
	}
	a.Since = time.UnixMilli(since)
	a.FiredAt, a.ResolvedAt, a.UpdatedAt = timeOf(fired), timeOf(resolved), timeOf(updated)
	return a, nil
}

// timeOf is the zero time for NULL.
func timeOf(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return time.UnixMilli(ms.Int64)
}
