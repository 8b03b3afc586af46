package exposition

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
)

// Eight buckets of schema 2, one each, grow by 2^(1/4).
func eightBuckets() *dto.Histogram {
	return &dto.Histogram{
		Schema: new(int32(2)), SampleCount: new(uint64(8)), SampleSum: new(4.0),
		PositiveSpan: spans(1, 8), PositiveDelta: []int64{1, 0, 0, 0, 0, 0, 0, 0},
	}
}

func readLimited(t *testing.T, h *dto.Histogram, limits Limits) (Scrape, error) {
	t.Helper()
	body := protobufOf(t, dtoFamily("h", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: h}))
	return NewLibrary(Options{Limits: limits}).NewReader().Read(t.Context(), Body{Bytes: body, ContentType: acceptProtobuf, Complete: true})
}

// As in Prometheus, buckets are merged two by two until they are within the
// limit, and not finer than the factor allows.
func TestFastTheResolutionOfNativeHistogramsIsReducedToTheLimits(t *testing.T) {
	f := func(limits Limits, schema int8, counts ...uint64) {
		t.Helper()
		s, err := readLimited(t, eightBuckets(), limits)
		if err != nil || len(s.Samples) != 1 || len(s.Limited) != 0 {
			t.Fatalf("%+v: %+v, %v", limits, s, err)
		}
		got := s.Samples[0].Native.Buckets
		if diff := cmp.Diff(counts, got.Counts); diff != "" || got.Schema != schema {
			t.Errorf("%+v: schema %d, %s", limits, got.Schema, diff)
		}
	}
	f(Limits{}, 2, 1, 1, 1, 1, 1, 1, 1, 1)
	f(Limits{NativeBuckets: 8}, 2, 1, 1, 1, 1, 1, 1, 1, 1)
	f(Limits{NativeBuckets: 7}, 1, 2, 2, 2, 2)
	f(Limits{NativeBuckets: 2}, 0, 4, 4)
	f(Limits{NativeBuckets: 1}, -1, 8)
	f(Limits{NativeFactor: 1.1}, 2, 1, 1, 1, 1, 1, 1, 1, 1)
	f(Limits{NativeFactor: 1.2}, 1, 2, 2, 2, 2)
	f(Limits{NativeFactor: 2}, 0, 4, 4)
	f(Limits{NativeFactor: 1.2, NativeBuckets: 2}, 0, 4, 4)
}

func TestFastAHistogramWithTooManyBucketsAtAnyResolutionIsLeftOut(t *testing.T) {
	wide := func() *dto.Histogram { // below and above 1 no schema merges
		h := eightBuckets()
		h.PositiveSpan, h.PositiveDelta = spans(-3, 8), []int64{1, 0, 0, 0, 0, 0, 0, 0}
		return h
	}
	s, err := readLimited(t, wide(), Limits{NativeBuckets: 1})
	want := []Limited{{Limit: "native_histogram_bucket_limit", Count: 1, Example: "h"}}
	if diff := cmp.Diff(want, s.Limited); diff != "" || err != nil || len(s.Samples) != 0 || s.Exposed != 1 {
		t.Errorf("%+v %v %s", s, err, diff)
	}
	_, err = readLimited(t, wide(), Limits{NativeBuckets: 1, Fail: true})
	if limit, ok := errors.AsType[*LimitError](err); !ok {
		t.Errorf("%v is no limit: %v", err, limit)
	}
}
