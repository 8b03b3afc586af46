package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// errTooManyEndpoints: all ids are taken.
var errTooManyEndpoints = fmt.Errorf("more than %d endpoints", maxEndpointID)

// endpoint is a row of the endpoint table. Its fields are guarded by the
// catalog's mutex, except key and id, which never change.
type endpoint struct {
	id  int64
	key redpoll.EndpointKey
	// layout is the bucket layout of its records unless they name another, 0
	// until a histogram was seen; bounds is that layout.
	layout int64
	bounds []float64
	// first and last are Unix ms; last is what the row says.
	first, last int64
	// saved is false while the row lacks what is known here.
	saved bool
}

// catalog knows every endpoint and bucket layout by its id. Ids are given out
// in memory and reach the database with the next commit, so a failed commit
// leaves nothing to undo. It may be used concurrently.
type catalog struct {
	mu        sync.RWMutex
	byKey     map[redpoll.EndpointKey]*endpoint
	byID      map[int64]*endpoint
	layouts   map[int64][]float64
	layoutIDs map[string]int64 // by JSON text
	// lastID and lastLayout are the highest ids given out.
	lastID, lastLayout int64
	// unsaved endpoints and layouts are not in the database yet.
	unsaved        []*endpoint
	unsavedLayouts []layoutRow
}

type layoutRow struct {
	id int64
	le string
}

func newCatalog() *catalog {
	return &catalog{
		byKey:     map[redpoll.EndpointKey]*endpoint{},
		byID:      map[int64]*endpoint{},
		layouts:   map[int64][]float64{},
		layoutIDs: map[string]int64{},
	}
}

// find gives the id of an endpoint; ok is false if it was never stored.
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

// layout finds bounds as decoder.layout wants it.
func (c *catalog) layout(id, layout int64) ([]float64, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if layout == ownLayout {
		e, ok := c.byID[id]
		if !ok || e.layout == 0 {
			return nil, false
		}
		return e.bounds, true
	}
	bounds, ok := c.layouts[layout]
	return bounds, ok
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
	layout, err = c.internLayout(e, h)
	return e.id, layout, err
}

// layoutOf gives the id of h's bounds at an endpoint: ownLayout if they are
// the endpoint's own or h is nil.
func (c *catalog) layoutOf(id int64, h *redpoll.Histogram) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.internLayout(c.byID[id], h)
}

func (c *catalog) add(k redpoll.EndpointKey, ts int64) (*endpoint, error) {
	if c.lastID >= maxEndpointID {
		return nil, errTooManyEndpoints
	}
	e := &endpoint{id: c.lastID + 1, key: k, first: ts, last: ts, saved: true}
	c.put(e)
	c.markUnsaved(e)
	return e, nil
}

func (c *catalog) put(e *endpoint) {
	c.byKey[e.key], c.byID[e.id] = e, e
	c.lastID = max(c.lastID, e.id)
}

func (c *catalog) markUnsaved(e *endpoint) {
	if e.saved {
		e.saved = false
		c.unsaved = append(c.unsaved, e)
	}
}

func (c *catalog) internLayout(e *endpoint, h *redpoll.Histogram) (int64, error) {
	switch {
	case h == nil:
		return ownLayout, nil
	case len(h.Counts) != len(h.Bounds)+1:
		return 0, fmt.Errorf("histogram with %d bounds and %d counts", len(h.Bounds), len(h.Counts))
	case e.layout != 0 && slices.Equal(e.bounds, h.Bounds):
		return ownLayout, nil
	}
	layout, err := c.addLayout(h.Bounds)
	if err != nil || e.layout != 0 {
		return layout, err
	}
	e.layout, e.bounds = layout, c.layouts[layout]
	c.markUnsaved(e)
	return ownLayout, nil
}

// addLayout gives the id of a bucket layout, a new one if need be.
func (c *catalog) addLayout(bounds []float64) (int64, error) {
	if !slices.IsSorted(bounds) {
		return 0, errors.New("histogram whose bounds do not ascend")
	}
	le, err := json.Marshal(slices.Concat([]float64{}, bounds)) // [], never null
	if err != nil {
		return 0, fmt.Errorf("histogram bounds: %w", err)
	}
	if id, ok := c.layoutIDs[string(le)]; ok {
		return id, nil
	}
	row := layoutRow{id: c.lastLayout + 1, le: string(le)}
	c.putLayout(row, slices.Clone(bounds))
	c.unsavedLayouts = append(c.unsavedLayouts, row)
	return row.id, nil
}

func (c *catalog) putLayout(row layoutRow, bounds []float64) {
	c.layouts[row.id], c.layoutIDs[row.le] = bounds, row.id
	c.lastLayout = max(c.lastLayout, row.id)
}

// lastSeenStep is how far the endpoint table's last_ts may lag behind.
const lastSeenStep = time.Hour

// seen notes that an endpoint was active at ts.
func (c *catalog) seen(id, ts int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byID[id]; ok && ts-e.last >= lastSeenStep.Milliseconds() {
		e.last = ts
		c.markUnsaved(e)
	}
}

// toSave copies the rows that the database lacks.
func (c *catalog) toSave() (layouts []layoutRow, endpoints []endpoint) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, e := range c.unsaved {
		endpoints = append(endpoints, *e)
	}
	return slices.Clone(c.unsavedLayouts), endpoints
}

// setSaved forgets what the last toSave gave out. Its caller, the one writer,
// lets nothing be interned in between.
func (c *catalog) setSaved() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.unsaved {
		e.saved = true
	}
	c.unsaved, c.unsavedLayouts = c.unsaved[:0], c.unsavedLayouts[:0]
}
