package lint

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// eof is the line that ends an OpenMetrics body.
const eof = "# EOF"

const byteOrderMark = "\ufeff"

// checker holds a body to one of the two formats, line by line.
type checker struct {
	openMetrics bool
	grammar     *grammar
	findings    findings
	scan        scanner
	hash        *hasher

	line         int  // the one that is being checked
	unterminated bool // it has no line feed
	ended        bool // # EOF was read
	done         bool // whatever follows is not checked
	sample       sample

	family family // that the lines are about now
	// known says to which family a name belongs: its own, and those of the
	// samples that it may have.
	known map[key]owner
	// series are those without a timestamp; in the text format all.
	series map[key]struct{}

	samples   int
	maxSeries int
	err       error // why the body was not checked to its end
}

// owner is the family that a name belongs to.
type owner struct {
	line     int // where the family begins
	kind     kind
	suffix   uint8 // length of what the name has more than the family's
	isFamily bool  // the name is the family's own, even if no sample bears it
}

func newChecker(format Format) *checker {
	c := &checker{
		openMetrics: format == OpenMetrics, grammar: &textGrammar,
		maxSeries: MaxSeries, hash: newHasher(), known: map[key]owner{}, series: map[key]struct{}{},
	}
	if c.openMetrics {
		c.grammar = &openMetricsGrammar
	}
	c.scan.openMetrics, c.scan.complain = c.openMetrics, c.complain
	return c
}

// complain writes down a violation in the line that is being checked.
func (c *checker) complain(format string, args ...any) {
	c.findings.add(c.line, format, args...)
}

// spoilt writes down why a line could not be read. Its family may lack what
// the line held, which is not held against it.
func (c *checker) spoilt(err error) {
	c.complain("%v", err)
	c.family.spoilt = true
}

// wantsMore tells whether the rest of the body matters.
func (c *checker) wantsMore() bool { return !c.done }

// check takes the next line.
func (c *checker) check(l line) {
	if c.done {
		return
	}
	c.line++
	c.unterminated = !l.ended
	switch {
	case c.ended:
		c.complain("%s after %s; the body has to end there", show(l.text), eof)
		c.done = true
	case l.tooLong:
		c.spoilt(fmt.Errorf("the line is longer than %d MiB and was not checked; expose shorter label values", MaxLine>>20))
	case !utf8.Valid(l.text):
		c.spoilt(invalidUTF8(l.text))
	default:
		text := l.text
		if c.line == 1 && bytes.HasPrefix(text, []byte(byteOrderMark)) {
			c.complain("the body begins with a byte order mark; take it away")
			text = text[len(byteOrderMark):]
		}
		c.checkLine(text)
	}
	if len(c.known)+c.samples > c.maxSeries {
		c.err = fmt.Errorf("line %d: the body has more than %d samples and families, and is checked no further; check it in parts", c.line, c.maxSeries)
		c.done = true
	}
}

// invalidUTF8 says where a line stops being UTF-8.
func invalidUTF8(text []byte) error {
	at := 0
	for at < len(text) {
		r, n := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	return fmt.Errorf("byte %d, %s, is no UTF-8; encode the whole body in UTF-8", at+1, show(text[at:at+1]))
}

func (c *checker) checkLine(text []byte) {
	if c.openMetrics {
		c.checkOpenMetricsLine(text)
	} else {
		c.checkTextLine(text)
	}
}

func (c *checker) checkTextLine(text []byte) {
	switch trimmed := bytes.TrimLeft(text, " \t"); {
	case len(trimmed) == 0:
	case trimmed[0] == '#':
		c.textComment(trimmed[1:])
	default:
		c.sampleLine(c.withoutReturn(trimmed))
	}
}

func (c *checker) checkOpenMetricsLine(text []byte) {
	text = c.withoutReturn(text)
	switch {
	case len(text) == 0:
		c.complain("the line is blank; OpenMetrics has no blank lines: take it away")
	case string(text) == eof:
		c.ended = true
	case text[0] == '#':
		c.openMetricsDescriptor(text)
	default:
		c.sampleLine(text)
	}
}

// withoutReturn takes away a carriage return that ends the line.
func (c *checker) withoutReturn(text []byte) []byte {
	text, returned := bytes.CutSuffix(text, []byte{'\r'})
	if returned {
		c.complain("the line ends with a carriage return; end lines with a line feed alone")
	}
	return text
}

// sampleLine checks a line that is neither metadata nor a comment.
func (c *checker) sampleLine(text []byte) {
	c.samples++
	s := &c.sample
	c.scan.begin(text)
	if err := c.scan.sample(s); err != nil {
		c.spoilt(err)
		return
	}
	c.checkLabels(s.labels)
	role, ok := c.enter(s.name)
	if !ok {
		return
	}
	c.checkSample(role)
	if s.hasExemplar {
		c.checkExemplar(role)
	}
}

// finish checks what can only be told at the end of the body, if that was
// reached.
func (c *checker) finish() {
	if c.err != nil {
		return
	}
	c.leave()
	switch {
	case c.openMetrics && !c.ended:
		c.line = max(c.line, 1)
		c.complain("the body does not end with %s; it may have been cut off: expose it whole, with that line at the end", eof)
	case !c.openMetrics && c.unterminated:
		c.complain("the last line does not end with a line feed; it may have been cut off: end every line with one")
	}
}

// report gives what was found.
func (c *checker) report() Report {
	report := Report{Format: Text, Violations: c.findings.sorted(), More: c.findings.more, Samples: c.samples}
	if c.openMetrics {
		report.Format = OpenMetrics
	}
	return report
}
