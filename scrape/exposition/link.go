package exposition

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// link makes a layout of what was read; one that can be repaired keeps what it
// was made of.
func (b *builder) link(repairable bool) *layout {
	l := &layout{
		format: b.format, text: b.prefixes.String(), lines: slices.Clone(b.lines),
		values: len(b.values), exposed: b.exposed, relabelled: b.relabelled, limited: b.limited,
		described: b.described, describedAt: b.describedAt, ids: b.ids(), isPlan: !b.ambiguous,
	}
	l.hash = l.digest()
	b.share()
	families := b.sortedFamilies()
	l.families = make([]Family, len(families))
	for i, f := range families {
		l.families[i] = f.Family
		f.number = int32(i)
		share := &l.unused
		if f.Wanted {
			share = &l.used
		}
		f.share.Series = f.Series
		add(share, f.share)
	}
	if b.format == protobuf {
		l.sources = b.sources.clone()
	} else {
		l.unused.Bytes = len(l.text) - l.used.Bytes
	}
	k := linker{b: b, l: l, births: b.bornAt()}
	k.link(families)
	if repairable {
		l.origin = b.origin()
	}
	return l
}

// ids are those of a layout.
func (b *builder) ids() []uint64 {
	ids := make([]uint64, 0, b.relabelled)
	for i := range b.slots {
		s := &b.slots[i]
		if s.group < 0 {
			continue
		}
		id := b.groups[s.group].hash ^ math.Float64bits(s.bound) + uint64(s.role)
		ids = append(ids, id*0x9e3779b97f4a7c15) // so that sums of small differences do not meet
	}
	return ids
}

// share finds out what of the body belongs to each family.
func (b *builder) share() {
	for i := range b.groups {
		g := &b.groups[i]
		g.family.share.Samples += int(g.lines)
	}
	for i := range b.lines {
		length := int(b.lines[i].end - b.lines[i].begin)
		if g := b.slots[i].group; g >= 0 {
			b.groups[g].family.share.Bytes += length
		}
	}
	if b.format == protobuf {
		return // where it is no line
	}
	for _, one := range b.births {
		one.family.share.Samples++
		one.family.share.Bytes += int(b.lines[one.slot].end - b.lines[one.slot].begin)
	}
}

func add(to *redpoll.Share, more redpoll.Share) {
	to.Bytes += more.Bytes
	to.Series += more.Series
	to.Samples += more.Samples
}

// sortedFamilies are those with samples, in the order of their names, with their
// groups in the order of the body.
func (b *builder) sortedFamilies() []*family {
	for i := len(b.groups) - 1; i >= 0; i-- {
		g := &b.groups[i]
		g.next, g.family.first = g.family.first, int32(i)
	}
	var list []*family
	for _, f := range b.families {
		if f.first < 0 {
			continue
		}
		b.describedBy(f.Name, f)
		if base, ok := strings.CutSuffix(f.Name, "_total"); ok {
			b.describedBy(base, f)
		}
		if m := b.metadata[f.Name]; m != nil {
			f.share.Bytes += m.bytes
		}
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b *family) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Type, b.Type))
	})
	return list
}

// bornAt are the slots that say when series began, by the hashes of the groups.
func (b *builder) bornAt() map[uint64]int32 {
	if len(b.births) == 0 {
		return nil
	}
	at := make(map[uint64]int32, len(b.births))
	for _, one := range b.births {
		at[one.hash] = one.slot
	}
	return at
}

// linker makes the steps of a layout.
type linker struct {
	b         *builder
	l         *layout
	births    map[uint64]int32
	scattered map[int32][]int32 // slots of groups whose lines are not together
	shape     *shape            // of the last group
	like      int32             // its first slot
	offsets   []int32
}

func (k *linker) link(families []*family) {
	if was := k.b.repaired; was != nil {
		k.l.steps = make([]step, 0, len(was.steps)+len(was.steps)/64+4)
	}
	for i, f := range families {
		for g := f.first; g != noGroup; g = k.b.groups[g].next {
			k.group(&k.b.groups[g], g, int32(i))
		}
	}
	k.l.steps = slices.Clip(k.l.steps)
}

// group adds the step that a group needs.
func (k *linker) group(g *group, number, family int32) {
	s := step{series: g.series, family: family, at: g.first, born: noGroup, fault: g.fault}
	if slot, ok := k.births[g.hash]; ok && g.series != nil {
		s.born = slot
	}
	switch t := g.family.Type; {
	case g.fault != "":
		s.kind = fault
	case t == HistogramType || t == SummaryType:
		s.kind, s.shape = histogramStep, k.shapeOf(g, number)
		if t == SummaryType {
			s.kind = summaryStep
		}
	case t == Counter:
		s.kind = counterStep
	case g.series == nil:
		if k.b.window == (window{}) {
			return // nothing can be wrong with it
		}
		s.kind = valueStep
	default:
		s.kind = valueStep
	}
	k.add(s)
}

// add adds a step. Lines that are left out, and values that are not wanted, are
// dealt with in one go if they are neighbours.
func (k *linker) add(s step) {
	if s.series != nil {
		k.l.samples++
	}
	s.run = 1
	if n := len(k.l.steps); n > 0 && s.series == nil && s.kind != histogramStep && s.kind != summaryStep {
		last := &k.l.steps[n-1]
		if last.series == nil && last.kind == s.kind && last.fault == s.fault && last.family == s.family && last.born == s.born && last.at+last.run == s.at {
			last.run++
			return
		}
	}
	k.l.steps = append(k.l.steps, s)
}

// slotsOf are the slots of a group, as distances from its first one.
func (k *linker) slotsOf(g *group, number int32) []int32 {
	k.offsets = k.offsets[:0]
	if g.last-g.first+1 == g.lines {
		for i := range g.lines {
			k.offsets = append(k.offsets, i)
		}
		return k.offsets
	}
	if k.scattered == nil {
		k.scattered = make(map[int32][]int32)
		for i := range k.b.slots {
			if at := k.b.slots[i].group; at >= 0 && k.b.groups[at].lines > 1 {
				k.scattered[at] = append(k.scattered[at], int32(i))
			}
		}
	}
	for _, slot := range k.scattered[number] {
		k.offsets = append(k.offsets, slot-g.first)
	}
	return k.offsets
}

// shapeOf is the shape of a histogram or summary, which most of a family share.
func (k *linker) shapeOf(g *group, number int32) *shape {
	together := g.last-g.first+1 == g.lines
	if k.shape != nil && together && k.isLike(g) {
		return k.shape
	}
	s := newShape(k.b.slots[g.first:], k.slotsOf(g, number), g.family.Type)
	if k.shape != nil && slices.Equal(k.shape.bounds, s.bounds) {
		s.bounds = k.shape.bounds
	} else {
		s.bounds = k.b.library.keepBounds(s.bounds)
	}
	if k.shape, k.like = s, g.first; !together {
		k.shape = nil
	}
	return s
}

// isLike reports whether the lines of a group are those of the last one.
func (k *linker) isLike(g *group) bool {
	if k.shape.lines != g.lines || g.family.Type == SummaryType != k.shape.summary {
		return false
	}
	a, b := k.b.slots[k.like:k.like+g.lines], k.b.slots[g.first:g.first+g.lines]
	for i := range a {
		if a[i].role != b[i].role || a[i].bound != b[i].bound && !math.IsNaN(a[i].bound) {
			return false
		}
	}
	return true
}

// shape says which of the lines of a histogram or a summary is what. All
// numbers are distances from the slot of the first one; none means that there
// is no such line.
type shape struct {
	bounds  []float64 // finite upper bounds of buckets, or ranks of quantiles, ascending
	counts  []int32   // where their values are; nil if they follow each other from first
	first   int32
	top     int32 // of the bucket up to +Inf
	sum     int32
	count   int32
	native  int32
	lines   int32
	classic int32 // lines but for native ones
	left    int32 // lines of those that are left out: their bounds came before, or cannot be
	fault   string
	summary bool
}

const none = -1

// newShape finds the shape of lines at some distances.
func newShape(slots []slot, at []int32, t Type) *shape {
	s := &shape{top: none, sum: none, count: none, native: none, lines: int32(len(at)), summary: t == SummaryType}
	var bounded []int32
	for _, i := range at {
		switch slots[i].role {
		case bucket, quantile:
			bounded = append(bounded, i)
		case sum:
			s.once(&s.sum, i)
		case count:
			s.once(&s.count, i)
		case native:
			s.native = i
		}
	}
	s.classic = s.lines
	if s.native != none {
		s.classic--
	}
	byBound := func(a, b int32) int { return cmp.Compare(slots[a].bound, slots[b].bound) }
	if !slices.IsSortedFunc(bounded, byBound) {
		slices.SortStableFunc(bounded, byBound)
	}
	s.setBounds(slots, bounded)
	return s
}

// once sets where a line is of which there is but one.
func (s *shape) once(where *int32, at int32) {
	if *where != none {
		s.left++
		return
	}
	*where = at
}

// setBounds takes the lines that have bounds, in their order. A bound that comes
// twice, also as le="1" and le="1.0", counts once, as first exposed.
func (s *shape) setBounds(slots []slot, bounded []int32) {
	last := math.NaN()
	for _, i := range bounded {
		bound := slots[i].bound
		switch {
		case bound == last || s.summary && !(bound >= 0 && bound <= 1):
			s.left++
			continue
		case !s.summary && math.IsInf(bound, -1):
			s.fault = "has a bucket without a sound count or bound"
		case !s.summary && math.IsInf(bound, 1):
			s.top = i
		default:
			s.bounds = append(s.bounds, bound)
			s.counts = append(s.counts, i)
		}
		last = bound
	}
	if s.fault == "" && !s.summary && s.top == none && s.count == none && s.classic > 0 {
		s.fault = "has neither a +Inf bucket nor a usable _count"
	}
	if s.summary && s.count == none {
		s.fault = "has no usable _count"
	}
	follow := true
	for n, i := range s.counts {
		follow = follow && i == s.counts[0]+int32(n)
	}
	if n := len(s.counts); n > 0 && follow && s.top == s.counts[0]+int32(n) {
		s.first, s.counts = s.counts[0], nil
	}
}
