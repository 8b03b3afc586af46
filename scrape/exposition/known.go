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
// next ones. Most are those of the last, at the same place from the beginning or
// the end; only others are looked up.
func (k *known) adopt(l *layout) {
	now := make([]*Series, 0, l.samples)
	for i := range l.steps {
		if s := l.steps[i].series; s != nil {
			now = append(now, s)
		}
	}
	last := k.refs
	for _, ref := range last {
		k.list[ref].last = k.read - 1
	}
	k.refs = make([]int32, len(now), len(now)+len(now)/8)
	begin := 0
	for begin < min(len(last), len(now)) && k.list[last[begin]].series == now[begin] {
		k.current(begin, last[begin])
		begin++
	}
	end := len(now)
	for shift := len(last) - end; end > begin && end+shift > begin && k.list[last[end+shift-1]].series == now[end-1]; {
		end--
		k.current(end, last[end+shift])
	}
	if begin == end {
		return
	}
	others := k.others()
	for i := begin; i < end; i++ {
		ref, ok := others[now[i]]
		if !ok {
			ref = k.add(now[i])
		}
		k.current(i, ref)
	}
}

// current notes that the current read has a series, at a place in the layout.
func (k *known) current(at int, ref int32) {
	k.refs[at], k.list[ref].last = ref, 0
}

// others are the Refs of the series that are remembered but that the current
// read has not, as far as is known.
func (k *known) others() map[*Series]int32 {
	of := make(map[*Series]int32)
	for ref := range k.list {
		if r := &k.list[ref]; r.series != nil && r.last != 0 {
			of[r.series] = int32(ref)
		}
	}
	return of
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
