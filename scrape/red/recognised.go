package red

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// report is what a target is told about the use of its families. What it was
// made of is kept, because that hardly ever changes: to look whether it has is
// cheap, to word it is not.
type report struct {
	recognised []redpoll.Recognised
	ignored    []redpoll.Ignored
	advice     []redpoll.Advice

	made bool // at all
	of   circumstances
}

// facts are what the report says of one family.
type facts struct {
	present, used, yielded     bool
	status, joined, counted    bool
	buckets, native, quantiles bool
	endpoints, labels          int
}

// circumstances are what it says of the target besides.
type circumstances struct {
	overflow, clipped, folded, mixed int
	unmatched, statuses              int // of ownWords
	pathless                         string
	machine                          bool
	listed                           uint64 // hashOf the families
}

// tell makes the report anew if something that it says has changed. What it
// gave out before stays as it is.
func (d *Deriver) tell(listed []exposition.Family) {
	changed := d.gatherFacts()
	now := circumstances{
		overflow: d.overflow, clipped: d.clipped, folded: d.folded, mixed: d.mixed,
		unmatched: len(d.words.unmatched), statuses: d.words.told(),
		pathless: d.pathless, machine: d.result.System.Machine != Usage{}, listed: hashOf(listed),
	}
	if !d.report.made || changed || now != d.report.of {
		d.report = report{made: true, of: now, recognised: d.recognised(), ignored: d.ignored(listed)}
		d.report.advice = d.advice(listed)
	}
	d.result.Recognised, d.result.Ignored, d.result.Advice = d.report.recognised, d.report.ignored, d.report.advice
}

var hashSeed = maphash.MakeSeed()

// hashOf tells apart lists of families by their names and types.
func hashOf(listed []exposition.Family) uint64 {
	var h maphash.Hash
	h.SetSeed(hashSeed)
	for i := range listed {
		_, _ = h.WriteString(listed[i].Name)
		_ = h.WriteByte(byte(listed[i].Type))
	}
	return h.Sum64()
}

// gatherFacts reports whether those of some family are not as they were told.
func (d *Deriver) gatherFacts() (changed bool) {
	for _, f := range d.families {
		f.now = facts{
			present: f.scrape == d.scrape, used: f.chosen || f.adoptedIn == d.scrape, yielded: f.yieldedIn == d.scrape,
			status: f.hasStatus(d.scrape), labels: len(f.labels),
			buckets: f.bucketsIn == d.scrape, native: f.nativeIn == d.scrape, quantiles: f.quantilesIn == d.scrape,
		}
	}
	for _, e := range d.present {
		now := &e.family.now
		now.endpoints++
		now.joined = now.joined || e.joined.hasStatus
		now.counted = now.counted || e.counted
	}
	for _, f := range d.families {
		changed = changed || f.now != f.told
		f.told = f.now
	}
	return changed
}

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
		if f.now.used {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b *family) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(a.rank, b.rank))
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
	add(len(others) > maxNamed, "so are %d more", len(others)-maxNamed)
	add(d.overflow > 0, "more than %d endpoints: %d series are merged into %q", d.options.MaxEndpoints, d.overflow, Other)
	add(d.folded >= tellFolded, "the paths of %d series are folded: their IDs are %s", d.folded, anyID)
	add(d.mixed > 0, "the series of %d endpoints have different buckets: only the bounds of all are used", d.mixed)
	add(d.clipped > 0, "the paths of %d series are longer than %d bytes and were cut", d.clipped, maxLabel)
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
		joined := f.convention.ErrorsFrom != nil && redpoll.Glob(f.convention.ErrorsFrom.Family, other.name)
		if other.now.present && !other.now.used && !joined &&
			other.convention.Traffic == f.convention.Traffic && !other.convention.PathIsMetricsPath {
			list = append(list, other)
		}
	}
	slices.SortFunc(list, func(a, b *family) int { return strings.Compare(a.name, b.name) })
	return list
}
