package rules

import (
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// Eval judges a snapshot, the newer one each time, and returns a copy of every
// alert that went through a transition, in the order of rules, then endpoints.
// The snapshot is not kept or written to.
func (e *Engine) Eval(s *redpoll.Snapshot) []redpoll.Alert {
	e.mu.Lock()
	defer e.mu.Unlock()
	began := time.Now()
	e.look(s)
	t := &tick{
		snapshot: s, now: s.Time, step: e.step(s),
		silences: e.silencesAt(s.Time), room: maxAlerts - e.activeCount(),
	}
	e.endOrphans(t)
	for _, w := range e.watches {
		ruleBegan := time.Now()
		w.eval(t)
		w.took = time.Since(ruleBegan)
	}
	e.last = s.Time
	e.learnAndForget(s.Time)
	e.reportFull(t.dropped)
	e.metrics.evaluated(e.watches, t, time.Since(began))
	return t.transitions
}

// look finds the snapshot's endpoints and notes which are absent.
func (e *Engine) look(s *redpoll.Snapshot) {
	for _, ep := range e.known {
		ep.metrics, ep.spiking = nil, false
	}
	for i := range s.Endpoints {
		e.endpoint(s.Endpoints[i].Key).look(&s.Endpoints[i])
	}
	for _, ep := range e.known {
		if ep.metrics == nil && ep.absentSince.IsZero() {
			ep.absentSince = s.Time
		}
	}
}

// step is the time since the last evaluation as far as it counts towards
// `for`. A longer gap than two intervals is a machine that slept, not time in
// which anything was observed: it counts as one interval.
func (e *Engine) step(s *redpoll.Snapshot) time.Duration {
	if e.last.IsZero() {
		return 0
	}
	step := max(0, s.Time.Sub(e.last))
	if s.Interval > 0 && step > 2*s.Interval {
		return s.Interval
	}
	return step
}

func (e *Engine) silencesAt(now time.Time) []redpoll.Silence {
	var active []redpoll.Silence
	for i := range e.silences {
		if e.silences[i].ActiveAt(now) {
			active = append(active, e.silences[i])
		}
	}
	return active
}

func (e *Engine) activeCount() int {
	n := 0
	for _, w := range e.watches {
		n += len(w.alerts)
	}
	return n
}

// endOrphans ends the alerts that no rule is for any more. They keep the labels
// and the summary that they had.
func (e *Engine) endOrphans(t *tick) {
	for _, a := range e.orphans {
		a.end(t.now, redpoll.HasData)
		a.SilencedBy = silencedBy(t.silences, a.Labels)
		t.transitions = append(t.transitions, a.Clone())
	}
	e.orphans = nil
}

// learnAndForget updates the baselines after everything has been judged by the
// old ones, and drops what has been absent for long.
func (e *Engine) learnAndForget(now time.Time) {
	kept := e.known[:0]
	for _, ep := range e.known {
		if ep.gone(now) {
			delete(e.byKey, ep.key)
			continue
		}
		ep.learn(now)
		ep.metrics = nil
		kept = append(kept, ep)
	}
	if len(kept) == len(e.known) {
		return
	}
	clear(e.known[len(kept):])
	e.known = kept
	for _, w := range e.watches {
		w.dropGone(now)
	}
}

// reportFull says once that the bound on alerts was reached, and once that
// there is room again.
func (e *Engine) reportFull(dropped int) {
	switch full := dropped > 0; {
	case full && !e.full:
		e.logger.Warn("Too many alerts are active; further ones wait for room. Make the rules match less, or raise their thresholds.",
			"limit", maxAlerts, "waiting", dropped)
	case !full && e.full:
		e.logger.Info("There is room for all alerts again.", "limit", maxAlerts)
	}
	e.full = dropped > 0
}
