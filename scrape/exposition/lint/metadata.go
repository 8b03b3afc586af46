package lint

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// keyword is what a line of metadata begins with.
type keyword string

const (
	helpWord keyword = "HELP"
	typeWord keyword = "TYPE"
	unitWord keyword = "UNIT"
)

// textComment checks what follows the # of a line in the text format: HELP,
// TYPE or words that mean nothing.
func (c *checker) textComment(text []byte) {
	c.scan.begin(text)
	c.scan.blanks()
	word := keyword(c.scan.token())
	if word != helpWord && word != typeWord {
		return
	}
	if word == typeWord {
		c.scan.rest = c.withoutReturn(c.scan.rest)
	}
	c.scan.blanks()
	name, err := c.scan.metricName()
	if err != nil {
		c.spoilt(fmt.Errorf("%s: %w", word, err))
		return
	}
	c.scan.blanks()
	if word == typeWord {
		c.scan.rest = bytes.TrimRight(c.scan.rest, " \t")
	}
	c.describe(word, name, c.scan.rest)
}

// openMetricsDescriptor checks a line that begins with #, other than # EOF.
func (c *checker) openMetricsDescriptor(text []byte) {
	c.scan.begin(text[1:])
	if !c.scan.take(' ') {
		c.spoilt(errors.New("# without a space after it; OpenMetrics has no comments: take the line away"))
		return
	}
	word := keyword(c.scan.token())
	switch word {
	case helpWord, typeWord, unitWord:
	case "EOF":
		c.spoilt(fmt.Errorf("%s after %s; that has to be a line of its own", show(c.scan.rest), eof))
		return
	default:
		c.spoilt(fmt.Errorf("%s after #; OpenMetrics has HELP, TYPE, UNIT and EOF there, and no comments: take the line away", show([]byte(word))))
		return
	}
	err := c.scan.gap("name of the metric")
	var name []byte
	if err == nil {
		name, err = c.scan.metricName()
	}
	if err == nil && !c.scan.take(' ') { // what comes after it may begin with spaces
		err = fmt.Errorf("%s after the name of the metric; write one space and the text", c.scan.found())
	}
	if err != nil {
		c.spoilt(fmt.Errorf("%s: %w", word, err))
		return
	}
	c.describe(word, name, c.scan.rest)
}

// describe checks one piece of metadata and keeps what later lines are held to.
func (c *checker) describe(word keyword, name, text []byte) {
	if !c.enterMetadata(word, name) {
		return
	}
	switch word {
	case helpWord:
		c.checkHelp(text)
	case unitWord:
		c.family.unit = append(c.family.unit[:0], text...)
		c.family.unitLine = c.line
	case typeWord:
		k, ok := c.grammar.kinds[string(text)]
		if !ok {
			c.complain("%s is no type; write %s", show(text), c.grammar.types)
			c.family.spoilt = true
		}
		c.family.kind = k
	}
}

// checkHelp checks the escape sequences. Quotes need none in either format:
// OpenMetrics' grammar says otherwise, but its own test suite takes them.
func (c *checker) checkHelp(text []byte) {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] != '\\':
		case i+1 == len(text), !c.openMetrics && bytes.IndexByte([]byte(`\n"`), text[i+1]) < 0:
			c.complain(`HELP has a backslash that is not escaped; write it as \\`)
			return
		default:
			i++
		}
	}
}

// enterMetadata finds the family that a line of metadata is about. It is false
// if the line must not stand where it does.
func (c *checker) enterMetadata(word keyword, name []byte) bool {
	f := &c.family
	if !f.open || !bytes.Equal(f.name, name) {
		c.leave()
		if o, ok := c.known[c.hash.name(name)]; ok && o.isFamily {
			c.complain("%s of %s, whose lines began at line %d; keep all lines of a metric together, its metadata first and once each", word, show(name), o.line)
			c.reopen(name, o)
			return false
		}
		c.open(name)
	}
	switch {
	case slices.Contains(f.described, word):
		c.complain("a second %s of %s; keep one", word, show(name))
		return false
	case f.sampled:
		c.complain("%s of %s after its first sample; put it before", word, show(name))
		return false
	}
	f.described = append(f.described, word)
	return true
}
