package exposition

import (
	"context"
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

	described   *Series // of protobuf, the first that is left out, for messages
	describedAt int32   // its slot

	isPlan bool   // bodies can be read with it
	hash   uint64 // of text
	held   int    // by how many readers; guarded by the library
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
	return int64(len(l.text) + 16*len(l.lines) + 72*len(l.steps) + 200*len(l.families))
}

// match is how far a body went on as a layout says.
type match struct {
	whole bool // it did up to its end
	cut   bool // or it ended before the layout did
}

// read reads the values of a body that has the text of the layout: the plan path.
// Where a body differs in anything, or has a fault, the plain path tells what it
// means.
func (l *layout) read(ctx context.Context, body string, w window, values []float64) (match, error) {
	at, from := 0, 0
	for i := range l.lines {
		if i%linesBetween == 0 && ctx.Err() != nil {
			return match{}, ctx.Err()
		}
		to := int(l.lines[i].end)
		next := at + to - from
		if next > len(body) || body[at:next] != l.text[from:to] {
			return l.differs(body[at:], l.text[from:to]), nil
		}
		from = to
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
			at = k + 1
			continue
		}
		s := scanner{body: body, at: next, strict: l.format == openMetrics}
		v, err := s.value(w)
		if err != nil {
			return match{}, nil
		}
		values[i], at = v, s.at
	}
	if body[at:] != l.text[from:] {
		return l.differs(body[at:], l.text[from:]), nil
	}
	return match{whole: true}, nil
}

// differs tells a body that ends from one that goes on otherwise.
func (l *layout) differs(rest, text string) match {
	return match{cut: strings.HasPrefix(text, rest)}
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
