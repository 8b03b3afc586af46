package red

import (
	"cmp"
	"strings"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// accepts reports whether the convention can read a series of this name, type
// and labels.
func (c *Convention) accepts(s *exposition.Series) bool {
	for _, name := range c.Labels {
		if !has(s, name) {
			return false
		}
	}
	return c.reads(s.Type) && isNamed(c.Family, s.Name) && fits(c.Where, s)
}

// reads reports whether a family of this type can be of the convention's kind.
func (c *Convention) reads(t exposition.Type) bool {
	switch t {
	case exposition.HistogramType, exposition.SummaryType:
		return c.Kind == Latency
	case exposition.Counter, exposition.Untyped:
		return c.Kind == Requests
	case exposition.Gauge:
	}
	return false
}

// fits reports whether the series' labels have the values that are asked for.
func fits(where map[string]string, s *exposition.Series) bool {
	for name, glob := range where {
		if value, _ := labelOf(s, name); !redpoll.Glob(glob, value) {
			return false
		}
	}
	return true
}

// keyOf is what the series' labels call the endpoint; its path is empty if they
// name none.
func (c *Convention) keyOf(s *exposition.Series) endpointKey {
	return keyOf(s, c.Path, c.Method, c.HTTPRoute)
}

// keyOf is as that of the convention c, for the counter that it takes errors
// from.
func (e *ErrorsFrom) keyOf(s *exposition.Series, c *Convention) endpointKey {
	return keyOf(s, e.Path, e.Method, c.HTTPRoute)
}

func keyOf(s *exposition.Series, paths, methods LabelNames, httpRoute bool) endpointKey {
	text, label := paths.find(s)
	before, path := cutMethod(text)
	if httpRoute && label != "" {
		path = cleanRoute(path)
	}
	return endpointKey{method: strings.ToUpper(clip(cmp.Or(methods.value(s), before))), path: path}
}

// speaksOf reports whether an endpoint or an outcome is made of the label.
func (c *Convention) speaksOf(label string) bool {
	return c.Path.uses(label) || c.Method.uses(label) || c.Status.uses(label) || c.Exception.uses(label)
}

// statusOf is how the requests of a series ended, as its labels say; ok is false
// if they do not. text is the label's value, empty for the lack of an exception.
func (c *Convention) statusOf(s *exposition.Series) (text string, st status, ok bool) {
	if text := c.Status.value(s); text != "" {
		return text, readStatus(text, c.GRPC), true
	}
	for _, name := range c.Exception {
		switch text, ok := labelOf(s, name); {
		case !ok:
		case text == "", strings.EqualFold(text, "none"):
			return "", status{}, true
		default:
			return text, raised(text), true
		}
	}
	return "", status{}, false
}
