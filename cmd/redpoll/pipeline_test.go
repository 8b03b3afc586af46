package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// recorder is every stage at once: it notes what reaches it, in order.
type recorder struct {
	calls []string
	times []time.Time
	slow  time.Duration // how long a snapshot takes
	fail  error         // what Append answers
}

var (
	_ snapshotter = (*recorder)(nil)
	_ judge       = (*recorder)(nil)
	_ keeper      = (*recorder)(nil)
	_ publisher   = (*recorder)(nil)
)

func (r *recorder) Snapshot(now time.Time, interval time.Duration) *redpoll.Snapshot {
	time.Sleep(r.slow)
	r.calls = append(r.calls, "snapshot")
	r.times = append(r.times, now)
	return &redpoll.Snapshot{Time: now, Interval: interval}
}

func (r *recorder) Eval(*redpoll.Snapshot) []redpoll.Alert {
	r.calls = append(r.calls, "eval")
	return []redpoll.Alert{{ID: "a"}}
}

func (r *recorder) Active() []redpoll.Alert { return nil }

func (r *recorder) Append(_ context.Context, _ *redpoll.Snapshot, transitions []redpoll.Alert) error {
	if len(transitions) == 1 {
		r.calls = append(r.calls, "append")
	}
	return r.fail
}

func (r *recorder) Publish(_ *redpoll.Snapshot, transitions, _ []redpoll.Alert) {
	if len(transitions) == 1 {
		r.calls = append(r.calls, "publish")
	}
}

// runPipeline runs one for d and gives it back after it has stopped.
func runPipeline(t *testing.T, r *recorder, interval, d time.Duration) *pipeline {
	t.Helper()
	p := newPipeline(r, r, r, r, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	p.setInterval(interval)
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := p.run(ctx); err != nil {
		t.Errorf("run: %v", err)
	}
	return p
}

func TestFastPipelineTicksAtMultiplesOfTheIntervalAndWhenItStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1700 * time.Millisecond) // begin between two ticks
		r := &recorder{}
		runPipeline(t, r, 5*time.Second, 16*time.Second)
		if len(r.times) != 4 {
			t.Fatalf("%d evaluations in 16 s, want 3 and a last one: %v", len(r.times), r.times)
		}
		if stop := time.UnixMilli(r.times[0].UnixMilli() - 5000).Add(17700 * time.Millisecond); !r.times[3].Equal(stop) {
			t.Errorf("the last evaluation is at %v, want %v, when it was stopped", r.times[3], stop)
		}
		for i, at := range r.times[:3] {
			if at.UnixMilli()%5000 != 0 {
				t.Errorf("evaluation %d is at %v, not at a multiple of 5 s", i, at)
			}
		}
		want := []string{"snapshot", "eval", "append", "publish"}
		if !slices.Equal(r.calls[:4], want) {
			t.Errorf("stages in order %v, want %v", r.calls[:4], want)
		}
	})
}

func TestFastPipelineLeavesOutTicksItIsTooLateFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{slow: 12 * time.Second}
		p := runPipeline(t, r, 5*time.Second, 30*time.Second)
		if len(r.times) != 3 {
			t.Fatalf("%d evaluations, want 2 and a last one: %v", len(r.times), r.times)
		}
		if gap := r.times[1].Sub(r.times[0]); gap != 15*time.Second {
			t.Errorf("second evaluation %v after the first, want 15s", gap)
		}
		if got := testutil.ToFloat64(p.missed); got != 4 {
			t.Errorf("%v evaluations counted as missed, want 4", got)
		}
	})
}

func TestFastPipelineSurvivesAStoreThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{fail: errors.New("disk full")}
		runPipeline(t, r, time.Second, 3500*time.Millisecond)
		if n := len(r.times); n != 4 {
			t.Errorf("%d evaluations with a failing store, want 3 and a last one", n)
		}
	})
}

func TestFastPipelineTakesANewIntervalWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		p := newPipeline(r, r, r, r, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		p.setInterval(time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- p.run(ctx) }()
		synctest.Wait()
		p.setInterval(time.Minute) // replaced before anybody takes it, or taken: both fine
		p.setInterval(time.Second)
		time.Sleep(2500 * time.Millisecond)
		cancel()
		<-done
		if n := len(r.times); n != 3 {
			t.Errorf("%d evaluations in 2.5 s at 1 s, want 2 and a last one", n)
		}
	})
}
