package redpoll

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFastIncreaseWithoutObservationHasNoFigures(t *testing.T) {
	f := func(name string, in Increase, wantThroughput any) {
		t.Helper()
		if in.Quantile(0.5) != nil || in.Mean() != nil || in.ErrorRate() != nil {
			t.Errorf("%s: has figures", name)
		}
		got := in.Throughput()
		if wantThroughput == nil && got != nil {
			t.Errorf("%s: throughput %g, want none", name, *got)
		}
		if w, ok := wantThroughput.(float64); ok && (got == nil || *got != w) {
			t.Errorf("%s: throughput %v, want %g", name, got, w)
		}
	}
	f("zero", Increase{}, nil)
	f("no traffic", Increase{Elapsed: 5 * time.Second, ErrorsKnown: true, Latency: NewHistogram([]float64{1})}, 0.0)
	f("no histogram, no status", Increase{Elapsed: 5 * time.Second, Requests: 10}, 2.0)
}

func TestFastIncreaseMergesInstancesAndAppendsTime(t *testing.T) {
	bounds := []float64{0.1, 1}
	a := Increase{Elapsed: 5 * time.Second, Requests: 3, Errors: 1, ErrorsKnown: true, Latency: hist(bounds, 1, 2, 0)}
	b := Increase{Elapsed: 6 * time.Second, Requests: 4, Errors: 0, ErrorsKnown: true, Latency: hist(bounds, 0, 0, 4)}

	var merged Increase
	merged.Merge(a)
	merged.Merge(b)
	want := Increase{Elapsed: 6 * time.Second, Requests: 7, Errors: 1, ErrorsKnown: true, Latency: hist(bounds, 1, 2, 4)}
	if diff := cmp.Diff(want, merged); diff != "" {
		t.Errorf("merged: %s", diff)
	}

	var appended Increase
	appended.Append(a)
	appended.Append(b)
	want.Elapsed = 11 * time.Second
	if diff := cmp.Diff(want, appended); diff != "" {
		t.Errorf("appended: %s", diff)
	}
	if a.Latency.Count() != 3 {
		t.Error("adding to an accumulator changed the first summand")
	}
}

func TestFastErrorsStayKnownIfEverySideWithRequestsKnowsThem(t *testing.T) {
	known := Increase{Elapsed: time.Second, Requests: 4, Errors: 2, ErrorsKnown: true}
	unknown := Increase{Elapsed: time.Second, Requests: 1}
	idle := Increase{Elapsed: time.Second}
	idleKnown := Increase{Elapsed: time.Second, ErrorsKnown: true}
	f := func(want bool, parts ...Increase) {
		t.Helper()
		var merged, appended Increase
		for _, p := range parts {
			merged.Merge(p)
			appended.Append(p)
		}
		if merged.ErrorsKnown != want || appended.ErrorsKnown != want {
			t.Errorf("ErrorsKnown = %v merged, %v appended after %v", merged.ErrorsKnown, appended.ErrorsKnown, parts)
		}
	}
	f(true, known, known)
	f(false, known, unknown)
	f(false, unknown, known)
	f(true, Increase{}, known, Increase{})
	f(true, idle, known) // 2 errors of 4
	f(true, known, idle, known)
	f(false, idleKnown, unknown)
	f(false, idle, idle)
	f(true, idle, idleKnown, idle)
}

// Minutes are summed from ticks and hours from minutes, over instances in any
// order.
func FuzzIncreasesAddUpInAnyOrderAndGrouping(f *testing.F) {
	f.Add([]byte{0, 9, 18, 27, 255, 128, 64, 3})
	bounds := [][]float64{{0.1, 1}, {0.1, 0.5, 1}}
	decode := func(b byte) Increase {
		in := Increase{
			Elapsed:  time.Duration(b>>6) * time.Second,
			Requests: uint64(b & 3), ErrorsKnown: b&4 != 0,
		}
		if in.ErrorsKnown {
			in.Errors = in.Requests / 2
		}
		if b&8 != 0 {
			in.Latency = NewHistogram(bounds[b>>4&1])
			in.Latency.Counts[b>>5&1], in.Latency.Sum, in.Latency.SumUnknown = in.Requests, float64(b), b == 255
		}
		return in
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var forth, back, grouped, pair Increase
		for i, b := range data {
			forth.Append(decode(b))
			back.Append(decode(data[len(data)-1-i]))
			pair.Append(decode(b))
			if i%2 == 1 || i == len(data)-1 {
				grouped.Append(pair)
				pair = Increase{}
			}
		}
		if diff := cmp.Diff(forth, back); diff != "" {
			t.Errorf("in the other order: %s", diff)
		}
		if diff := cmp.Diff(forth, grouped); diff != "" {
			t.Errorf("in pairs: %s", diff)
		}
	})
}

func TestFastSnapshotFindsEndpoints(t *testing.T) {
	keys := []EndpointKey{{"b", "GET", "/x"}, {"a", "POST", "/x"}, {"a", "GET", "/x"}, {"a", "GET", "/a"}}
	slices.SortFunc(keys, EndpointKey.Compare)
	var s Snapshot
	for _, k := range keys {
		s.Endpoints = append(s.Endpoints, EndpointMetrics{Key: k})
	}
	for _, k := range keys {
		if e := s.Endpoint(k); e == nil || e.Key != k {
			t.Errorf("Endpoint(%v) = %v", k, e)
		}
	}
	if e := s.Endpoint(EndpointKey{"a", "PUT", "/x"}); e != nil {
		t.Errorf("found an endpoint that is not there: %v", e.Key)
	}
}

func TestFastGlob(t *testing.T) {
	f := func(pattern, s string, want bool) {
		t.Helper()
		if got := Glob(pattern, s); got != want {
			t.Errorf("Glob(%q, %q) = %v", pattern, s, got)
		}
	}
	f("", "", true)
	f("", "a", false)
	f("*", "", true)
	f("*", "/a/b", true)
	f("/checkout*", "/checkout/42", true)
	f("/checkout*", "/cart", false)
	f("*/items", "/cart/7/items", true)
	f("/a*b*c", "/aXbYbZc", true)
	f("/a*b*c", "/aXbYbZ", false)
	f("/a?", "/ab", false) // only * is special
}

func TestFastSilenceNeedsMatchersAndTime(t *testing.T) {
	now := time.Unix(1000, 0)
	s := Silence{Matchers: []Matcher{{"job", "shop"}, {"path", "/c*"}}, StartsAt: now, EndsAt: now.Add(time.Minute)}
	if !s.Matches(map[string]string{"job": "shop", "path": "/cart"}) {
		t.Error("does not match what it should")
	}
	if s.Matches(map[string]string{"job": "shop"}) {
		t.Error("matches although one matcher fails")
	}
	if (&Silence{}).Matches(map[string]string{"job": "shop"}) {
		t.Error("a silence without matchers matches")
	}
	if !s.ActiveAt(now) || s.ActiveAt(now.Add(time.Minute)) || s.ActiveAt(now.Add(-time.Second)) {
		t.Error("is not in force from its start until just before its end")
	}
}

func TestFastIncreasesThatAddUpToTooMuchStayAtTheirGreatest(t *testing.T) {
	var sum Increase
	for range 3000 {
		sum.Merge(Increase{Elapsed: time.Second, Requests: 1 << 53, Errors: 1 << 53, ErrorsKnown: true})
	}
	if sum.Requests != 1<<53 || sum.Errors != 1<<53 {
		t.Errorf("%d requests, %d errors; want 2^53 of both", sum.Requests, sum.Errors)
	}
}

func TestFastMeanIsUnknownWherePartOfTheSumIs(t *testing.T) {
	plain := func() *Histogram { return &Histogram{Counts: []uint64{4}, Sum: 2} }
	native := func(first int) *Histogram {
		h, _ := NewExponential(Exponents{First: first, Counts: []uint64{3, 1}})
		h.Sum = 2
		return h
	}
	for _, parts := range [][2]*Histogram{{plain(), plain()}, {native(1), native(1)}, {native(1), native(5)}, {plain(), native(1)}} {
		with, without := Increase{Latency: parts[0]}, Increase{Latency: parts[1]}
		if got := with.Mean(); got == nil || *got != 0.5 {
			t.Errorf("mean is %v, want 0.5", got)
		}
		without.Latency.SumUnknown = true
		forth, back := Increase{}, Increase{}
		forth.Append(with)
		forth.Append(without)
		back.Append(without)
		back.Append(with)
		if forth.Mean() != nil || back.Mean() != nil {
			t.Error("there is a mean although a part of the durations has no sum")
		}
	}
}

func TestFastClientErrorRateIsUnknownWherePartOfItIs(t *testing.T) {
	in := Increase{Requests: 4, Errors: 1, ClientErrors: 2, ErrorsKnown: true}
	if got := in.ClientErrorRate(); got == nil || *got != 0.5 {
		t.Errorf("client error rate is %v, want 0.5", got)
	}
	in.Append(Increase{Requests: 4, ErrorsKnown: true, ClientErrorsUnknown: true})
	if got := in.ClientErrorRate(); got != nil {
		t.Errorf("client error rate is %g, want none", *got)
	}
	if got := in.ErrorRate(); got == nil || *got != 0.125 {
		t.Errorf("error rate is %v, want 0.125", got)
	}
}
