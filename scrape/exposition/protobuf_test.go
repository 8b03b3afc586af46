package exposition

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func dtoFamily(name string, t dto.MetricType, metrics ...*dto.Metric) *dto.MetricFamily {
	return &dto.MetricFamily{Name: &name, Type: &t, Metric: metrics}
}

// counter is a metric with one label.
func counter(label string, v float64) *dto.Metric {
	return &dto.Metric{Label: []*dto.LabelPair{{Name: new("a"), Value: &label}}, Counter: &dto.Counter{Value: &v}}
}

// protobufOf encodes families one after the other.
func protobufOf(tb testing.TB, families ...*dto.MetricFamily) []byte {
	tb.Helper()
	var b bytes.Buffer
	encoder := expfmt.NewEncoder(&b, expfmt.FmtProtoDelim.WithEscapingScheme(model.NoEscaping))
	for _, f := range families {
		if err := encoder.Encode(f); err != nil {
			tb.Fatal(err)
		}
	}
	return b.Bytes()
}

// readProtobuf reads one body with a fresh reader.
func readProtobuf(t *testing.T, body []byte) Scrape {
	t.Helper()
	s, err := readBody(newReader(nil), body, acceptProtobuf)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFastTheContentTypeSaysWhatIsProtobuf(t *testing.T) {
	f := func(contentType string, want bool) {
		t.Helper()
		if got := IsProtobuf(contentType); got != want {
			t.Errorf("%q: %v, want %v", contentType, got, want)
		}
	}
	f("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited", true)
	f("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=underscores", true)
	f(`application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding="delimited"`, true)
	f("Application/vnd.google.protobuf", true)
	f("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=text", false)
	f("application/vnd.google.protobuf; proto=another.Message; encoding=delimited", false)
	f("text/plain; version=0.0.4", false)
	f("application/openmetrics-text; version=1.0.0", false)
	f("", false)
	f("; ;", false)
}

// TestFastAnApplicationReadsTheSameInEveryFormat asks client_golang for both.
func TestFastAnApplicationReadsTheSameInEveryFormat(t *testing.T) {
	begun := time.Now()
	registry := instrumented(3, prometheus.HistogramOpts{Buckets: prometheus.DefBuckets})
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total"}, []string{"z", "b"})
	requests.WithLabelValues("1", "2").Add(7.5)
	durations := prometheus.NewSummary(prometheus.SummaryOpts{Name: "durations", Objectives: map[float64]float64{.99: .001, .5: .01}})
	durations.Observe(3)
	idle := prometheus.NewSummary(prometheus.SummaryOpts{Name: "idle", Objectives: map[float64]float64{.5: .01}})
	registry.MustRegister(requests, durations, idle)

	read := func(accept string) Scrape {
		body, contentType := exposed(t, registry, accept)
		if IsProtobuf(contentType) != (accept == acceptProtobuf) {
			t.Fatalf("asked for %s, got %s", accept, contentType)
		}
		s, err := readBody(newReader(nil), body, contentType)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	text, protobuf := read(acceptText), read(acceptProtobuf)
	if diff := cmp.Diff(text, protobuf, cmpopts.IgnoreFields(Sample{}, "Created"), cmpopts.IgnoreFields(redpoll.Share{}, "Bytes"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("text and protobuf: %s", diff)
	}
	for _, s := range protobuf.Samples {
		if s.Series.Type == Gauge {
			if s.Created != 0 {
				t.Errorf("the gauge %v was created at %v", s.Series, s.Created)
			}
			continue
		}
		if created := time.UnixMicro(int64(s.Created * 1e6)); created.Before(begun.Add(-time.Millisecond)) || created.After(time.Now()) {
			t.Errorf("%v was created at %v", s.Series, created)
		}
	}
}

func TestFastAFamilyThatComesInPiecesIsOne(t *testing.T) {
	s := readProtobuf(t, protobufOf(t,
		dtoFamily("x_total", dto.MetricType_COUNTER, counter("1", 1), counter("1", 2)),
		dtoFamily("y", dto.MetricType_GAUGE, &dto.Metric{Gauge: &dto.Gauge{Value: new(5.0)}}),
		dtoFamily("x_total", dto.MetricType_COUNTER, counter("2", 3), counter("1", 4)),
	))
	if want := []Family{{Name: "x_total", Type: Counter, Series: 2, Labels: []string{"a"}, Wanted: true}, {Name: "y", Type: Gauge, Series: 1, Wanted: true}}; !cmp.Equal(want, s.Families) {
		t.Errorf("families %v, want %v", s.Families, want)
	}
	if len(s.Samples) != 3 || s.Samples[1].Value != 3 || s.Skipped != (Skipped{2, `x_total{a="1"} appears twice`}) {
		t.Errorf("samples %v, skipped %v", s.Samples, s.Skipped)
	}
}

func TestFastProtobufSkipsWhatCannotBeTrue(t *testing.T) {
	f := func(reason string, typ dto.MetricType, m *dto.Metric) {
		t.Helper()
		s := readProtobuf(t, protobufOf(t, dtoFamily("m", typ, m)))
		if len(s.Samples) != 0 || s.Skipped.Count == 0 || s.Skipped.Reason != reason {
			t.Errorf("samples %v, skipped %v; want %q", s.Samples, s.Skipped, reason)
		}
	}
	const none = "m has no value of the type that its family has"
	for _, typ := range []dto.MetricType{
		dto.MetricType_COUNTER, dto.MetricType_GAUGE, dto.MetricType_HISTOGRAM, dto.MetricType_GAUGE_HISTOGRAM,
		dto.MetricType_SUMMARY, dto.MetricType_UNTYPED,
	} {
		f(none, typ, &dto.Metric{})
	}
	f(none, dto.MetricType_COUNTER, &dto.Metric{Gauge: &dto.Gauge{Value: new(1.0)}})
	f("m is NaN, which no counter can be", dto.MetricType_COUNTER, &dto.Metric{Counter: &dto.Counter{Value: new(math.NaN())}})
	f("m has a bucket without a sound count or bound", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
		Bucket: []*dto.Bucket{{UpperBound: new(1.0), CumulativeCountFloat: new(math.NaN())}},
	}})
	f("m has no usable _count", dto.MetricType_SUMMARY, &dto.Metric{Summary: &dto.Summary{SampleCount: new(uint64(1 << 60))}})
}

func TestFastABucketOfProtobufWithoutABoundIsLeftOutAlone(t *testing.T) {
	s := readProtobuf(t, protobufOf(t, dtoFamily("m", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
		Bucket:      []*dto.Bucket{{UpperBound: new(1.0), CumulativeCount: new(uint64(1))}, {UpperBound: new(math.NaN()), CumulativeCount: new(uint64(1))}},
		SampleCount: new(uint64(3)),
	}})))
	if want := (Skipped{1, "m has a bucket whose bound is NaN"}); s.Skipped != want || len(s.Samples) != 1 || s.Samples[0].Histogram.Count() != 3 {
		t.Errorf("samples %v, skipped %v", s.Samples, s.Skipped)
	}
}

// TestFastNumbersThatAreLeftOutAreZero, as writers of the newer protobuf syntax
// have it.
func TestFastNumbersThatAreLeftOutAreZero(t *testing.T) {
	s := readProtobuf(t, protobufOf(t,
		dtoFamily("c", dto.MetricType_COUNTER, &dto.Metric{Counter: &dto.Counter{}}),
		dtoFamily("h", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{Bucket: []*dto.Bucket{{UpperBound: new(1.0)}, {UpperBound: new(2.0)}}}}),
		dtoFamily("s", dto.MetricType_SUMMARY, &dto.Metric{Summary: &dto.Summary{}}),
	))
	want := []Sample{
		{Series: &Series{Name: "c", Type: Counter}, Ref: 0},
		{Series: &Series{Name: "h", Type: HistogramType}, Ref: 1, Histogram: &Histogram{Bounds: []float64{1, 2}, Cumulative: []float64{0, 0, 0}}},
		{Series: &Series{Name: "s", Type: SummaryType}, Ref: 2, Summary: &Summary{}},
	}
	if diff := cmp.Diff(want, s.Samples, cmpopts.EquateEmpty()); diff != "" || s.Skipped.Count != 0 {
		t.Errorf("%s%v", diff, s.Skipped)
	}
}

func TestFastNamesInProtobufAreThoseThatTextMayHave(t *testing.T) {
	named := func(name, label, value string) []byte {
		return protobufOf(t, dtoFamily(name, dto.MetricType_UNTYPED, &dto.Metric{
			Label: []*dto.LabelPair{{Name: &label, Value: &value}}, Untyped: &dto.Untyped{Value: new(1.0)},
		}))
	}
	if s := readProtobuf(t, named("http.server.duration", "http.route", "/ä")); len(s.Samples) != 1 {
		t.Errorf("samples %v", s.Samples)
	}
	f := func(body []byte, want string) {
		t.Helper()
		_, err := readBody(newReader(nil), body, acceptProtobuf)
		if err == nil || !strings.Contains(err.Error(), "family 1 of the protobuf body: "+want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
	f(named("", "a", "b"), "invalid metric name")
	f(named("x", "\xff", "b"), "invalid label name")
	f(named("x", "a", "\xff"), "invalid label value")
}

func TestFastAFamilyOfTwoTypesSpoilsTheBody(t *testing.T) {
	_, err := readBody(newReader(nil), protobufOf(t,
		dtoFamily("x", dto.MetricType_COUNTER, counter("1", 1)),
		dtoFamily("x", dto.MetricType_GAUGE, &dto.Metric{Gauge: &dto.Gauge{Value: new(5.0)}}),
	), acceptProtobuf)
	if err == nil || err.Error() != "the protobuf body has x twice, as COUNTER and as GAUGE" {
		t.Error(err)
	}
}
