package scrape

import (
	"regexp"
	"slices"
	"strings"

	"github.com/redpoll/redpoll/scrape/red"
)

// varying is the segment of many paths that are otherwise the same.
type varying struct {
	before, after string // what the paths have around it
	values        []string
	examples      []string // of the paths
}

// The limits of the search for what varies.
const (
	maxSearched        = 2000 // paths
	maxSearchedSegment = 8    // of each
	minVarying         = 20   // values that make a suggestion worth while
)

// findVarying finds the place at which the paths, which must differ, have the
// most values.
func findVarying(paths []string) varying {
	type place struct{ before, after string }
	found := make(map[place][]string)
	for _, path := range paths[:min(len(paths), maxSearched)] {
		begin := 0
		for range maxSearchedSegment {
			end := len(path)
			if n := strings.IndexByte(path[begin:], '/'); n >= 0 {
				end = begin + n
			}
			at := place{path[:begin], path[end:]}
			found[at] = append(found[at], path[begin:end])
			if end == len(path) {
				break
			}
			begin = end + 1
		}
	}
	var best varying
	for at, values := range found {
		n := len(values) - len(best.values)
		if n > 0 || n == 0 && at.before+at.after < best.before+best.after {
			best = varying{before: at.before, after: at.after, values: values}
		}
	}
	if len(best.values) < minVarying {
		return varying{}
	}
	for _, value := range best.values[:2] {
		best.examples = append(best.examples, best.before+value+best.after)
	}
	return best
}

// pattern is a regular expression for the values that fits no other segment of
// the paths; ok is false if there is none.
func (v *varying) pattern(paths []string) (pattern string, ok bool) {
	if len(v.values) == 0 {
		return "", false
	}
	prefix := commonPrefix(v.values)
	class, ok := classOf(v.values, len(prefix))
	if !ok {
		return "", false
	}
	pattern = regexp.QuoteMeta(prefix) + class
	folding := red.PathFolding{Patterns: []red.SegmentPattern{{Segment: pattern}}}
	if folding.Validate() != nil || v.fitsOthers(pattern, paths) {
		return "", false
	}
	return pattern, true
}

// commonPrefix is what all values begin with, up to where a word ends and the
// first digit, so that it is not by chance that they do.
func commonPrefix(values []string) string {
	prefix := values[0]
	for _, value := range values {
		for !strings.HasPrefix(value, prefix) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	if digit := strings.IndexAny(prefix, "0123456789"); digit >= 0 {
		prefix = prefix[:digit]
	}
	return strings.TrimRightFunc(prefix, func(r rune) bool { return r != '-' && r != '_' && r != '.' && r != ':' })
}

// classOf is the class of the characters that the values have from a place on;
// ok is false if it cannot be told from that of words: not every value has a
// digit, or there is a character that hardly an ID has.
func classOf(values []string, from int) (class string, ok bool) {
	const digits, lower, upper, others = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "._~:@-"
	has := make([]bool, 3)
	var extra []byte
	for _, value := range values {
		rest := value[from:]
		if !strings.ContainsAny(rest, digits) {
			return "", false
		}
		for i := range len(rest) {
			c := rest[i : i+1]
			switch {
			case strings.Contains(digits, c):
				has[0] = true
			case strings.Contains(lower, c):
				has[1] = true
			case strings.Contains(upper, c):
				has[2] = true
			case !strings.Contains(others, c):
				return "", false
			case !slices.Contains(extra, c[0]):
				extra = append(extra, c[0])
			}
		}
	}
	class = "["
	for i, part := range []string{"0-9", "a-z", "A-Z"} {
		if has[i] {
			class += part
		}
	}
	slices.SortFunc(extra, func(a, b byte) int { return strings.IndexByte(others, a) - strings.IndexByte(others, b) })
	return class + string(extra) + "]+", true // - is the last of others
}

// fitsOthers reports whether the pattern would fold a segment elsewhere.
func (v *varying) fitsOthers(pattern string, paths []string) bool {
	whole := regexp.MustCompile("^(?:" + pattern + ")$")
	for _, path := range paths[:min(len(paths), maxSearched)] {
		if strings.HasPrefix(path, v.before) && strings.HasSuffix(path, v.after) && len(path) >= len(v.before)+len(v.after) &&
			!strings.Contains(path[len(v.before):len(path)-len(v.after)], "/") {
			path = v.before + v.after
		}
		for segment := range strings.SplitSeq(path, "/") {
			if whole.MatchString(segment) {
				return true
			}
		}
	}
	return false
}
