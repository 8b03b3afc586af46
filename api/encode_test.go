package api

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// oddTexts are label values that an application may expose.
var oddTexts = []string{
	"", "GET", "/checkout", "/a\"b\\c", "</script><b>&", "\x00\x1f\x7f", "\xff\xfe", "ünï", "\u2028", "日本", "😀",
}

// randomMetrics draws an endpoint from its histogram, as the scrape stage does,
// or from what an application states itself, or without quantiles.
func randomMetrics(r *rand.Rand) redpoll.EndpointMetrics {
	text := func() string { return oddTexts[r.IntN(len(oddTexts))] }
	in := redpoll.Increase{
		Elapsed: time.Duration(r.IntN(3)) * 5 * time.Second, Requests: uint64(r.IntN(3)) * 1e3,
		ErrorsKnown: r.IntN(2) == 0, ClientErrorsUnknown: r.IntN(4) == 0, Latency: randomLatency(r),
	}
	in.Errors, in.ClientErrors = in.Requests/3, in.Requests/7
	m := redpoll.EndpointMetrics{
		Key: redpoll.EndpointKey{Job: text(), Method: text(), Path: text()},
		P50: in.Quantile(0.50), P95: in.Quantile(0.95), P99: in.Quantile(0.99), Mean: in.Mean(),
		ErrorRate: in.ErrorRate(), ClientErrorRate: in.ClientErrorRate(), Throughput: in.Throughput(),
		Window: in, Instances: r.IntN(3),
	}
	if in.Latency == nil && r.IntN(2) == 0 {
		m.P50, m.P99 = redpoll.Exactly(0.1), redpoll.Exactly(r.Float64())
		m.Own = []redpoll.OwnQuantile{{Q: 0.5, Value: m.P50.Value}, {Q: 0.99, Value: m.P99.Value}}
	}
	if in.Requests == 0 {
		m.Cause = redpoll.NoTraffic
	}
	return m
}

// randomLatency draws a classic or native histogram, often with everything in
// its lowest or highest bucket; bounds may be such that no clock measures them.
func randomLatency(r *rand.Rand) *redpoll.Histogram {
	counts := make([]uint64, r.IntN(6))
	for i := range counts {
		counts[i] = uint64(r.IntN(3)) * uint64(r.IntN(100))
	}
	switch r.IntN(3) {
	case 0:
		h, _ := redpoll.NewExponential(redpoll.Exponents{
			Schema: int8(r.IntN(13) - 4), Threshold: 1e-9, Zero: uint64(r.IntN(3)), First: r.IntN(20) - 10, Counts: counts,
		})
		return h
	case 1:
		ends := []float64{-1, 0, 1e-320, 0.005, 1.0 / 3, 10, 1e15, math.MaxFloat64}
		first := r.IntN(len(ends))
		h := redpoll.NewHistogram(ends[first : first+r.IntN(len(ends)-first+1)])
		h.Scale = redpoll.Scale(r.IntN(2))
		for i := range h.Counts {
			h.Counts[i] = uint64(r.IntN(2) * r.IntN(1000))
		}
		return h
	}
	return nil
}

func randomSnapshot(r *rand.Rand) *redpoll.Snapshot {
	s := &redpoll.Snapshot{Time: noon, Interval: 5 * time.Second}
	for range r.IntN(4) {
		s.Endpoints = append(s.Endpoints, randomMetrics(r))
	}
	if r.IntN(3) == 0 {
		s.Marks = []redpoll.Mark{deployed}
	}
	return s
}

// What encoding/json makes of a message is the truth that encode is held to.
func TestFastMessagesAreWrittenAsEncodingJSONWritesThem(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		w := toWireSnapshot(randomSnapshot(r))
		want, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.encode()
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("error %v, encoding/json (-), encode (+):\n%s", err, cmp.Diff(string(want), string(got)))
		}
		m := streamMessage{Type: "update", Seq: r.Uint64(), Timestamp: w.Timestamp, Data: got}
		switch r.IntN(3) {
		case 0:
			m.Alerts = []wireAlert{}
		case 1:
			m.Alerts = toWireAlerts([]redpoll.Alert{slowAlert})
		}
		want, _ = json.Marshal(m)
		got, err = m.encode()
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("error %v, encoding/json (-), encode (+):\n%s", err, cmp.Diff(string(want), string(got)))
		}
	}
}

// wantValid checks the JSON against a schema of the OpenAPI file.
func wantValid(t *testing.T, schema *openapi3.Schema, text []byte) {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if err := schema.VisitJSON(v, openapi3.EnableJSONSchema2020()); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

func TestMetricsOfAnyEndpointAreAsTheOpenAPIFileDescribesThem(t *testing.T) {
	schema := loadOpenAPI(t).Components.Schemas["MetricsSnapshot"].Value
	r := rand.New(rand.NewPCG(7, 8))
	infinite, own := 0, 0
	for range 300 {
		w := toWireSnapshot(randomSnapshot(r))
		text, err := w.encode()
		if err != nil {
			t.Fatal(err)
		}
		wantValid(t, schema, text)
		for i := range w.Endpoints {
			e := &w.Endpoints[i]
			wantRange(t, e.P50, e.Ranges[0])
			wantRange(t, e.P95, e.Ranges[1])
			wantRange(t, e.P99, e.Ranges[2])
			if e.Own {
				own++
			}
			if e.Ranges[2].known && math.IsInf(e.Ranges[2].upper, 1) {
				infinite++
			}
		}
	}
	if infinite == 0 || own == 0 {
		t.Errorf("%d endpoints in the bucket up to +Inf, %d with own quantiles: not random enough", infinite, own)
	}
}

// wantRange checks that a quantile lies in its range, and that there is one
// where the other is.
func wantRange(t *testing.T, quantile number, r wireRange) {
	t.Helper()
	text, _ := quantile.MarshalJSON()
	if isNull := string(text) == "null"; isNull == r.known {
		t.Fatalf("quantile %s, range %+v", text, r)
	}
	if r.known && !(r.lower <= *quantile.v && *quantile.v <= r.upper) {
		t.Fatalf("quantile %s outside its range %+v", text, r)
	}
}

func TestHistoryAndInstancesOfAnyEndpointAreAsTheOpenAPIFileDescribesThem(t *testing.T) {
	schemas := loadOpenAPI(t).Components.Schemas
	r := rand.New(rand.NewPCG(9, 10))
	for range 500 {
		m := randomMetrics(r)
		h := redpoll.History{Step: 5 * time.Second, Points: []redpoll.HistoryPoint{{Time: noon, Increase: m.Window}}}
		q := redpoll.HistoryQuery{Key: m.Key, Start: noon.Add(-5 * time.Second), End: noon.Add(10 * time.Second)}
		text, err := json.Marshal(toWireHistory(q, h))
		if err != nil {
			t.Fatal(err)
		}
		wantValid(t, schemas["History"].Value, text)
		if text, err = json.Marshal(wireInstance{"10.0.0.1:80", toWireEndpoint(&m)}); err != nil {
			t.Fatal(err)
		}
		wantValid(t, schemas["InstanceMetrics"].Value, text)
	}
}
