package exposition

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// message is a field with its length before it, as a message's last field.
func message(number int, content []byte) []byte {
	b := binary.AppendUvarint(nil, uint64(number)<<3|prefix)
	return append(binary.AppendUvarint(b, uint64(len(content))), content...)
}

// delimited is a family as a body has it.
func delimited(fields ...[]byte) []byte {
	content := append(message(1, []byte("x")), bytes.Join(fields, nil)...)
	return append(binary.AppendUvarint(nil, uint64(len(content))), content...)
}

func TestFastTheSizeOfAProtobufBodyIsThatOfItsParts(t *testing.T) {
	body := protobufOf(t,
		dtoFamily("c", dto.MetricType_COUNTER, counter("1", 1), counter("2", 2)),
		dtoFamily("s", dto.MetricType_SUMMARY, &dto.Metric{Summary: &dto.Summary{Quantile: []*dto.Quantile{{Quantile: new(.5), Value: new(1.0)}}}}),
		dtoFamily("h", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
			SampleCount: new(uint64(300)),
			Bucket: []*dto.Bucket{
				{UpperBound: new(1.0), CumulativeCount: new(uint64(200))},
				{UpperBound: new(2.0), Exemplar: &dto.Exemplar{Label: []*dto.LabelPair{{Name: new("trace_id"), Value: new("f00")}}}},
			},
			PositiveSpan: spans(0, 2, 5, 1), PositiveDelta: []int64{100, 200, 1000},
			NegativeSpan: spans(0, 2), NegativeCount: []float64{0, 0},
		}}),
	)
	size, err := Measure(body, acceptProtobuf)
	// Three families, four metrics, a quantile and two buckets; two counters with
	// a label each, a summary, a histogram, an exemplar with a label, three spans.
	want := Size{Lines: 3 + 4 + 1 + 2, Labels: 4 + 1 + 1 + 2 + 3, Buckets: 5}
	if err != nil || size != want {
		t.Errorf("measured %+v, %v; want %+v", size, err, want)
	}
	if packed, _ := Measure(delimited(message(4, message(7, message(13, []byte{0x80, 0x80, 1, 2, 3})))), acceptProtobuf); packed.Buckets != 3 {
		t.Errorf("three numbers in a row are %d", packed.Buckets)
	}
}

func TestFastDamagedProtobufIsRefusedBeforeItIsParsed(t *testing.T) {
	f := func(name, want string, body []byte) {
		t.Helper()
		_, err := readBody(newReader(nil), body, acceptProtobuf)
		if err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
	const cut = "family 1 of the protobuf body: it ends in the middle"
	const damaged = "family 1 of the protobuf body: it is damaged"
	whole := protobufOf(t, dtoFamily("c", dto.MetricType_COUNTER, counter("1", 1)))
	f("cut", cut, whole[:len(whole)-1])
	f("cut in the second family", "family 2 of the protobuf body: it ends in the middle", append(whole[:len(whole):len(whole)], whole[:9]...))
	f("a length alone", cut, []byte{5})
	f("half a length", damaged, []byte{0x80})
	f("a length of eleven bytes", damaged, bytes.Repeat([]byte{0xff}, 11))
	f("a length of 2^63", cut, binary.AppendUvarint(nil, 1<<63))
	f("a length of 1 GiB", cut, binary.AppendUvarint(nil, 1<<30))
	f("a metric that is longer than its family", cut, delimited([]byte{4<<3 | prefix, 200, 1}))
	f("a label that is longer than its metric", cut, delimited(message(4, []byte{1<<3 | prefix, 5})))
	f("half a number", cut, delimited(message(4, []byte{6 << 3, 0x80})))
	f("half a float64", cut, delimited(message(4, message(2, []byte{1<<3 | fixed8, 0, 0}))))
	f("half a float32", cut, delimited([]byte{9<<3 | fixed4, 0, 0}))
	const twice = "family 1 of the protobuf body: it has a part twice that can be there but once"
	f("two histograms in a metric", twice, delimited(message(4, append(message(7, nil), message(7, nil)...))))
	f("counts in two pieces", twice, delimited(message(4, message(7, append(message(13, []byte{2}), message(13, []byte{2})...)))))
	f("a group, which the format has none of", damaged, delimited([]byte{9<<3 | 3}))
	f("text", damaged, []byte("# HELP go_info is not protobuf, but its first character may be a length\n"))
}

func TestFastProtobufBodiesOverALimitAreRefused(t *testing.T) {
	f := func(want string, body []byte) {
		t.Helper()
		_, err := readBody(newReader(nil), body, acceptProtobuf)
		var limit *LimitError
		if !errors.As(err, &limit) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want a LimitError that says %q", err, want)
		}
	}
	metric := func(content []byte, n int) []byte { return delimited(bytes.Repeat(message(4, content), n)) }
	histogram := func(content []byte) []byte { return message(7, content) }
	f("more than the 250000 metrics and buckets", metric(nil, MaxLines))
	f("more than the 250000 metrics and buckets", bytes.Repeat(delimited(), MaxLines+1))
	f("more than the 250000 metrics and buckets", metric(histogram(bytes.Repeat(message(3, nil), MaxLines)), 1))
	f("family 1 has a series with more than the 128 labels", metric(bytes.Repeat(message(1, nil), maxLineLabels+1), 1))
	f("more than the 2500000 labels and other small parts", metric(bytes.Repeat(message(1, nil), maxLineLabels), MaxLabels/maxLineLabels+1))
	f("more than the 2500000 labels and other small parts", metric(histogram(bytes.Repeat(message(12, nil), MaxLabels+1)), 1))
	f("more than the 1000000 native buckets", metric(histogram(message(13, make([]byte, MaxBuckets+1))), 1))
	f("more than the 1000000 native buckets", metric(histogram(message(14, make([]byte, 8*(MaxBuckets+1)))), 1))
	f("more than the 1000000 native buckets", metric(histogram(bytes.Repeat([]byte{13 << 3, 2}, MaxBuckets+1)), 1))
	f("family 1 has a text longer than the 1048576 bytes", metric(message(1, message(2, make([]byte, maxLine+1))), 1))
	f("family 1 has a text longer than the 1048576 bytes", delimited(message(99, make([]byte, maxLine+1))))
}

// allocated is how many bytes f allocates.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// overhead is what a read may allocate beside Size.Memory: some lengths of the
// body, for its texts and for what expfmt copies, and some buffers.
func overhead(body []byte) int64 { return 6*int64(len(body)) + 80<<10 }

// TestFastReadingProtobufTakesNoMoreMemoryThanMeasured reads bodies that consist
// of the part which is the largest in memory for its few bytes.
func TestFastReadingProtobufTakesNoMoreMemoryThanMeasured(t *testing.T) {
	f := func(name string, body []byte) {
		t.Helper()
		size, err := Measure(body, acceptProtobuf)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		took := allocated(func() { _, _ = readBody(newReader(nil), body, acceptProtobuf) })
		if most := size.Memory() + overhead(body); took > most {
			t.Errorf("%s: %d bytes of %+v took %d bytes, more than %d", name, len(body), size, took, most)
		}
	}
	const n = 20_000
	metrics := func(content []byte) []byte { return delimited(bytes.Repeat(message(4, content), n)) }
	parts := func(content []byte) []byte {
		return delimited(message(4, message(7, bytes.Repeat(content, n))))
	}
	f("families", bytes.Repeat(delimited(message(4, nil)), n))
	f("metrics", metrics(nil))
	f("metrics with a value of every type", metrics(bytes.Join([][]byte{message(2, nil), message(3, nil), message(4, nil), message(5, nil), message(7, nil)}, nil)))
	f("labels", metrics(bytes.Repeat(message(1, nil), 60)))
	f("creation times", metrics(message(3, message(3, nil))))
	f("quantiles", delimited(message(4, message(4, bytes.Repeat(message(3, nil), n)))))
	f("buckets", parts(message(3, nil)))
	f("exemplars of buckets", parts(message(3, message(3, message(3, nil)))))
	f("exemplars", parts(message(16, message(3, nil))))
	f("spans", parts(message(12, nil)))
	f("native buckets", delimited(message(4, message(7, message(13, make([]byte, 40*n))))))
	f("native buckets, each in a field of its own", parts([]byte{13 << 3, 2}))
	f("native buckets that are floats", delimited(message(4, message(7, message(14, make([]byte, 80*n))))))
	f("native buckets of many series", metrics(message(7, append(message(12, []byte{2 << 3, 40}), message(13, make([]byte, 40))...))))
	f("fields of a kind that they are not", parts([]byte{8 << 3, 1}))
}

func FuzzReadProtobufKeepsItsPromises(f *testing.F) {
	native, _ := exposed(f, instrumented(1, prometheus.HistogramOpts{NativeHistogramBucketFactor: 1.1, Buckets: []float64{1}}), acceptProtobuf)
	f.Add(native)
	f.Add(protobufOf(f, dtoFamily("c", dto.MetricType_COUNTER, counter("1", 1), counter("1", math.NaN())), dtoFamily("c", dto.MetricType_COUNTER, counter("2", 1))))
	f.Add(protobufOf(f, dtoFamily("s", dto.MetricType_SUMMARY, &dto.Metric{Summary: &dto.Summary{
		Quantile: []*dto.Quantile{{Quantile: new(.9), Value: new(math.NaN())}, {Quantile: new(.5), Value: new(1.0)}, {Quantile: new(7.0)}},
	}})))
	for _, h := range []*dto.Histogram{
		{PositiveSpan: spans(math.MinInt32, 2, math.MaxInt32, 1), PositiveDelta: []int64{1, -1, math.MaxInt64}},
		{PositiveSpan: spans(0, 1, -1, math.MaxUint32), PositiveDelta: []int64{-1}, NegativeSpan: spans(1, 1), NegativeDelta: []int64{3}},
		{PositiveSpan: spans(3, 1, 9000, 1), PositiveCount: []float64{1.5, 2}, SampleCountFloat: new(math.NaN()), Schema: new(int32(9))},
		{PositiveSpan: spans(3, 1, 500, 1), PositiveCount: []float64{1.5, 2}, Schema: new(int32(-53))},
	} {
		f.Add(protobufOf(f, dtoFamily("h", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: h})))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		d := newReader(nil)
		var s Scrape
		var err error
		took := allocated(func() { s, err = readBody(d, body, acceptProtobuf) })
		size, wrong := Measure(body, acceptProtobuf)
		if most := size.Memory() + overhead(body); took > most {
			t.Errorf("%d bytes of %+v took %d bytes, more than %d", len(body), size, took, most)
		}
		if wrong != nil && err == nil {
			t.Errorf("a body was read although %v", wrong)
		}
		if err != nil {
			return
		}
		if len(s.Samples) > 0 && s.Taken == 0 {
			t.Errorf("%d samples of none", len(s.Samples))
		}
		seen := make(map[int]bool)
		for _, sample := range s.Samples {
			if seen[sample.Ref] {
				t.Errorf("%v comes twice", sample.Series)
			}
			seen[sample.Ref] = true
			checkSample(t, &sample)
		}
		again, err := readBody(d, body, acceptProtobuf)
		if err != nil || len(again.Samples) != len(s.Samples) || again.Taken != s.Taken {
			t.Errorf("the same body read twice differs: %v", err)
		}
	})
}
