package exposition

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
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

// byExpfmt has expfmt decode a body, whose pieces of families it puts together.
func byExpfmt(body []byte) (map[string]*dto.MetricFamily, error) {
	decoder := expfmt.NewDecoder(bytes.NewReader(body), expfmt.FmtProtoDelim.WithEscapingScheme(model.NoEscaping))
	families := make(map[string]*dto.MetricFamily)
	for {
		family := new(dto.MetricFamily)
		switch err := decoder.Decode(family); {
		case errors.Is(err, io.EOF):
			return families, nil
		case err != nil:
			return nil, err
		}
		if known := families[family.GetName()]; known != nil {
			known.Metric = append(known.Metric, family.Metric...)
		} else if len(family.Metric) > 0 {
			families[family.GetName()] = family
		}
	}
}

// expected are the samples of families that are sound.
func expected(families map[string]*dto.MetricFamily) (samples []Sample) {
	types := map[dto.MetricType]Type{
		dto.MetricType_COUNTER: Counter, dto.MetricType_GAUGE: Gauge, dto.MetricType_UNTYPED: Untyped,
		dto.MetricType_SUMMARY: SummaryType, dto.MetricType_HISTOGRAM: HistogramType, dto.MetricType_GAUGE_HISTOGRAM: HistogramType,
	}
	var names []string
	for name := range families {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, m := range families[name].Metric {
			s := Sample{Series: &Series{Name: name, Type: types[families[name].GetType()]}}
			for _, l := range m.Label {
				s.Series.Labels = append(s.Series.Labels, Label{l.GetName(), l.GetValue()})
			}
			slices.SortFunc(s.Series.Labels, func(a, b Label) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
			switch s.Series.Type {
			case Counter:
				s.Value, s.Created = m.GetCounter().GetValue(), seconds(m.GetCounter().GetCreatedTimestamp())
			case Gauge:
				s.Value = m.GetGauge().GetValue()
			case Untyped:
				s.Value = m.GetUntyped().GetValue()
			case SummaryType:
				s.Summary, s.Created = expectedSummary(m.GetSummary()), seconds(m.GetSummary().GetCreatedTimestamp())
			case HistogramType:
				s.Histogram, s.Native = expectedClassic(m.GetHistogram()), expectedNative(m.GetHistogram())
				s.Created = seconds(m.GetHistogram().GetCreatedTimestamp())
			}
			samples = append(samples, s)
		}
	}
	return samples
}

// seconds is a time since the Unix epoch; nil is 0.
func seconds(at interface {
	GetSeconds() int64
	GetNanos() int32
}) float64 {
	return float64(at.GetSeconds()) + float64(at.GetNanos())/1e9
}

func expectedSummary(s *dto.Summary) *Summary {
	out := &Summary{Count: float64(s.GetSampleCount()), Sum: s.GetSampleSum()}
	for _, q := range s.Quantile {
		if !math.IsNaN(q.GetValue()) {
			out.Quantiles = append(out.Quantiles, Quantile{q.GetQuantile(), q.GetValue()})
		}
	}
	slices.SortFunc(out.Quantiles, func(a, b Quantile) int { return int(1e9 * (a.Q - b.Q)) })
	return out
}

func expectedClassic(h *dto.Histogram) *Histogram {
	total := h.GetSampleCountFloat() + float64(h.GetSampleCount())
	out := &Histogram{Sum: h.GetSampleSum()}
	for _, b := range h.Bucket {
		count := b.GetCumulativeCountFloat() + float64(b.GetCumulativeCount())
		if math.IsInf(b.GetUpperBound(), 1) {
			total = count
			continue
		}
		out.Bounds, out.Cumulative = append(out.Bounds, b.GetUpperBound()), append(out.Cumulative, count)
	}
	if len(out.Bounds) == 0 && len(h.PositiveSpan) > 0 {
		return nil
	}
	out.Cumulative = append(out.Cumulative, total)
	return out
}

// expectedNative is for histograms whose buckets are not too wide apart, none of
// them negative.
func expectedNative(h *dto.Histogram) *Native {
	if len(h.PositiveSpan) == 0 {
		return nil
	}
	n := &Native{ExposedSchema: int(h.GetSchema()), Count: h.GetSampleCountFloat() + float64(h.GetSampleCount()), Sum: h.GetSampleSum()}
	n.Buckets = redpoll.Exponents{Schema: int8(h.GetSchema()), Threshold: h.GetZeroThreshold(), Zero: uint64(h.GetZeroCountFloat() + float64(h.GetZeroCount()) + .5)}
	next, read, running := 0, 0, int64(0)
	for i, s := range h.PositiveSpan {
		if next += int(s.GetOffset()); i == 0 {
			n.Buckets.First = next
		} else {
			n.Buckets.Counts = append(n.Buckets.Counts, make([]uint64, s.GetOffset())...)
		}
		for range s.GetLength() {
			var count uint64
			if len(h.PositiveCount) > 0 {
				count = uint64(h.PositiveCount[read] + .5)
			} else {
				running += h.PositiveDelta[read]
				count = uint64(running)
			}
			n.Buckets.Counts = append(n.Buckets.Counts, count)
			read, next = read+1, next+1
		}
	}
	return n
}

// zoo has metrics of every kind, by client_golang and by hand.
func zoo(tb testing.TB) []byte {
	registry := instrumented(2, prometheus.HistogramOpts{Buckets: prometheus.DefBuckets})
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", Help: "all"}, []string{"z", "b"})
	requests.WithLabelValues("1", "2").(prometheus.ExemplarAdder).AddWithExemplar(7.5, prometheus.Labels{"trace": "f00"})
	requests.WithLabelValues("1", "ä").Add(1e300)
	both := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "both", Buckets: []float64{.1, 1}, NativeHistogramBucketFactor: 1.1}, []string{"p"})
	only := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "only", NativeHistogramBucketFactor: 1.1}, []string{"p"})
	durations := prometheus.NewSummary(prometheus.SummaryOpts{Name: "durations", Objectives: map[float64]float64{.99: .001, .5: .01}})
	idle := prometheus.NewSummary(prometheus.SummaryOpts{Name: "idle", Objectives: map[float64]float64{.5: .01}})
	registry.MustRegister(requests, both, only, durations, idle)
	for i := range 50 {
		durations.Observe(float64(i))
		for _, h := range []*prometheus.HistogramVec{both, only} {
			h.WithLabelValues("a").(prometheus.ExemplarObserver).ObserveWithExemplar(.01*float64(i+1), prometheus.Labels{"i": "1"})
			h.WithLabelValues("b").Observe(.001 * float64(i+1))
		}
	}
	body, _ := exposed(tb, registry, acceptProtobuf)
	var made dto.Metric
	if err := requests.WithLabelValues("1", "2").Write(&made); err != nil {
		tb.Fatal(err)
	}
	float := &dto.Histogram{
		SampleCountFloat: new(4.5), ZeroCountFloat: new(0.5), ZeroThreshold: new(0.25), SampleSum: new(1.0), Schema: new(int32(0)),
		PositiveSpan: spans(1, 2), PositiveCount: []float64{1.5, 2.5}, CreatedTimestamp: made.Counter.CreatedTimestamp,
	}
	gauge := &dto.Histogram{SampleCount: new(uint64(300)), SampleSum: new(-3.0), Bucket: []*dto.Bucket{
		{UpperBound: new(1.0), CumulativeCount: new(uint64(200))}, {UpperBound: new(math.Inf(1)), CumulativeCountFloat: new(301.5)},
	}}
	stamped := counter("1", 5)
	stamped.TimestampMs = new(epoch.UnixMilli())
	return append(body, protobufOf(tb,
		dtoFamily("float_histogram", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: float}),
		dtoFamily("gauge_histogram", dto.MetricType_GAUGE_HISTOGRAM, &dto.Metric{Histogram: gauge}),
		dtoFamily("split", dto.MetricType_COUNTER, stamped, counter("2", 6)),
		dtoFamily("untyped", dto.MetricType_UNTYPED, &dto.Metric{Untyped: &dto.Untyped{Value: new(math.Inf(-1))}}),
		dtoFamily("split", dto.MetricType_COUNTER, counter("3", 7)),
	)...)
}

// meaning is what a Scrape says whatever was read before it.
func meaning(s Scrape, err error) string {
	if err != nil {
		return err.Error()
	}
	text := fmt.Sprint(s.Exposed, s.Relabelled, s.Taken, s.Skipped, s.Limited, s.Families, s.Used, s.Unused, "\n")
	for _, one := range s.Samples {
		text += fmt.Sprintf("%v %v %v %+v %+v %+v\n", one.Series, one.Value, one.Created, one.Histogram, one.Native, one.Summary)
	}
	return text
}

// rewritten is a message with its fields in another order, lists of numbers in
// pieces of one, and fields that nobody knows. Fields of one number stay in their
// order.
func rewritten(r *rand.Rand, content []byte, fields *grammar) []byte {
	byNumber := make(map[int][]byte)
	for len(content) > 0 {
		f, rest, _ := nextField(content)
		whole := content[:len(content)-len(rest)]
		content = rest
		if f.number < len(fields) && f.wire == prefix {
			switch inner := fields[f.number].inner; {
			case fields[f.number].kind == integers && r.IntN(2) == 0:
				whole = nil
				for len(f.value) > 0 {
					_, n := binary.Uvarint(f.value)
					whole = append(append(whole, byte(f.number<<3)), f.value[:n]...)
					f.value = f.value[n:]
				}
			case fields[f.number].kind == floats && r.IntN(2) == 0:
				whole = nil
				for ; len(f.value) > 0; f.value = f.value[8:] {
					whole = append(append(whole, byte(f.number<<3|fixed8)), f.value[:8]...)
				}
			case inner != nil && fields[f.number].kind != label:
				whole = message(f.number, rewritten(r, f.value, inner))
			}
		}
		byNumber[f.number] = append(byNumber[f.number], whole...)
	}
	if r.IntN(3) == 0 {
		byNumber[99] = message(99, []byte("unknown"))
	}
	numbers := make([]int, 0, len(byNumber))
	for n := range byNumber {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	r.Shuffle(len(numbers), func(i, j int) { numbers[i], numbers[j] = numbers[j], numbers[i] })
	var out []byte
	for _, n := range numbers {
		out = append(out, byNumber[n]...)
	}
	return out
}

// rewrittenBody rewrites every family of a body.
func rewrittenBody(r *rand.Rand, body []byte) (out []byte) {
	for len(body) > 0 {
		family, rest, _ := prefixed(body)
		family = rewritten(r, family, familyShape)
		out, body = append(binary.AppendUvarint(out, uint64(len(family))), family...), rest
	}
	return out
}

func TestCanaryProtobufReadsAsExpfmtDecodesIt(t *testing.T) {
	body := zoo(t)
	families, err := byExpfmt(body)
	if err != nil {
		t.Fatal(err)
	}
	want := expected(families)
	if len(want) < 100 {
		t.Fatalf("%d samples are expected", len(want))
	}
	r := rand.New(rand.NewPCG(1, 2))
	reader := newReader(nil)
	for round := range 40 {
		for _, path := range []string{"plain", "plan"} {
			s, err := readBody(reader, body, acceptProtobuf)
			if err != nil || s.Skipped.Count != 0 {
				t.Fatalf("round %d: %v, %v", round, err, s.Skipped)
			}
			if diff := cmp.Diff(want, s.Samples, cmpopts.IgnoreFields(Sample{}, "Ref", "Before"), cmpopts.EquateEmpty(), cmpopts.EquateNaNs()); diff != "" {
				t.Fatalf("round %d, %s path: %s", round, path, diff)
			}
		}
		if reader.plan.layout == nil {
			t.Fatalf("round %d: there is no plan", round)
		}
		body = rewrittenBody(r, bodyOf(t, families))
	}
}

// bodyOf encodes decoded families.
func bodyOf(tb testing.TB, families map[string]*dto.MetricFamily) []byte {
	var list []*dto.MetricFamily
	for _, f := range families {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b *dto.MetricFamily) int { return bytes.Compare([]byte(a.GetName()), []byte(b.GetName())) })
	return protobufOf(tb, list...)
}

// move changes numbers, and what may come and go, but nothing that a plan is of.
func move(r *rand.Rand, families map[string]*dto.MetricFamily) {
	exemplar := func() *dto.Exemplar {
		if r.IntN(2) == 0 {
			return nil
		}
		return &dto.Exemplar{Value: new(r.Float64()), Label: []*dto.LabelPair{{Name: new("t"), Value: new(fmt.Sprint(r.Int()))}}}
	}
	for _, f := range families {
		for _, m := range f.Metric {
			if m.TimestampMs != nil {
				m.TimestampMs = new(epoch.Add(time.Duration(r.IntN(3)-1) * time.Hour).UnixMilli())
			}
			switch {
			case m.Counter != nil:
				m.Counter.Value = new(float64(r.IntN(1 << r.IntN(40))))
				m.Counter.Exemplar = exemplar()
			case m.Gauge != nil:
				m.Gauge.Value = new([]float64{math.NaN(), absent, math.Inf(1), r.NormFloat64()}[r.IntN(4)])
			case m.Summary != nil:
				m.Summary.SampleCount = new(uint64(r.IntN(1 << r.IntN(40))))
				for _, q := range m.Summary.Quantile {
					q.Value = new(r.NormFloat64())
				}
			case m.Histogram != nil:
				h := m.Histogram
				for _, b := range h.Bucket {
					b.Exemplar = exemplar()
					if b.CumulativeCount != nil {
						b.CumulativeCount = new(uint64(r.IntN(1 << r.IntN(40))))
					}
				}
				h.SampleSum = new(r.NormFloat64())
				if len(h.PositiveDelta) > 0 {
					n := 1 + r.IntN(9)
					h.PositiveSpan, h.PositiveDelta = spans(r.IntN(9)-5, n), make([]int64, n)
					for i := range n {
						h.PositiveDelta[i] = int64(r.IntN(100))
					}
				}
				if h.CreatedTimestamp != nil {
					h.CreatedTimestamp.Seconds, h.CreatedTimestamp.Nanos = r.Int64N(2e9), r.Int32N(1e9)
				}
			}
		}
	}
}

// disturb changes something that a plan is of, or damages the body.
func disturb(r *rand.Rand, body []byte) []byte {
	body = bytes.Clone(body)
	for range 1 + r.IntN(3) {
		at := r.IntN(len(body))
		switch r.IntN(4) {
		case 0:
			body[at] ^= 1 << r.IntN(8)
		case 1:
			body[at] = byte(r.IntN(256))
		case 2: // a family less
			var out []byte
			for rest := body; len(rest) > 0; {
				_, after, err := prefixed(rest)
				if err != nil {
					return body
				}
				if r.IntN(20) > 0 {
					out = append(out, rest[:len(rest)-len(after)]...)
				}
				rest = after
			}
			if len(out) > 0 {
				body = out
			}
		case 3:
			if r.IntN(20) == 0 {
				body = body[:1+at]
			} else {
				body = slices.Insert(body, at, byte(r.IntN(256)))
			}
		}
	}
	return body
}

func TestCanaryThePlanPathOfProtobufSaysWhatThePlainPathSays(t *testing.T) {
	optionses := []Options{
		{},
		{HonorTimestamps: true, Wanted: func(family string) bool { return family != "split" && family != "go_metric_5" }},
		{Limits: Limits{Samples: 80, NativeBuckets: 6, LabelValueLength: 19}},
		{Limits: Limits{NativeBuckets: 6, Fail: true}},
	}
	r := rand.New(rand.NewPCG(3, 4))
	families, err := byExpfmt(zoo(t))
	if err != nil {
		t.Fatal(err)
	}
	for round := range 400 {
		options := optionses[round%len(optionses)]
		reader := NewLibrary(options).NewReader()
		body := bodyOf(t, families)
		if round%3 == 0 {
			body = rewrittenBody(r, body)
		}
		read := func(reader *Reader, body []byte) string {
			s, err := reader.Read(context.Background(), Body{Bytes: body, ContentType: acceptProtobuf, At: epoch, Complete: true})
			return meaning(s, err)
		}
		read(reader, body)
		plan := reader.plan.layout
		move(r, families)
		next := bodyOf(t, families)
		if round%2 == 1 {
			next = disturb(r, next)
		}
		got, want := read(reader, next), read(NewLibrary(options).NewReader(), next)
		if got != want {
			t.Fatalf("round %d: after another body %s\nalone %s", round, got, want)
		}
		if options.Limits == (Limits{}) && round%2 == 0 && round%3 != 0 && reader.plan.layout != plan {
			t.Errorf("round %d: a body of which only numbers are new needs a plan of its own", round)
		}
	}
}

func FuzzProtobufAgreesWithExpfmtAndItself(f *testing.F) {
	counters := func(v float64) []byte {
		return protobufOf(f, dtoFamily("c", dto.MetricType_COUNTER, counter("1", v), counter("2", 1)))
	}
	histograms := func(first uint64, deltas ...int64) []byte {
		return protobufOf(f, dtoFamily("h", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
			Bucket:       []*dto.Bucket{{UpperBound: new(.5), CumulativeCount: &first}, {UpperBound: new(1.0), CumulativeCount: new(uint64(300))}},
			PositiveSpan: spans(1, len(deltas)), PositiveDelta: deltas,
		}}))
	}
	f.Add(counters(1), counters(2))
	f.Add(histograms(1, 1, 2), histograms(200, 3, 4, 5))
	f.Add(histograms(1), counters(2))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		reader := newReader(nil)
		_, _ = readBody(reader, one, acceptProtobuf)
		s, err := readBody(reader, two, acceptProtobuf)
		got := meaning(s, err)
		s, alone := readBody(newReader(nil), two, acceptProtobuf)
		if want := meaning(s, alone); got != want {
			t.Errorf("after another body %s\nalone %s", got, want)
		}
		if alone != nil {
			return // and expfmt believes what a message says of its length
		}
		if _, err := byExpfmt(two); err != nil {
			t.Errorf("a body was read although %v", err)
		}
	})
}

func TestFastAProtobufBodyThatEndsBetweenTwoFamiliesMayBeCut(t *testing.T) {
	one, two := dtoFamily("a", dto.MetricType_COUNTER, counter("1", 1)), dtoFamily("b", dto.MetricType_COUNTER, counter("1", 1))
	reader := newReader(nil)
	read := func(body []byte, complete bool) error {
		_, err := reader.Read(context.Background(), Body{Bytes: body, ContentType: acceptProtobuf, At: epoch, Complete: complete})
		return err
	}
	if err := read(protobufOf(t, one, two), false); err != nil {
		t.Fatal(err)
	}
	for range patientCuts {
		if err := read(protobufOf(t, one), false); !errors.Is(err, errShorter) {
			t.Fatalf("a body that may be cut: %v", err)
		}
	}
	if err := read(protobufOf(t, one), false); err != nil {
		t.Errorf("after %d bodies that may be cut: %v", patientCuts, err)
	}
	if err := read(protobufOf(t, one, two), true); err != nil {
		t.Error(err)
	}
	if err := read(protobufOf(t, one), true); err != nil {
		t.Errorf("a body that arrived whole: %v", err)
	}
}

// TestFastWhatAPlanPassesCountsForTheLimits has exemplars come that are too many
// with the labels that were there before.
func TestFastWhatAPlanPassesCountsForTheLimits(t *testing.T) {
	body := func(exemplars int) []byte {
		labels := bytes.Repeat(message(4, bytes.Repeat(message(1, append(message(1, []byte("a")), message(2, nil)...)), 1)), MaxLabels/20)
		return delimited(message(3, nil), message(4, message(7, bytes.Repeat(message(16, nil), exemplars))), labels)
	}
	reader := newReader(nil)
	for _, exemplars := range []int{0, MaxLabels - MaxLabels/20 - 1} {
		if _, err := readBody(reader, body(exemplars), acceptProtobuf); err != nil {
			t.Fatalf("%d exemplars: %v", exemplars, err)
		}
	}
	_, err := readBody(reader, body(MaxLabels-MaxLabels/20), acceptProtobuf)
	if _, ok := errors.AsType[*LimitError](err); !ok {
		t.Errorf("one exemplar more than may be: %v", err)
	}
}

func TestFastAKnownProtobufBodyIsReadWithoutAllocations(t *testing.T) {
	body := zoo(t)
	reader := newReader(nil)
	if _, err := readBody(reader, body, acceptProtobuf); err != nil {
		t.Fatal(err)
	}
	var w workspace
	ctx, l, limits := context.Background(), reader.plan.layout, Limits{NativeBuckets: 1000}
	if n := testing.AllocsPerRun(10, func() {
		if m, err := w.readLike(ctx, l, window{}, body, &limits); !m.whole || err != nil {
			t.Fatalf("the body is not read as known: %+v, %v", m, err)
		}
	}); n > 0 {
		t.Errorf("reading a known body takes %v allocations", n)
	}
}
