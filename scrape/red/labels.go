package red

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/redpoll/redpoll/scrape/exposition"
)

// LabelNames are alternatives, best first. Each is the name of a label; or
// {/name}, a label that counts only if its value is a path; or a text in which
// {name} stands for a label's value: "{controller}#{action}". A text is told
// from a name by a character that no name has, so "/import" is a text, too, and
// the same for every series. In YAML a single one may stand without brackets.
type LabelNames []string

// UnmarshalYAML accepts one name or a list of names.
func (l *LabelNames) UnmarshalYAML(unmarshal func(any) error) error {
	list, err := oneOrMore(unmarshal)
	*l = list
	return err
}

// oneOrMore reads a text or a list of texts.
func oneOrMore(unmarshal func(any) error) (list []string, err error) {
	var one string
	if unmarshal(&one) == nil {
		return []string{one}, nil
	}
	err = unmarshal(&list)
	return list, err
}

// MarshalYAML writes one name alone and several on one line.
func (l LabelNames) MarshalYAML() (any, error) {
	if len(l) == 1 {
		return l[0], nil
	}
	var n yaml.Node
	err := n.Encode([]string(l))
	n.Style = yaml.FlowStyle
	return &n, err
}

// validate refuses what could never be filled in.
func (l LabelNames) validate() error {
	for _, one := range l {
		if one == "" {
			return errors.New("an empty text is not the name of a label")
		}
		if err := validateBraces(one); err != nil {
			return err
		}
	}
	return nil
}

func validateBraces(text string) error {
	for rest, open := text, true; open; {
		var before, name string
		var closed bool
		before, rest, open = strings.Cut(rest, "{")
		name, rest, closed = strings.Cut(rest, "}")
		switch {
		case strings.Contains(before, "}"), strings.Contains(name, "{"), open && !closed:
			return fmt.Errorf("%.100q has a brace without its other half; write it as \"{host}{path}\"", text)
		case open && (name == "" || name == "/"):
			return fmt.Errorf("%.100q has braces without the name of a label; write it as \"{path}\"", text)
		}
	}
	return nil
}

// value is that of the first alternative that the series has, empty if it has
// none.
func (l LabelNames) value(s *exposition.Series) string {
	v, _ := l.find(s)
	return v
}

// find is value, with the label that it comes from; empty if it is made of
// several, or of none.
func (l LabelNames) find(s *exposition.Series) (value, label string) {
	for _, one := range l {
		name, onlyPaths := sourceOf(one)
		if name == "" {
			if v := fill(one, s); v != "" {
				return v, ""
			}
		} else if v, _ := labelOf(s, name); v != "" && (!onlyPaths || isPath(v)) {
			return v, name
		}
	}
	return "", ""
}

// sourceOf is the label whose value an alternative is; empty if it is a text.
// onlyPaths tells that no other values count than paths.
func sourceOf(alternative string) (name string, onlyPaths bool) {
	if isLabelName(alternative) {
		return alternative, false
	}
	if name, ok := strings.CutPrefix(alternative, "{/"); ok {
		if name, ok := strings.CutSuffix(name, "}"); ok && isLabelName(name) {
			return name, true
		}
	}
	return "", false
}

// isPath reports whether a value begins with a slash, behind a method or not.
func isPath(value string) bool {
	_, path := cutMethod(value)
	return strings.HasPrefix(path, "/")
}

// isLabelName reports whether a text is the name of a label rather than a text
// of its own: letters, digits and what names are joined with.
func isLabelName(text string) bool {
	for i := range len(text) {
		c := text[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || !isDigit(c) && c != '.' && c != ':' && c != '-') {
			return false
		}
	}
	return text != ""
}

// fill puts the values of labels into a text; it is empty if the series lacks
// one of them.
func fill(text string, s *exposition.Series) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		value, _ := labelOf(s, name)
		if value == "" {
			return ""
		}
		b.WriteString(value)
		text = after
	}
}

// uses reports whether one of the alternatives is made of the label.
func (l LabelNames) uses(label string) bool {
	return slices.ContainsFunc(l, func(one string) bool {
		name, _ := sourceOf(one)
		return name != "" && sameName(name, label) || name == "" && (strings.Contains(one, "{"+label+"}") || strings.Contains(one, "{"+plain(label)+"}"))
	})
}

// among are the alternatives that a series with these labels may have. {/name}
// says nothing more where name is the next.
func (l LabelNames) among(labels []string) (list LabelNames) {
	for _, one := range l {
		isConstant := !isLabelName(one) && !strings.Contains(one, "{")
		if !isConstant && !slices.ContainsFunc(labels, LabelNames{one}.uses) {
			continue
		}
		if last := len(list) - 1; last >= 0 && list[last] == "{/"+one+"}" {
			list = list[:last]
		}
		list = append(list, one)
	}
	return list
}

// has reports whether the series has a label of this name, even an empty one.
func has(s *exposition.Series, name string) bool {
	_, ok := labelOf(s, name)
	return ok
}

// methods are HTTP's, as they stand before a path.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"}

// cutMethod takes apart what names method and path at once, as the routes of
// Go's own mux do: "GET /articles/{id}".
func cutMethod(path string) (method, rest string) {
	word, rest, found := strings.Cut(path, " ")
	if found && rest != "" {
		for _, m := range methods {
			if word == m {
				return m, strings.TrimLeft(rest, " ")
			}
		}
	}
	return "", path
}

// cleanRoute gives OpenTelemetry's http.route the form of other paths: with a
// leading slash, and without what ASP.NET writes behind the name of a
// parameter: api/orders/{id:int} is /api/orders/{id}.
func cleanRoute(route string) string {
	var b strings.Builder
	if !strings.HasPrefix(route, "/") {
		b.WriteByte('/')
	}
	depth, constraint := 0, false
	for _, r := range route {
		switch r {
		case '{':
			depth++
		case '}':
			depth--
			constraint = constraint && depth > 0
		case ':':
			constraint = constraint || depth > 0
		}
		if !constraint {
			b.WriteRune(r)
		}
	}
	return b.String()
}
