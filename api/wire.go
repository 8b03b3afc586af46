package api

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// This file has the types of the wire, convert.go fills them: nowhere else do
// the inside's base units become the wire's, which are Unix milliseconds,
// latencies in milliseconds, rates of errors and ratios in percent. The types
// are mirrored in web/src/protocol.ts and described in openapi.yaml; a test
// holds all three together.

// number is a figure on the wire: null where nothing was observed, otherwise
// six significant digits, which is more than any histogram can tell and half
// as long as the whole float.
type number struct{ v *float64 }

// MarshalJSON writes null for a missing or non-finite value.
func (n number) MarshalJSON() ([]byte, error) {
	return n.appendTo(make([]byte, 0, 16)), nil
}

func (n number) appendTo(b []byte) []byte {
	if n.v == nil || math.IsNaN(*n.v) || math.IsInf(*n.v, 0) {
		return append(b, "null"...)
	}
	return appendNumber(b, *n.v)
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

func milliseconds(d time.Duration) number {
	s := d.Seconds()
	return millis(&s)
}

// unixMilli is null for the zero time.
func unixMilli(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ms := t.UnixMilli()
	return &ms
}

type wireEndpoint struct {
	Job             string     `json:"job"`
	Method          string     `json:"method"`
	Path            string     `json:"path"`
	P50             number     `json:"p50"`
	P95             number     `json:"p95"`
	P99             number     `json:"p99"`
	Mean            number     `json:"mean"`
	Ranges          wireRanges `json:"ranges,omitzero"` // of p50, p95 and p99
	Own             bool       `json:"own,omitempty"`   // quantiles are the application's own
	ErrorRate       number     `json:"errorRate"`
	ClientErrorRate number     `json:"clientErrorRate"`
	Throughput      number     `json:"throughput"`
	Requests        uint64     `json:"requests"`
	Instances       int        `json:"instances"`
	NoData          string     `json:"noData,omitempty"`
}

// wireInstance is one instance's part in an endpoint.
type wireInstance struct {
	Instance string `json:"instance"`
	wireEndpoint
}

type wireInstanceList struct {
	Timestamp int64          `json:"timestamp"` // of the current snapshot
	Instances []wireInstance `json:"instances"`
}

type wireMark struct {
	Timestamp int64            `json:"timestamp"`
	Job       string           `json:"job"`
	Instance  string           `json:"instance"`
	Kind      redpoll.MarkKind `json:"kind"`
	Text      string           `json:"text"` // what changed; may be empty
}

type wireMarkList struct {
	Marks []wireMark `json:"marks"` // newest first
}

type wireTotal struct {
	Throughput number `json:"throughput"`
	ErrorRate  number `json:"errorRate"`
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

// wireTargetCount leaves those that are down to be told from the rest.
type wireTargetCount struct {
	Up      int `json:"up"`
	Unknown int `json:"unknown"` // not scraped yet
	Total   int `json:"total"`
	Warning int `json:"warning,omitempty"` // of those that are up
}

type wireSnapshot struct {
	Timestamp int64          `json:"timestamp"`
	Interval  int64          `json:"interval"` // ms
	Endpoints []wireEndpoint `json:"endpoints"`
	wireOverview
}

// wireOverview is what a snapshot has beside its endpoints.
type wireOverview struct {
	Total   wireTotal       `json:"total"` // of all endpoints together
	CDN     wireCDN         `json:"cdn"`
	System  wireSystem      `json:"system"`
	Targets wireTargetCount `json:"targets"`
	Marks   []wireMark      `json:"marks,omitempty"` // since the snapshot before
}

type wireAlert struct {
	ID          string            `json:"id"`
	Type        string            `json:"type"` // the metric that is judged
	Rule        string            `json:"rule"`
	Severity    redpoll.Severity  `json:"severity"`
	State       string            `json:"state"`
	Value       number            `json:"value"`
	Range       wireRange         `json:"range,omitzero"` // of the quantile that value tells of
	Peak        number            `json:"peak"`
	PeakAtLeast bool              `json:"peakAtLeast,omitempty"`
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

// streamMessage is a snapshot or an update. Data is an encoded wireSnapshot;
// Alerts is left out where nil, and an empty list where empty.
type streamMessage struct {
	Type      string          `json:"type"`
	Seq       uint64          `json:"seq"`
	Timestamp int64           `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
	Alerts    []wireAlert     `json:"alerts,omitzero"`
}

type errorMessage struct {
	Type      string `json:"type"`
	Timestamp int64  `json:"timestamp"`
	Error     string `json:"error"`
}

type wireEndpointList struct {
	Timestamp int64          `json:"timestamp"`
	Total     int            `json:"total"` // that match, on all pages
	Limit     int            `json:"limit"`
	Offset    int            `json:"offset"`
	Endpoints []wireEndpoint `json:"endpoints"`
}

type wireAlertList struct {
	Alerts []wireAlert `json:"alerts"`
	Next   string      `json:"next"`
}

type wireHistory struct {
	Job        string   `json:"job"`
	Method     string   `json:"method"`
	Path       string   `json:"path"`
	Start      int64    `json:"start"`
	End        int64    `json:"end"`
	Step       int64    `json:"step"` // ms
	Timestamps []int64  `json:"timestamps"`
	P50        []number `json:"p50"`
	P95        []number `json:"p95"`
	P99        []number `json:"p99"`
	Mean       []number `json:"mean"`
	// An upper bound that is null beside a quantile is +Inf.
	P50Lower        []number `json:"p50Lower"`
	P50Upper        []number `json:"p50Upper"`
	P95Lower        []number `json:"p95Lower"`
	P95Upper        []number `json:"p95Upper"`
	P99Lower        []number `json:"p99Lower"`
	P99Upper        []number `json:"p99Upper"`
	ErrorRate       []number `json:"errorRate"`
	ClientErrorRate []number `json:"clientErrorRate"`
	Throughput      []number `json:"throughput"`
	Requests        []number `json:"requests"`
}

type wireTrend struct {
	Timestamps []int64             `json:"timestamps"`
	Throughput sparkline           `json:"throughput"`
	ErrorRate  sparkline           `json:"errorRate"`
	Endpoints  []wireTrendEndpoint `json:"endpoints"`
}

type wireTrendEndpoint struct {
	Job    string    `json:"job"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	P95    sparkline `json:"p95"`
}

// sparkline is a row of figures with three significant digits, which is more
// than a sparkline can show; gap is null.
type sparkline []float32

func plainLine(base []float32) sparkline   { return base }
func millisLine(base []float32) sparkline  { return scaledLine(base, 1000) } // seconds → ms
func percentLine(base []float32) sparkline { return scaledLine(base, 100) }  // ratio → %

// scaledLine changes the row in place; a gap stays one.
func scaledLine(base []float32, by float32) sparkline {
	for i := range base {
		base[i] *= by
	}
	return base
}

// MarshalJSON writes an array, an empty one for nil.
func (s sparkline) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 2+6*len(s)), '[')
	for i, v := range s {
		if i > 0 {
			b = append(b, ',')
		}
		if isGap(v) {
			b = append(b, "null"...)
		} else {
			b = strconv.AppendFloat(b, float64(v), 'g', 3, 32)
		}
	}
	return append(b, ']'), nil
}

type wireTarget struct {
	ID            string            `json:"id"`
	Pool          string            `json:"pool"`
	Job           string            `json:"job"`
	Instance      string            `json:"instance"`
	URL           string            `json:"url"`
	Labels        map[string]string `json:"labels"`     // after relabelling
	Discovered    map[string]string `json:"discovered"` // labels before it
	Health        redpoll.Health    `json:"health"`
	Error         string            `json:"error"`
	Warnings      []string          `json:"warnings"` // the most important first
	LastScrape    *int64            `json:"lastScrape"`
	LastDuration  number            `json:"lastDuration"` // ms
	Durations     []number          `json:"durations"`    // ms; of the last scrapes, the newest last
	Interval      int64             `json:"interval"`     // ms
	Timeout       int64             `json:"timeout"`      // ms
	Samples       int               `json:"samples"`      // as exposed
	Relabelled    int               `json:"relabelled"`   // samples after relabelling and limits
	Added         int               `json:"added"`        // series that the scrape before did not have
	Skipped       int               `json:"skipped"`
	SkippedReason string            `json:"skippedReason"`
	Bytes         int64             `json:"bytes"`
	Started       *int64            `json:"started"`
	Restarts      int               `json:"restarts"`
	Recognised    []wireRecognised  `json:"recognised"`
	Ignored       []wireIgnored     `json:"ignored"`
	Advice        []wireAdvice      `json:"advice"`
}

// wireDroppedTarget is one that relabelling or a limit left out, or that cannot
// be scraped.
type wireDroppedTarget struct {
	Pool       string            `json:"pool"`
	Reason     string            `json:"reason"`
	Discovered map[string]string `json:"discovered"`
}

// wireDroppedTargetList may have fewer targets than were dropped: how many are
// kept is configured.
type wireDroppedTargetList struct {
	Targets []wireDroppedTarget `json:"targets"`
	Counts  map[string]int      `json:"counts"` // by pool, every pool included
}

type wireRecognised struct {
	Convention string `json:"convention"`
	Family     string `json:"family"`
	Kind       string `json:"kind"`
	Endpoints  int    `json:"endpoints"`
	Guess      bool   `json:"guess"`
	Note       string `json:"note"`
}

type wireIgnored struct {
	Family string `json:"family"`
	Reason string `json:"reason"`
}

// wireAdvice is something missing with what mends it.
type wireAdvice struct {
	Text string `json:"text"`
	YAML string `json:"yaml"` // to write into the configuration; may be empty
}

type wireRule struct {
	Name           string            `json:"name"`
	Metric         string            `json:"metric"`
	Match          map[string]string `json:"match"`
	Direction      string            `json:"direction"`
	Levels         []wireLevel       `json:"levels"`
	Unit           string            `json:"unit"`
	For            int64             `json:"for"` // ms
	MinRequests    uint64            `json:"minRequests"`
	Labels         map[string]string `json:"labels"`
	Annotations    map[string]string `json:"annotations"`
	Default        bool              `json:"default"`
	LastEvaluation *int64            `json:"lastEvaluation"`
	Duration       number            `json:"duration"` // ms
	Active         map[string]int    `json:"active"`
	Note           string            `json:"note"`
	Advice         []wireAdvice      `json:"advice"`
}

type wireLevel struct {
	Severity  redpoll.Severity `json:"severity"`
	Threshold number           `json:"threshold"`
}

type wireSilence struct {
	ID        string        `json:"id"`
	Matchers  []wireMatcher `json:"matchers"`
	StartsAt  *int64        `json:"startsAt"`
	EndsAt    *int64        `json:"endsAt"`
	CreatedBy string        `json:"createdBy"`
	Comment   string        `json:"comment"`
	State     string        `json:"state"` // pending, active or expired
}

type wireMatcher struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type wireHealth struct {
	Status  string          `json:"status"` // ok, starting or failing
	Version string          `json:"version"`
	Uptime  number          `json:"uptime"` // s
	Targets wireTargetCount `json:"targets"`
	History string          `json:"history"` // "ok" or what is wrong with it
}

type wireError struct {
	Error string `json:"error"`
}
