package rules

import (
	"cmp"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// maxAlerts bounds the active alerts. Conditions beyond it are counted in
// redpoll_alerts_dropped_total and get their alert once there is room.
const maxAlerts = 10_000

// Options are what an Engine needs beside its rules.
type Options struct {
	Logger *slog.Logger // nil discards
	// Registerer takes the engine's own metrics; nil leaves them unregistered.
	Registerer prometheus.Registerer
}

// Engine judges snapshots. At the start call Apply, Restore and Learn, in this
// order, then Eval for every snapshot. All methods may be called concurrently;
// they wait for each other, and the longest, Eval, takes milliseconds.
type Engine struct {
	logger  *slog.Logger
	metrics *engineMetrics

	mu      sync.Mutex // guards everything below, and what it points to
	watches []*watch
	byName  map[string]*watch
	// known and byKey hold the same endpoints. The signals' is not among them.
	known   []*endpoint
	byKey   map[redpoll.EndpointKey]*endpoint
	signals *endpoint
	// orphans are alerts whose rule is gone or not for them any more. They end
	// at the next evaluation unless a configuration takes them up again.
	orphans  []*alert
	silences []redpoll.Silence
	last     time.Time // of the last evaluation; zero before the first
	full     bool      // maxAlerts was reached at the last evaluation
}

// NewEngine makes an engine without rules.
func NewEngine(o Options) *Engine {
	logger := o.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Engine{
		logger:  logger,
		metrics: newEngineMetrics(o.Registerer),
		byName:  map[string]*watch{},
		byKey:   map[redpoll.EndpointKey]*endpoint{},
		signals: &endpoint{},
	}
}

// Apply puts a configuration in force. Alerts of a rule whose name and metric
// stay keep their ids and timers, whatever else of the rule has changed, as
// long as it still matches their endpoint; the others end at the next Eval. An
// error, as from Validate, leaves the old rules in force.
func (e *Engine) Apply(t Thresholds, configs []RuleConfig) error {
	rules, err := build(t, configs)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	alerts := e.orphans
	for _, w := range e.watches {
		for _, ep := range w.endpoints {
			if a := w.alerts[ep]; a != nil {
				alerts = append(alerts, a)
			}
		}
	}
	e.orphans = nil
	e.watches = make([]*watch, len(rules))
	e.byName = make(map[string]*watch, len(rules))
	for i, r := range rules {
		w := newWatch(r)
		for _, ep := range e.known {
			w.follow(ep)
		}
		w.follow(e.signals)
		e.watches[i], e.byName[r.name] = w, w
	}
	for _, a := range alerts {
		e.place(a)
	}
	return nil
}

// place gives an alert to its rule, or to the orphans if there is no such rule,
// it judges another metric by now, is not for this endpoint, or has an alert
// for it already.
func (e *Engine) place(a *alert) {
	if w := e.byName[a.Rule]; w != nil && w.metric.name == a.Metric && w.matches(a.Endpoint) {
		ep := e.endpoint(a.Endpoint)
		if w.alerts[ep] == nil {
			w.alerts[ep] = a
			return
		}
	}
	e.orphans = append(e.orphans, a)
}

// endpoint finds an endpoint, or begins to follow it.
func (e *Engine) endpoint(k redpoll.EndpointKey) *endpoint {
	if k == (redpoll.EndpointKey{}) {
		return e.signals
	}
	ep := e.byKey[k]
	if ep == nil {
		ep = &endpoint{key: k}
		e.byKey[k] = ep
		e.known = append(e.known, ep)
		for _, w := range e.watches {
			w.follow(ep)
		}
	}
	return ep
}

// Restore takes up the alerts that were active when redpoll stopped, with
// their ids and times. lastEval is the time of the newest snapshot that was
// evaluated then; the time from there to the next evaluation counts towards no
// `for`. Of the time before, a pending alert has what passed since its last
// stored transition, and one that had lost its data what passed until then.
//
// An alert whose rule no longer exists ends at the first Eval; one whose
// endpoint has not been seen yet is unknown until it is.
func (e *Engine) Restore(alerts []redpoll.Alert, lastEval time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range alerts {
		if !alerts[i].Ended() {
			e.place(restoreAlert(alerts[i], lastEval))
		}
	}
}

// Learn teaches an endpoint's usual latency from stored history: points of one
// minute in ascending order, usually those of the last hour. Points without
// observed latencies teach nothing, nor do those from the onset of a spike
// whose alert was restored. Without Learn a restarted engine learns anew, and
// latency_spike judges nothing until 5 minutes are known.
func (e *Engine) Learn(key redpoll.EndpointKey, points []redpoll.HistoryPoint) {
	e.mu.Lock()
	defer e.mu.Unlock()
	ep := e.endpoint(key)
	onset := e.spikeOnset(ep)
	for i := range points {
		if !onset.IsZero() && points[i].Time.Add(time.Minute).After(onset) {
			return
		}
		if p50 := points[i].Quantile(0.5); p50 != nil {
			ep.baseline.add(p50.Value)
		}
	}
}

// spikeOnset is when the endpoint's oldest active latency_spike alert began,
// zero if there is none.
func (e *Engine) spikeOnset(ep *endpoint) time.Time {
	var onset time.Time
	for _, w := range e.watches {
		if a := w.alerts[ep]; a != nil && w.metric.kind == latencySpike {
			if onset.IsZero() || a.Since.Before(onset) {
				onset = a.Since
			}
		}
	}
	return onset
}

// SetSilences replaces the silences, past and future ones included. They take
// effect at the next Eval.
func (e *Engine) SetSilences(s []redpoll.Silence) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.silences = slices.Clone(s)
}

// Active copies the alerts that are pending, firing or unknown: most severe
// first, then oldest first. Values are those of the last Eval.
func (e *Engine) Active() []redpoll.Alert {
	e.mu.Lock()
	defer e.mu.Unlock()
	var active []*alert
	for _, w := range e.watches {
		active = slices.AppendSeq(active, maps.Values(w.alerts))
	}
	slices.SortFunc(active, func(a, b *alert) int {
		return cmp.Or(
			cmp.Compare(b.Severity.Rank(), a.Severity.Rank()),
			a.Since.Compare(b.Since),
			cmp.Compare(a.ID, b.ID),
		)
	})
	copies := make([]redpoll.Alert, len(active))
	for i, a := range active {
		copies[i] = a.Clone()
	}
	return copies
}

// Rules tells every rule in force, redpoll's own first, then the configured
// ones in their order.
func (e *Engine) Rules() []redpoll.RuleStatus {
	e.mu.Lock()
	defer e.mu.Unlock()
	rules := make([]redpoll.RuleStatus, len(e.watches))
	for i, w := range e.watches {
		rules[i] = w.status()
	}
	return rules
}
