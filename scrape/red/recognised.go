package red

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// recognised lists the families that are used, in the order of their names.
func (d *Deriver) recognised() (list []redpoll.Recognised) {
	for _, f := range d.used() {
		list = append(list, redpoll.Recognised{
			Convention: f.convention.Name, Family: f.name, Kind: f.kind(),
			Endpoints: f.now.endpoints, Guess: f.guess, Note: d.note(f),
		})
	}
	return list
}

// used are the families that endpoints are made of, in the order of their names.
func (d *Deriver) used() (list []*family) {
	for _, f := range d.families {
		if f.now.used() {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b *family) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(a.rank, b.rank), strings.Compare(a.job, b.job))
	})
	return list
}

// The kinds of redpoll.Recognised.
const (
	aCounter         = "counter"
	aHistogram       = "histogram"
	aNativeHistogram = "native histogram"
	aSummary         = "summary"
	aCountAndSum     = "count and sum"
)

// kind is what the family is in the words of redpoll.Recognised.
func (f *family) kind() string {
	switch {
	case f.convention.Kind == Requests:
		return aCounter
	case f.now.native:
		return aNativeHistogram
	case f.now.buckets:
		return aHistogram
	case f.now.quantiles:
		return aSummary
	default:
		return aCountAndSum
	}
}

// maxNamed bounds the families that a note names.
const maxNamed = 5

// note says what a used family cannot tell, and what was done about it.
func (d *Deriver) note(f *family) string {
	var notes []string
	add := func(when bool, format string, args ...any) {
		if when {
			notes = append(notes, fmt.Sprintf(format, args...))
		}
	}
	add(f.job != "", "passed on for the job %s", f.job)
	add(f.guess, "no convention names it: its name and labels tell what it is")
	add(f.convention.Note != "", "%s", f.convention.Note)
	add(f.kind() == aCounter, "a counter: latencies are unknown")
	add(f.kind() == aCountAndSum, "no buckets: quantiles are unknown")
	add(f.kind() == aSummary, "quantiles are the application's own, where one series is all of an endpoint; others are unknown, as they cannot be merged")
	add(f.now.native && f.now.buckets, "native buckets are used, not the classic ones")
	if !f.now.status {
		add(true, "%s", f.noteOnErrors())
	}
	add(f.now.yielded && d.exclusive, "endpoints that another family has as well are counted there alone")
	add(f.now.yielded && !d.exclusive, "endpoints that a mapping before this one has are left out; to take their errors from here, name this family there under errors_from")
	others := d.leftOut(f)
	for _, other := range others[:min(len(others), maxNamed)] {
		add(true, "%s is taken for the same requests and left out", other.name)
	}
	add(len(others) > maxNamed, "and %d more", len(others)-maxNamed)
	crowd := fmt.Sprintf("than the %s that are followed of a target", redpoll.CountOf(d.options.MaxEndpoints, "endpoint"))
	if d.count() < d.options.MaxEndpoints {
		crowd = fmt.Sprintf("endpoints than there is room for with those of other targets: %d beyond %d of each", sharedEndpoints, freeEndpoints)
	}
	add(f.now.merged > 0, "more %s: %d series merged into %q", crowd, f.now.merged, Other)
	add(f.now.folded >= tellFolded, "the paths of %d series are folded: their IDs are %s", f.now.folded, anyID)
	add(f.now.mixed > 0, "different buckets in the series of %s: only the bounds of all are used", redpoll.CountOf(f.now.mixed, "endpoint"))
	add(f.now.clipped > 0, "paths longer than %d bytes, in %d series, were cut", maxLabel, f.now.clipped)
	return strings.Join(notes, "; ")
}

// noteOnErrors says where the errors of a family without statuses come from.
func (f *family) noteOnErrors() string {
	switch {
	case f.now.counted:
		return "requests and errors are taken from " + f.convention.ErrorsFrom.Family
	case f.now.joined:
		return "errors are taken from " + f.convention.ErrorsFrom.Family
	default:
		return "no status label: error rates are unknown"
	}
}

// leftOut are the families of the scrape that were recognised and not used,
// because f tells of the same traffic; apart from the one that f takes its
// errors from.
func (d *Deriver) leftOut(f *family) (list []*family) {
	for _, other := range d.families {
		joined := f.convention.ErrorsFrom != nil && isNamed(f.convention.ErrorsFrom.Family, other.name)
		if other.now.present && !other.now.used() && !joined &&
			other.purpose() == f.purpose() && !other.convention.PathIsMetricsPath {
			list = append(list, other)
		}
	}
	slices.SortFunc(list, func(a, b *family) int { return strings.Compare(a.name, b.name) })
	return list
}
