package exposition

import (
	"cmp"
	"hash/maphash"
	"slices"
)

// spareSeries is how many vanished series a reader remembers at least.
const spareSeries = 1000

// recentReads is for how many reads an answer without most of its series keeps
// the others from being forgotten.
const recentReads = 5

// known are the series that a reader remembers, by their Refs. It remembers
// vanished ones, so that one which comes back is known again, until they
// outnumber those of the fullest recent read by spareSeries; then it forgets
// those that have been away for the longest.
type known struct {
	list      []remembered // by Ref
	refs      []int32      // of the series of the layout, in their order there
	free      []int        // Refs to give out, the greatest first
	dropped   []int        // Refs of series forgotten since the last Scrape
	forgotten forgotten
	read      uint64           // number of the current read, or the last that succeeded
	recent    [recentReads]int // how many series the last of those had, the newest first
}

// remembered is a series, nil if the Ref is free.
type remembered struct {
	series *Series
	last   uint64 // the last read that had it; 0 if the newest has
	before uint64 // Sample.Before
}

func (k *known) len() int { return len(k.list) - len(k.free) }

// adopt makes the series of a layout those that the current read has, and the
// next ones.
func (k *known) adopt(l *layout) {
	for _, ref := range k.refs {
		k.list[ref].last = k.read - 1
	}
	of := make(map[*Series]int32, k.len())
	for ref := range k.list {
		if s := k.list[ref].series; s != nil {
			of[s] = int32(ref)
		}
	}
	if k.refs = k.refs[:0]; cap(k.refs) < l.samples || isRoomy(cap(k.refs), l.samples) {
		k.refs = make([]int32, 0, l.samples)
	}
	for i := range l.steps {
		s := l.steps[i].series
		if s == nil {
			continue
		}
		ref, ok := of[s]
		if !ok {
			ref = k.add(s)
		}
		k.list[ref].last = 0
		k.refs = append(k.refs, ref)
	}
}

// add gives a Ref to a series.
func (k *known) add(s *Series) int32 {
	r := remembered{series: s, before: k.forgotten.recall(s.hash())}
	if n := len(k.free); n > 0 {
		ref := k.free[n-1]
		k.free = k.free[:n-1]
		k.list[ref] = r
		return int32(ref)
	}
	k.list = append(k.list, r)
	return int32(len(k.list) - 1)
}

// hash is that of the series' identity.
func (s *Series) hash() uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	_ = h.WriteByte(byte(s.Type)) // a hash never fails
	_, _ = h.WriteString(s.Name)
	for i := range s.Labels {
		_ = h.WriteByte(0xff) // which no text has
		_, _ = h.WriteString(s.Labels[i].Name)
		_ = h.WriteByte(0xff)
		_, _ = h.WriteString(s.Labels[i].Value)
	}
	return h.Sum64()
}

// end finishes a read that succeeded.
func (k *known) end() (dropped []int) {
	copy(k.recent[1:], k.recent[:])
	k.recent[0] = len(k.refs)
	k.forget()
	dropped, k.dropped = k.dropped, nil
	return dropped
}

// forget bounds the series that have vanished: if they are too many it keeps of
// them as many as the fullest recent read had, those that were there last.
func (k *known) forget() {
	k.forgotten.age(k.read)
	most := slices.Max(k.recent[:])
	if k.len()-len(k.refs) <= most+spareSeries {
		return
	}
	var away [recentReads + 1]int // how many for so many reads; the last, for as many or more
	for i := range k.list {
		if k.list[i].series != nil {
			away[k.readsAway(&k.list[i])]++
		}
	}
	least, kept := 1, 0
	for least < recentReads && kept+away[least] <= most {
		kept += away[least]
		least++
	}
	for ref := range k.list {
		r := &k.list[ref]
		if r.series != nil && k.readsAway(r) >= least {
			k.forgotten.add(r.series.hash(), r.last)
			k.dropped = append(k.dropped, ref)
			k.free = append(k.free, ref)
			*r = remembered{}
		}
	}
	k.compact()
}

// readsAway is for how many reads a series has been away, recentReads if for
// more.
func (k *known) readsAway(r *remembered) int {
	if r.last == 0 {
		return 0
	}
	return int(min(k.read-r.last, recentReads))
}

// compact gives back the memory of series that were forgotten.
func (k *known) compact() {
	slices.SortFunc(k.free, func(a, b int) int { return cmp.Compare(b, a) })
	top := 0
	for top < len(k.free) && k.free[top] == len(k.list)-1 {
		k.list = k.list[:len(k.list)-1]
		top++
	}
	k.free = slices.Delete(k.free, 0, top)
	if isRoomy(cap(k.free), len(k.free)) {
		k.free = slices.Clone(k.free)
	}
	if isRoomy(cap(k.list), len(k.list)) {
		k.list = slices.Clone(k.list)
	}
}
