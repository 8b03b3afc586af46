package red

import (
	"strings"

	"github.com/prometheus/common/model"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// Conventions write names as they were written before UTF-8 was allowed in them.
// An application that exposes http.server.request.duration means what they call
// http_server_request_duration, and one that escapes its names exposes that. So
// names of families and labels are compared by what they are in that form,
// whichever side has dots; they are told as they are exposed.

// plain is a name with an underscore for each sign that was not allowed.
func plain(name string) string { return model.EscapeName(name, model.UnderscoreEscaping) }

// plainPattern is plain for the name of a family in which * stands for any text.
func plainPattern(pattern string) string {
	parts := strings.Split(pattern, "*")
	for i := range parts[1:] { // which a digit may begin, as a name may not
		parts[i+1] = strings.TrimPrefix(plain("x"+parts[i+1]), "x")
	}
	parts[0] = plain(parts[0])
	return strings.Join(parts, "*")
}

// sameName reports whether a label is meant by a name.
func sameName(a, b string) bool { return a == b || plain(a) == plain(b) }

// isNamed reports whether a family is meant by a name or pattern.
func isNamed(pattern, family string) bool {
	return redpoll.Glob(plainPattern(pattern), plain(family))
}

// labelOf is the value of the label that is meant by a name, and whether the
// series has one: the label of exactly this name if there are several.
func labelOf(s *exposition.Series, name string) (value string, ok bool) {
	for i := range s.Labels {
		if s.Labels[i].Name == name {
			return s.Labels[i].Value, true
		}
	}
	for i := range s.Labels {
		if sameName(s.Labels[i].Name, name) {
			return s.Labels[i].Value, true
		}
	}
	return "", false
}
