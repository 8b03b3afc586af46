package rules

import (
	"maps"
	"time"

	"github.com/google/uuid"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// alert is an alert under way: the state machine of the package's comment.
type alert struct {
	redpoll.Alert
	// held is, by Severity.Rank, for how long the level of that severity has
	// been crossed, counting only time with data; notCrossed if it is not.
	held [3]time.Duration
	// worst is the most severe level at which it fired; zero before that.
	worst redpoll.Level
}

const notCrossed time.Duration = -1

// newAlert makes an alert whose first observation is still to come.
func newAlert(r *rule, key redpoll.EndpointKey, now time.Time) *alert {
	return &alert{
		Alert: redpoll.Alert{
			ID: uuid.Must(uuid.NewV7()).String(), Rule: r.name, Endpoint: key,
			Metric: r.metric.name, Unit: r.metric.unit,
			State: redpoll.Inactive, Since: now,
		},
		held: [3]time.Duration{notCrossed, notCrossed, notCrossed},
	}
}

// restoreAlert takes up a stored alert, see Engine.Restore.
func restoreAlert(stored redpoll.Alert, lastEval time.Time) *alert {
	a := &alert{Alert: stored.Clone(), held: [3]time.Duration{notCrossed, notCrossed, notCrossed}}
	if !stored.FiredAt.IsZero() {
		a.worst = redpoll.Level{Severity: stored.Severity, Threshold: stored.Threshold}
	}
	held := stored.UpdatedAt.Sub(stored.Since)
	if stored.State == redpoll.Pending {
		// The condition held from the last stored transition, which for most
		// is the first, until redpoll stopped.
		held = lastEval.Sub(stored.UpdatedAt)
	}
	for rank := range stored.Severity.Rank() + 1 {
		a.held[rank] = max(0, held)
	}
	return a
}

// observe takes one evaluation's observation, step after the one before, and
// reports whether that was a transition.
func (a *alert) observe(r *rule, o *observation, now time.Time, step time.Duration) bool {
	state, severity := a.State, a.Severity
	a.Above, a.UpdatedAt = r.above, now
	if o.known {
		a.judge(r, o, now, step)
	} else {
		a.lose(o.cause)
	}
	return a.State != state || a.Severity != severity
}

// lose freezes the alert: there is nothing to judge it by.
func (a *alert) lose(cause redpoll.NoData) {
	if a.State != redpoll.Unknown {
		a.Before, a.State = a.State, redpoll.Unknown
	}
	a.Cause = cause
}

func (a *alert) judge(r *rule, o *observation, now time.Time, step time.Duration) {
	if a.State == redpoll.Unknown {
		a.State, a.Before, a.Cause = a.Before, "", redpoll.HasData
		step = 0
	}
	a.take(o)
	a.hold(r, o, step)
	state, level := a.settle(r)
	if state == redpoll.Inactive {
		a.end(now, redpoll.HasData)
		return
	}
	if state == redpoll.Firing && a.FiredAt.IsZero() {
		a.FiredAt = now
	}
	a.State, a.Severity, a.Threshold = state, level.Severity, level.Threshold
	a.remember(level)
}

// take makes the observation the alert's own.
func (a *alert) take(o *observation) {
	value := o.value
	a.Value, a.Baseline, a.Lower, a.Upper = &value, nil, nil, nil
	if o.usual > 0 {
		usual := o.usual
		a.Baseline = &usual
	}
	if o.latency == nil {
		return
	}
	bounds := *o.latency
	a.Lower = &bounds.Lower
	if !o.isLowerLimit {
		a.Upper = &bounds.Upper
	}
}

// isLowerLimit reports whether the true value lies anywhere above Value.
func (a *alert) isLowerLimit() bool { return a.Lower != nil && a.Upper == nil }

// remember keeps the worst of the incident for when it is over.
func (a *alert) remember(level redpoll.Level) {
	if a.Peak == nil || a.Above == (*a.Value > *a.Peak) {
		a.Peak, a.PeakIsLowerLimit = a.Value, a.isLowerLimit()
	}
	if a.State == redpoll.Firing && (a.worst.Severity == "" || level.Severity.Rank() > a.worst.Severity.Rank()) {
		a.worst = level
	}
}

// hold counts for how long each level has been crossed.
func (a *alert) hold(r *rule, o *observation, step time.Duration) {
	held := [3]time.Duration{notCrossed, notCrossed, notCrossed}
	for _, l := range r.levels {
		rank := l.Severity.Rank()
		switch {
		case !r.crosses(l, o):
		case a.held[rank] == notCrossed:
			held[rank] = 0
		default:
			held[rank] = a.held[rank] + step
		}
	}
	a.held = held
}

// settle finds the state, and the level that gives the alert its severity, by
// what has been held for how long. Inactive means that no level is crossed.
//
// A firing alert keeps the severity it has for as long as that level is
// crossed, even if a new configuration asks for a longer `for`.
func (a *alert) settle(r *rule) (redpoll.AlertState, redpoll.Level) {
	firing := a.State == redpoll.Firing
	state, level := redpoll.Inactive, redpoll.Level{}
	for _, l := range r.levels {
		rank := l.Severity.Rank()
		switch held := a.held[rank]; {
		case held == notCrossed:
		case held >= r.wait, firing && rank <= a.Severity.Rank():
			return redpoll.Firing, l
		case firing:
			// Its own level is no longer configured: the least severe serves.
			state, level = redpoll.Firing, l
		case state == redpoll.Inactive:
			state, level = redpoll.Pending, l
		}
	}
	return state, level
}

// end closes the alert: Resolved if it ever fired, else Inactive.
func (a *alert) end(now time.Time, cause redpoll.NoData) {
	a.State = redpoll.Resolved
	if a.FiredAt.IsZero() {
		a.State = redpoll.Inactive
	} else {
		a.Severity, a.Threshold = a.worst.Severity, a.worst.Threshold
	}
	a.Before, a.Cause, a.ResolvedAt, a.UpdatedAt = "", cause, now, now
}

// label sets the labels and annotations that follow from the rule and from
// where the alert stands now.
func (a *alert) label(r *rule) {
	labels := make(map[string]string, len(r.labels)+len(ownLabels))
	maps.Copy(labels, r.labels)
	for name, value := range map[string]string{
		"alertname": a.Rule, "severity": string(a.Severity),
		"job": a.Endpoint.Job, "method": a.Endpoint.Method, "path": a.Endpoint.Path,
	} {
		if value != "" {
			labels[name] = value
		}
	}
	annotations := make(map[string]string, len(r.annotations)+1)
	annotations["summary"] = a.summary(r)
	maps.Copy(annotations, r.annotations)
	a.Labels, a.Annotations = labels, annotations
}
