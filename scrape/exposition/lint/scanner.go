package lint

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// label is a label with what its escape sequences stand for.
type label struct{ name, value []byte }

// scanner takes one line apart. After a fault that it returns as an error
// nothing is known of the rest of the line; of others it tells complain, and
// goes on.
type scanner struct {
	rest        []byte
	openMetrics bool
	complain    func(format string, args ...any)
	// unescaped holds the strings that have escape sequences. Results point
	// to it, or to the line.
	unescaped []byte
}

func (s *scanner) begin(line []byte) {
	s.rest, s.unescaped = line, s.unescaped[:0]
}

// take goes past the character if it comes next.
func (s *scanner) take(char byte) bool {
	if len(s.rest) == 0 || s.rest[0] != char {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// blanks goes past spaces and tabs, where the text format allows them and
// OpenMetrics does not.
func (s *scanner) blanks() {
	if !s.openMetrics {
		s.rest = bytes.TrimLeft(s.rest, " \t")
	}
}

// gap goes past what separates two tokens: exactly one space in OpenMetrics,
// any number of spaces and tabs in the text format.
func (s *scanner) gap(next string) error {
	if !s.openMetrics {
		s.blanks()
		return nil
	}
	if !s.take(' ') {
		return fmt.Errorf("%s instead of a space before the %s; write one space there", s.found(), next)
	}
	if len(s.rest) > 0 && (s.rest[0] == ' ' || s.rest[0] == '\t') {
		return fmt.Errorf("more than one space before the %s; OpenMetrics has exactly one", next)
	}
	return nil
}

// found names what comes next, for an error.
func (s *scanner) found() string {
	if len(s.rest) == 0 {
		return "the end of the line"
	}
	_, n := utf8.DecodeRune(s.rest)
	return show(s.rest[:n])
}

// token gives what comes before the next blank.
func (s *scanner) token() []byte {
	end := bytes.IndexAny(s.rest, " \t")
	if s.openMetrics {
		end = bytes.IndexByte(s.rest, ' ')
	}
	if end < 0 {
		end = len(s.rest)
	}
	token := s.rest[:end]
	s.rest = s.rest[end:]
	return token
}

// identifier reads a name that is not quoted. Those of metrics may have colons.
func (s *scanner) identifier(of string) ([]byte, error) {
	n := 0
	for n < len(s.rest) && isNameChar(s.rest[n], n == 0, of != "label") {
		n++
	}
	if n == 0 {
		return nil, fmt.Errorf("%s where the name of a %s has to begin; a name is made of letters, digits and _ and does not begin with a digit; any other has to be quoted", s.found(), of)
	}
	name := s.rest[:n]
	s.rest = s.rest[n:]
	return name, nil
}

func isNameChar(c byte, first, colons bool) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_':
		return true
	case '0' <= c && c <= '9':
		return !first
	default:
		return c == ':' && colons
	}
}

// quoted reads a string in double quotes, the first of which comes next.
func (s *scanner) quoted(of string) ([]byte, error) {
	text := s.rest[1:]
	end := bytes.IndexByte(text, '"')
	if end >= 0 && bytes.IndexByte(text[:end], '\\') < 0 {
		s.rest = text[end+1:]
		return text[:end], nil
	}
	start := len(s.unescaped)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			s.rest = text[i+1:]
			return s.unescaped[start:], nil
		case c == '\\' && i+1 < len(text):
			i++
			s.unescape(text[i], of)
		default:
			s.unescaped = append(s.unescaped, c)
		}
	}
	return nil, fmt.Errorf("the %s has no closing quote; add it, and escape quotes inside as \\\"", of)
}

// unescape writes down what a backslash and the character stand for. An
// undefined sequence stands for itself in OpenMetrics.
func (s *scanner) unescape(char byte, of string) {
	switch char {
	case '\\', '"':
		s.unescaped = append(s.unescaped, char)
	case 'n':
		s.unescaped = append(s.unescaped, '\n')
	default:
		if !s.openMetrics {
			s.complain(`the %s has a backslash that is not escaped; write it as \\`, of)
		}
		s.unescaped = append(s.unescaped, '\\', char)
	}
}

// metricName reads the name in a line of metadata, where it may be quoted.
func (s *scanner) metricName() ([]byte, error) {
	if len(s.rest) > 0 && s.rest[0] == '"' {
		return s.quotedName("metric")
	}
	name, err := s.identifier("metric")
	if err == nil && len(s.rest) > 0 && s.rest[0] != ' ' && s.rest[0] != '\t' {
		return nil, fmt.Errorf(`%s in the name of the metric %s; use letters, digits, _ and :, or quote the name: "%s…"`, s.found(), show(name), name[:min(len(name), maxShown)])
	}
	return name, err
}

func (s *scanner) quotedName(of string) ([]byte, error) {
	name, err := s.quoted("name of the " + of)
	if err == nil && len(name) == 0 {
		err = fmt.Errorf("the name of a %s is empty; give it one", of)
	}
	return name, err
}

// series reads the name and the labels of a sample. The labels are appended.
func (s *scanner) series(labels []label) ([]byte, []label, error) {
	if s.take('{') {
		return s.bracedSeries(labels)
	}
	name, err := s.identifier("metric")
	if err != nil {
		return nil, nil, err
	}
	if len(s.rest) > 0 && s.rest[0] != '{' && s.rest[0] != ' ' && s.rest[0] != '\t' {
		return nil, nil, fmt.Errorf(`%s in the name of the metric %s; use letters, digits, _ and :, or quote the name inside of the braces: {"%s…"}`, s.found(), show(name), name[:min(len(name), maxShown)])
	}
	s.blanks()
	if s.take('{') {
		labels, err = s.labels(labels, false)
	}
	return name, labels, err
}

// bracedSeries reads a series whose name is quoted, after the brace.
func (s *scanner) bracedSeries(labels []label) ([]byte, []label, error) {
	s.blanks()
	if len(s.rest) == 0 || s.rest[0] != '"' {
		return nil, nil, errors.New(`the metric has no name; write name{…} or {"name",…}`)
	}
	name, err := s.quotedName("metric")
	if err != nil {
		return nil, nil, err
	}
	s.blanks()
	switch {
	case s.take('}'):
		return name, labels, nil
	case s.take(','):
		labels, err = s.labels(labels, true)
		return name, labels, err
	default:
		return nil, nil, fmt.Errorf("%s after the quoted name of the metric, which has to come first; go on with a comma or a closing brace", s.found())
	}
}

// labels reads up to the closing brace. afterComma tells whether a comma went
// before, which OpenMetrics wants a label after.
func (s *scanner) labels(labels []label, afterComma bool) ([]label, error) {
	for {
		s.blanks()
		if s.take('}') {
			if afterComma && s.openMetrics {
				s.complain("a comma after the last label; OpenMetrics wants it left out")
			}
			return labels, nil
		}
		l, err := s.label()
		if err != nil {
			return nil, err
		}
		labels = append(labels, l)
		s.blanks()
		switch {
		case s.take(','):
			afterComma = true
		case s.take('}'):
			return labels, nil
		default:
			return nil, fmt.Errorf("%s after label %s; go on with a comma or a closing brace", s.found(), show(l.name))
		}
	}
}

func (s *scanner) label() (l label, err error) {
	if len(s.rest) > 0 && s.rest[0] == '"' {
		l.name, err = s.quotedName("label")
	} else {
		l.name, err = s.identifier("label")
	}
	if err != nil {
		return l, err
	}
	s.blanks()
	if !s.take('=') {
		return l, fmt.Errorf(`%s after the name of the label %s; write name="value"`, s.found(), show(l.name))
	}
	s.blanks()
	if len(s.rest) == 0 || s.rest[0] != '"' {
		return l, fmt.Errorf("%s where the value of label %s has to begin; put the value into double quotes", s.found(), show(l.name))
	}
	l.value, err = s.quoted("value of the label " + show(l.name))
	return l, err
}
