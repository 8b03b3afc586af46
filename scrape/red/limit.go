package red

import (
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// admit gives endpoints to the series that the scrape has for the first time,
// where there is not room for all: to those that have counted the most. The
// others go into Other when they are followed.
func (d *Deriver) admit(samples []exposition.Sample) {
	room := max(0, d.room())
	if len(d.now.fresh) <= room {
		return
	}
	totals := make(map[endpointKey]uint64)
	for _, at := range d.now.fresh {
		t := d.slots[samples[at].Ref].track
		if t.family != nil && t.family.now.chosen && d.endpoints[*t.key] == nil && !t.key.isOther() {
			totals[*t.key] = redpoll.AddCounts(totals[*t.key], countOf(&samples[at]))
		}
	}
	if len(totals) <= room {
		return
	}
	keys := make([]endpointKey, 0, len(totals))
	for key := range totals {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b endpointKey) int {
		return cmp.Or(cmp.Compare(totals[b], totals[a]), cmp.Compare(a.path, b.path), cmp.Compare(a.method, b.method), a.origin.compare(b.origin))
	})
	for _, key := range keys[:room] {
		d.newEndpoint(key)
	}
}

// countOf is how many requests a series has counted.
func countOf(s *exposition.Sample) uint64 {
	switch {
	case s.Native != nil:
		return redpoll.WholeCount(s.Native.Count)
	case s.Histogram != nil:
		return redpoll.WholeCount(s.Histogram.Count())
	case s.Summary != nil:
		return redpoll.WholeCount(s.Summary.Count)
	default:
		return redpoll.WholeCount(s.Value)
	}
}

const (
	// freeEndpoints is how many endpoints any target may have, so that targets
	// with very many never keep those of the others out.
	freeEndpoints = 200
	// sharedEndpoints bounds those that all targets have beyond that, unless one
	// target is configured to have more. In all stages together one takes some 800
	// bytes, and Retention keeps it when its series are gone.
	sharedEndpoints = 150_000
)

// claimed is how many of the sharedEndpoints derivers hold.
var claimed atomic.Int64

// claim is what one deriver holds of the sharedEndpoints.
type claim struct{ held int64 }

// set makes it enough for so many endpoints.
func (c *claim) set(endpoints int) {
	want := max(0, int64(endpoints)-freeEndpoints)
	if want != c.held {
		claimed.Add(want - c.held)
		c.held = want
	}
}

// count is the number of endpoints but for those that take the rest.
func (d *Deriver) count() int { return len(d.endpoints) - d.rests }

// room is how many more endpoints are within the limit of the target and that of
// all, beside those that take the rest.
func (d *Deriver) room() int {
	most, n := d.options.MaxEndpoints, d.count()
	shared := max(sharedEndpoints, most) - int(claimed.Load())
	return min(most-n, max(0, shared)+max(0, freeEndpoints-n))
}

// Close leaves what the Deriver holds of the endpoints that all targets share to
// others. It is not to be used any more. A Deriver that is not closed does so
// when the garbage collector finds it.
func (d *Deriver) Close() {
	d.Release()
	d.claim.set(0)
}
