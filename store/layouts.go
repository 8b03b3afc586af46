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
// brings up, and the bounds of all together, some 40 MB. Native histograms,
// whose layouts change as their range grows, do not count: see exponentials.
const (
	maxLayoutsBrought = 32
	maxBounds         = 1 << 20
)

// errTooManyLayouts: a histogram's bucket layout is new and one too many.
var errTooManyLayouts = errors.New("too many bucket layouts")

// scaleNames are the scales of stored layouts in the bounds table.
var scaleNames = map[redpoll.Scale]string{
	redpoll.Linear:    "linear",
	redpoll.Geometric: "geometric",
}

// layout is a row of the bounds table. Its fields are guarded by the catalog's
// mutex, except id, shape and buckets, which never change.
type layout struct {
	id    int64
	shape shape
	// buckets is what the layout's histograms have but for their counts.
	buckets redpoll.Histogram
	// last is Unix ms; it lags behind by up to lastSeenStep.
	last int64
	// by brought it up, nil if that was an earlier run.
	by *endpoint
	// saved is false while the row lacks what is known here.
	saved bool
}

// shape is what tells layouts apart, as the bounds table has it.
type shape struct {
	le    string // the bounds as JSON
	scale string // one of scaleNames
}

func newLayout(id int64, s shape) (*layout, error) {
	l := &layout{id: id, shape: s}
	if err := json.Unmarshal([]byte(s.le), &l.buckets.Bounds); err != nil {
		return nil, fmt.Errorf("bounds %d: %w", id, err)
	}
	for scale, name := range scaleNames {
		if name == s.scale {
			l.buckets.Scale = scale
			return l, nil
		}
	}
	return nil, fmt.Errorf("bounds %d: unknown scale %q", id, s.scale)
}

func shapeOf(h *redpoll.Histogram) (s shape, err error) {
	scale, ok := scaleNames[h.Scale]
	if !ok {
		return s, fmt.Errorf("histogram of an unknown scale %d", h.Scale)
	}
	if !slices.IsSorted(h.Bounds) {
		return s, errors.New("histogram whose bounds do not ascend")
	}
	le, err := json.Marshal(slices.Concat([]float64{}, h.Bounds)) // [], never null
	if err != nil {
		return s, fmt.Errorf("histogram bounds: %w", err)
	}
	return shape{le: string(le), scale: scale}, nil
}

// decoder makes a decoder of this catalog's records.
func (c *catalog) decoder() decoder {
	return decoder{layout: c.layout, exponential: c.exponentials.find}
}

// layout finds buckets as decoder.layout wants it.
func (c *catalog) layout(id, layout int64) (*redpoll.Histogram, bool) {
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
	return &l.buckets, true
}

// layoutOf gives the id under which h's layout is stored with a record of an
// endpoint at ts: ownLayout if it is the endpoint's own, or needs no storing
// because h is nil or a native histogram. With an error, h cannot be stored.
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
	case h.Scale == redpoll.Exponential:
		return ownLayout, c.exponentials.check(h)
	case e.own != nil && e.own.buckets.SameLayout(h):
		return ownLayout, nil
	}
	l, err := c.findLayout(e, ts, h)
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

// findLayout gives h's bucket layout, a new one that e brings up if need be.
func (c *catalog) findLayout(e *endpoint, ts int64, h *redpoll.Histogram) (*layout, error) {
	shape, err := shapeOf(h)
	if err != nil {
		return nil, err
	}
	if l, ok := c.byShape[shape]; ok {
		return l, nil
	}
	if e.brought >= maxLayoutsBrought || c.bounds+len(h.Bounds) > maxBounds {
		return nil, errTooManyLayouts
	}
	l, err := newLayout(c.lastLayout+1, shape)
	if err != nil {
		return nil, err
	}
	l.last, l.by = ts, e
	e.brought++
	c.putLayout(l)
	c.unsavedLayouts = append(c.unsavedLayouts, l)
	return l, nil
}

func (c *catalog) putLayout(l *layout) {
	c.layouts[l.id], c.byShape[l.shape] = l, l
	c.bounds += len(l.buckets.Bounds)
	c.lastLayout = max(c.lastLayout, l.id)
}

func (c *catalog) dropLayout(l *layout) {
	delete(c.layouts, l.id)
	delete(c.byShape, l.shape)
	c.bounds -= len(l.buckets.Bounds)
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
