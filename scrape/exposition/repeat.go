package exposition

import "strings"

// pattern is how the last bucket of a histogram was written, if its le stood at
// the end, as most applications have it. The next line is nearly always another
// bucket of the same series, of which only le is new: it is told by comparing
// text, without reading labels. Its texts are views of the body.
type pattern struct {
	start string // the text of a line up to the bound; empty if there is no pattern
	group int32
}

const patternEnd, boundStart = `"} `, `,le="`

// learn makes a line the pattern, if it is a bucket that can be one. With rules
// for labels every line has to be looked at.
func (b *builder) learn(text string, n naming) {
	if n.role != bucket || b.library.options.isByLine() {
		return
	}
	b.pattern = pattern{}
	at := strings.LastIndex(text, boundStart)
	if at < 0 {
		return
	}
	at += len(boundStart)
	last := &b.slots[len(b.slots)-1]
	bound, end, ok := readNumber(text[:max(at, len(text)-len(patternEnd))], at)
	if ok && text[end:] == patternEnd && bound == last.bound && last.group != noGroup && b.groups[last.group].fault == "" {
		b.pattern = pattern{start: text[:at], group: last.group}
	}
}

// isByLine reports whether every line has to be looked at.
func (o *Options) isByLine() bool {
	return o.Relabel != nil || o.Limits.Samples+o.Limits.Labels+o.Limits.LabelNameLength+o.Limits.LabelValueLength > 0
}

// repeat takes a sample whose line has the pattern.
func (b *builder) repeat(bound, v float64) {
	at := int32(len(b.slots))
	b.exposed++
	b.relabelled++
	b.values = append(b.values, v)
	b.slots = append(b.slots, slot{group: b.pattern.group, role: bucket, bound: bound})
	g := &b.groups[b.pattern.group]
	g.last = at
	g.lines++
}

// repeats reads the series of a line that has the pattern; the scanner is at its
// value then. It reports whether the line has it.
func (b *builder) repeats() (bound float64, ok bool) {
	s := &b.scanner
	begin := s.at + len(b.pattern.start)
	if b.pattern.start == "" || !strings.HasPrefix(s.body[s.at:], b.pattern.start) {
		return 0, false
	}
	end := strings.IndexByte(s.body[begin:min(len(s.body), begin+32)], '"')
	if end <= 0 || !strings.HasPrefix(s.body[begin+end:], patternEnd) {
		return 0, false
	}
	bound, after, ok := readNumber(s.body[:begin+end], begin)
	next := begin + end + len(patternEnd)
	if !ok || after != begin+end || bound != bound || next < len(s.body) && classes[s.body[next]] == blank {
		return 0, false
	}
	s.at = next
	return bound, true
}
