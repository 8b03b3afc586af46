package exposition

import (
	"strings"
	"unicode/utf8"
)

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
	if len(b.metadata) > MaxFamilies {
		return errTooManyFamilies
	}
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
			b.late = b.late || b.speaksOfSeen(name)
		}
	}
	return nil
}

// speaksOfSeen reports whether samples that have been read may be understood
// otherwise now that a TYPE line has come for a name.
func (b *builder) speaksOfSeen(name string) bool {
	if _, seen := b.names[name]; seen || !b.unexplained {
		return seen
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
