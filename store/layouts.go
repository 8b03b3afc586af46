package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// How many bucket layouts are known at a time, lest an application that makes
// up new ones at every scrape fill memory and disk: those that one endpoint
// brings up, and the bounds of all together, some 40 MB.
const (
	maxLayoutsBrought = 32
	maxBounds         = 1 << 20
)

// errTooManyLayouts: a histogram's bucket layout is new and one too many.
var errTooManyLayouts = errors.New("too many bucket layouts")

// layout is a row of the bounds table. Its fields are guarded by the catalog's
// mutex, except id, bounds and le, which never change.
type layout struct {
	id     int64
	bounds []float64
	le     string // the bounds as JSON
	// last is Unix ms; it lags behind by up to lastSeenStep.
	last int64
	// by brought it up, nil if that was an earlier run.
	by *endpoint
	// saved is false while the row lacks what is known here.
	saved bool
}

// layout finds bounds as decoder.layout wants it.
func (c *catalog) layout(id, layout int64) ([]float64, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	l := c.layouts[layout]
	if layout == ownLayout {
		e, ok := c.byID[id]
		if !ok {
			return nil, false
		}
		l = e.own
	}
	if l == nil {
		return nil, false
	}
	return l.bounds, true
}

// layoutOf gives the id under which h's bounds are stored with a record of an
// endpoint at ts: ownLayout if they are the endpoint's own or h is nil. With an
// error, h cannot be stored.
func (c *catalog) layoutOf(id, ts int64, h *redpoll.Histogram) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byID[id]
	if !ok {
		return 0, fmt.Errorf("%w: unknown endpoint %d", errCorrupt, id)
	}
	return c.internLayout(e, ts, h)
}

func (c *catalog) internLayout(e *endpoint, ts int64, h *redpoll.Histogram) (int64, error) {
	switch {
	case h == nil:
		return ownLayout, nil
	case len(h.Counts) != len(h.Bounds)+1:
		return 0, fmt.Errorf("histogram with %d bounds and %d counts", len(h.Bounds), len(h.Counts))
	case e.own != nil && slices.Equal(e.own.bounds, h.Bounds):
		return ownLayout, nil
	}
	l, err := c.findLayout(e, ts, h.Bounds)
	if err != nil {
		return 0, err
	}
	c.useLayout(l, ts)
	if e.own != nil {
		return l.id, nil
	}
	e.own = l
	c.markUnsaved(e)
	return ownLayout, nil
}

// findLayout gives a bucket layout, a new one that e brings up if need be.
func (c *catalog) findLayout(e *endpoint, ts int64, bounds []float64) (*layout, error) {
	if !slices.IsSorted(bounds) {
		return nil, errors.New("histogram whose bounds do not ascend")
	}
	le, err := json.Marshal(slices.Concat([]float64{}, bounds)) // [], never null
	if err != nil {
		return nil, fmt.Errorf("histogram bounds: %w", err)
	}
	if l, ok := c.byLE[string(le)]; ok {
		return l, nil
	}
	if e.brought >= maxLayoutsBrought || c.bounds+len(bounds) > maxBounds {
		return nil, errTooManyLayouts
	}
	e.brought++
	l := &layout{id: c.lastLayout + 1, bounds: slices.Clone(bounds), le: string(le), last: ts, by: e}
	c.putLayout(l)
	c.unsavedLayouts = append(c.unsavedLayouts, l)
	return l, nil
}

func (c *catalog) putLayout(l *layout) {
	c.layouts[l.id], c.byLE[l.le] = l, l
	c.bounds += len(l.bounds)
	c.lastLayout = max(c.lastLayout, l.id)
}

func (c *catalog) dropLayout(l *layout) {
	delete(c.layouts, l.id)
	delete(c.byLE, l.le)
	c.bounds -= len(l.bounds)
	if l.by != nil {
		l.by.brought--
	}
}

// useLayout notes that a record at ts needs a layout.
func (c *catalog) useLayout(l *layout, ts int64) {
	if ts-l.last < lastSeenStep.Milliseconds() {
		return
	}
	l.last = ts
	if l.saved {
		l.saved = false
		c.unsavedLayouts = append(c.unsavedLayouts, l)
	}
}
