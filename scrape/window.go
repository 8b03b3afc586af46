package scrape

import (
	"cmp"
	"slices"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/red"
)

// window is what one target told about its endpoints since the last snapshot,
// and before. The target's mutex guards it.
type window struct {
	job       string // the target's own, as is the instance
	instance  string
	endpoints map[contributionKey]*contribution
	fresh     []*contribution // that the job has not met yet
	scrapes   uint64          // successful ones
	newest    time.Time       // when the last of them began
}

// contributionKey tells apart the parts that a target has in endpoints.
type contributionKey struct {
	redpoll.EndpointKey
	instance string // empty if it is the target's own
}

// contribution is one target's part in one endpoint, or that of an instance for
// which the target passes it on.
type contribution struct {
	key      redpoll.EndpointKey
	instance string  // empty if it is the target's own
	merger   *merger // of the key's job; nil before the first snapshot
	// pending is what came in since the last snapshot.
	pending figures
	// current is what the last snapshot with news was made from. Snapshots
	// repeat it while the next scrape is not due.
	current figures

	label string // that names the path
	total uint64 // requests when it was first seen, since its series began
	place *place // in the job's ranking; nil if that has none for it

	scrape    uint64    // the last one that had the endpoint
	goneSince time.Time // zero while the last scrape has it
	endpoint  *endpoint // where the job collects it; nil before the first snapshot
}

// figures are an increase with what an Increase cannot say.
type figures struct {
	redpoll.Increase
	known bool // there is an increase at all
	// own are the quantiles that the application stated in the newest scrape.
	own []redpoll.OwnQuantile
}

// record adds what a scrape at the time at derived.
func (w *window) record(d *red.Derived, at time.Time) {
	if w.endpoints == nil {
		w.endpoints = make(map[contributionKey]*contribution)
	}
	w.scrapes++
	setBack := at.Before(w.newest)
	w.newest = at
	for _, e := range d.Endpoints {
		job, instance := e.Origin()
		key := contributionKey{redpoll.EndpointKey{Job: cmp.Or(job, w.job), Method: e.Method, Path: e.Path}, instance}
		c := w.endpoints[key]
		if c == nil {
			c = &contribution{key: key.EndpointKey, instance: instance, label: e.Label, total: e.Total()}
			w.endpoints[key] = c
			w.fresh = append(w.fresh, c)
		}
		c.scrape, c.goneSince = w.scrapes, time.Time{}
		c.add(e)
	}
	for _, c := range w.endpoints {
		switch {
		case c.scrape == w.scrapes:
		case c.goneSince.IsZero():
			c.goneSince = at
			c.current = figures{}
		case setBack: // the clock was, so that it says nothing about for how long
			c.goneSince = at
		}
	}
}

// add takes over one scrape's increase. Append copies its Latency, which is
// the deriver's.
func (c *contribution) add(e *red.Endpoint) {
	c.pending.own = nil
	if !e.Known {
		c.current = figures{} // it is not the newest interval any more
		return
	}
	c.pending.Append(e.Increase)
	c.pending.known = true
	if len(e.Own) > 0 {
		c.pending.own = slices.Clone(e.Own)
	}
}

// take is called once per snapshot. It says what the target contributes to
// it, and whether that is news; where it contributes nothing that is known,
// why. fit is whether the target is up and its last scrape not overdue.
func (c *contribution) take(fit bool) (part figures, news bool, cause redpoll.NoData) {
	gone := !c.goneSince.IsZero()
	switch {
	case c.pending.known:
		part, c.pending = c.pending, figures{}
		c.current = figures{}
		if !gone {
			c.current = part
		}
		if gone || !fit {
			part.own = nil // what was served is still news; what is stated, stale
		}
		return part, true, redpoll.HasData
	case !fit:
		return figures{}, false, redpoll.TargetDown
	case gone:
		return figures{}, false, redpoll.SeriesGone
	case !c.current.known:
		return figures{}, false, redpoll.FirstScrape
	default:
		return c.current, false, redpoll.HasData
	}
}

// expire forgets endpoints that have been gone for long.
func (w *window) expire(now time.Time) {
	for key, c := range w.endpoints {
		if !c.goneSince.IsZero() && now.Sub(c.goneSince) >= red.Retention {
			delete(w.endpoints, key)
		}
	}
}
