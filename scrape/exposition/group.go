package exposition

import (
	"hash/maphash"
	"math"
	"slices"
)

// sample takes one.
func (b *builder) sample(name string, n naming, labels []pair, v float64) error {
	b.exposed++
	b.values = append(b.values, v)
	b.slots = append(b.slots, slot{group: noGroup})
	if b.library.options.Relabel != nil {
		var keep bool
		if name, n, labels, keep = b.relabel(name, n, labels); !keep {
			return nil
		}
	}
	if left, err := b.limit(name, labels); left || err != nil {
		return err
	}
	b.relabelled++
	b.place(n, labels)
	return nil
}

// place finds the group of the last slot.
func (b *builder) place(n naming, labels []pair) {
	at := int32(len(b.slots) - 1)
	s, f := &b.slots[at], n.family
	s.role, s.bound = n.role, math.NaN()
	why := ""
	if f.Type == HistogramType || f.Type == SummaryType {
		var bound string
		labels, bound = cutBound(labels, f.Type)
		s.bound, why = boundOf(n.role, bound)
	}
	switch {
	case n.role == stray && b.format == protobuf:
		why = "has no value of the type that its family has"
	case n.role == stray:
		why = "is no sample that a " + f.Type.String() + " has"
	case n.role == created && why == "":
		b.bear(f, labels, at)
		return
	}
	if why != "" {
		s.group = b.newFault(f, labels, why, at)
		return
	}
	g := b.groupOf(f, labels, at)
	s.group = g
	if of := &b.groups[g]; n.role == value && of.lines > 0 || n.role == native && b.hasNative(of) {
		s.group = b.newFault(f, labels, appearsTwice, at)
		return
	}
	of := &b.groups[g]
	of.last = at
	of.lines++
}

// appearsTwice is said of a line that is one too many. Unlike other faults it
// depends on other lines.
const appearsTwice = "appears twice"

// hasNative reports whether a group has native buckets already.
func (b *builder) hasNative(g *group) bool {
	for i := g.first; i <= g.last && g.lines > 0; i++ {
		if s := &b.slots[i]; s.role == native && &b.groups[s.group] == g {
			return true
		}
	}
	return false
}

// bear notes that a line says when the series of a family with these labels
// began.
func (b *builder) bear(f *family, labels []pair, at int32) {
	hash := b.hash(f, labels)
	if _, twice := b.byHash[^hash]; twice {
		b.slots[at].group = b.newFault(f, labels, appearsTwice, at)
		return
	}
	b.byHash[^hash] = at
	b.slots[at].group = birthLine
	b.births = append(b.births, birth{hash, f, at})
}

// cutBound takes le or quantile out of the labels.
func cutBound(labels []pair, t Type) (rest []pair, bound string) {
	name := "le"
	if t == SummaryType {
		name = "quantile"
	}
	for i := range labels {
		if labels[i].name == name {
			bound = labels[i].value
			copy(labels[i:], labels[i+1:])
			return labels[:len(labels)-1], bound
		}
	}
	return labels, ""
}

// boundOf reads the bound of a bucket, or the rank of a quantile; why says what
// is wrong with it.
func boundOf(r role, text string) (bound float64, why string) {
	if r != bucket && r != quantile {
		return math.NaN(), ""
	}
	bound, end, ok := readNumber(text, 0)
	switch {
	case !ok || end != len(text) || text == "":
		if r == bucket {
			return 0, "has a bucket without a bound"
		}
		return 0, "has a quantile without a rank"
	case r == bucket && math.IsNaN(bound):
		return 0, "has a bucket whose bound is NaN"
	}
	return bound, ""
}

// groupOf finds or makes the group of a series.
func (b *builder) groupOf(f *family, labels []pair, at int32) int32 {
	if b.last != noGroup && b.groups[b.last].family == f && equalPairs(b.common, labels) {
		return b.last
	}
	hash := b.hash(f, labels)
	g, known := b.byHash[hash]
	if !known {
		g = b.newGroup(group{family: f, hash: hash}, at)
		b.byHash[hash] = g
		if f.Series++; f.Series == 1 {
			f.begin, f.Labels = at, b.library.keepNames(labels)
		}
		if f.Wanted {
			b.wanted++
			b.wantedLabels += len(labels)
			b.groups[g].series = b.library.intern(hash, f, labels)
		}
		b.groups[g].lines = 0
	}
	b.last, b.common = g, append(b.common[:0], labels...)
	return g
}

func equalPairs(a, b []pair) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// newGroup adds a group that a slot begins.
func (b *builder) newGroup(g group, at int32) int32 {
	g.first, g.last, g.lines, g.next = at, at, 1, noGroup
	if len(b.groups) == cap(b.groups) { // as many lines as are left may be one each
		b.groups = slices.Grow(b.groups, max(16, b.expected-len(b.slots)+1))
	}
	b.groups = append(b.groups, g)
	return int32(len(b.groups) - 1)
}

// newFault adds a group of a line that is left out.
func (b *builder) newFault(f *family, labels []pair, why string, at int32) int32 {
	if b.format == protobuf && b.described == nil { // there is no text to look at later
		b.described, b.describedAt = seriesOf(f.Name, f.Type, labels), at
	}
	return b.newGroup(group{family: f, fault: why}, at)
}

// hash is that of a series: of its type, its name and its labels. 0xff appears
// in no UTF-8 text, so it separates safely.
func (b *builder) hash(f *family, labels []pair) uint64 {
	k := append(b.key[:0], byte(f.Type))
	k = append(k, f.Name...)
	for i := range labels {
		k = append(k, 0xff)
		k = append(k, labels[i].name...)
		k = append(k, 0xff)
		k = append(k, labels[i].value...)
	}
	b.key = k
	return maphash.Bytes(seed, k)
}

// seed is of the hashes of series, which are enough to know again those of which
// nothing else is needed. Two that share one make a count wrong by one, once in
// some hundred million bodies.
var seed = maphash.MakeSeed()
