package red

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// instance is one process of an application with one endpoint. It counts
// durations by status, and exposes them as classic or native histograms.
type instance struct {
	r       *rand.Rand
	native  bool
	series  map[string]*exposition.Series
	process *exposition.Series // of its start time; nil if it does not say
	begun   float64            // seconds since the Unix epoch
	schema  int8
	zero    float64 // threshold
	served  map[string][]float64
	deriver *Deriver
	total   redpoll.Increase
}

var splitCodes = []string{"200", "404", "503"}

// splitBounds are those of classic histograms.
var splitBounds = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5}

func newInstance(r *rand.Rand, native bool) *instance {
	i := &instance{r: r, native: native, series: make(map[string]*exposition.Series), deriver: NewDeriver(Options{MaxEndpoints: 9})}
	if r.IntN(2) == 0 {
		i.process = &exposition.Series{Name: "process_start_time_seconds", Type: exposition.Gauge}
	}
	for _, code := range splitCodes {
		i.series[code] = &exposition.Series{
			Name: "http_request_duration_seconds", Type: exposition.HistogramType,
			Labels: []exposition.Label{{Name: "code", Value: code}, {Name: "path", Value: "/a"}},
		}
	}
	i.start(epoch.Add(-time.Hour))
	return i
}

// start begins a process that has served nothing.
func (i *instance) start(at time.Time) {
	i.begun, i.served = float64(at.UnixMilli())/1000, make(map[string][]float64)
	i.schema, i.zero = int8(i.r.IntN(9)-2), 0
}

// saveRoom makes native buckets coarser, or the zero bucket larger by whole
// buckets, as libraries do when there are many.
func (i *instance) saveRoom() {
	if i.r.IntN(2) == 0 && i.schema > redpoll.MinSchema {
		i.schema--
	} else {
		i.zero = max(i.zero, redpoll.UpperBound(i.schema, int(math.Ldexp(float64(i.r.IntN(6)-12), int(max(0, i.schema))))))
	}
}

func (i *instance) scrape(at time.Time) {
	var s exposition.Scrape
	if i.process != nil {
		s.Samples = append(s.Samples, exposition.Sample{Series: i.process, Value: i.begun})
	}
	for _, code := range slices.Sorted(maps.Keys(i.served)) { // born with the first request
		sample := exposition.Sample{Series: i.series[code], Ref: 1 + slices.Index(splitCodes, code)}
		if i.process == nil {
			sample.Created = i.begun
		}
		if i.native {
			sample.Native = i.exposeNative(i.served[code])
		} else {
			sample.Histogram = exposeClassic(i.served[code])
		}
		s.Samples = append(s.Samples, sample)
	}
	for _, e := range i.deriver.Derive(s, at).Endpoints {
		if e.Known {
			i.total.Append(e.Increase)
		}
	}
}

func exposeClassic(durations []float64) *exposition.Histogram {
	h := &exposition.Histogram{Bounds: splitBounds, Cumulative: make([]float64, len(splitBounds)+1)}
	for _, d := range durations {
		h.Sum += d
		for n := range h.Cumulative {
			if n == len(splitBounds) || d <= splitBounds[n] {
				h.Cumulative[n]++
			}
		}
	}
	return h
}

func (i *instance) exposeNative(durations []float64) *exposition.Native {
	h := &exposition.Native{Buckets: redpoll.Exponents{Schema: i.schema, Threshold: i.zero}, Count: float64(len(durations))}
	numbers := make(map[int]uint64)
	for _, d := range durations {
		h.Sum += d
		if d <= i.zero {
			h.Buckets.Zero++
			continue
		}
		number := int(math.Ceil(math.Ldexp(math.Log2(d), int(i.schema))))
		numbers[number]++
	}
	if len(numbers) == 0 {
		return h
	}
	ordered := slices.Sorted(maps.Keys(numbers))
	h.Buckets.Cover(ordered[0], ordered[len(ordered)-1])
	for number, n := range numbers {
		h.Buckets.Counts[number-h.Buckets.First] = n
	}
	return h
}

// truth is what one instance that was never restarted and served all requests
// would know.
type truth struct {
	durations            []float64
	errors, clientErrors uint64
	sum                  float64
}

func (w *truth) serve(code string, d float64) {
	w.durations = append(w.durations, d)
	w.sum += d
	switch code {
	case "404":
		w.clientErrors++
	case "503":
		w.errors++
	}
}

// Requests fall to any of several instances and between any of their scrapes,
// some of which are missed; series are born with their first request; processes
// restart, which shows in their start time or in their series' creation, and
// may have counted more than before by the next scrape; native histograms save
// room. What is added up is the truth, to the bucket.
func TestFastAnySplitOverInstancesScrapesAndResetsIsTheTruth(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		native := seed%2 == 1
		instances := make([]*instance, 1+r.IntN(4))
		for n := range instances {
			instances[n] = newInstance(r, native)
			serveSome(r, instances[n], nil)
			instances[n].scrape(epoch)
		}
		var want truth
		for step := 1; step < 12; step++ {
			at := epoch.Add(time.Duration(step) * 5 * time.Second)
			for _, one := range instances {
				serveSome(r, one, &want)
				if step < 11 && r.IntN(4) == 0 {
					continue // the scrape is missed
				}
				one.scrape(at)
				switch r.IntN(5) {
				case 0:
					one.start(at.Add(2 * time.Second))
				case 1:
					one.saveRoom()
				}
			}
		}
		var got redpoll.Increase
		for _, one := range instances {
			got.Merge(one.total)
		}
		wantTruth(t, fmt.Sprintf("seed %d", seed), &want, &got)
	}
}

// serveSome lets the instance serve up to 40 requests of 1 ms to 20 s.
func serveSome(r *rand.Rand, one *instance, w *truth) {
	for range r.IntN(40) {
		code := []string{"200", "200", "200", "404", "503"}[r.IntN(5)]
		d := math.Exp(r.NormFloat64()*1.5 - 2)
		one.served[code] = append(one.served[code], d)
		if w != nil {
			w.serve(code, d)
		}
	}
}

func wantTruth(t *testing.T, name string, want *truth, got *redpoll.Increase) {
	t.Helper()
	if got.Requests != uint64(len(want.durations)) || got.Errors != want.errors || got.ClientErrors != want.clientErrors {
		t.Fatalf("%s: %d requests, %d errors, %d client errors, want %d, %d, %d",
			name, got.Requests, got.Errors, got.ClientErrors, len(want.durations), want.errors, want.clientErrors)
	}
	if got.Latency == nil {
		if len(want.durations) > 0 {
			t.Fatalf("%s: there are no durations", name)
		}
		return
	}
	if math.Abs(got.Latency.Sum-want.sum) > 1e-9*(1+want.sum) {
		t.Fatalf("%s: the sum is %v, want %v", name, got.Latency.Sum, want.sum)
	}
	slices.Sort(want.durations)
	below := uint64(0)
	for n, bound := range got.Latency.Bounds {
		below += got.Latency.Counts[n]
		upTo, _ := slices.BinarySearchFunc(want.durations, bound, func(d, bound float64) int {
			if d <= bound {
				return -1
			}
			return 1
		})
		if below != uint64(upTo) {
			t.Fatalf("%s: %d observations up to %v, want %d", name, below, bound, upTo)
		}
	}
	if got.Latency.Count() != uint64(len(want.durations)) {
		t.Fatalf("%s: %d durations, want %d", name, got.Latency.Count(), len(want.durations))
	}
}

// Whatever a target states in one way, then in another, figures are never NaN,
// negative, or more than everything, and quantiles rise.
func TestFastNothingThatATargetStatesMakesImpossibleFigures(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	series := []*exposition.Series{
		{Name: "http_request_duration_seconds", Type: exposition.HistogramType, Labels: []exposition.Label{{Name: "code", Value: "200"}, {Name: "path", Value: "/a"}}},
		{Name: "http_request_duration_seconds", Type: exposition.HistogramType, Labels: []exposition.Label{{Name: "code", Value: "500"}, {Name: "path", Value: "/a"}}},
	}
	for range 300 {
		d := NewDeriver(Options{MaxEndpoints: 3, Scale: redpoll.Scale(r.IntN(2))})
		for step := range 8 {
			var s exposition.Scrape
			for ref, one := range series {
				if r.IntN(5) > 0 {
					s.Samples = append(s.Samples, anySample(r, one, ref))
				}
			}
			for _, e := range d.Derive(s, epoch.Add(time.Duration(step)*time.Second)).Endpoints {
				if e.Known {
					checkFigures(t, e)
				}
			}
		}
	}
}

// anySample is a state that a reader may pass on, but an honest target seldom
// has.
func anySample(r *rand.Rand, series *exposition.Series, ref int) exposition.Sample {
	s := exposition.Sample{Series: series, Ref: ref, Created: float64(r.IntN(3) * 100)}
	sums := []float64{0, 1, 5, 1e300, -3, math.NaN(), math.Inf(1)}
	counts := func(n int) []float64 {
		list := make([]float64, n)
		for i := range list {
			list[i] = []float64{0, 1, 2.5, 7, 1e15}[r.IntN(5)]
		}
		return list
	}
	if r.IntN(3) > 0 {
		s.Native = &exposition.Native{
			Buckets: redpoll.Exponents{
				Schema: int8(r.IntN(13) - 4), Threshold: []float64{0, 1e-9, 0.5, 3, 1e300}[r.IntN(5)], Zero: uint64(r.IntN(9)), First: []int{-3, 0, 5, 55}[r.IntN(4)],
			},
			Count: float64(r.IntN(50)), Sum: sums[r.IntN(len(sums))],
		}
		for _, count := range counts(r.IntN(6)) {
			s.Native.Buckets.Counts = append(s.Native.Buckets.Counts, redpoll.WholeCount(count))
		}
	}
	if s.Native == nil || r.IntN(3) == 0 {
		bounds := [][]float64{nil, {0.1}, {0.1, 0.5}, {0.2, 0.5, 1}, {0, 1}, {-1, 1}}[r.IntN(6)]
		s.Histogram = &exposition.Histogram{Bounds: bounds, Cumulative: counts(len(bounds) + 1), Sum: sums[r.IntN(len(sums))]}
	}
	return s
}

func checkFigures(t *testing.T, e *Endpoint) {
	t.Helper()
	in := &e.Increase
	if in.Errors+in.ClientErrors > in.Requests {
		t.Fatalf("%d and %d errors of %d requests", in.Errors, in.ClientErrors, in.Requests)
	}
	below := 0.0
	for q := 0.0; q <= 1; q += 0.05 {
		v := in.Quantile(q)
		if v == nil {
			break
		}
		if !(v.Value >= below) || math.IsInf(v.Value, 0) || !(v.Lower <= v.Value && v.Value <= v.Upper) {
			t.Fatalf("the %v-quantile is %+v after %v", q, *v, below)
		}
		below = v.Value
	}
	for n, v := range []*float64{in.ErrorRate(), in.ClientErrorRate(), in.Throughput(), in.Mean()} {
		if v != nil && (!(*v >= 0) || math.IsInf(*v, 0) || n < 2 && *v > 1) {
			t.Fatalf("figure %d is %v", n, *v)
		}
	}
}
