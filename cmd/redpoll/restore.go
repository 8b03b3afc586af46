package main

import (
	"context"
	"fmt"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

const (
	// baselineReach is how far back the rules look for the hour with traffic
	// that tells what is usual; more would delay the start.
	baselineReach = 6 * time.Hour
	maxPastAlerts = 10_000
)

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

// restoreBaselines teaches the rules the hours before.
func (a *app) restoreBaselines(ctx context.Context, now time.Time) error {
	start := now.Add(-baselineReach)
	past, err := a.store.Alerts(ctx, redpoll.AlertQuery{Start: start, End: now, Limit: maxPastAlerts})
	if err != nil {
		return err
	}
	return a.store.Minutes(ctx, start, a.engine.LearnFrom(past))
}
