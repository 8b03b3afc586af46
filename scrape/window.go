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
	fresh     []newcomer // contributions that the job has not met yet
	scrapes   uint64     // successful ones
	newest    time.Time  // when the last of them began
}

// newcomer is a contribution with what the job has to know of it once.
type newcomer struct {
	*contribution
	label string // that names the path
	total uint64 // requests so far, since its series began
}

// contributionKey tells apart the parts that a target has in endpoints.
type contributionKey struct {
	redpoll.EndpointKey
	instance string // empty if it is the target's own
}

// contribution is one target's part in one endpoint, or that of an instance for
// which the target passes it on. There is one for every endpoint of every target,
// so that it is small.
type contribution struct {
	key      redpoll.EndpointKey
	instance string  // empty if it is the target's own
	merger   *merger // of the key's job; nil before the first snapshot
	// pending is what came in since the last snapshot; nil if nothing is known.
	pending *figures
	// current is what the last snapshot with news was made from; nil if nothing
	// is known of the newest interval. Snapshots repeat it while the next scrape
	// is not due, and share it: it never changes.
	current *figures

	place *place // in the job's ranking; nil if that has none for it

	scrape    uint64    // the last one that had the endpoint
	goneSince time.Time // zero while the last scrape has it
	endpoint  *endpoint // where the job collects it; nil before the first snapshot
}

// figures are an increase with what an Increase cannot say.
type figures struct {
	redpoll.Increase
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
			c = &contribution{key: key.EndpointKey, instance: instance}
			w.endpoints[key] = c
			w.fresh = append(w.fresh, newcomer{c, e.Label, e.Total()})
		}
		c.scrape, c.goneSince = w.scrapes, time.Time{}
		c.add(e)
	}
	for _, c := range w.endpoints {
		switch {
		case c.scrape == w.scrapes:
		case c.goneSince.IsZero():
			c.goneSince = at
			c.current = nil
		case setBack: // the clock was, so that it says nothing about for how long
			c.goneSince = at
		}
	}
}

// add takes over one scrape's increase. Append copies its Latency, which is
// the deriver's.
func (c *contribution) add(e *red.Endpoint) {
	if c.pending != nil {
		c.pending.own = nil
	}
	if !e.Known {
		c.current = nil // it is not the newest interval any more
		return
	}
	if c.pending == nil {
		c.pending = &figures{}
	}
	c.pending.Append(e.Increase)
	if len(e.Own) > 0 {
		c.pending.own = slices.Clone(e.Own)
	}
}

// take is called once per snapshot. It says what the target contributes to
// it, and whether that is news; where it contributes nothing that is known, nil
// and why. fit is whether the target is up and its last scrape not overdue.
func (c *contribution) take(fit bool) (part *figures, news bool, cause redpoll.NoData) {
	gone := !c.goneSince.IsZero()
	switch {
	case c.pending != nil:
		part, c.pending = c.pending, nil
		c.current = nil
		if !gone {
			c.current = part
		}
		if gone || !fit { // what was served is still news; what is stated, stale
			part = &figures{Increase: part.Increase}
		}
		return part, true, redpoll.HasData
	case !fit:
		return nil, false, redpoll.TargetDown
	case gone:
		return nil, false, redpoll.SeriesGone
	case c.current == nil:
		return nil, false, redpoll.FirstScrape
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
