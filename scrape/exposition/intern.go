package exposition

import (
	"cmp"
	"hash/maphash"
	"maps"
	"slices"

	dto "github.com/prometheus/client_model/go"
)

// spareSeries is how many vanished series an interner remembers at least.
const spareSeries = 1000

// maxNames is more than any exporter has names of families and labels.
const maxNames = 10_000

// recentReads is for how many reads an answer without most of its series keeps
// the others from being forgotten.
const recentReads = 5

// interner gives every series one entry. It remembers vanished series, so
// that one which comes back is known again, until they outnumber those of the
// fullest recent read by spareSeries; then it forgets those that have been away
// for the longest.
type interner struct {
	entries   map[string]*entry
	forgotten forgotten
	dropped   []int // refs of series forgotten since the last read that succeeded was begun
	free      []int // refs to give out, the greatest first
	next      int
	read      uint64           // number of the current read
	live      int              // entries seen in the current read
	recent    [recentReads]int // live of the last reads that succeeded, the newest first
	key       []byte
	names     map[string]string // of families and labels, which many series share

	// seed is of the hashes of keys, which are enough to know again the series
	// of which nothing else is needed. Two that share one make a count wrong by
	// one, once in some hundred million bodies.
	seed maphash.Seed

	// What follows is of series that are only counted.
	passed  map[uint64]struct{}
	passing entry // the current one
	usual   int   // how many the last read had
}

// entry is a series with the buffers for its values.
type entry struct {
	series    Series
	ref       int
	before    uint64 // Sample.Before
	lastRead  uint64
	at        int // its place among the samples of the last read, -1 if it is none of them
	histogram Histogram
	native    *Native // nil unless the series has been one
	summary   Summary
}

func newInterner() *interner {
	return &interner{entries: make(map[string]*entry), names: make(map[string]string), seed: maphash.MakeSeed()}
}

// begin starts a read.
func (in *interner) begin() {
	in.read++
	in.live = 0
	in.passed = make(map[uint64]struct{}, in.usual)
}

// lookup finds or makes the series' entry. ok is false if the current read has
// had it already. It sorts labels.
func (in *interner) lookup(name string, t Type, labels []*dto.LabelPair) (e *entry, ok bool) {
	sortLabels(labels)
	in.key = appendKey(in.key[:0], name, t, labels)
	e = in.entries[string(in.key)]
	if e == nil {
		e = in.add(name, t, labels)
	}
	if e.lastRead == in.read {
		return e, false
	}
	e.lastRead, e.at = in.read, -1
	in.live++
	return e, true
}

// current is the entry of a series that the current read has looked up, nil if
// it has not. It sorts labels.
func (in *interner) current(name string, t Type, labels []*dto.LabelPair) *entry {
	sortLabels(labels)
	in.key = appendKey(in.key[:0], name, t, labels)
	if e := in.entries[string(in.key)]; e != nil && e.lastRead == in.read {
		return e
	}
	return nil
}

// pass is lookup for a series that is not to be remembered: the entry is valid
// until the next call.
func (in *interner) pass(name string, t Type, labels []*dto.LabelPair) (e *entry, ok bool) {
	sortLabels(labels)
	in.key = appendKey(in.key[:0], name, t, labels)
	e = &in.passing
	e.series.Name, e.series.Type, e.series.Labels = name, t, e.series.Labels[:0]
	for _, l := range labels {
		e.series.Labels = append(e.series.Labels, Label{l.GetName(), l.GetValue()})
	}
	before := len(in.passed)
	in.passed[maphash.Bytes(in.seed, in.key)] = struct{}{}
	return e, len(in.passed) > before
}

func (in *interner) add(name string, t Type, labels []*dto.LabelPair) *entry {
	e := &entry{ref: in.newRef(), series: Series{Name: in.name(name), Type: t}}
	e.before = in.forgotten.recall(maphash.Bytes(in.seed, in.key))
	e.series.Labels = make([]Label, len(labels))
	for i, l := range labels {
		e.series.Labels[i] = Label{in.name(l.GetName()), l.GetValue()}
	}
	in.entries[string(in.key)] = e
	return e
}

// name gives one string for all series that have it. What is remembered is
// dropped when it becomes much, as only a hostile target makes it.
func (in *interner) name(name string) string {
	if known, ok := in.names[name]; ok {
		return known
	}
	if len(in.names) >= maxNames {
		clear(in.names)
	}
	in.names[name] = name
	return name
}

func (in *interner) newRef() int {
	if n := len(in.free); n > 0 {
		ref := in.free[n-1]
		in.free = in.free[:n-1]
		return ref
	}
	in.next++
	return in.next - 1
}

// end finishes a read that succeeded.
func (in *interner) end() {
	in.usual, in.passed, in.passing = len(in.passed), nil, entry{}
	copy(in.recent[1:], in.recent[:])
	in.recent[0] = in.live
	in.forget()
}

// forget bounds the series that have vanished: if they are too many it keeps of
// them as many as the fullest recent read had, those that were there last.
func (in *interner) forget() {
	in.forgotten.age(in.read)
	most := slices.Max(in.recent[:])
	if len(in.entries)-in.live <= most+spareSeries {
		return
	}
	var away [recentReads + 1]int // how many for so many reads; the last, for as many or more
	for _, e := range in.entries {
		away[in.readsAway(e)]++
	}
	least, kept := 1, 0
	for least < recentReads && kept+away[least] <= most {
		kept += away[least]
		least++
	}
	before := len(in.entries)
	for key, e := range in.entries {
		if in.readsAway(e) >= least {
			in.forgotten.add(maphash.String(in.seed, key), e.lastRead)
			in.dropped = append(in.dropped, e.ref)
			in.free = append(in.free, e.ref)
			delete(in.entries, key)
		}
	}
	in.compact(before)
}

// compact gives back the memory of series that were forgotten; before is how
// many entries there were with them.
func (in *interner) compact(before int) {
	if isRoomy(before, len(in.entries)) {
		in.entries = maps.Collect(maps.All(in.entries)) // no map shrinks by itself
	}
	slices.SortFunc(in.free, func(a, b int) int { return cmp.Compare(b, a) })
	top := 0
	for top < len(in.free) && in.free[top] == in.next-1 {
		in.next--
		top++
	}
	in.free = slices.Delete(in.free, 0, top)
	if isRoomy(cap(in.free), len(in.free)) {
		in.free = slices.Clone(in.free)
	}
}

// isRoomy reports whether there is room for far more than is used.
func isRoomy(room, used int) bool { return room > 4*used+spareSeries }

// readsAway is for how many reads a series has been away, recentReads if for
// more.
func (in *interner) readsAway(e *entry) int { return int(min(in.read-e.lastRead, recentReads)) }

// sortLabels is an insertion sort: labels are few and nearly always sorted.
func sortLabels(labels []*dto.LabelPair) {
	for i := 1; i < len(labels); i++ {
		for j := i; j > 0 && labels[j].GetName() < labels[j-1].GetName(); j-- {
			labels[j], labels[j-1] = labels[j-1], labels[j]
		}
	}
}

// appendKey writes an identity of the series. 0xff appears in no UTF-8 text,
// so it separates safely.
func appendKey(b []byte, name string, t Type, labels []*dto.LabelPair) []byte {
	b = append(b, byte(t))
	b = append(b, name...)
	for _, l := range labels {
		b = append(b, 0xff)
		b = append(b, l.GetName()...)
		b = append(b, 0xff)
		b = append(b, l.GetValue()...)
	}
	return b
}
