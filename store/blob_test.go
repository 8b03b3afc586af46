package store

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// layouts used by the blob tests: every endpoint's own is bounds, layout 7 has
// one bound and is geometric, layout 8 has none.
func testLayout(_, layout int64) (*redpoll.Histogram, bool) {
	switch layout {
	case ownLayout:
		return &redpoll.Histogram{Bounds: bounds}, true
	case 7:
		return &redpoll.Histogram{Bounds: []float64{1}, Scale: redpoll.Geometric}, true
	case 8:
		return &redpoll.Histogram{}, true
	}
	return nil, false
}

// records decodes a whole blob into increases of their own.
func decodeAll(blob []byte) (records []record, interval time.Duration, err error) {
	r, interval, err := openBlob(blob)
	if err != nil {
		return nil, 0, err
	}
	d := decoder{layout: testLayout, exponential: new(exponentials).find}
	for {
		ok, err := r.next()
		if !ok {
			return records, interval, err
		}
		in, err := d.decode(&r)
		if err != nil {
			return nil, 0, err
		}
		rec := record{id: r.id, increase: in}
		if in.Latency != nil {
			rec.increase.Latency = in.Latency.Clone()
			rec.layout = layoutLike(in.Latency)
		}
		records = append(records, rec)
	}
}

func layoutLike(h *redpoll.Histogram) int64 {
	switch {
	case h.Scale == redpoll.Exponential:
		return ownLayout
	case len(h.Bounds) == 0:
		return 8
	case len(h.Bounds) == 1:
		return 7
	}
	return ownLayout
}

var compareRecords = cmp.Options{cmp.AllowUnexported(record{}), cmpopts.EquateEmpty()}

func TestFastBlobKeepsEverything(t *testing.T) {
	f := func(name string, in redpoll.Increase) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			want := record{id: 42, increase: in}
			if in.Latency != nil {
				want.layout = layoutLike(in.Latency)
			}
			got, interval, err := decodeAll(encodeRecords(5*time.Second, []record{want}))
			if err != nil {
				t.Fatal(err)
			}
			if interval != 5*time.Second {
				t.Errorf("interval is %s, want 5s", interval)
			}
			if diff := cmp.Diff([]record{want}, got, compareRecords); diff != "" {
				t.Error(diff)
			}
		})
	}
	huge := redpoll.NewHistogram(bounds)
	huge.Counts[0], huge.Counts[11] = math.MaxUint64/2, 3
	huge.Sum = -1.5
	f("counters only", redpoll.Increase{Elapsed: time.Second, Requests: 7})
	f("no requests", redpoll.Increase{Elapsed: time.Second, ErrorsKnown: true})
	f("errors", redpoll.Increase{Elapsed: time.Second, Requests: 7, Errors: 9, ErrorsKnown: true})
	f("client errors", redpoll.Increase{Elapsed: time.Second, Requests: 700, ClientErrors: 300, ErrorsKnown: true})
	f("client errors unknown in part", redpoll.Increase{Requests: 7, Errors: 1, ClientErrors: 2, ErrorsKnown: true, ClientErrorsUnknown: true})
	f("native histogram", redpoll.Increase{Requests: 9, Latency: native(t, 3, math.Exp2(-128), 2, -60, 5, 0, 0, 2)})
	f("native histogram of zeroes", redpoll.Increase{Requests: 9, Latency: native(t, -4, 0, 9, 0)})
	f("native histogram with a threshold between two powers of two", redpoll.Increase{Requests: 9, Latency: native(t, 2, 0.3, 2, 5, 7)})
	f("native histogram with a wide zero bucket", redpoll.Increase{Requests: 9, Latency: native(t, 8, 0.001, 2, 5, 7)})
	f("empty histogram", redpoll.Increase{Elapsed: time.Second, Latency: redpoll.NewHistogram(bounds)})
	f("first and last bucket", redpoll.Increase{Elapsed: time.Hour, Requests: huge.Count(), Latency: huge})
	f("gaps", increase(2, 1, 0, 3, 4, 0, 0, 300, 0, 1<<40))
	f("requests without duration", redpoll.Increase{Requests: 5, Latency: &redpoll.Histogram{Bounds: bounds, Counts: make([]uint64, 12)}})
	f("another layout", redpoll.Increase{Requests: 3, Latency: &redpoll.Histogram{Bounds: []float64{1}, Counts: []uint64{1, 2}, Scale: redpoll.Geometric}})
	f("durations without a sum", redpoll.Increase{Requests: 3, Latency: &redpoll.Histogram{Bounds: []float64{1}, Counts: []uint64{1, 2}, SumUnknown: true, Scale: redpoll.Geometric}})
	f("no finite bound", redpoll.Increase{Requests: 3, Latency: &redpoll.Histogram{Counts: []uint64{3}}})
}

// What version 1 wrote: 7 requests in 5 s, 2 of them errors, in the third
// bucket, and 9 requests of which no status is known.
func TestCanaryRecordsOfVersion1AreReadWithoutClientErrors(t *testing.T) {
	blob := []byte{blobVersion1, 0x88, 0x27,
		1, 7, hasErrors | hasLatency, 0x88, 0x27, 2, 6, 2, 7,
		1, 4, hasRequests, 0x88, 0x27, 9}
	got, _, err := decodeAll(blob)
	if err != nil {
		t.Fatal(err)
	}
	timed := increase(2, 0, 0, 7)
	timed.Latency.Sum = 3e-9
	timed.ClientErrorsUnknown = true
	want := []record{{id: 1, increase: timed}, {id: 2, increase: redpoll.Increase{Elapsed: 5 * time.Second, Requests: 9}}}
	if diff := cmp.Diff(want, got, compareRecords); diff != "" {
		t.Error(diff)
	}
}

func TestFastBlobSeeksOneOfMany(t *testing.T) {
	var records []record
	for _, id := range []int64{900, 1, maxEndpointID, 3, 128} { // in any order
		records = append(records, record{id: id, increase: redpoll.Increase{Requests: uint64(id)}})
	}
	blob := encodeRecords(time.Second, records)
	for _, id := range []int64{1, 2, 3, 128, 129, 900, maxEndpointID} {
		r, _, err := openBlob(blob)
		if err != nil {
			t.Fatal(err)
		}
		found, err := r.seek(id)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.ContainsFunc(records, func(r record) bool { return r.id == id })
		if found != want {
			t.Errorf("endpoint %d: found %v, want %v", id, found, want)
		}
	}
}

func TestFastBlobSumIsRoundedAndNeverNaN(t *testing.T) {
	f := func(sum float64, want int64) {
		t.Helper()
		if got := nanoseconds(sum); got != want {
			t.Errorf("nanoseconds(%g) = %d, want %d", sum, got, want)
		}
	}
	f(0.1234567894, 123456789)
	f(-2, -2e9)
	f(math.NaN(), 0)
	f(math.Inf(1), math.MaxInt64)
	f(math.Inf(-1), math.MinInt64)
	f(1e300, math.MaxInt64)
}

func TestFastBlobRefusesDamage(t *testing.T) {
	good := encodeRecords(5*time.Second, []record{{id: 1, increase: increase(1, 5, 0, 7)}})
	f := func(name string, blob []byte) {
		t.Helper()
		if _, _, err := decodeAll(blob); !errors.Is(err, errCorrupt) {
			t.Errorf("%s: got %v, want errCorrupt", name, err)
		}
	}
	f("empty", nil)
	f("another version", append([]byte{blobVersion + 1}, good[1:]...))
	f("no interval", good[:1])
	f("cut off", good[:len(good)-1])
	f("an id too many", append(slices.Clone(good), 1))
	f("a sum that is lacking without durations", []byte{blobVersion, 0, 1, 2, lacksSum, 0})
	f("a flag that version 1 had not", []byte{blobVersion1, 0, 1, 4, hasErrors | hasClientErrors, 0, 1, 1})
	f("version 0", append([]byte{0}, good[1:]...))
	f("no such schema", []byte{blobVersion, 0, 1, 7, hasLatency | hasExponential, 0, 9 * 2, 0, 0, 0, 0})
	f("a schema beyond 8 bits", []byte{blobVersion, 0, 1, 8, hasLatency | hasExponential, 0, 0x80, 4, 0, 0, 0, 0})
	f("a native histogram of too many buckets", []byte{blobVersion, 0, 1, 9, hasLatency | hasExponential, 0, 0, 0, 2, 0x81, 4, 0, 0})
	f("a native histogram cut off", []byte{blobVersion, 0, 1, 4, hasLatency | hasExponential, 0, 0, 0})
	f("unknown layout", []byte{blobVersion, 0, 1, 4, hasLatency | hasLayout, 0, 99, 0})
	f("too many buckets", []byte{blobVersion, 0, 1, 7, hasLatency | hasLayout, 0, 7, 0, 1, 5, 5})
	f("bytes behind the counters", []byte{blobVersion, 0, 1, 4, hasRequests, 0, 1, 1})
}

// FuzzBlob: whatever can be read survives being written and read again, and
// what cannot is an error, never a panic.
func FuzzBlob(f *testing.F) {
	f.Add(encodeRecords(5*time.Second, []record{{id: 1, increase: increase(1, 5, 0, 7)}, {id: 9, increase: redpoll.Increase{Requests: 4}}}))
	f.Add([]byte{blobVersion, 0, 1, 7, hasLatency | hasLayout, 0, 7, 0, 1, 5, 5})
	f.Add([]byte{blobVersion, 0, 1, 9, hasLatency | hasExponential, 0, 6, 0, 2, 3, 8, 1, 5})
	f.Add([]byte{blobVersion1, 0, 1, 5, hasErrors | hasRequests, 0, 9, 3})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, blob []byte) {
		records, interval, err := decodeAll(blob)
		if err != nil {
			if !errors.Is(err, errCorrupt) {
				t.Fatalf("error is not errCorrupt: %v", err)
			}
			return
		}
		again, _, err := decodeAll(encodeRecords(interval, records))
		if len(records) > 0 && err != nil {
			t.Fatal(err)
		}
		// A sum above 2^53 ns is not a whole number of nanoseconds any more.
		near := cmpopts.EquateApprox(1e-12, 0)
		if diff := cmp.Diff(records, again, compareRecords, near); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzIncrease: encoding and decoding is the identity.
func FuzzIncrease(f *testing.F) {
	f.Add(uint64(1), int64(5000), uint64(3), false, int64(1e9))
	f.Add(uint64(99), int64(0), uint64(0), true, int64(-7))
	f.Fuzz(func(t *testing.T, seed uint64, ms int64, errs uint64, known bool, sum int64) {
		r := rand.New(rand.NewPCG(seed, 1))
		in := redpoll.Increase{Elapsed: time.Duration(ms%1e12) * time.Millisecond, ErrorsKnown: known}
		in.Elapsed = max(in.Elapsed, -in.Elapsed)
		if known {
			in.Errors = errs
		}
		in.Latency = redpoll.NewHistogram(bounds)
		in.Latency.Sum, in.Latency.SumUnknown = float64(sum%(1<<53))/1e9, seed%3 == 0
		for i := range in.Latency.Counts {
			in.Latency.Counts[i] = r.Uint64() >> r.UintN(65)
		}
		in.Requests = r.Uint64() >> r.UintN(65)
		want := []record{{id: 1 + int64(seed%maxEndpointID), increase: in}}
		got, _, err := decodeAll(encodeRecords(time.Second, slices.Clone(want)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, compareRecords); diff != "" {
			t.Fatal(diff)
		}
	})
}
