package api

import (
	"math"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func toWireSnapshot(s *redpoll.Snapshot) wireSnapshot {
	w := wireSnapshot{
		Timestamp:    s.Time.UnixMilli(),
		Interval:     s.Interval.Milliseconds(),
		Endpoints:    make([]wireEndpoint, len(s.Endpoints)),
		wireOverview: toWireOverview(s),
	}
	for i := range s.Endpoints {
		w.Endpoints[i] = toWireEndpoint(&s.Endpoints[i])
	}
	return w
}

func toWireOverview(s *redpoll.Snapshot) wireOverview {
	sum := addUp(s.Endpoints)
	return wireOverview{
		Total: wireTotal{Throughput: plain(sum.throughput), ErrorRate: percent(sum.errorRate)},
		CDN: wireCDN{
			Bandwidth:     plain(s.CDN.Bandwidth),
			CacheHitRatio: percent(s.CDN.CacheHitRatio),
			Storage:       percent(s.CDN.Storage),
		},
		System: wireSystem{
			Uptime: plain(s.System.Uptime),
			Memory: plain(s.System.Memory),
			CPU:    percent(s.System.CPU),
			Source: s.System.Source,
		},
		Targets: countTargets(s.Targets),
		Marks:   toWireMarks(s.Marks),
	}
}

// toWireMarks never gives nil.
func toWireMarks(marks []redpoll.Mark) []wireMark {
	w := make([]wireMark, len(marks))
	for i, m := range marks {
		w[i] = wireMark{m.Time.UnixMilli(), m.Job, m.Instance, m.Kind, m.Text}
	}
	return w
}

func countTargets(targets []redpoll.TargetStatus) wireTargetCount {
	c := wireTargetCount{Total: len(targets)}
	for i := range targets {
		switch targets[i].Health {
		case redpoll.HealthUp:
			c.Up++
			if len(targets[i].Warnings) > 0 {
				c.Warning++
			}
		case redpoll.HealthUnknown:
			c.Unknown++
		case redpoll.HealthDown:
		}
	}
	return c
}

func toWireEndpoint(e *redpoll.EndpointMetrics) wireEndpoint {
	return wireEndpoint{
		Job: e.Key.Job, Method: e.Key.Method, Path: e.Key.Path,
		P50: millis(e.P50.Seconds()), P95: millis(e.P95.Seconds()), P99: millis(e.P99.Seconds()),
		Mean:      millis(e.Mean),
		Ranges:    wireRanges{rangeOf(e.P50), rangeOf(e.P95), rangeOf(e.P99)},
		Own:       len(e.Own) > 0,
		ErrorRate: percent(e.ErrorRate), ClientErrorRate: percent(e.ClientErrorRate),
		Throughput: plain(e.Throughput),
		Requests:   e.Window.Requests,
		Instances:  e.Instances,
		NoData:     string(e.Cause),
	}
}

// wireUnit names a unit on the wire and the factor from base units to it.
func wireUnit(u redpoll.Unit) (name string, factor float64) {
	switch u {
	case redpoll.Seconds:
		return "ms", 1000
	case redpoll.Ratio:
		return "%", 100
	case redpoll.PerSecond:
		return "/s", 1
	case redpoll.Bytes:
		return "bytes", 1
	case redpoll.Number:
	}
	return "", 1
}

// direction is the side of the threshold on which the condition is met.
func direction(above bool) string {
	if above {
		return "above"
	}
	return "below"
}

func toWireAlert(a *redpoll.Alert) wireAlert {
	unit, factor := wireUnit(a.Unit)
	return wireAlert{
		ID: a.ID, Type: a.Metric, Rule: a.Rule, Severity: a.Severity, State: string(a.State),
		Value: scaled(a.Value, factor), Range: alertRange(a),
		Peak: scaled(a.Peak, factor), PeakAtLeast: a.PeakIsLowerLimit, Threshold: scaled(&a.Threshold, factor),
		Baseline: millis(a.Baseline), Unit: unit, Direction: direction(a.Above),
		Job: a.Endpoint.Job, Method: a.Endpoint.Method, Path: a.Endpoint.Path,
		Labels: a.Labels, Annotations: a.Annotations,
		Since: unixMilli(a.Since), FiredAt: unixMilli(a.FiredAt),
		ResolvedAt: unixMilli(a.ResolvedAt), UpdatedAt: unixMilli(a.UpdatedAt),
		SilencedBy: a.SilencedBy, NoData: string(a.Cause),
	}
}

// alertRange is that of the latency that the alert judges.
func alertRange(a *redpoll.Alert) wireRange {
	if a.Lower == nil {
		return wireRange{}
	}
	e := redpoll.Estimate{Value: *a.Lower, Lower: *a.Lower, Upper: math.Inf(1)}
	if a.Upper != nil {
		e.Upper = *a.Upper
	}
	return rangeOf(&e)
}

// toWireAlerts never gives nil.
func toWireAlerts(alerts []redpoll.Alert) []wireAlert {
	w := make([]wireAlert, len(alerts))
	for i := range alerts {
		w[i] = toWireAlert(&alerts[i])
	}
	return w
}

func toWireTarget(t *redpoll.TargetStatus) wireTarget {
	w := wireTarget{
		ID: t.ID, Pool: t.Pool, Job: t.Job, Instance: t.Instance, URL: t.URL,
		Labels: orEmpty(t.Labels), Discovered: orEmpty(t.Discovered),
		Health: t.Health, Error: t.Error, Warnings: append([]string{}, t.Warnings...),
		LastScrape: unixMilli(t.LastScrape), Durations: make([]number, len(t.Durations)),
		Interval: t.Interval.Milliseconds(), Timeout: t.Timeout.Milliseconds(),
		Samples: t.Samples, Relabelled: t.Relabelled, Added: t.Added,
		Skipped: t.Skipped, SkippedReason: t.SkippedReason, Bytes: t.Bytes,
		Started: unixMilli(t.Started), Restarts: t.Restarts,
		Recognised: make([]wireRecognised, len(t.Recognised)),
		Ignored:    make([]wireIgnored, len(t.Ignored)),
		Advice:     toWireAdvice(t.Advice),
	}
	if !t.LastScrape.IsZero() {
		w.LastDuration = milliseconds(t.LastDuration)
	}
	for i, d := range t.Durations {
		w.Durations[i] = milliseconds(d)
	}
	for i, r := range t.Recognised {
		w.Recognised[i] = wireRecognised(r)
	}
	for i, f := range t.Ignored {
		w.Ignored[i] = wireIgnored(f)
	}
	return w
}

func toWireDroppedTarget(t *redpoll.DroppedTarget) wireDroppedTarget {
	return wireDroppedTarget{Pool: t.Pool, Reason: t.Reason, Discovered: orEmpty(t.Discovered)}
}

// toWireAdvice never gives nil.
func toWireAdvice(advice []redpoll.Advice) []wireAdvice {
	w := make([]wireAdvice, len(advice))
	for i, a := range advice {
		w[i] = wireAdvice(a)
	}
	return w
}

func toWireRule(r *redpoll.RuleStatus) wireRule {
	unit, factor := wireUnit(r.Unit)
	w := wireRule{
		Name: r.Name, Metric: r.Metric, Match: orEmpty(r.Match), Direction: direction(r.Above),
		Levels: make([]wireLevel, len(r.Levels)), Unit: unit,
		For: r.For.Milliseconds(), MinRequests: r.MinRequests,
		Labels: orEmpty(r.Labels), Annotations: orEmpty(r.Annotations),
		Default:        r.Default,
		LastEvaluation: unixMilli(r.LastEvaluation), Duration: milliseconds(r.Duration),
		Active: map[string]int{},
		Note:   r.Note,
		Advice: toWireAdvice(r.Advice),
	}
	for i := range r.Levels {
		w.Levels[i] = wireLevel{r.Levels[i].Severity, scaled(&r.Levels[i].Threshold, factor)}
	}
	for _, s := range []redpoll.AlertState{redpoll.Pending, redpoll.Firing, redpoll.Unknown, redpoll.Resolved, redpoll.Inactive} {
		w.Active[string(s)] = r.Active[s]
	}
	return w
}

// toWireHistory lays the points out on every step that touches the time asked
// for; steps without a point are null in every column.
func toWireHistory(q redpoll.HistoryQuery, h redpoll.History) wireHistory {
	step := h.Step.Milliseconds()
	first, n := wholeSteps(q.Start, q.End, h.Step)
	w := wireHistory{
		Job: q.Key.Job, Method: q.Key.Method, Path: q.Key.Path,
		Start: q.Start.UnixMilli(), End: q.End.UnixMilli(), Step: step,
		Timestamps: make([]int64, n),
		P50:        make([]number, n), P50Lower: make([]number, n), P50Upper: make([]number, n),
		P95: make([]number, n), P95Lower: make([]number, n), P95Upper: make([]number, n),
		P99: make([]number, n), P99Lower: make([]number, n), P99Upper: make([]number, n),
		Mean:      make([]number, n),
		ErrorRate: make([]number, n), ClientErrorRate: make([]number, n),
		Throughput: make([]number, n), Requests: make([]number, n),
	}
	for i := range w.Timestamps {
		w.Timestamps[i] = first + int64(i)*step
	}
	for i := range h.Points {
		p := &h.Points[i]
		if at := (p.Time.UnixMilli() - first) / step; at >= 0 && at < int64(n) {
			w.set(int(at), &p.Increase)
		}
	}
	return w
}

func (w *wireHistory) set(i int, in *redpoll.Increase) {
	requests := float64(in.Requests)
	w.P50[i], w.P50Lower[i], w.P50Upper[i] = withRange(in.Quantile(0.50))
	w.P95[i], w.P95Lower[i], w.P95Upper[i] = withRange(in.Quantile(0.95))
	w.P99[i], w.P99Lower[i], w.P99Upper[i] = withRange(in.Quantile(0.99))
	w.Mean[i] = millis(in.Mean())
	w.ErrorRate[i] = percent(in.ErrorRate())
	w.ClientErrorRate[i] = percent(in.ClientErrorRate())
	w.Throughput[i] = plain(in.Throughput())
	w.Requests[i] = plain(&requests)
}

func withRange(e *redpoll.Estimate) (value, lower, upper number) {
	r := rangeOf(e)
	return millis(e.Seconds()), r.lowerNumber(), r.upperNumber()
}

// toWireSilence says where the silence stands at now.
func toWireSilence(s *redpoll.Silence, now time.Time) wireSilence {
	state := "expired"
	switch {
	case now.Before(s.StartsAt):
		state = "pending"
	case s.ActiveAt(now):
		state = "active"
	}
	w := wireSilence{
		ID: s.ID, Matchers: make([]wireMatcher, len(s.Matchers)),
		StartsAt: unixMilli(s.StartsAt), EndsAt: unixMilli(s.EndsAt),
		CreatedBy: s.CreatedBy, Comment: s.Comment, State: state,
	}
	for i, m := range s.Matchers {
		w.Matchers[i] = wireMatcher(m)
	}
	return w
}

func fromWireMatchers(w []wireMatcher) []redpoll.Matcher {
	matchers := make([]redpoll.Matcher, len(w))
	for i, m := range w {
		matchers[i] = redpoll.Matcher(m)
	}
	return matchers
}

// orEmpty makes {} of what would be null.
func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
