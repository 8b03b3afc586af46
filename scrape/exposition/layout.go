package exposition

import (
	"context"
	"math/bits"
	"slices"
	"strings"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// layout is a body seen before: the text of each line up to its value, and what
// to do with the values. It is immutable, and shared by all readers of a library
// whose bodies have that text.
type layout struct {
	format format
	// text is what the body has between its values: comments, series, blanks.
	// The value of a line and what follows it stood at the line's end.
	text   string
	lines  []span
	values int
	steps  []step // in the order of family names, then of the body

	families     []Family
	samples      int // steps with a series
	exposed      int
	relabelled   int
	used, unused redpoll.Share
	limited      []Limited

	// ids stand for the lines that Relabel and the limits left, by what they
	// are of their series.
	ids []uint64

	sources     sources // of protobuf
	described   *Series // of protobuf, the first that is left out, for messages
	describedAt int32   // its slot

	isPlan bool   // bodies can be read with it
	hash   uint64 // its digest
	held   int    // by how many readers; guarded by the library

	origin *origin // what it was made of, nil if it cannot be repaired
}

// isLike reports whether bodies that are read with another layout can be read
// with this one.
func (l *layout) isLike(other *layout) bool {
	return l.format == other.format && l.text == other.text && slices.Equal(l.lines, other.lines)
}

// step is what is done with the values of a series.
type step struct {
	series *Series // nil if it is not wanted
	shape  *shape
	fault  string // of a fault
	at     int32  // first slot
	run    int32  // neighbours for which the same is done
	born   int32  // slot of when the series began, or noGroup
	family int32  // number in families
	kind   stepKind
}

// stepKind is how values become a sample.
type stepKind uint8

const (
	counterStep stepKind = iota
	valueStep
	histogramStep
	summaryStep
	fault // whose lines are left out
)

// size is about how many bytes a layout takes.
func (l *layout) size() int64 {
	size := len(l.text) + 16*len(l.lines) + 4*len(l.sources.from) + 72*len(l.steps) + 200*len(l.families)
	if o := l.origin; o != nil {
		size += 16*len(o.slots) + 64*len(o.groups) + 32*len(o.births) + 200*len(o.metadata)
	}
	return int64(size)
}

// match is how far a body goes on as a layout says.
type match struct {
	line   int  // the first that differs; their number if it is what follows the last
	at     int  // where it begins in the body, with the comments before it
	from   int  // and in the text of the layout
	whole  bool // nothing differs
	cut    bool // the body ends before the layout does
	faulty bool // it is the value of the line that cannot be read
}

// read reads the values of a body that has the text of the layout: the plan path.
// It goes on where m is, with room for the values of all lines from there on.
// Where a body differs in anything, or has a fault, the plain path tells what it
// means.
func (l *layout) read(ctx context.Context, body string, w window, m match, values []float64) (match, error) {
	at, from := m.at, m.from
	lines := l.lines[m.line:]
	for i := range lines {
		if i%linesBetween == 0 && ctx.Err() != nil {
			return match{}, ctx.Err()
		}
		to := int(lines[i].end)
		next := at + to - from
		if next > len(body) || body[at:next] != l.text[from:to] {
			return l.differs(match{line: m.line + i, at: at, from: from}, body[at:], l.text[from:to]), nil
		}
		n, k := uint64(0), next
		for k < len(body) {
			d := body[k] - '0'
			if d > 9 {
				break
			}
			n = n*10 + uint64(d)
			k++
		}
		if k > next && k-next <= maxDigits && k < len(body) && body[k] == '\n' {
			values[i] = float64(n)
			at, from = k+1, to
			continue
		}
		s := scanner{body: body, at: next, strict: l.format == openMetrics}
		v, err := s.value(w)
		if err != nil {
			return match{line: m.line + i, at: at, from: from, faulty: true}, nil
		}
		values[i], at, from = v, s.at, to
	}
	m = match{line: len(l.lines), at: at, from: from}
	if body[at:] != l.text[from:] {
		return l.differs(m, body[at:], l.text[from:]), nil
	}
	m.whole = true
	return m, nil
}

// differs tells a body that ends from one that goes on otherwise.
func (l *layout) differs(m match, rest, text string) match {
	m.cut = strings.HasPrefix(text, rest)
	return m
}

// digest tells layouts apart, nearly always.
func (l *layout) digest() uint64 {
	sum := uint64(len(l.text))
	for _, id := range l.ids {
		sum = bits.RotateLeft64(sum^id, 29) * 0x9e3779b97f4a7c15
	}
	return sum
}

// describe is the series of a line, for a message, as far as its family has it.
func (l *layout) describe(s *step) *Series {
	if s.series != nil {
		return s.series
	}
	f := &l.families[s.family]
	switch {
	case l.described != nil && l.describedAt == s.at:
		return l.described
	case len(l.lines) == 0:
		return &Series{Name: f.Name, Type: f.Type}
	}
	line := scanner{body: l.text[l.lines[s.at].begin:l.lines[s.at].end], strict: l.format == openMetrics}
	if err := line.series(); err != nil {
		return &Series{Name: f.Name, Type: f.Type}
	}
	name, list := f.Name, line.labels
	if f.Type == HistogramType || f.Type == SummaryType {
		list, _ = cutBound(list, f.Type)
	}
	if strings.HasSuffix(line.name, createdSuffix) {
		name = line.name
	}
	return seriesOf(name, f.Type, list)
}
