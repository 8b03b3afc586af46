package red

import (
	"cmp"
	"slices"

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

// room is how many more endpoints are within the limit, beside those that take
// the rest.
func (d *Deriver) room() int { return d.options.MaxEndpoints - (len(d.endpoints) - d.rests) }
