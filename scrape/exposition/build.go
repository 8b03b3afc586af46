package exposition

import (
	"context"
	"hash/maphash"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	dto "github.com/prometheus/client_model/go"
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

	slots       []slot
	values      []float64
	natives     []*dto.Histogram
	described   *Series // of protobuf, the first that is left out
	describedAt int32   // its slot
	births      []birth
	prefixes    strings.Builder
	lines       []span

	exposed, relabelled int
	labelled            int // labels that were read
	limited             limited
}

// slot is the value of a line, and what it says of its group.
type slot struct {
	bound float64 // of a bucket or a quantile
	group int32   // noGroup if the line was left out
	role  role
}

const noGroup = -1

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
	hash uint64 // of the series' group
	slot int32
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
	case b.labelled > MaxLabels:
		return errTooManyLabels
	}
	length := s.at - begin
	b.prefixes.WriteString(s.body[from:s.at])
	end := b.prefixes.Len()
	b.lines = append(b.lines, span{uint32(end - length), uint32(end)})
	text := s.body[begin:s.at]
	v, err := s.value(b.window)
	if err != nil {
		return err
	}
	if repeated {
		b.repeat(bound, v, length)
		return nil
	}
	n, known := b.names[s.name]
	if !known {
		n = b.understand(s.name)
		b.names[s.name] = n
	}
	n.family.share.Bytes += length
	if err := b.sample(s.name, n, s.labels, v); err != nil {
		return err
	}
	b.learn(text, n)
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

// comment reads one. done tells that it was OpenMetrics' last.
func (b *builder) comment() (done bool, err error) {
	s := &b.scanner
	begin := s.at
	keyword := s.keyword()
	if keyword == "EOF" {
		if s.next() == '\n' {
			s.at++
		}
		if s.at < len(s.body) {
			return false, s.fault("the body goes on behind # EOF")
		}
		return true, nil
	}
	name, text := "", ""
	if keyword != "" {
		if name, err = s.commentedName(keyword); err != nil {
			return false, err
		}
	}
	rest := s.body[s.at:]
	end := strings.IndexByte(rest, '\n')
	switch {
	case end < 0:
		return false, s.fault("the body ends inside of a comment")
	case s.strict && (keyword == "" || end == 0 || rest[0] != ' '):
		return false, s.fault("expected # HELP, # TYPE, # UNIT with a name and a text, or # EOF")
	case s.at+end-begin > maxLine:
		return false, s.tooLong()
	case end > 0:
		text = rest[1:end] // behind the one byte that separates it
	}
	if keyword != "" {
		err = b.describe(keyword, name, text, s.at+end+1-begin)
	}
	if err == nil {
		s.at += end + 1
	}
	return false, err
}

// keyword reads the beginning of a comment, and gives the word that makes it
// more than one; the scanner is behind it and its blank then.
func (s *scanner) keyword() string {
	s.at++
	if s.strict {
		for _, word := range [...]string{"HELP", "TYPE", "UNIT"} {
			if strings.HasPrefix(s.body[s.at:], " "+word+" ") {
				s.at += len(word) + 2
				return word
			}
		}
		if strings.HasPrefix(s.body[s.at:], " EOF") {
			s.at += len(" EOF")
			return "EOF"
		}
		return ""
	}
	if classes[s.next()] != blank {
		return ""
	}
	s.skipBlanks()
	for _, word := range [...]string{"HELP", "TYPE"} {
		end := s.at + len(word)
		if strings.HasPrefix(s.body[s.at:], word) && end < len(s.body) && classes[s.body[end]] == blank {
			s.at = end
			s.skipBlanks()
			return word
		}
	}
	return ""
}

// commentedName reads the name behind a keyword.
func (s *scanner) commentedName(keyword string) (name string, err error) {
	if s.next() == '"' {
		return s.text(true)
	}
	if name = s.word(nameStart); name == "" {
		return "", s.fault("expected the name of a family after %s, got %s", keyword, s.got())
	}
	return name, nil
}

// describe takes what a comment of some bytes says of a family.
func (b *builder) describe(keyword, name, text string, bytes int) error {
	s := &b.scanner
	m := b.metadata[name]
	if m == nil {
		m = &metadata{}
		b.metadata[name] = m
	}
	m.bytes += bytes
	switch keyword {
	case "HELP":
		if !utf8.ValidString(text) {
			return s.fault("the help of %.*q is not valid UTF-8", maxShown, name)
		}
		if m.help == "" {
			m.help = unescape.Replace(text)
		}
	case "UNIT":
		if text != "" && !strings.HasSuffix(name, "_"+text) {
			return s.fault("the name of %.*q does not end with its unit, %.*q", maxShown, name, maxShown, text)
		}
		m.unit = text
	case "TYPE":
		types := textTypes
		if b.format == openMetrics {
			types = openMetricsTypes
		}
		t, ok := types[text]
		if !ok {
			return s.fault("%.*q is no type of a family", maxShown, text)
		}
		if m.typ == undeclared {
			m.typ = t
			b.late = b.late || b.unexplained && b.speaksOfSeen(name)
		}
	}
	return nil
}

// speaksOfSeen reports whether samples that have been read may be understood
// otherwise now that a TYPE line has come for a name.
func (b *builder) speaksOfSeen(name string) bool {
	if _, seen := b.names[name]; seen {
		return true
	}
	for _, suffix := range [...]string{"_bucket", "_sum", "_count", "_gsum", "_gcount", "_total", "_info", createdSuffix} {
		if _, seen := b.names[name+suffix]; seen {
			return true
		}
	}
	base, isTotal := strings.CutSuffix(name, "_total")
	_, seen := b.names[base+createdSuffix]
	return isTotal && seen
}

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
	n.family.share.Samples++
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
		s.group = b.newFault(f, labels, "appears twice", at)
		return
	}
	of := &b.groups[g]
	of.last = at
	of.lines++
}

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
		b.slots[at].group = b.newFault(f, labels, "appears twice", at)
		return
	}
	b.byHash[^hash] = noGroup
	b.births = append(b.births, birth{hash, at})
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
			f.Labels = b.library.keepNames(labels)
		}
		if f.Wanted {
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
	for _, m := range b.metadata {
		m.bytes = 0
	}
	b.groups, b.common, b.slots = b.groups[:0], b.common[:0], b.slots[:0]
	b.values, b.lines = b.values[:0], b.lines[:0]
	b.prefixes.Reset()
	b.births, b.natives, b.limited, b.described = b.births[:0], nil, nil, nil
	b.last, b.exposed, b.relabelled, b.labelled = noGroup, 0, 0, 0
	b.unexplained, b.late, b.pattern = false, false, pattern{}
}

// mostKept is the largest body, in lines, whose builder is used again.
const mostKept = 20_000

// release empties a builder and keeps it for another body.
func (b *builder) release() {
	if len(b.lines) > mostKept {
		return
	}
	b.again()
	clear(b.metadata)
	clear(b.groups[:cap(b.groups)])
	clear(b.common[:cap(b.common)])
	clear(b.scanner.labels[:cap(b.scanner.labels)])
	b.scanner = scanner{labels: b.scanner.labels[:0]}
	b.library.builders.Put(b)
}
