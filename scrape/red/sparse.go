package red

import (
	"slices"

	"github.com/redpoll/redpoll/scrape/exposition"
)

// complete gives a histogram of a family that leaves out the buckets below its
// fastest request those that other series of the family have: they are empty.
// The result is valid until the next call.
func (f *family) complete(h, scratch *exposition.Histogram) *exposition.Histogram {
	if endsWith(h.Bounds, f.widest) {
		f.widest = h.Bounds
	}
	if !endsWith(f.widest, h.Bounds) {
		return h
	}
	missing := len(f.widest) - len(h.Bounds)
	scratch.Cumulative = append(zeros(scratch.Cumulative, missing), h.Cumulative...)
	scratch.Bounds, scratch.Sum = f.widest, h.Sum
	return scratch
}

// widen gives the state the empty buckets that it lacks below, if bounds are
// otherwise its own.
func (b *buckets) widen(bounds *[]float64) {
	if len(b.cumulative) == 0 || len(*b.bounds) == len(*bounds) || !endsWith(*bounds, *b.bounds) {
		return
	}
	b.cumulative = append(make([]uint64, len(*bounds)-len(*b.bounds)), b.cumulative...)
	b.bounds = bounds
}

// zeros makes n of them, in the memory of s if there is enough.
func zeros(s []float64, n int) []float64 {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

// endsWith reports whether the last bounds are the ones given.
func endsWith(bounds, last []float64) bool {
	return len(bounds) >= len(last) && slices.Equal(bounds[len(bounds)-len(last):], last)
}
