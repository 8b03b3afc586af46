package api

import (
	"math"
	"strconv"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// This file is the only place where the inside's base units become the wire's:
// Unix milliseconds, latencies in milliseconds, rates of errors and ratios in
// percent. The types are mirrored in web/src/protocol.ts and described in
// openapi.yaml; a test holds all three together.

// number is a figure on the wire: null where nothing was observed, otherwise
// six significant digits, which is more than any histogram can tell and half
// as long as the whole float.
type number struct{ v *float64 }

// MarshalJSON writes null for a missing or non-finite value.
func (n number) MarshalJSON() ([]byte, error) {
	if n.v == nil || math.IsNaN(*n.v) || math.IsInf(*n.v, 0) {
		return []byte("null"), nil
	}
	return appendNumber(make([]byte, 0, 16), *n.v), nil
}

func appendNumber(b []byte, v float64) []byte {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.AppendInt(b, int64(v), 10)
	}
	return strconv.AppendFloat(b, v, 'g', 6, 64)
}

func plain(v *float64) number { return number{v} }

func scaled(v *float64, by float64) number {
	if v == nil {
		return number{}
	}
	s := *v * by
	return number{&s}
}

func millis(v *float64) number  { return scaled(v, 1000) } // seconds → ms
func percent(v *float64) number { return scaled(v, 100) }  // ratio → %

// unixMilli is null for the zero time.
func unixMilli(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ms := t.UnixMilli()
	return &ms
}

type wireEndpoint struct {
	Job        string `json:"job"`
	Method     string `json:"method"`
	Path       string `json:"path"`
	P50        number `json:"p50"`
	P95        number `json:"p95"`
	P99        number `json:"p99"`
	ErrorRate  number `json:"errorRate"`
	Throughput number `json:"throughput"`
	Requests   uint64 `json:"requests"`
	Instances  int    `json:"instances"`
	NoData     string `json:"noData,omitempty"`
}

type wireCDN struct {
	Bandwidth     number `json:"bandwidth"`     // bytes/s
	CacheHitRatio number `json:"cacheHitRatio"` // %
	Storage       number `json:"storage"`       // % in use
}

type wireSystem struct {
	Uptime number `json:"uptime"` // s
	Memory number `json:"memory"` // bytes
	CPU    number `json:"cpu"`    // %; of all cores for machines, of one core for processes
	Source string `json:"source"` // "node", "process" or ""
}

type wireTargetCount struct {
	Up    int `json:"up"`
	Total int `json:"total"`
}

type wireSnapshot struct {
	Timestamp int64           `json:"timestamp"`
	Interval  int64           `json:"interval"` // ms
	Endpoints []wireEndpoint  `json:"endpoints"`
	CDN       wireCDN         `json:"cdn"`
	System    wireSystem      `json:"system"`
	Targets   wireTargetCount `json:"targets"`
}

type wireAlert struct {
	ID          string            `json:"id"`
	Type        string            `json:"type"` // the metric that is judged
	Rule        string            `json:"rule"`
	Severity    redpoll.Severity  `json:"severity"`
	State       string            `json:"state"`
	Value       number            `json:"value"`
	Threshold   number            `json:"threshold"`
	Baseline    number            `json:"baseline"` // ms
	Unit        string            `json:"unit"`     // ms, %, /s, bytes or ""
	Direction   string            `json:"direction"`
	Job         string            `json:"job"`
	Method      string            `json:"method"`
	Path        string            `json:"path"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	Since       *int64            `json:"since"`
	FiredAt     *int64            `json:"firedAt"`
	ResolvedAt  *int64            `json:"resolvedAt"`
	UpdatedAt   *int64            `json:"updatedAt"`
	SilencedBy  string            `json:"silencedBy,omitempty"`
	NoData      string            `json:"noData,omitempty"`
}

// streamMessage is a snapshot or an update.
type streamMessage struct {
	Type      string       `json:"type"`
	Seq       uint64       `json:"seq"`
	Timestamp int64        `json:"timestamp"`
	Data      wireSnapshot `json:"data"`
	Alerts    []wireAlert  `json:"alerts,omitempty"`
}

type errorMessage struct {
	Type      string `json:"type"`
	Timestamp int64  `json:"timestamp"`
	Error     string `json:"error"`
}

func toWireSnapshot(s *redpoll.Snapshot) wireSnapshot {
	w := wireSnapshot{
		Timestamp: s.Time.UnixMilli(),
		Interval:  s.Interval.Milliseconds(),
		Endpoints: make([]wireEndpoint, len(s.Endpoints)),
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
	}
	for i := range s.Endpoints {
		w.Endpoints[i] = toWireEndpoint(&s.Endpoints[i])
	}
	w.Targets.Total = len(s.Targets)
	for i := range s.Targets {
		if s.Targets[i].Health == redpoll.HealthUp {
			w.Targets.Up++
		}
	}
	return w
}

func toWireEndpoint(e *redpoll.EndpointMetrics) wireEndpoint {
	return wireEndpoint{
		Job: e.Key.Job, Method: e.Key.Method, Path: e.Key.Path,
		P50: millis(e.P50), P95: millis(e.P95), P99: millis(e.P99),
		ErrorRate:  percent(e.ErrorRate),
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

func toWireAlert(a *redpoll.Alert) wireAlert {
	unit, factor := wireUnit(a.Unit)
	direction := "below"
	if a.Above {
		direction = "above"
	}
	return wireAlert{
		ID: a.ID, Type: a.Metric, Rule: a.Rule, Severity: a.Severity, State: string(a.State),
		Value: scaled(a.Value, factor), Threshold: scaled(&a.Threshold, factor),
		Baseline: millis(a.Baseline), Unit: unit, Direction: direction,
		Job: a.Endpoint.Job, Method: a.Endpoint.Method, Path: a.Endpoint.Path,
		Labels: a.Labels, Annotations: a.Annotations,
		Since: unixMilli(a.Since), FiredAt: unixMilli(a.FiredAt),
		ResolvedAt: unixMilli(a.ResolvedAt), UpdatedAt: unixMilli(a.UpdatedAt),
		SilencedBy: a.SilencedBy, NoData: string(a.Cause),
	}
}

func toWireAlerts(alerts []redpoll.Alert) []wireAlert {
	w := make([]wireAlert, len(alerts))
	for i := range alerts {
		w[i] = toWireAlert(&alerts[i])
	}
	return w
}
