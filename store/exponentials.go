package store

import (
	"errors"
	"sync"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// maxExponentialBounds is how many bounds exponentials keeps, 2 MB: those of
// some 2,000 layouts.
const maxExponentialBounds = 1 << 18

// exponentials knows the bounds of native histograms' layouts. A layout that
// can be named in a few bytes needs no row, however often the range of an
// application's durations grows; what is kept here only spares working bounds
// out again, and lets histograms share them. The zero value knows none; it may
// be used concurrently.
type exponentials struct {
	mu    sync.Mutex
	known map[redpoll.ExponentialLayout]*redpoll.Histogram
	// bounds is how many the known have together.
	bounds int
}

// find finds buckets as decoder.exponential wants it.
func (x *exponentials) find(l redpoll.ExponentialLayout) (buckets *redpoll.Histogram, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if h, ok := x.known[l]; ok {
		return h, true
	}
	h, ok := l.Histogram()
	if !ok {
		return nil, false
	}
	h.Counts = nil
	if x.known == nil || x.bounds+len(h.Bounds) > maxExponentialBounds {
		x.known = map[redpoll.ExponentialLayout]*redpoll.Histogram{}
		x.bounds = 0
	}
	x.known[l] = h
	x.bounds += len(h.Bounds)
	return h, true
}

// check makes sure that h comes back with the bounds that it has.
func (x *exponentials) check(h *redpoll.Histogram) error {
	if buckets, ok := x.find(h.ExponentialLayout()); !ok || !buckets.SameLayout(h) {
		return errors.New("native histogram whose bounds are not those of its schema")
	}
	return nil
}
