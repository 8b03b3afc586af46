package red

import (
	"math"
	"slices"
	"sync"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// latencies add up the durations of an endpoint's series in one scrape. The
// memory is used again for the next.
type latencies struct {
	// classic is the sum of histograms with buckets of their own choice, and of
	// what has no buckets.
	classic    redpoll.Histogram
	hasClassic bool
	// native is the sum of native ones, nativeSum that of their durations.
	native           redpoll.Exponents
	nativeSum        float64
	nativeSumUnknown bool
	hasNative        bool
	// mixed tells that buckets were given up, because not all series have them.
	mixed bool
	// refused tells that native has bounds that no duration has.
	refused bool

	// made is what native became last, when it had the layout madeOf.
	made   redpoll.Histogram
	madeOf nativeLayout
}

// nativeLayout is all of a native histogram but the counts.
type nativeLayout struct {
	schema         int8
	threshold      float64
	first, buckets int
}

func (l *latencies) begin() {
	l.hasClassic, l.hasNative, l.mixed, l.refused = false, false, false, false
	l.native = redpoll.Exponents{Schema: redpoll.MaxSchema, Counts: l.native.Counts[:0]}
	l.nativeSum, l.nativeSumUnknown = 0, false
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
	l.native.Add(x)
	l.nativeSum += sum
	l.nativeSumUnknown = l.nativeSumUnknown || sumUnknown
	l.hasNative = true
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
	if unit != 1 {
		l.putOnGrid(unit)
	} else if l.refused = !l.makeExponential(); l.refused {
		return nil
	}
	l.made.Sum, l.made.SumUnknown = l.nativeSum, l.nativeSumUnknown
	if l.hasClassic {
		l.addClassic(&l.made)
		return &l.classic
	}
	return &l.made
}

// makeExponential puts native into made; false if no duration can be meant.
// While the buckets stay the same, their bounds are worked out once.
func (l *latencies) makeExponential() bool {
	x := &l.native
	of := nativeLayout{x.Schema, x.Threshold, x.First, len(x.Counts)}
	// Beside the given buckets there are those for zero, the empty one behind
	// it and +Inf, unless the zero bucket swallowed some.
	if len(l.made.Counts) != len(x.Counts)+3 || l.madeOf != of {
		h, ok := redpoll.NewExponential(*x)
		if !ok {
			l.madeOf = nativeLayout{}
			return false
		}
		l.made, l.madeOf = *h, of
		return true
	}
	l.made.Counts[0] = x.Zero
	copy(l.made.Counts[2:], x.Counts)
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

// putOnGrid puts native, whose unit is that many seconds, into made.
func (l *latencies) putOnGrid(unit float64) {
	x := &l.native
	x.Reduce(min(x.Schema, maxGridSchema))
	bounds, lowest := grid(x.Schema, unit)
	below := 0 // bounds inside of the zero bucket, about which it says nothing
	for below < len(bounds) && bounds[below] < x.Threshold*unit {
		below++
	}
	bounds = bounds[below:]
	counts := slices.Grow(l.made.Counts[:0], len(bounds)+1)[:len(bounds)+1]
	clear(counts)
	counts[0] = x.Zero
	for i, count := range x.Counts {
		at := min(max(0, x.First+i-lowest-below), len(bounds))
		counts[at] = redpoll.AddCounts(counts[at], count)
	}
	l.made = redpoll.Histogram{Bounds: bounds, Counts: counts, Scale: redpoll.Geometric}
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
