package red

import (
	"fmt"
	"slices"
	"strings"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// recognised lists the families that are used, and what is missing.
func (d *Deriver) recognised() (list []redpoll.Recognised, advice []redpoll.Advice) {
	for _, f := range d.families {
		if !f.chosen && f.adoptedIn != d.scrape {
			continue
		}
		list = append(list, redpoll.Recognised{
			Convention: f.convention.Name, Family: f.name, Endpoints: d.endpointsOf(f), Note: d.note(f),
		})
	}
	slices.SortFunc(list, func(a, b redpoll.Recognised) int { return strings.Compare(a.Family, b.Family) })
	if d.servesNobody(list) {
		advice = append(advice, redpoll.Advice{Text: d.hint()})
	}
	return list, advice
}

func (d *Deriver) endpointsOf(f *family) (n int) {
	for _, e := range d.present {
		if e.family == f {
			n++
		}
	}
	return n
}

// servesNobody reports whether no requests but redpoll's own are known. A
// machine's exporter is not expected to have others.
func (d *Deriver) servesNobody(list []redpoll.Recognised) bool {
	for _, f := range d.families {
		if f.chosen && !f.convention.PathIsMetricsPath {
			return false
		}
	}
	return d.result.System.Machine == Usage{}
}

// note says what a used family cannot tell, and what was done about it.
func (d *Deriver) note(f *family) string {
	var notes []string
	switch {
	case f.convention.Kind == Requests:
		notes = append(notes, "a counter: latencies are unknown")
	case !f.quantiles:
		notes = append(notes, "no buckets: quantiles are unknown")
	}
	if !f.hasStatus(d.scrape) {
		notes = append(notes, d.noteOnErrors(f))
	}
	if f.yieldedIn == d.scrape {
		notes = append(notes, "endpoints that a mapping before this one has are left out; to take their errors from here, name this family there under errors_from")
	}
	for _, other := range d.leftOut(f) {
		notes = append(notes, other+" is taken for the same requests and left out")
	}
	if d.overflow > 0 {
		notes = append(notes, fmt.Sprintf("more than %d endpoints: %d series are merged into %q", d.options.MaxEndpoints, d.overflow, Other))
	}
	if d.clipped > 0 {
		notes = append(notes, fmt.Sprintf("the paths of %d series are longer than %d bytes and were cut", d.clipped, maxLabel))
	}
	return strings.Join(notes, "; ")
}

// noteOnErrors says where the errors of a family without statuses come from.
func (d *Deriver) noteOnErrors(f *family) string {
	joined, counted := false, false
	for _, e := range d.present {
		if e.family == f {
			joined, counted = joined || e.joined.hasStatus, counted || e.counted
		}
	}
	switch {
	case counted:
		return "requests and errors are taken from " + f.convention.ErrorsFrom.Family
	case joined:
		return "errors are taken from " + f.convention.ErrorsFrom.Family
	default:
		return "no status label: error rates are unknown"
	}
}

// leftOut names the families of the scrape that were recognised but not used,
// apart from the one that f takes its errors from.
func (d *Deriver) leftOut(f *family) []string {
	var names []string
	for _, other := range d.families {
		joined := f.convention.ErrorsFrom != nil && redpoll.Glob(f.convention.ErrorsFrom.Family, other.name)
		used := other.chosen || other.adoptedIn == d.scrape
		if !used && other.scrape == d.scrape && !joined && !other.convention.PathIsMetricsPath {
			names = append(names, other.name)
		}
	}
	slices.Sort(names)
	return names
}

// hint says how to get endpoints where there are none.
func (d *Deriver) hint() string {
	switch {
	case !d.exclusive:
		names := make([]string, len(d.options.Conventions))
		for i := range names {
			names[i] = d.options.Conventions[i].Family
		}
		return fmt.Sprintf("no request metrics found: nothing fits the job's endpoints (%s); compare the names with what the target exposes", strings.Join(names, ", "))
	case d.pathless != "":
		return fmt.Sprintf("no endpoints found: %s has no label that names the path; add a label path, or map your own labels under endpoints:", d.pathless)
	default:
		return "no request metrics found: add a histogram http_request_duration_seconds with labels path, method and code to the application, or map your own under endpoints:"
	}
}
