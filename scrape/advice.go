package scrape

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/red"
)

// jobAdvice is what is missing or doubtful about a job as a whole. It is worded
// only when what it says has changed.
type jobAdvice struct {
	list []redpoll.Advice
	of   jobFacts
}

// jobFacts are what the advice is made of.
type jobFacts struct {
	rankings, merged int
	mixed            int // endpoints whose instances have other buckets
	mixedExample     redpoll.EndpointKey
}

// advise words the advice on the snapshot that was just made.
func (m *merger) advise() {
	now := jobFacts{merged: m.ranking.merged()}
	if now.merged > 0 {
		now.rankings = m.ranking.rankings
	}
	for _, e := range m.order {
		if e.mixed {
			if now.mixed++; now.mixed == 1 {
				now.mixedExample = e.key
			}
		}
	}
	if now == m.advice.of {
		return
	}
	m.advice = jobAdvice{of: now}
	if now.merged > 0 {
		m.advice.list = append(m.advice.list, m.ranking.advice())
	}
	if now.mixed > 0 {
		m.advice.list = append(m.advice.list, redpoll.Advice{Text: fmt.Sprintf(
			"the instances of %s, such as %s, have different buckets, so that only the bounds of all are used and quantiles are coarser. Give the histogram the same buckets everywhere.",
			redpoll.CountOf(now.mixed, "endpoint"), nameOf(now.mixedExample))})
	}
}

// nameOf is the endpoint in a text.
func nameOf(k redpoll.EndpointKey) string { return cut(strings.TrimLeft(k.Method+" "+k.Path, " ")) }

// cut bounds what a target has named.
func cut(text string) string {
	const most = 80
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// advice says which label has too many values, and how they can become fewer.
func (r *ranking) advice() redpoll.Advice {
	orMore := ""
	if len(r.places) >= followed(r.most) {
		orMore = " or more"
	}
	a := redpoll.Advice{Text: fmt.Sprintf(
		"the job has %s%s, more than max_endpoints. Shown are those with the most traffic, %d of them; merged into %q: %d.",
		redpoll.CountOf(len(r.places), "endpoint"), orMore, r.shown, red.Other, r.merged())}
	label, paths := r.worstLabel()
	if label == "" {
		a.Text += " Raise max_endpoints if they are real."
		return a
	}
	varying := findVarying(paths)
	examples := varying.examples
	if len(examples) == 0 {
		examples = paths[:min(2, len(paths))]
	}
	for i, example := range examples {
		examples[i] = fmt.Sprintf("%q", cut(example))
	}
	a.Text += fmt.Sprintf(" The label %s has %s%s, such as %s.", label, redpoll.CountOf(len(paths), "value"), orMore, strings.Join(examples, " and "))
	pattern, ok := varying.pattern(paths)
	if !ok {
		a.Text += " Let the application put the route into it, such as /orders/{id}, or raise max_endpoints."
		return a
	}
	a.Text += " Let the application put the route into it, or fold what varies:"
	a.YAML = red.PathFolding{Patterns: []red.SegmentPattern{{Segment: pattern, As: "{id}"}}}.YAML()
	return a
}

// worstLabel is the label with the most values, and these in order; empty if
// the paths come from no single label.
func (r *ranking) worstLabel() (label string, paths []string) {
	byLabel := make(map[string]map[string]bool)
	for key, p := range r.places {
		if p.label == "" {
			continue
		}
		if byLabel[p.label] == nil {
			byLabel[p.label] = make(map[string]bool)
		}
		byLabel[p.label][key.Path] = true
	}
	for name, values := range byLabel {
		if n := cmp.Compare(len(values), len(byLabel[label])); n > 0 || n == 0 && name < label {
			label = name
		}
	}
	for path := range byLabel[label] {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return label, paths
}
