package exposition

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"weak"
)

// Library is what the readers of like targets share: what the lines of bodies
// mean, and memory to read into. It may be used concurrently.
type Library struct {
	options    Options
	workspaces sync.Pool // of *workspace
	builders   sync.Pool // of *builder

	mu      sync.Mutex // guards what follows
	series  map[uint64]weak.Pointer[Series]
	sweepAt int // how many series there may be before those that nobody has are dropped
	names   map[string]string
	bounds  [][]float64 // the newest last
	layouts map[uint64]*layout
	newest  *layout
}

// NewLibrary makes a library for targets whose bodies are read in one way.
func NewLibrary(o Options) *Library {
	l := &Library{
		options: o,
		series:  make(map[uint64]weak.Pointer[Series]), sweepAt: spareSeries,
		names:   make(map[string]string),
		layouts: make(map[uint64]*layout),
	}
	l.workspaces.New = func() any { return new(workspace) }
	l.builders.New = func() any { return newBuilder(l) }
	return l
}

func (l *Library) wants(family string) bool {
	return l.options.Wanted == nil || l.options.Wanted(family)
}

// intern gives the one Series that a hash, a family and labels stand for, as
// long as somebody has it.
func (l *Library) intern(hash uint64, f *family, labels []pair) *Series {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.series[hash].Value()
	if known != nil && isSeries(known, f, labels) {
		return known
	}
	s := &Series{Name: f.Name, Type: f.Type, Labels: make([]Label, len(labels))}
	size := 0
	for _, one := range labels {
		size += len(one.value)
	}
	var values strings.Builder
	values.Grow(size)
	for _, one := range labels {
		values.WriteString(one.value)
	}
	all := values.String()
	for i, one := range labels {
		s.Labels[i] = Label{l.name(one.name), all[:len(one.value)]}
		all = all[len(one.value):]
	}
	if known == nil { // or two series share a hash, and one is each reader's own
		l.series[hash] = weak.Make(s)
		l.sweep()
	}
	return s
}

func isSeries(s *Series, f *family, labels []pair) bool {
	if s.Name != f.Name || s.Type != f.Type || len(s.Labels) != len(labels) {
		return false
	}
	for i := range labels {
		if s.Labels[i].Name != labels[i].name || s.Labels[i].Value != labels[i].value {
			return false
		}
	}
	return true
}

// sweep drops what is left of series that nobody has, each time that they may
// have become half of all.
func (l *Library) sweep() {
	if len(l.series) < l.sweepAt {
		return
	}
	for hash, s := range l.series {
		if s.Value() == nil {
			delete(l.series, hash)
		}
	}
	l.sweepAt = 2*len(l.series) + spareSeries
}

// maxNames is more than any exporter has names of families and labels.
const maxNames = 10_000

// keepName gives one string for all that have a name. What is remembered is
// dropped when it becomes much, as only a hostile target makes it.
func (l *Library) keepName(name string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.name(name)
}

func (l *Library) name(name string) string {
	if known, ok := l.names[name]; ok {
		return known
	}
	if len(l.names) >= maxNames {
		clear(l.names)
	}
	name = strings.Clone(name)
	l.names[name] = name
	return name
}

// maxListed bounds the labels of a family that are listed.
const maxListed = 32

// keepNames are the names of the first labels.
func (l *Library) keepNames(labels []pair) (names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range labels[:min(len(labels), maxListed)] {
		names = append(names, l.name(one.name))
	}
	return names
}

// maxBounds is how many different lists of bounds are remembered.
const maxBounds = 50

// keepBounds gives one list for all that are equal. Nobody writes to it.
func (l *Library) keepBounds(bounds []float64) []float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, known := range l.bounds {
		if slices.Equal(known, bounds) {
			return known
		}
	}
	if len(l.bounds) == maxBounds {
		l.bounds = slices.Delete(l.bounds, 0, 1)
	}
	l.bounds = append(l.bounds, bounds)
	return bounds
}

// planMemory bounds what the layouts of all libraries take together, in bytes.
// Bodies for whose layouts there is no room are read by the plain path.
const planMemory = 192 << 20

var planned atomic.Int64

// hold makes a layout one of a reader's; it is the one that is shared already,
// if there is one like it. ok is false if there is no room for it.
func (l *Library) hold(one *layout) (shared *layout, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.layouts[one.hash]; known != nil && known.isLike(one) {
		known.held++
		l.newest = known
		return known, true
	}
	if planned.Add(one.size()) > planMemory {
		planned.Add(-one.size())
		return one, false
	}
	one.held = 1
	if l.layouts[one.hash] == nil {
		l.layouts[one.hash] = one
		l.newest = one
	}
	return one, true
}

// leave ends the use of a layout by a reader.
func (l *Library) leave(one *layout) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one.held--; one.held > 0 {
		return
	}
	planned.Add(-one.size())
	if l.layouts[one.hash] == one {
		delete(l.layouts, one.hash)
	}
	if l.newest == one {
		l.newest = nil
	}
}

// newestOf is the layout that a reader took last, if it is of a format.
func (l *Library) newestOf(f format) *layout {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.newest == nil || l.newest.format != f {
		return nil
	}
	return l.newest
}
