package main

import (
	"context"
	"fmt"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// baselineReach is how far back the rules look for what is usual.
const baselineReach = time.Hour

// restore hands the rules what the last run knew: its alerts, the silences and
// what is usual at each endpoint.
func (a *app) restore(ctx context.Context) error {
	alerts, err := a.store.ActiveAlerts(ctx)
	if err != nil {
		return fmt.Errorf("read the alerts of the last run: %w", err)
	}
	a.engine.Restore(alerts, a.store.LastSnapshot())
	silences, err := a.store.Silences(ctx)
	if err != nil {
		return fmt.Errorf("read silences: %w", err)
	}
	a.engine.SetSilences(silences)
	if err := a.restoreBaselines(ctx, time.Now()); err != nil {
		// Without the past the rules learn anew; nothing is lost by going on.
		a.logger.Warn("usual latencies of the last run are not known", "err", err)
	}
	return nil
}

// restoreBaselines teaches the rules the last hour, without the minutes of
// spikes: an incident must not become usual by a restart.
func (a *app) restoreBaselines(ctx context.Context, now time.Time) error {
	start := now.Add(-baselineReach)
	past, err := a.store.Alerts(ctx, redpoll.AlertQuery{Start: start, End: now, Limit: maxPastSpikes})
	if err != nil {
		return err
	}
	spikes := map[redpoll.EndpointKey][]redpoll.Alert{}
	for _, alert := range past {
		if alert.Metric == "latency_spike" {
			spikes[alert.Endpoint] = append(spikes[alert.Endpoint], alert)
		}
	}
	return a.store.Minutes(ctx, start, func(k redpoll.EndpointKey, p redpoll.HistoryPoint) {
		if !duringAny(spikes[k], p.Time) {
			a.engine.Learn(k, []redpoll.HistoryPoint{p})
		}
	})
}

// maxPastSpikes bounds the alerts of an hour that restoreBaselines looks at.
const maxPastSpikes = 10_000

// duringAny reports whether the minute from t on touches one of the alerts.
func duringAny(alerts []redpoll.Alert, t time.Time) bool {
	for i := range alerts {
		a := &alerts[i]
		begun := t.Add(time.Minute).After(a.Since)
		if begun && (a.ResolvedAt.IsZero() || t.Before(a.ResolvedAt)) {
			return true
		}
	}
	return false
}
