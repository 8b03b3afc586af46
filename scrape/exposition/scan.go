package exposition

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// format is how a body is written.
type format uint8

const (
	plainText   format = iota // text 0.0.4 and 1.0.0
	openMetrics               // 0.0.1 and 1.0.0
	protobuf
)

// formatOf finds the format that a Content-Type names. All that it does not know
// is text: exporters are careless with it.
func formatOf(contentType string) format {
	media, _, _ := strings.Cut(contentType, ";")
	switch {
	case strings.EqualFold(strings.TrimSpace(media), "application/openmetrics-text"):
		return openMetrics
	case IsProtobuf(contentType):
		return protobuf
	}
	return plainText
}

// class are properties of a byte.
type class uint8

const (
	nameStart  class = 1 << iota // may begin the name of a metric
	labelStart                   // may begin the name of a label
	digit
	blank   // separates words in text
	quoting // ends or changes what a quoted text goes on with: " \ and line feed
	high    // is part of a longer character
)

var classes = func() (t [256]class) {
	for c := range t {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
			t[c] = nameStart | labelStart
		case c == ':':
			t[c] = nameStart
		case c >= '0' && c <= '9':
			t[c] = digit
		case c == ' ' || c == '\t':
			t[c] = blank
		case c == '"' || c == '\\' || c == '\n':
			t[c] = quoting
		case c >= 0x80:
			t[c] = high
		}
	}
	return t
}()

// pair is a label of a line that is being read. Its texts are views of the body.
type pair struct{ name, value string }

// scanner reads the lines of a text body one after the other, in the grammar of
// Prometheus' own parser (model/textparse of prometheus/prometheus): what that
// refuses is refused, what it takes is taken. There are two exceptions. A NUL
// at the beginning of a line, which it takes for the end of the body, is
// refused, since a part of a body must not pass for the whole. And blanks before
// a name do not become part of it.
type scanner struct {
	body   string
	at     int  // the next byte
	strict bool // OpenMetrics: words are separated by one space, lines never blank

	// Of the last line.
	name   string
	labels []pair // in the order of their names once it is complete
}

// fault says where and why the body is refused.
func (s *scanner) fault(format string, args ...any) error {
	at := min(s.at, len(s.body))
	begin := strings.LastIndexByte(s.body[:at], '\n') + 1
	line := 1 + strings.Count(s.body[:begin], "\n")
	shown := s.body[begin:]
	if end := strings.IndexByte(shown, '\n'); end >= 0 {
		shown = shown[:end]
	}
	what := fmt.Sprintf(format, args...)
	if shown == "" { // as behind the last line
		return fmt.Errorf("line %d: %s", line, what)
	}
	return fmt.Errorf("line %d: %s, in %.*q", line, what, maxShown, shown)
}

// got is what stands at the next byte, for a message.
func (s *scanner) got() string {
	if s.at >= len(s.body) {
		return "the end of the body"
	}
	return fmt.Sprintf("%.20q", s.body[s.at:min(len(s.body), s.at+20)])
}

func (s *scanner) skipBlanks() {
	if s.strict {
		return
	}
	for s.at < len(s.body) && classes[s.body[s.at]] == blank {
		s.at++
	}
}

// next is the next byte, 0 at the end of the body.
func (s *scanner) next() byte {
	if s.at >= len(s.body) {
		return 0
	}
	return s.body[s.at]
}

// word reads a name of bytes of the class start, or digits but for the first.
func (s *scanner) word(start class) string {
	begin := s.at
	if classes[s.next()]&start == 0 {
		return ""
	}
	for s.at++; s.at < len(s.body) && classes[s.body[s.at]]&(start|digit) != 0; s.at++ {
	}
	return s.body[begin:s.at]
}

// series reads name and labels up to where the value begins.
func (s *scanner) series() error {
	s.labels, s.name = s.labels[:0], s.word(nameStart)
	if s.name == "" && s.next() != '{' {
		return s.fault("a line begins with %s, which is neither a name nor a comment", s.got())
	}
	s.skipBlanks()
	if s.next() == '{' {
		s.at++
		if err := s.braces(); err != nil {
			return err
		}
		s.skipBlanks()
	}
	if s.name == "" {
		return s.fault("a series has no name")
	}
	return s.order()
}

// braces reads the labels behind an opening brace, with the name of the metric
// among them if it stands in quotes.
func (s *scanner) braces() error {
	for {
		s.skipBlanks()
		if s.next() == '}' {
			s.at++
			return nil
		}
		quoted := s.next() == '"'
		name, err := s.labelName(quoted)
		if err != nil {
			return err
		}
		s.skipBlanks()
		if c := s.next(); quoted && (c == ',' || c == '}') {
			if s.name != "" {
				return s.fault("a series has a second name, %.*q", maxShown, name)
			}
			s.name = name
			if c == ',' {
				s.at++
			}
			continue
		}
		if err := s.label(name); err != nil {
			return err
		}
	}
}

// labelName reads the name of a label, or a quoted one of a metric.
func (s *scanner) labelName(quoted bool) (name string, err error) {
	if !quoted {
		if name = s.word(labelStart); name == "" {
			return "", s.fault("expected the name of a label, got %s", s.got())
		}
		return name, nil
	}
	name, err = s.text(true)
	if err == nil && (name == "" || strings.IndexByte(name, 0) >= 0) {
		err = s.fault("a name is empty or has a NUL")
	}
	return name, err
}

// label reads what follows the name of a label.
func (s *scanner) label(name string) error {
	if s.next() != '=' {
		return s.fault("expected = after the label %.*q, got %s", maxShown, name, s.got())
	}
	s.at++
	s.skipBlanks()
	if s.next() != '"' {
		return s.fault("expected the value of the label %.*q in quotes, got %s", maxShown, name, s.got())
	}
	value, err := s.text(!s.strict)
	if err != nil {
		return err
	}
	if len(s.labels) == maxLineLabels {
		return s.tooManyLabels()
	}
	s.labels = append(s.labels, pair{name, value})
	s.skipBlanks()
	switch {
	case s.next() == ',':
		s.at++
	case s.strict && s.next() != '}':
		return s.fault("expected a comma or } after the label %.*q, got %s", maxShown, name, s.got())
	}
	return nil
}

// text reads a text in quotes. It must be valid UTF-8. Line feeds may stand in
// it as they are if the caller says so.
func (s *scanner) text(lineFeeds bool) (string, error) {
	s.at++
	begin, escaped, all := s.at, false, class(0)
	for {
		for s.at < len(s.body) && classes[s.body[s.at]]&quoting == 0 {
			all |= classes[s.body[s.at]]
			s.at++
		}
		switch c := s.next(); {
		case s.at >= len(s.body):
			return "", s.fault("the body ends inside of quotes")
		case c == '\\':
			if s.at+1 < len(s.body) && s.body[s.at+1] == '\n' {
				return "", s.fault("a line ends with a backslash inside of quotes")
			}
			if s.at+1 < len(s.body) {
				all |= classes[s.body[s.at+1]]
			}
			escaped = true
			s.at = min(s.at+2, len(s.body))
			continue
		case c == '\n' && !lineFeeds:
			return "", s.fault("a line ends inside of quotes")
		case c == '\n':
			s.at++
			continue
		}
		break
	}
	text := s.body[begin:s.at]
	s.at++
	if all&high != 0 && !utf8.ValidString(text) {
		return "", s.fault("a text in quotes is not valid UTF-8")
	}
	if escaped {
		text = unescape.Replace(text)
	}
	return text, nil
}

// unescape undoes the escapes of the text formats; others stay as they are.
var unescape = strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\n`, "\n")

// order sorts the labels of the line and refuses one that it has twice. It is an
// insertion sort: labels are few and nearly always sorted.
func (s *scanner) order() error {
	l := s.labels
	for i := range l {
		if l[i].name == "__name__" {
			return s.fault("%q is no name for a label", l[i].name)
		}
		for j := i; j > 0 && l[j].name <= l[j-1].name; j-- {
			if l[j].name == l[j-1].name {
				return s.fault("a series has the label %.*q twice", maxShown, l[j].name)
			}
			l[j], l[j-1] = l[j-1], l[j]
		}
	}
	return nil
}

// tooManyLabels counts those of a line that has more than are read, as far as
// its equals signs outside of quotes tell.
func (s *scanner) tooManyLabels() error {
	begin := strings.LastIndexByte(s.body[:s.at], '\n') + 1
	line := s.body[begin:]
	if end := strings.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	return overLimit("line %d has %d labels, more than the %d that are read; expose fewer labels",
		1+strings.Count(s.body[:begin], "\n"), max(countLabels([]byte(line)), maxLineLabels+1), maxLineLabels)
}

// tail reads what follows a value up to the end of the line: a timestamp, in
// milliseconds since the Unix epoch, and an exemplar.
func (s *scanner) tail() (timestamp int64, stamped bool, err error) {
	if s.strict {
		return s.strictTail()
	}
	s.skipBlanks()
	begin := s.at
	for ; classes[s.next()] == digit; s.at++ {
		d := int64(s.body[s.at] - '0')
		if timestamp > (math.MaxInt64-d)/10 {
			return 0, false, s.fault("a timestamp is out of range")
		}
		timestamp = timestamp*10 + d
	}
	stamped = s.at > begin
	s.skipBlanks()
	if s.next() != '\n' {
		return 0, false, s.fault("expected a timestamp or the end of the line after the value, got %s", s.got())
	}
	s.at++
	return timestamp, stamped, nil
}
