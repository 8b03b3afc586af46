package red

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// The limits of what is said about a mapping that finds nothing.
const (
	maxMisfits  = 3   // mappings that are spoken of
	maxLookedAt = 200 // series of one family
	maxOffered  = 10  // labels or values that it has instead
)

// faultOfMapping says why the job's own mappings find nothing.
func (d *Deriver) faultOfMapping(listed []exposition.Family) string {
	own := d.options.Conventions
	var faults []string
	for i := range own[:min(len(own), maxMisfits)] {
		faults = append(faults, d.faultOf(&own[i], listed))
	}
	text := "no endpoints found: " + strings.Join(faults, "; ")
	if more := len(own) - maxMisfits; more > 0 {
		text += fmt.Sprintf("; nor does anything fit the other %d of the job's endpoints", more)
	}
	return text
}

// faultOf says why a mapping finds nothing.
func (d *Deriver) faultOf(c *Convention, listed []exposition.Family) string {
	at := slices.IndexFunc(listed, func(f exposition.Family) bool { return isNamed(c.Family, f.Name) })
	if at < 0 {
		return notExposed(c.Family, listed)
	}
	return fmt.Sprintf("%.100s is there, but %s", listed[at].Name, c.misfit(listed[at].Type, d.seriesOf(listed[at].Name)))
}

// reasonOfMapping is why a family is not used that a mapping of the job names;
// empty if none does.
func (d *Deriver) reasonOfMapping(f *exposition.Family) string {
	for i := range d.options.Conventions {
		if c := &d.options.Conventions[i]; isNamed(c.Family, f.Name) {
			return c.misfit(f.Type, d.seriesOf(f.Name))
		}
	}
	return ""
}

// faultOfErrorsFrom says why the counter that a mapping of the job takes errors
// from gives none; empty if the family has no such mapping.
func (d *Deriver) faultOfErrorsFrom(f *family, listed []exposition.Family) string {
	e := f.convention.ErrorsFrom
	if d.exclusive || e == nil {
		return ""
	}
	const unknown = "error rates are unknown: errors_from: "
	at := slices.IndexFunc(listed, func(l exposition.Family) bool { return isNamed(e.Family, l.Name) })
	if at < 0 {
		return unknown + notExposed(e.Family, listed)
	}
	series := d.seriesOf(listed[at].Name)
	var fault string
	switch counter := (&Convention{Kind: Requests, Where: e.Where, Path: e.Path}); {
	case !counter.reads(listed[at].Type):
		fault = fmt.Sprintf("it is a %v, not a counter", listed[at].Type)
	case !slices.ContainsFunc(series, func(s *exposition.Series) bool { return fits(e.Where, s) && e.Path.value(s) != "" }):
		fault = counter.misfit(listed[at].Type, series)
	case !slices.ContainsFunc(series, func(s *exposition.Series) bool { return e.Status.value(s) != "" }):
		fault = fmt.Sprintf("no series of it has a label that status names (%.100s); %s", strings.Join(e.Status, ", "), offerLabels(series))
	default:
		fault = fmt.Sprintf("its paths and methods are not those of %s", f.name)
	}
	return fmt.Sprintf("%s%.100s is there, but %s", unknown, listed[at].Name, fault)
}

// misfit says why the convention, which names a family of this type, makes no
// endpoints of its series.
func (c *Convention) misfit(t exposition.Type, series []*exposition.Series) string {
	switch {
	case t == exposition.Gauge:
		return "it is a gauge, which counts no requests"
	case !c.reads(t) && c.Kind == Latency:
		return fmt.Sprintf("it is a %v, which kind: latency does not read; write kind: requests", t)
	case !c.reads(t):
		return fmt.Sprintf("it is a %v, which kind: requests does not read; write kind: latency", t)
	}
	for _, name := range c.Labels {
		if !slices.ContainsFunc(series, func(s *exposition.Series) bool { return has(s, name) }) {
			return fmt.Sprintf("no series of it has the label %.100s, which labels asks for; %s", name, offerLabels(series))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Where)) {
		asked := map[string]string{name: c.Where[name]}
		if !slices.ContainsFunc(series, func(s *exposition.Series) bool { return fits(asked, s) }) {
			return fmt.Sprintf("no series of it has the value %.100q of the label %.100s, which where asks for; %s", c.Where[name], name, offerValues(name, series))
		}
	}
	if !slices.ContainsFunc(series, func(s *exposition.Series) bool { return fits(c.Where, s) }) {
		return "no series of it has all the values that where asks for"
	}
	return fmt.Sprintf("no series of it has a label that path names (%.100s); %s", strings.Join(c.Path, ", "), offerLabels(series))
}

// seriesOf are series of a family that some convention names: the first of
// them.
func (d *Deriver) seriesOf(name string) (series []*exposition.Series) {
	for i := range d.slots {
		if s := d.slots[i].series; s != nil && s.Name == name {
			if series = append(series, s); len(series) == maxLookedAt {
				break
			}
		}
	}
	return series
}

// offerLabels says which labels there are.
func offerLabels(series []*exposition.Series) string {
	names := make(map[string]bool)
	for _, s := range series {
		for i := range s.Labels {
			names[s.Labels[i].Name] = true
		}
	}
	if len(names) == 0 {
		return "it has no labels"
	}
	return "its labels are " + offer(names)
}

// offerValues says which values a label has.
func offerValues(label string, series []*exposition.Series) string {
	values := make(map[string]bool)
	for _, s := range series {
		if value, ok := labelOf(s, label); ok {
			values[fmt.Sprintf("%.40q", value)] = true
		}
	}
	if len(values) == 0 {
		return offerLabels(series)
	}
	return "there it has " + offer(values)
}

// offer writes the first of a set.
func offer(set map[string]bool) string {
	list := slices.Sorted(maps.Keys(set))
	more := ""
	if len(list) > maxOffered {
		list, more = list[:maxOffered], ", …"
	}
	for i := range list {
		list[i] = fmt.Sprintf("%.60s", list[i])
	}
	return strings.Join(list, ", ") + more
}

// notExposed says that there is no such family, and which may be meant.
func notExposed(name string, listed []exposition.Family) string {
	text := fmt.Sprintf("%.100s is not exposed", name)
	if near := nearest(name, listed); near != "" {
		text += fmt.Sprintf("; is %s meant?", near)
	}
	return text
}

// The limits of the search for a name that was misspelled.
const (
	maxCompared       = 1000 // families
	maxComparedLength = 100  // bytes
)

// nearest is the family whose name differs least from one that was misspelled:
// in one letter, and one more for each six. It is empty if there is none.
func nearest(name string, listed []exposition.Family) (near string) {
	if len(name) > maxComparedLength {
		return ""
	}
	least := 2 + len(name)/6
	compared := 0
	for i := range listed {
		other := listed[i].Name
		if difference := len(other) - len(name); difference >= least || -difference >= least {
			continue
		}
		if compared++; compared > maxCompared {
			break
		}
		if n := redpoll.EditDistance(name, other); n < least {
			least, near = n, other
		}
	}
	return near
}
