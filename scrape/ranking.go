package scrape

import (
	"cmp"
	"slices"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/red"
)

// followed is how many endpoints are followed of a job or a target of which most
// are shown, so that it can be seen which of them have the traffic. What comes
// on top is merged as it comes.
func followed(most int) int { return max(10*most, 1000) }

// ranking chooses which endpoints of a job are shown: those with the most
// traffic. The others are merged into the rest. Every endpoint is followed by
// itself all the time, and what it serves goes either way whole, so that a
// change of places makes no figure jump.
type ranking struct {
	most   int // endpoints that are shown
	places map[redpoll.EndpointKey]*place
	fresh  []*place // since the last ranking
	shown  int
	at     time.Time // of the last ranking by recent traffic
	// rankings counts those after which other endpoints may be merged.
	rankings int
}

// place is what an endpoint's traffic is measured by.
type place struct {
	key      redpoll.EndpointKey
	label    string // that names the path
	shown    bool
	snapshot uint64 // the last one to which a target gave something
	total    uint64 // requests when it was first seen, since its series began
	requests uint64 // since the last ranking
	traffic  uint64 // requests of late: half of it goes with each ranking
}

func newRanking(most int) *ranking {
	return &ranking{most: most, places: make(map[redpoll.EndpointKey]*place)}
}

// meet finds or makes the endpoint's place; nil if there are too many.
func (r *ranking) meet(c newcomer) *place {
	p := r.places[c.key]
	if p == nil {
		if len(r.places) >= followed(r.most) {
			return nil
		}
		p = &place{key: c.key, label: c.label}
		r.places[c.key] = p
		r.fresh = append(r.fresh, p)
	}
	p.total = redpoll.AddCounts(p.total, c.total)
	return p
}

// merged is how many endpoints that are followed are not shown.
func (r *ranking) merged() int { return len(r.places) - r.shown }

// When places change hands.
const (
	// rankEvery is the time between rankings by recent traffic.
	rankEvery = time.Minute
	// A merged endpoint takes the place of a shown one if it has leadFactor
	// times its recent traffic and leadRequests more: those with about the same
	// would change places forever.
	leadFactor   = 2
	leadRequests = 10
)

// rank gives places to new endpoints while there is room, by what they have
// served since they began; and now and then to those that have become busier
// than others.
func (r *ranking) rank(now time.Time) {
	if len(r.fresh) > 0 {
		slices.SortFunc(r.fresh, func(a, b *place) int {
			return cmp.Or(cmp.Compare(b.total, a.total), a.key.Compare(b.key))
		})
		r.fill(r.fresh)
		r.fresh = r.fresh[:0]
		r.rankings++
	}
	if r.shown > r.most || r.merged() > 0 && now.Sub(r.at) >= rankEvery {
		r.at = now
		r.rankByTraffic()
		r.rankings++
	}
}

// fill shows the first of those that wait while there is room.
func (r *ranking) fill(waiting []*place) {
	for _, p := range waiting {
		if r.shown >= r.most {
			return
		}
		if !p.shown {
			p.shown = true
			r.shown++
		}
	}
}

// rankByTraffic hides the quietest if there are too many, or fills what has
// become free, then lets the busiest that wait
// take the places of the quietest.
func (r *ranking) rankByTraffic() {
	var shown, waiting []*place
	for _, p := range r.places {
		p.traffic = redpoll.AddCounts(p.traffic/2, p.requests)
		p.requests = 0
		if p.shown {
			shown = append(shown, p)
		} else {
			waiting = append(waiting, p)
		}
	}
	byTraffic := func(a, b *place) int {
		return cmp.Or(cmp.Compare(a.traffic, b.traffic), b.key.Compare(a.key))
	}
	slices.SortFunc(shown, byTraffic)
	for ; r.shown > r.most; r.shown-- { // there may be fewer than before
		shown[0].shown = false
		waiting, shown = append(waiting, shown[0]), shown[1:]
	}
	slices.SortFunc(waiting, func(a, b *place) int { return byTraffic(b, a) })
	free := min(r.most-r.shown, len(waiting))
	r.fill(waiting[:free])
	for i, p := range waiting[free:] {
		if i == len(shown) || p.traffic < leadFactor*shown[i].traffic || p.traffic < shown[i].traffic+leadRequests {
			return
		}
		p.shown, shown[i].shown = true, false
	}
}

// forget gives up the places of endpoints that no target has any more.
func (r *ranking) forget(snapshot uint64) {
	for key, p := range r.places {
		if p.snapshot == snapshot {
			continue
		}
		delete(r.places, key)
		if p.shown {
			r.shown--
		}
	}
}

// rest is the endpoint that takes what is over the limit.
func rest(job string) redpoll.EndpointKey { return redpoll.EndpointKey{Job: job, Path: red.Other} }
