package red

import (
	"math"
	"slices"
	"sync"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// latencies add up the durations of an endpoint's series in one scrape. The zero
// value is the sum of nothing.
type latencies struct {
	// classic is the sum of histograms with buckets of their own choice, and of
	// what has no buckets.
	classic    redpoll.Histogram
	hasClassic bool
	// native is the sum of native ones if hasNative, else memory for it, or nil.
	native    *exponential
	hasNative bool
	// mixed tells that buckets were given up, because not all series have them.
	mixed bool
	// refused tells that native has bounds that no duration has.
	refused bool
}

// exponential is the sum of native histograms. An endpoint that has some keeps
// it, because its layout seldom changes.
type exponential struct {
	exponents  redpoll.Exponents
	sum        float64 // of the durations
	sumUnknown bool

	// made is what the exponents became last, when they had the layout madeOf.
	made   redpoll.Histogram
	madeOf nativeLayout
}

// nativeLayout is all of a native histogram but the counts.
type nativeLayout struct {
	schema         int8
	threshold      float64
	first, buckets int
}

// empty makes it a sum of nothing.
func (e *exponential) empty() {
	e.exponents = redpoll.Exponents{Schema: redpoll.MaxSchema, Counts: e.exponents.Counts[:0]}
	e.sum, e.sumUnknown = 0, false
}

// addClassic adds a series' increase, of which it shares the bounds.
func (l *latencies) addClassic(h *redpoll.Histogram) {
	if !l.hasClassic {
		counts := append(l.classic.Counts[:0], h.Counts...)
		l.classic = *h
		l.classic.Counts, l.hasClassic = counts, true
		return
	}
	if l.classic.SameLayout(h) {
		l.classic.Merge(h)
		return
	}
	most, tell := max(len(l.classic.Bounds), len(h.Bounds)), !l.classic.Empty() && !h.Empty()
	l.classic.Merge(h)
	l.mixed = l.mixed || tell && len(l.classic.Bounds) < most
}

// addNative adds a series' increase, the sum in seconds.
func (l *latencies) addNative(x *redpoll.Exponents, sum float64, sumUnknown bool) {
	if l.native == nil {
		l.native = &exponential{}
	}
	if !l.hasNative {
		l.native.empty()
		l.hasNative = true
	}
	l.native.exponents.Add(x)
	l.native.sum += sum
	l.native.sumUnknown = l.native.sumUnknown || sumUnknown
}

// total is the histogram of all durations in seconds, nil if there is none or
// its bounds are beyond those of any duration. unit is what native histograms
// are measured in. It is valid until the next begin.
func (l *latencies) total(unit float64) *redpoll.Histogram {
	if !l.hasNative {
		if !l.hasClassic {
			return nil
		}
		return &l.classic
	}
	made := &l.native.made
	if unit != 1 {
		l.native.putOnGrid(unit)
	} else if l.refused = !l.native.make(); l.refused {
		return nil
	}
	made.Sum, made.SumUnknown = l.native.sum, l.native.sumUnknown
	if l.hasClassic {
		l.addClassic(made)
		return &l.classic
	}
	return made
}

// make puts the exponents into made; false if no duration can be meant. While
// the buckets stay the same, their bounds are worked out once.
func (e *exponential) make() bool {
	x := &e.exponents
	of := nativeLayout{x.Schema, x.Threshold, x.First, len(x.Counts)}
	// Beside the given buckets there are those for zero, the empty one behind
	// it and +Inf, unless the zero bucket swallowed some.
	if len(e.made.Counts) != len(x.Counts)+3 || e.madeOf != of {
		h, ok := redpoll.NewExponential(*x)
		if !ok {
			e.madeOf = nativeLayout{}
			return false
		}
		e.made, e.madeOf = *h, of
		return true
	}
	e.made.Counts[0] = x.Zero
	copy(e.made.Counts[2:], x.Counts)
	return true
}

// A native histogram's bounds are powers of two of its unit. Those of one that
// does not count in seconds are none of seconds, so that it becomes a histogram
// with explicit bounds: the same for all of a unit and schema, from about a
// microsecond to more than an hour, which therefore can be merged.
const (
	gridLowest    = -20 // power of two, in seconds
	gridHighest   = 12
	maxGridSchema = 3 // buckets of 9 %, as client libraries usually have
)

// putOnGrid puts the exponents, whose unit is that many seconds, into made.
func (e *exponential) putOnGrid(unit float64) {
	x := &e.exponents
	x.Reduce(min(x.Schema, maxGridSchema))
	bounds, lowest := grid(x.Schema, unit)
	below := 0 // bounds inside of the zero bucket, about which it says nothing
	for below < len(bounds) && bounds[below] < x.Threshold*unit {
		below++
	}
	bounds = bounds[below:]
	counts := slices.Grow(e.made.Counts[:0], len(bounds)+1)[:len(bounds)+1]
	clear(counts)
	counts[0] = x.Zero
	for i, count := range x.Counts {
		at := min(max(0, x.First+i-lowest-below), len(bounds))
		counts[at] = redpoll.AddCounts(counts[at], count)
	}
	e.made = redpoll.Histogram{Bounds: bounds, Counts: counts, Scale: redpoll.Geometric}
}

type gridKey struct {
	schema int8
	unit   float64
}

// grids keeps the bounds of each gridKey. There are a few units and schemas.
var grids sync.Map

// grid gives the bounds in seconds, which are shared, and the number of the
// bucket that the first of them is the upper bound of.
func grid(schema int8, unit float64) (bounds []float64, lowest int) {
	power := math.Round(math.Log2(1 / unit)) // by which the unit is smaller than a second
	first := int(math.Ceil(math.Ldexp(gridLowest+power, int(schema))))
	last := int(math.Floor(math.Ldexp(gridHighest+power, int(schema))))
	key := gridKey{schema, unit}
	if made, ok := grids.Load(key); ok {
		return made.([]float64), first
	}
	for i := first; i <= last; i++ {
		bounds = append(bounds, redpoll.UpperBound(schema, i)*unit)
	}
	made, _ := grids.LoadOrStore(key, bounds)
	return made.([]float64), first
}
