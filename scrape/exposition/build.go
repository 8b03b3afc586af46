package exposition

import (
	"context"
	"slices"
	"strings"
)

// builder makes a layout of a body, line by line, and reads its values on the
// way: the plain path. It is the only place that decides what lines mean.
//
// What it is told in texts are views of the body, so it is emptied before the
// body may change.
type builder struct {
	library *Library
	format  format
	scanner scanner
	window  window

	metadata    map[string]*metadata
	names       map[string]naming
	families    map[familyKey]*family
	unexplained bool // some sample's name may be understood otherwise with another TYPE line
	late        bool // and that came

	groups  []group
	byHash  map[uint64]int32 // of groups, by what their lines have in common
	last    int32            // the group of the last line
	common  []pair           // its labels, le and quantile left out
	pattern pattern
	key     []byte

	expected    int // lines
	slots       []slot
	values      []float64
	heads       []head // of protobuf
	sources     sources
	exponential exponential
	described   *Series // of protobuf, the first that is left out
	describedAt int32   // its slot
	births      []birth
	prefixes    strings.Builder
	lines       []span

	repaired *layout // that the body differs from, if it is read as a patch of it

	exposed, relabelled  int
	labelled             int // labels that were read
	wanted, wantedLabels int // series that are, and their labels
	helped               int // bytes of help and units that the families have
	limited              limited
	excess               error // of samples, where it fails the body; the rest is only counted then

	// ambiguous tells that there can be no plan: a value stood behind a bare
	// name, which may go on with what begins another value, or a number of
	// protobuf decides what others mean.
	ambiguous bool
}

// slot is the value of a line, and what it says of its group.
type slot struct {
	bound float64 // of a bucket or a quantile
	group int32   // noGroup if the line was left out, or birthLine
	role  role
}

const (
	noGroup   = -1
	birthLine = -2 // instead of a group, of a line that says when a series began
)

// group are the lines of one series.
type group struct {
	family      *family
	series      *Series // nil if it is not wanted
	hash        uint64
	first, last int32 // slots
	lines       int32
	next        int32  // of the same family
	fault       string // why its lines are left out, if they are
}

// birth is a line that says when a series began.
type birth struct {
	hash   uint64 // of the series' group
	family *family
	slot   int32
}

// span is where a line begins in the text of a layout, and where its value
// stood.
type span struct{ begin, end uint32 }

// window is the time within which samples may be stamped, in milliseconds since
// the Unix epoch; the zero window has them all.
type window struct{ from, to int64 }

func (w window) has(timestamp int64) bool {
	return w.from == w.to || timestamp >= w.from && timestamp <= w.to
}

// readText reads a text body from the beginning.
func (b *builder) readText(ctx context.Context, body string) error {
	for {
		b.scanner = scanner{body: body, strict: b.format == openMetrics, labels: b.scanner.labels[:0]}
		if err := b.readLines(ctx); err != nil {
			return err
		}
		if !b.late {
			return nil
		}
		b.again()
	}
}

// counted is what is known of a body that fails.
func (b *builder) counted() Scrape {
	return Scrape{Exposed: b.exposed, Relabelled: b.relabelled, Limited: b.limited}
}

// linesBetween is how many lines are read between two looks at whether ctx has
// ended.
const linesBetween = 64

// readLines reads up to the end of the body.
func (b *builder) readLines(ctx context.Context) error {
	s, from := &b.scanner, 0
	for lines := 0; s.at < len(s.body); lines++ {
		if lines%linesBetween == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		s.skipBlanks()
		switch c := s.next(); {
		case c == '\n' && !s.strict:
			s.at++
		case c == '#':
			done, err := b.comment()
			if err != nil {
				return err
			}
			if done {
				b.prefixes.WriteString(s.body[from:])
				return nil
			}
		default:
			if err := b.line(from); err != nil {
				return err
			}
			from = s.at
		}
	}
	if s.strict {
		return s.fault("the body does not end with # EOF; it may have been cut")
	}
	b.prefixes.WriteString(s.body[from:])
	return nil
}

// line reads a line with a sample. The text of the body since from is what a
// layout compares.
func (b *builder) line(from int) error {
	s := &b.scanner
	begin := s.at
	bound, repeated := b.repeats()
	if !repeated {
		if err := s.series(); err != nil {
			return err
		}
		if err := s.separator(); err != nil {
			return err
		}
	}
	b.labelled += len(s.labels)
	switch {
	case s.at-begin > maxLine:
		return s.tooLong()
	case b.labelled > MaxTextLabels:
		return errTooManyLabels
	}
	length := s.at - begin
	b.prefixes.WriteString(s.body[from:s.at])
	end := b.prefixes.Len()
	b.lines = append(b.lines, span{uint32(end - length), uint32(end)})
	text := s.body[begin:s.at]
	b.ambiguous = b.ambiguous || text[len(text)-1] != '}' && classes[text[len(text)-1]] != blank
	v, err := s.value(b.window)
	if err != nil {
		return err
	}
	if repeated {
		b.repeat(bound, v)
		return nil
	}
	n, known := b.names[s.name]
	if !known {
		n = b.understand(s.name)
		b.names[s.name] = n
	}
	if err := b.sample(s.name, n, s.labels, v); err != nil {
		return err
	}
	b.learn(text, n)
	return b.overFull()
}

// overFull says what a body has too many of, if anything.
func (b *builder) overFull() error {
	switch {
	case b.wanted > freeSeries+sharedSeries || b.wantedLabels > MaxLabels:
		return errTooManyWanted
	case max(len(b.families), len(b.metadata)) > MaxFamilies:
		return errTooManyFamilies
	}
	return nil
}

// separator reads the space before the value, which only OpenMetrics asks for.
func (s *scanner) separator() error {
	if !s.strict {
		return nil
	}
	if s.next() != ' ' {
		return s.fault("expected a space and the value, got %s", s.got())
	}
	s.at++
	return nil
}

// value reads the value and the rest of the line. It is absent if the window
// does not have its timestamp.
func (s *scanner) value(w window) (float64, error) {
	v, end, ok := readNumber(s.body, s.at)
	if !ok || end == s.at {
		return 0, s.fault("expected a number as the value, got %s", s.got())
	}
	s.at = end
	if s.next() == '\n' {
		s.at++
		return v, nil
	}
	timestamp, stamped, err := s.tail()
	if stamped && !w.has(timestamp) {
		v = absent
	}
	return v, err
}

func (s *scanner) tooLong() error {
	return overLimit("line %d is longer than the %d bytes that are read; leave out the label or the comment that is so long",
		1+strings.Count(s.body[:s.at], "\n"), maxLine)
}

func newBuilder(l *Library) *builder {
	return &builder{
		library:  l,
		metadata: make(map[string]*metadata), names: make(map[string]naming),
		families: make(map[familyKey]*family), byHash: make(map[uint64]int32),
		last: noGroup,
	}
}

// begin makes an empty builder one for a body of so many lines and bytes.
func (b *builder) begin(f format, w window, lines, bytes int) {
	b.format, b.window = f, w
	b.expected = lines
	b.slots, b.values, b.groups = slices.Grow(b.slots, lines), slices.Grow(b.values, lines), slices.Grow(b.groups, lines/2)
	if f != protobuf {
		b.lines = slices.Grow(b.lines, lines)
		b.prefixes.Grow(bytes)
	}
}

// again forgets all but the metadata, in whose light the body is read again.
func (b *builder) again() {
	clear(b.names)
	clear(b.families)
	clear(b.byHash)
	if b.repaired != nil {
		b.metadata = make(map[string]*metadata) // the other is that of an origin
	}
	for _, m := range b.metadata {
		m.bytes = 0
	}
	b.groups, b.common, b.slots = b.groups[:0], b.common[:0], b.slots[:0]
	b.values, b.lines = b.values[:0], b.lines[:0]
	b.prefixes.Reset()
	b.births, b.limited, b.described, b.repaired = b.births[:0], nil, nil, nil
	b.last, b.exposed, b.relabelled, b.labelled, b.helped, b.wanted, b.wantedLabels = noGroup, 0, 0, 0, 0, 0, 0
	b.excess = nil
	b.unexplained, b.late, b.ambiguous, b.pattern = false, false, false, pattern{}
	b.heads, b.sources = b.heads[:0], b.sources.empty()
}

// mostKept is the largest body, in lines, whose builder is used again.
const mostKept = 20_000

// release empties a builder and keeps it for another body.
func (b *builder) release() {
	if len(b.slots) > mostKept {
		return
	}
	b.again()
	clear(b.metadata)
	clear(b.groups[:cap(b.groups)])
	clear(b.common[:cap(b.common)])
	clear(b.heads[:cap(b.heads)])
	clear(b.scanner.labels[:cap(b.scanner.labels)])
	b.scanner = scanner{labels: b.scanner.labels[:0]}
	b.library.builders.Put(b)
}
