package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// watch is a rule at work: the endpoints it is for and its alerts.
type watch struct {
	*rule
	endpoints []*endpoint // those that match, worked out once for each
	alerts    map[*endpoint]*alert

	// How the last evaluation went.
	evaluated time.Time
	took      time.Duration // by the real clock
	// learning counts endpoints whose baseline is to come, of latency_spike
	// only; those that expose no durations will never have one.
	learning int
	// present counts the endpoints that the snapshot had.
	present int
	// judged counts the observations with data enough to judge by; cause is
	// why the last of the others had none.
	judged int
	cause  redpoll.NoData
}

func newWatch(r *rule) *watch { return &watch{rule: r, alerts: map[*endpoint]*alert{}} }

// follow adds the endpoint if the rule is for it.
func (w *watch) follow(ep *endpoint) {
	if w.matches(ep.key) {
		w.endpoints = append(w.endpoints, ep)
	}
}

// dropGone forgets the endpoints that have been absent for long enough. Their
// alerts have ended.
func (w *watch) dropGone(now time.Time) {
	w.endpoints = slices.DeleteFunc(w.endpoints, func(ep *endpoint) bool { return ep.gone(now) })
}

// tick is what one evaluation hands from rule to rule.
type tick struct {
	snapshot *redpoll.Snapshot
	now      time.Time
	// step is the time since the last evaluation as far as it counts.
	step     time.Duration
	silences []redpoll.Silence // in force
	// room is how many more alerts may be active, dropped how many could not
	// be for lack of it.
	room, dropped int
	transitions   []redpoll.Alert
}

// eval judges every endpoint of the rule.
func (w *watch) eval(t *tick) {
	w.learning, w.present, w.judged, w.evaluated = 0, 0, 0, t.now
	for _, ep := range w.endpoints {
		if ep.metrics != nil {
			w.present++
		}
		o := w.observe(t.snapshot, ep)
		if o.known {
			w.judged++
		} else {
			w.cause = o.cause
		}
		if w.metric.kind == latencySpike && ep.metrics != nil && ep.baseline.usual == 0 && o.cause != redpoll.NoQuantiles {
			w.learning++
		}
		if a := w.alertOf(ep, &o, t); a != nil {
			w.advance(a, ep, &o, t)
		}
	}
}

// alertOf finds the endpoint's alert, or begins one if the observation calls
// for it and there is room.
func (w *watch) alertOf(ep *endpoint, o *observation, t *tick) *alert {
	if len(w.alerts) > 0 {
		if a := w.alerts[ep]; a != nil {
			return a
		}
	}
	if !w.crossed(o) {
		return nil
	}
	if t.room <= 0 {
		t.dropped++
		return nil
	}
	t.room--
	a := newAlert(w.rule, ep.key, t.now)
	w.alerts[ep] = a
	return a
}

// advance moves an alert by one observation and tells of a transition.
func (w *watch) advance(a *alert, ep *endpoint, o *observation, t *tick) {
	changed := a.observe(w.rule, o, t.now, t.step)
	if ep.gone(t.now) {
		a.end(t.now, redpoll.SeriesGone)
		changed = true
	}
	if changed {
		a.label(w.rule)
	}
	a.SilencedBy = silencedBy(t.silences, a.Labels)
	if changed {
		t.transitions = append(t.transitions, a.Clone())
	}
	switch {
	case a.Ended():
		delete(w.alerts, ep)
		t.room++
	case w.metric.kind == latencySpike && t.now.Sub(a.Since) < maxPause:
		ep.spiking = true
	}
}

func silencedBy(silences []redpoll.Silence, labels map[string]string) string {
	for i := range silences {
		if silences[i].Matches(labels) {
			return silences[i].ID
		}
	}
	return ""
}

// status is the rule and how its last evaluation went.
func (w *watch) status() redpoll.RuleStatus {
	s := w.rule.status()
	s.LastEvaluation, s.Duration, s.Note, s.Advice = w.evaluated, w.took, w.note(), w.advice()
	s.Active = map[redpoll.AlertState]int{}
	for _, a := range w.alerts {
		s.Active[a.State]++
	}
	return s
}

// note says what keeps the rule from judging.
func (w *watch) note() string {
	switch {
	case w.evaluated.IsZero():
		return "not evaluated yet"
	case w.metric.kind == signal && w.judged == 0:
		return "nothing feeds the signal " + w.metric.name
	case len(w.endpoints) == 0:
		return "no endpoint matches"
	case w.learning > 0:
		return fmt.Sprintf("still learning the usual latency of %d of %d endpoints: %d minutes with requests are needed",
			w.learning, w.present, baselineMin)
	case w.present == 0 && w.judged == 0:
		return fmt.Sprintf("nothing can be judged now: %s", w.cause)
	case w.judged == 0:
		return fmt.Sprintf("none of %d endpoints can be judged now: %s", w.present, w.cause)
	}
	return ""
}
