package red

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// PathFolding says which segments of raw paths stand for one of many things, so
// that requests to all of them are one endpoint. The zero value folds IDs.
type PathFolding struct {
	// IDs turns off, if it is false, that numbers, UUIDs, hashes, e-mail
	// addresses and long random text become {id}.
	IDs *bool `yaml:"ids,omitempty"`
	// Patterns are tried first, in order.
	Patterns []SegmentPattern `yaml:"patterns,omitempty"`
}

// SegmentPattern is a kind of segments, and what stands for all of them.
type SegmentPattern struct {
	// Segment is a regular expression (RE2) that the whole segment must match.
	Segment string `yaml:"segment"`
	// As is written in place of the segment; {id} if it is empty.
	As string `yaml:"as,omitempty"`
}

// The limits of a job's own patterns: all are tried on each segment of each new
// series.
const (
	maxPatterns      = 50
	maxPatternLength = 200
	maxAsLength      = 64
	maxSteps         = 500 // of the program that a pattern is compiled to
)

// Validate refuses what could not be used, with the field's name.
func (f *PathFolding) Validate() error {
	if n := len(f.Patterns); n > maxPatterns {
		return fmt.Errorf("path_folding.patterns: %d are too many; write %d at most", n, maxPatterns)
	}
	for i, p := range f.Patterns {
		field := func(name, text string) error {
			return fmt.Errorf("path_folding.patterns[%d].%s: %s", i, name, text)
		}
		switch pattern, err := syntax.Parse(p.Segment, syntax.Perl); {
		case p.Segment == "":
			return field("segment", "write a regular expression for a whole segment, such as ord-[0-9]+")
		case len(p.Segment) > maxPatternLength:
			return field("segment", fmt.Sprintf("it is longer than %d bytes", maxPatternLength))
		case err != nil:
			return field("segment", fmt.Sprintf("%q is no regular expression: %s", p.Segment, faultOf(err)))
		case asksForSlash(pattern):
			return field("segment", fmt.Sprintf("%q never matches: a segment is what stands between two slashes; leave the slash out", p.Segment))
		case stepsOf(pattern) > maxSteps:
			return field("segment", fmt.Sprintf("%q takes too long to match: with its repetitions written out it has more than %d steps; write + or * instead of counts", p.Segment, maxSteps))
		case len(p.As) > maxAsLength || strings.ContainsAny(p.As, "/\n"):
			return field("as", fmt.Sprintf("%.100q is no segment of %d bytes at most", p.As, maxAsLength))
		}
	}
	return nil
}

// YAML is what to write into a job to have this folding.
func (f PathFolding) YAML() string {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(map[string]PathFolding{"path_folding": f}); err != nil {
		return "" // cannot be: texts and lists of them all have a form in YAML
	}
	return b.String()
}

// faultOf is what is wrong with a regular expression, without the words that Go
// puts before it.
func faultOf(err error) string {
	var parsing *syntax.Error
	if errors.As(err, &parsing) {
		return fmt.Sprintf("%s: `%s`", parsing.Code, parsing.Expr)
	}
	return err.Error()
}

// asksForSlash reports whether some part of a regular expression is a slash. A
// class that has one among others, as [^a-z] has, does not ask for it.
func asksForSlash(r *syntax.Regexp) bool {
	return r.Op == syntax.OpLiteral && slices.Contains(r.Rune, '/') || slices.ContainsFunc(r.Sub, asksForSlash)
}

// stepsOf is how long a regular expression is with its repetitions written out.
// Matching takes at most that much time for each byte.
func stepsOf(r *syntax.Regexp) int {
	program, err := syntax.Compile(r.Simplify())
	if err != nil {
		return math.MaxInt // cannot be: whatever parses compiles
	}
	return len(program.Inst)
}

func compileSegment(text string) (*regexp.Regexp, error) { return regexp.Compile(`^(?:` + text + `)$`) }

// folder applies a PathFolding, which must be valid.
type folder struct {
	ids      bool
	patterns []foldPattern
}

type foldPattern struct {
	segment *regexp.Regexp
	as      string
}

// anyID stands for a segment that is one of many.
const anyID = "{id}"

func newFolder(f PathFolding) *folder {
	made := &folder{ids: f.IDs == nil || *f.IDs}
	for _, p := range f.Patterns {
		segment, err := compileSegment(p.Segment)
		if err != nil {
			panic("a path folding that was not validated: " + err.Error())
		}
		if p.As == "" {
			p.As = anyID
		}
		made.patterns = append(made.patterns, foldPattern{segment, p.As})
	}
	return made
}

// fold cuts off a path's query and folds its segments. Of a text that does not
// begin with a slash, the part before the first one is no segment: a host, or
// the name of something. It reports whether a segment was folded.
func (f *folder) fold(path string) (folded string, did bool) {
	path = cutQuery(path)
	begin := strings.IndexByte(path, '/')
	if begin < 0 {
		return path, false
	}
	var b strings.Builder
	done := 0 // what is in b
	for begin < len(path) {
		begin++ // behind the slash
		end := len(path)
		if n := strings.IndexByte(path[begin:], '/'); n >= 0 {
			end = begin + n
		}
		if as, ok := f.segment(path[begin:end]); ok {
			b.WriteString(path[done:begin])
			b.WriteString(as)
			done = end
		}
		begin = end
	}
	if done == 0 {
		return path, false
	}
	b.WriteString(path[done:])
	return b.String(), true
}

// cutQuery leaves out a query. In a route, ? may also mark what is optional
// (/users/:id?) or belong to a regular expression ((?P<year>…)), so that paths
// with signs of either stay as they are.
func cutQuery(path string) string {
	at := strings.IndexByte(path, '?')
	if at <= 0 {
		return path
	}
	before := path[:at]
	if !strings.Contains(before, "/") || strings.Contains(before, "/:") || strings.ContainsAny(before, "([{*") {
		return path
	}
	return before
}

// segment is what stands for a segment; ok is false if it stands for itself.
func (f *folder) segment(text string) (as string, ok bool) {
	for i := range f.patterns {
		if f.patterns[i].segment.MatchString(text) {
			return f.patterns[i].as, true
		}
	}
	if !f.ids {
		return "", false
	}
	if plain, err := url.PathUnescape(text); err == nil {
		text = plain
	}
	if isID(text) {
		return anyID, true
	}
	if dot := strings.LastIndexByte(text, '.'); dot > 0 && isExtension(text[dot+1:]) && isID(text[:dot]) {
		return anyID + text[dot:], true
	}
	return "", false
}

// isExtension reports whether text may end the name of a file.
func isExtension(text string) bool {
	if len(text) < 2 || len(text) > 5 || classOf(text[0]) == digit {
		return false
	}
	for i := range len(text) {
		if c := classOf(text[i]); c != lower && c != digit {
			return false
		}
	}
	return true
}

// isID reports whether a segment is a name that nobody chose, as opposed to a
// word, a version or a date.
func isID(s string) bool {
	return isNumber(s) || isUUID(s) || isHash(s) || isEMail(s) || isRandom(s)
}

func isNumber(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !isHex(s[i]) {
				return false
			}
		}
	}
	return true
}

// minHash is the shortest hash, in hexadecimal digits: 64 bits.
const minHash = 16

// isHash: words of the letters a to f are short, and have no digits.
func isHash(s string) bool {
	s = strings.TrimPrefix(s, "0x")
	digits := 0
	for i := range len(s) {
		if !isHex(s[i]) {
			return false
		}
		if isDigit(s[i]) {
			digits++
		}
	}
	return len(s) >= minHash && digits > 0
}

func isHex(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

var eMail = regexp.MustCompile(`^[^@/\s]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}$`)

// isEMail reports whether s is an e-mail address.
func isEMail(s string) bool { return strings.IndexByte(s, '@') > 0 && eMail.MatchString(s) }
