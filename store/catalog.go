package store

import (
	"fmt"
	"sync"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// maxEndpoints is how many endpoints the history can have at a time. It leaves
// ids to spare and bounds memory to some 50 MB.
const maxEndpoints = 100_000

// errTooManyEndpoints: no more endpoint fits into the history.
var errTooManyEndpoints = fmt.Errorf("the history already has %d endpoints, as many as it can; give routes instead of URLs as paths", maxEndpoints)

// endpoint is a row of the endpoint table. Its fields are guarded by the
// catalog's mutex, except key and id, which never change.
type endpoint struct {
	id  int64
	key redpoll.EndpointKey
	// own is the bucket layout of its records unless they name another, nil
	// until a histogram was seen.
	own *layout
	// brought is how many of the known layouts it brought up in this run.
	brought int
	// first and last are Unix ms; last lags behind, see use.
	first, last int64
	// saved is false while the row lacks what is known here.
	saved bool
}

// catalog knows every endpoint and bucket layout by its id. Ids are given out
// in memory and reach the database with the next commit, so a failed commit
// leaves nothing to undo. It may be used concurrently.
type catalog struct {
	mu      sync.RWMutex
	byKey   map[redpoll.EndpointKey]*endpoint
	byID    map[int64]*endpoint
	layouts map[int64]*layout
	byShape map[shape]*layout
	// exponentials are the layouts that need no row.
	exponentials exponentials
	// bounds is how many the layouts have together.
	bounds int
	// lastID is the endpoint id given out last, lastLayout the highest one of
	// a layout.
	lastID, lastLayout int64
	// unsaved endpoints and layouts are not in the database as they are here.
	unsaved        []*endpoint
	unsavedLayouts []*layout
}

func newCatalog() *catalog {
	return &catalog{
		byKey:   map[redpoll.EndpointKey]*endpoint{},
		byID:    map[int64]*endpoint{},
		layouts: map[int64]*layout{},
		byShape: map[shape]*layout{},
	}
}

// find gives the id of an endpoint; ok is false if the history has none of it.
func (c *catalog) find(k redpoll.EndpointKey) (id int64, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e, ok := c.byKey[k]
	if !ok {
		return 0, false
	}
	return e.id, true
}

// size is the number of endpoints.
func (c *catalog) size() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.byKey)
}

// intern gives the ids under which an increase of k at ts is stored, new ones
// if need be. layout is that of h, see layoutOf; with an error of h alone the
// endpoint's id comes nevertheless.
func (c *catalog) intern(k redpoll.EndpointKey, ts int64, h *redpoll.Histogram) (id, layout int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[k]
	if !ok {
		if e, err = c.add(k, ts); err != nil {
			return 0, 0, err
		}
	}
	c.use(e, ts, lastSeenLag)
	layout, err = c.internLayout(e, ts, h)
	return e.id, layout, err
}

func (c *catalog) add(k redpoll.EndpointKey, ts int64) (*endpoint, error) {
	if len(c.byKey) >= maxEndpoints {
		return nil, errTooManyEndpoints
	}
	c.lastID = c.freeID()
	e := &endpoint{id: c.lastID, key: k, first: ts, last: ts, saved: true}
	c.put(e)
	c.markUnsaved(e)
	return e, nil
}

// freeID is the next id after the last one. Those of forgotten endpoints come
// round again.
func (c *catalog) freeID() int64 {
	id := c.lastID
	for {
		id = id%maxEndpointID + 1
		if _, taken := c.byID[id]; !taken {
			return id
		}
	}
}

func (c *catalog) put(e *endpoint) {
	c.byKey[e.key], c.byID[e.id] = e, e
}

func (c *catalog) markUnsaved(e *endpoint) {
	if e.saved {
		e.saved = false
		c.unsaved = append(c.unsaved, e)
	}
}

// How far the tables' last_ts may lag behind. An endpoint in steady use is
// noted every lastSeenStep when its minute row is written, since those rows
// are spread over the snapshots; one that comes back is noted at once, so that
// the lag never exceeds lastSeenLag.
const (
	lastSeenStep = time.Hour
	lastSeenLag  = 2 * lastSeenStep
)

// seen notes that an endpoint was active at ts.
func (c *catalog) seen(id, ts int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byID[id]; ok {
		c.use(e, ts, lastSeenStep)
	}
}

// use notes that a record of an endpoint at ts needs it, and its layout with
// it, if what is known lags behind that far.
func (c *catalog) use(e *endpoint, ts int64, lag time.Duration) {
	if ts-e.last < lag.Milliseconds() {
		return
	}
	e.last = ts
	c.markUnsaved(e)
	if e.own != nil {
		c.useLayout(e.own, ts)
	}
}

// forget drops the endpoints that no record since a time needs, and the
// layouts, just as forgetRows does in the database.
func (c *catalog) forget(since int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.byID {
		if e.last < endpointCutoff(since) {
			delete(c.byKey, e.key)
			delete(c.byID, e.id)
		}
	}
	for _, l := range c.layouts {
		if l.last < layoutCutoff(since) {
			c.dropLayout(l)
		}
	}
}

// endpointCutoff is the last_ts below which an endpoint has no record since a
// time.
func endpointCutoff(since int64) int64 { return since - lastSeenLag.Milliseconds() }

// layoutCutoff is the same for layouts. It is later than what remains of
// endpoints by as much as a layout may be behind the endpoint whose own it is.
func layoutCutoff(since int64) int64 { return endpointCutoff(since) - lastSeenStep.Milliseconds() }

// toSave copies the rows that the database lacks.
func (c *catalog) toSave() (layouts []layout, endpoints []endpoint) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, e := range c.unsaved {
		endpoints = append(endpoints, *e)
	}
	for _, l := range c.unsavedLayouts {
		layouts = append(layouts, *l)
	}
	return layouts, endpoints
}

// setSaved forgets what the last toSave gave out. Its caller, the one writer,
// lets nothing be interned in between.
func (c *catalog) setSaved() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.unsaved {
		e.saved = true
	}
	for _, l := range c.unsavedLayouts {
		l.saved = true
	}
	clear(c.unsaved) // for the garbage collector
	clear(c.unsavedLayouts)
	c.unsaved, c.unsavedLayouts = c.unsaved[:0], c.unsavedLayouts[:0]
}
