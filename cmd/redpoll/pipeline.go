package main

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// commitTimeout bounds one write to the history, so that a busy disk does not
// hold up the watchers for longer; the store retries what it could not write.
const commitTimeout = time.Second

// The stages as the pipeline sees them.
type (
	snapshotter interface {
		Snapshot(now time.Time, interval time.Duration) *redpoll.Snapshot
	}
	judge interface {
		Eval(*redpoll.Snapshot) (transitions []redpoll.Alert)
		Active() []redpoll.Alert
	}
	keeper interface {
		Append(context.Context, *redpoll.Snapshot, []redpoll.Alert) error
	}
	publisher interface {
		Publish(s *redpoll.Snapshot, transitions, active []redpoll.Alert)
	}
)

// pipeline takes one snapshot per interval and hands it from stage to stage.
type pipeline struct {
	scrape snapshotter
	rules  judge
	store  keeper
	api    publisher
	logger *slog.Logger

	intervals chan time.Duration // holds a new interval until run takes it
	failure   atomic.Pointer[error]

	duration prometheus.Histogram
	missed   prometheus.Counter
}

func newPipeline(s snapshotter, j judge, k keeper, p publisher, l *slog.Logger, r prometheus.Registerer) *pipeline {
	f := promauto.With(r)
	return &pipeline{
		scrape: s, rules: j, store: k, api: p, logger: l,
		intervals: make(chan time.Duration, 1),
		duration: f.NewHistogram(prometheus.HistogramOpts{
			Name:    "redpoll_evaluation_duration_seconds",
			Help:    "Time from taking a snapshot until it was judged, stored and streamed.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}),
		missed: f.NewCounter(prometheus.CounterOpts{
			Name: "redpoll_evaluations_missed_total",
			Help: "Evaluations that were left out because the one before took longer than the interval.",
		}),
	}
}

// setInterval changes the pace, also while run is running.
func (p *pipeline) setInterval(d time.Duration) {
	select {
	case <-p.intervals: // nobody took the one before
	default:
	}
	p.intervals <- d
}

// run evaluates at every multiple of the interval since the Unix epoch, so
// that history lines up over restarts. When ctx ends it evaluates once more,
// so that what has been scraped since is kept, and returns.
func (p *pipeline) run(ctx context.Context) error {
	interval := <-p.intervals
	next := nextTick(time.Now(), interval)
	timer := time.NewTimer(time.Until(next))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			p.evaluate(ctx, time.Now(), interval)
			return nil
		case interval = <-p.intervals:
			next = nextTick(time.Now(), interval)
		case <-timer.C:
			if now := time.Now().Round(0); now.Sub(next) >= interval {
				next = now.Truncate(interval) // the machine slept: nobody was late
			}
			p.evaluate(ctx, next, interval)
			due := next.Add(interval)
			next = nextTick(time.Now(), interval)
			if late := next.Sub(due); late > 0 {
				p.missed.Add(float64(late / interval))
				p.logger.Warn("an evaluation took longer than the interval", "missed", int(late/interval))
			}
		}
		timer.Reset(time.Until(next))
	}
}

// nextTick is the first multiple of interval after now.
func nextTick(now time.Time, interval time.Duration) time.Time {
	// Round drops the monotonic reading: ticks follow the wall clock.
	return now.Round(0).Truncate(interval).Add(interval)
}

// evaluate makes one snapshot and hands it on: to the rules, to the history,
// and then to the watchers, who may ask the history for what they were told.
func (p *pipeline) evaluate(ctx context.Context, now time.Time, interval time.Duration) {
	began := time.Now()
	snapshot := p.scrape.Snapshot(now, interval)
	transitions := p.rules.Eval(snapshot)
	p.keep(ctx, snapshot, transitions)
	p.api.Publish(snapshot, transitions, p.rules.Active())
	p.duration.Observe(time.Since(began).Seconds())
}

// keep writes the history. What has begun is finished, also during shutdown.
func (p *pipeline) keep(ctx context.Context, s *redpoll.Snapshot, transitions []redpoll.Alert) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	p.report(p.store.Append(ctx, s, transitions))
}

// report notes how the write went, and says in the log when that changes.
func (p *pipeline) report(err error) {
	failed := p.historyError() != nil
	switch {
	case err != nil:
		p.failure.Store(&err)
		if !failed {
			p.logger.Error("history is not being kept; everything else goes on", "err", err)
		}
	case failed:
		p.failure.Store(nil)
		p.logger.Info("history is being kept again")
	}
}

// historyError is what the last write failed with; nil if it succeeded. It may
// be called concurrently.
func (p *pipeline) historyError() error {
	if err := p.failure.Load(); err != nil {
		return *err
	}
	return nil
}
