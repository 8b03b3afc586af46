package red

import (
	"math"
	"slices"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// history says what a series' new value has to be compared with.
type history uint8

const (
	// baseline: nothing is known about before, the value is only remembered.
	baseline history = iota
	// continued: the last scrape had it, or one shortly before; the increase
	// is the difference.
	continued
	// fromZero: it began after the last scrape; the increase is its value.
	fromZero
	// returned: it vanished for long. What it counted meanwhile happened
	// at an unknown time, so it is a new baseline; unless it is lower than
	// remembered, for then it began anew.
	returned
)

// advanceCounter compares a counter's new value with the one before and gives
// the increase; ok is false where none can be known. Values are rounded, not
// increases: of a counter that grows by 0.4 at each scrape nothing is lost.
func advanceCounter(value, before uint64, past history) (increase uint64, ok bool) {
	switch {
	case past == baseline:
		return 0, false
	case past == fromZero || value < before:
		return value, true
	case past == returned:
		return 0, false
	default:
		return value - before, true
	}
}

// growth is what the new state of a histogram's series says about the time
// since the one before.
type growth struct {
	ok   bool    // the increase is known
	bare bool    // its buckets are not: the gain has the number, without bounds
	sum  float64 // of the durations; NaN if that is not known or beyond belief
	// doubt says what could not be compared with before; empty otherwise.
	doubt string
}

// buckets are the state of one classic histogram. A program follows very many:
// what is needed only while two states are compared is in a gain.
type buckets struct {
	bounds     *[]float64 // as exposed, shared; nil if there is no state yet
	cumulative []uint64   // rounded; empty if there is no state yet
}

// gain is by how much a classic histogram grew, in memory that serves one
// histogram after the other. It means something where the increase is known.
type gain struct {
	counts  []uint64  // not cumulative
	over    []float64 // their bounds: all, or those that the state before had too
	counted uint64    // the observations in counts
}

// advance takes the new state and leaves in to what it grew by. shared are the
// bounds of h, to be kept; sum is that of the state before.
//
// A bucket that fell means that the whole series began anew. A sum alone that
// fell does not: a clock that is set back makes a duration negative. It leaves
// the sum of the increase unknown. Where a lower bucket grew by more than a
// higher one, the higher is raised to it, as Prometheus' histogram_quantile does
// with inconsistent buckets. Where the bounds are not those of before, the
// increase is told at the bounds that both states have.
func (b *buckets) advance(h *exposition.Histogram, shared *[]float64, sum float64, past history, to *gain) growth {
	if len(b.cumulative) == 0 && past != fromZero {
		past = baseline // the last state was refused
	}
	g := growth{ok: past == fromZero || past == continued}
	relaid := past != baseline && past != fromZero && !sameBounds(*b.bounds, h.Bounds)
	var fell bool
	if relaid {
		fell = b.compareCommon(h, to)
	} else {
		fell = b.compare(h, to)
	}
	switch {
	case past == baseline:
	case past == fromZero || fell:
		to.set(h.Bounds, b.cumulative)
		g.ok, g.sum = true, plausibleSum(h.Sum, to.counted)
	case past == continued:
		over := h.Bounds
		if relaid {
			over, g.doubt = to.over, "has other buckets than before, so its increase is told at the bounds that both have"
		}
		to.set(over, to.counts)
		g.sum = plausibleSum(h.Sum-sum, to.counted)
	}
	b.bounds = shared
	return g
}

// sameBounds is cheap in the usual case that both are one slice.
func sameBounds(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	return len(a) == 0 || &a[0] == &b[0] || slices.Equal(a, b)
}

// compare makes h the state and leaves in to.counts by how much each cumulative
// count grew, since zero if there was no state. It reports whether one fell.
func (b *buckets) compare(h *exposition.Histogram, to *gain) (fell bool) {
	n := len(h.Cumulative)
	b.resize(n)
	to.counts = slices.Grow(to.counts[:0], n)[:n]
	for i, exposed := range h.Cumulative {
		count, before := redpoll.WholeCount(exposed), b.cumulative[i]
		fell = fell || count < before
		b.cumulative[i], to.counts[i] = count, count-before
	}
	return fell
}

// compareCommon is as compare, for the bounds that both h and the state before
// have, which it leaves in to.over.
func (b *buckets) compareCommon(h *exposition.Histogram, to *gain) (fell bool) {
	to.over, to.counts = nil, to.counts[:0]
	add := func(now float64, before uint64) {
		count := redpoll.WholeCount(now)
		fell = fell || count < before
		to.counts = append(to.counts, count-before)
	}
	for i, bound := range h.Bounds {
		if at, ok := slices.BinarySearch(*b.bounds, bound); ok {
			to.over = append(to.over, bound)
			add(h.Cumulative[i], b.cumulative[at])
		}
	}
	add(h.Count(), b.count())
	b.resize(len(h.Cumulative))
	for i, exposed := range h.Cumulative {
		b.cumulative[i] = redpoll.WholeCount(exposed)
	}
	return fell
}

// resize gives the state n counts, zeros if it had another number of them.
func (b *buckets) resize(n int) {
	if len(b.cumulative) != n {
		b.cumulative = make([]uint64, n)
	}
}

// set makes the gain of cumulative counts, which may be g.counts itself.
func (g *gain) set(over []float64, cumulative []uint64) {
	g.over = over
	g.counts = slices.Grow(g.counts[:0], len(cumulative))[:len(cumulative)]
	var below uint64
	for i, upTo := range cumulative {
		upTo = max(below, upTo)
		g.counts[i] = upTo - below
		below = upTo
	}
	g.counted = below
}

// setTotal makes the gain a number of observations without buckets.
func (g *gain) setTotal(n uint64) { g.over, g.counts, g.counted = nil, append(g.counts[:0], n), n }

// count is the number of all observations, 0 if there is no state yet.
func (b *buckets) count() uint64 {
	if n := len(b.cumulative); n > 0 {
		return b.cumulative[n-1]
	}
	return 0
}

// fell reports whether all observations are fewer than they were.
func (b *buckets) fell(h *exposition.Histogram) bool {
	return redpoll.WholeCount(h.Count()) < b.count()
}

// forget drops the state.
func (b *buckets) forget() { *b = buckets{} }

// plausibleSum is the sum of so many durations, NaN where it is below zero or
// beyond belief. That of none is known whatever is exposed.
func plausibleSum(sum float64, observations uint64) float64 {
	switch {
	case sum >= 0 && sum <= redpoll.MaxCount:
		return sum
	case observations == 0:
		return 0
	default:
		return math.NaN()
	}
}
