package exposition

import (
	"context"
	"slices"
	"strings"
)

// patch makes a builder one of a body that goes on as a layout says but for a
// few lines. Those are read; what the others mean is taken from the origin of
// the layout. Comments must be the same: they change what other lines mean.
type patch struct {
	*builder
	old     *layout
	numbers []int32  // of groups by their numbers in the origin, and one more; 0 before there is one
	known   []family // those of the layout, in its order
	passed  int      // births of the origin
	budget  int      // of lines to look ahead
	foreign bool     // a line that is taken over would mean something else here
}

// lookahead is by how many lines a body may differ in one place; in all it is a
// quarter of the body and as many again, so that it costs little to find out
// that a body is another one.
const lookahead = 500

// repair reads a body that differs from a layout with an origin first at m; the
// values before are known. It fails where only the plain path can tell what the
// body means; the builder is of no use then.
func (b *builder) repair(ctx context.Context, l *layout, body string, m match, values []float64) (ok bool, err error) {
	b.repaired, b.metadata, b.labelled, b.helped = l, l.origin.metadata, l.origin.labelled, l.origin.helped
	p := patch{builder: b, old: l, numbers: make([]int32, len(l.origin.groups)), budget: len(l.lines)/4 + lookahead}
	p.start(body)
	b.values = append(b.values, values[:m.line]...)
	first, from := 0, 0
	for {
		p.take(first, m.line, from)
		if m.whole {
			b.prefixes.WriteString(l.text[m.from:])
			return p.isSound(), nil
		}
		if m, ok = p.mend(m); !ok || p.foreign {
			return false, nil
		}
		first, from = m.line, m.from
		left := len(l.lines) - first
		b.values = slices.Grow(b.values, left)
		n := len(b.values)
		if m, err = l.read(ctx, body, b.window, m, b.values[n:n+left]); err != nil || m.faulty {
			return false, err
		}
		b.values = b.values[:n+m.line-first]
	}
}

// start has the builder know the families of the layout.
func (p *patch) start(body string) {
	p.scanner = scanner{body: body, strict: p.format == openMetrics, labels: p.scanner.labels[:0]}
	p.known = make([]family, len(p.old.families))
	for i := range p.known {
		f := &p.old.families[i]
		p.known[i] = family{first: -1, number: int32(i), Family: Family{Name: f.Name, Type: f.Type, Help: f.Help, Unit: f.Unit, Wanted: f.Wanted}}
		p.families[familyKey{f.Name, f.Type}] = &p.known[i]
	}
}

// mend reads the lines that differ at m, and gives where the layout goes on.
func (p *patch) mend(m match) (match, bool) {
	l, s := p.old, &p.scanner
	end := len(l.text)
	if m.line < len(l.lines) {
		end = int(l.lines[m.line].begin)
	} else if s.strict {
		end = m.from + strings.LastIndex(l.text[m.from:], "# EOF")
	}
	comments := l.text[m.from:end]
	if !strings.HasPrefix(s.body[m.at:], comments) {
		return m, false
	}
	p.prefixes.WriteString(comments)
	m.at, m.from = m.at+len(comments), end
	next, ok := p.meet(m)
	if !ok {
		return m, false
	}
	for from := m.at; from < next.at; from = s.at {
		s.at = from
		s.skipBlanks()
		if c := s.next(); c == '#' || c == '\n' || p.line(from) != nil {
			return m, false
		}
	}
	return next, m.at == next.at || s.at == next.at
}

// meet finds where the layout and the body have the same line again, the nearest
// place first. Where nothing but comments is left of the layout, that is the end
// of the body.
func (p *patch) meet(m match) (next match, ok bool) {
	body, l := p.scanner.body, p.old
	starts := append(make([]int, 0, 16), m.at) // of lines of the body
	gone := 0                                  // lines of the layout that may be left out
	for distance := 1; distance <= min(lookahead, p.budget); distance++ {
		if last := starts[len(starts)-1]; len(starts) == distance && last < len(body) {
			if n := strings.IndexByte(body[last:], '\n'); n >= 0 {
				starts = append(starts, last+n+1)
			}
		}
		if i := m.line + distance - 1; gone == distance-1 && i < len(l.lines) && (gone == 0 || l.lines[i].begin == l.lines[i-1].end) {
			gone++
		}
		fresh := len(starts) - 1
		if fresh < distance && gone < distance {
			break
		}
		for other := range distance + 1 {
			if other > near && other < distance {
				continue
			}
			for _, try := range [2][2]int{{other, distance}, {distance, other}} {
				if try[0] <= gone && try[1] <= fresh && p.meets(m, try[0], starts[try[1]]) {
					p.budget -= distance
					return p.matchAt(m, try[0], starts[try[1]]), true
				}
			}
		}
	}
	return m, false
}

// near is by how many lines the shorter of two stretches that take the place of
// each other may be long, unless they are of one length.
const near = 8

// matchAt is behind some lines of the layout, at a line of the body.
func (p *patch) matchAt(m match, gone, at int) match {
	if gone > 0 {
		m.from = int(p.old.lines[m.line+gone-1].end)
	}
	m.line, m.at = m.line+gone, at
	return m
}

// meets reports whether the layout goes on behind some lines as the body does at
// a line.
func (p *patch) meets(m match, gone, at int) bool {
	m = p.matchAt(m, gone, at)
	rest := p.scanner.body[at:]
	if m.line == len(p.old.lines) {
		return rest == p.old.text[m.from:]
	}
	return strings.HasPrefix(rest, p.old.text[m.from:p.old.lines[m.line].end])
}

// take takes over a stretch of lines of the layout, whose text begins at from;
// their values are there already.
func (p *patch) take(first, end, from int) {
	if first == end {
		return
	}
	l, o := p.old, p.old.origin
	shift := int64(p.prefixes.Len() - from)
	p.prefixes.WriteString(l.text[from:l.lines[end-1].end])
	for _, line := range l.lines[first:end] {
		p.lines = append(p.lines, span{uint32(int64(line.begin) + shift), uint32(int64(line.end) + shift)})
	}
	before := int32(len(p.slots))
	p.slots = append(p.slots, o.slots[first:end]...)
	p.exposed += end - first
	p.relabelled += end - first
	last, number := int32(noGroup), int32(noGroup) // the group of the last line, there and here
	for i := before; i < int32(len(p.slots)); i++ {
		s := &p.slots[i]
		switch {
		case s.group == noGroup:
			p.relabelled--
			continue
		case s.group == birthLine:
			continue
		case s.group != last:
			last, number = s.group, p.groupHere(s.group, first, end, i)
		}
		g := &p.groups[number]
		if g.lines > 0 && s.role == value && g.fault == "" {
			p.foreign = true
		}
		g.last = i
		g.lines++
		s.group = number
	}
	p.takeBirths(first, end, before)
}

// takeBirths takes over the births of a stretch that begins at a slot.
func (p *patch) takeBirths(first, end int, before int32) {
	list := p.old.origin.births
	for ; p.passed < len(list) && int(list[p.passed].slot) < end; p.passed++ {
		one := list[p.passed]
		if int(one.slot) >= first {
			p.births = append(p.births, birth{one.hash, p.familyHere(one.family), one.slot - int32(first) + before})
		}
	}
}

// groupHere finds or makes the group that a line of a stretch belongs to.
func (p *patch) groupHere(there int32, first, end int, at int32) int32 {
	if n := p.numbers[there]; n > 0 {
		return n - 1
	}
	old := &p.old.origin.groups[there]
	isPart := old.fault == "" && (int(old.first) < first || int(old.last) >= end)
	if isPart { // the rest of it may have been read, or will be
		if n, ok := p.byHash[old.hash]; ok {
			p.numbers[there] = n + 1
			return n
		}
	}
	f := p.familyHere(old.family)
	n := p.newGroup(group{family: f, series: old.series, hash: old.hash, fault: old.fault}, at)
	p.groups[n].lines = 0
	p.numbers[there] = n + 1
	if isPart {
		p.byHash[old.hash] = n
	}
	if old.series != nil {
		p.wanted++
		p.wantedLabels += len(old.series.Labels)
	}
	if old.fault == "" {
		if f.Series++; f.Series == 1 {
			f.begin, f.Labels = at, p.labelsOf(old)
		}
	}
	return n
}

// familyHere is the family that one of the origin is here.
func (p *patch) familyHere(there *family) *family {
	if there.first >= 0 {
		return &p.known[there.number]
	}
	return p.familyOf(there.Name, there.Type) // it had nothing but births
}

// labelsOf are the names of the labels of a group of the origin.
func (p *patch) labelsOf(g *group) []string {
	if g.first == g.family.begin {
		return p.old.families[g.family.number].Labels
	}
	var list []pair
	switch line := p.old.lines[g.first]; {
	case g.series != nil:
		for _, one := range g.series.Labels {
			list = append(list, pair{one.Name, one.Value})
		}
	case p.library.options.Relabel != nil:
		p.foreign = true
	default:
		s := scanner{body: p.old.text[line.begin:line.end], strict: p.format == openMetrics}
		p.foreign = p.foreign || s.series() != nil
		list, _ = cutBound(s.labels, g.family.Type)
	}
	return p.library.keepNames(list)
}

// isSound reports whether the body says what the patched builder has.
func (p *patch) isSound() bool {
	most := p.library.options.Limits.Samples
	return !p.foreign && p.helped <= maxHelps && len(p.limited) == 0 && (most == 0 || p.relabelled <= most) &&
		p.hasEachOnce() && !p.hasNewNames()
}

// hasEachOnce reports whether no series that was taken over as a whole was read
// as well.
func (p *patch) hasEachOnce() bool {
	var some [64]uint64 // bits of hashes that were read
	for hash := range p.byHash {
		some[hash>>6&63] |= 1 << (hash & 63)
	}
	for i := range p.groups {
		g := &p.groups[i]
		if some[g.hash>>6&63]&(1<<(g.hash&63)) == 0 {
			continue
		}
		if n, ok := p.byHash[g.hash]; ok && n != int32(i) && g.fault == "" {
			return false
		}
	}
	for _, one := range p.births {
		if at, ok := p.byHash[^one.hash]; ok && at != one.slot {
			return false
		}
	}
	return true
}

// hasNewNames reports whether there are families that the layout had not, and
// of which more than one comment may speak: which is used depends on their order.
func (p *patch) hasNewNames() bool {
	if len(p.families) == len(p.known) {
		return false
	}
	for _, f := range p.families {
		if f.Series == 0 || int(f.number) < len(p.known) && f == &p.known[f.number] {
			continue
		}
		if p.library.options.Relabel != nil || p.metadata[f.Name] != nil && p.metadata[parentOf(f.Name)] != nil {
			return true
		}
	}
	return false
}

// parentOf is the name that comments use of a family of OpenMetrics.
func parentOf(name string) string {
	for _, suffix := range [...]string{"_total", "_info"} {
		if base, ok := strings.CutSuffix(name, suffix); ok {
			return base
		}
	}
	return ""
}
