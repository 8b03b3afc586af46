package red

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/redpoll/redpoll/scrape/exposition"
)

// maxLabel is the longest label value that a key is made of, in bytes.
const maxLabel = 1024

// maxFamilies is how many families of one target are recognised. Only a job's
// own mapping with a glob comes near it. When it is reached, those that have been
// gone for Retention make room.
const maxFamilies = 100

// familiesPerJob is for how many more there is room with each job that a target
// passes on series of.
const familiesPerJob = 4

// mostFamilies is how many families there is room for.
func (d *Deriver) mostFamilies() int { return maxFamilies + familiesPerJob*len(d.origins.jobs) }

// family is a metric family read by a convention.
type family struct {
	name       string
	convention *Convention
	rank       int       // lower is preferred
	job        string    // whose series they are; empty for the target's own
	perSecond  float64   // units of its durations
	guess      bool      // found by the general rule
	labels     []string  // of the convention's that some series has
	bounds     []float64 // in seconds, as the last series had them
	widest     []float64 // as exposed, if the buckets are sparse
	seen       float64   // the time of the last scrape that had it, in seconds since the Unix epoch
	forgotten  bool

	now, told account // of this scrape, and what was last told
}

// account is what one scrape says of a family. Nothing of it is kept: with a new
// version an application may move its statuses elsewhere.
type account struct {
	facts
	counts
	created float64 // when one of the series says it began
	dated   bool    // they say different times
}

// facts are known for certain.
type facts struct {
	present bool
	chosen  bool // its convention is used
	linked  bool // it was joined to a latency
	adopted bool // endpoints were made of it, although it is only linked
	yielded bool // another family has some of its endpoints

	status  bool // some series has one
	joined  bool // some endpoint's errors are those of a counter
	counted bool // and so are its requests

	buckets, native, quantiles bool // some series has them

	labels int // that the convention names and some series has
}

// counts vary from scrape to scrape.
type counts struct {
	endpoints int
	merged    int // series that went into Other, because there are too many endpoints
	folded    int // series whose path was
	clipped   int // series whose path was
	mixed     int // endpoints whose series have different buckets
}

// used reports whether endpoints are made of the family.
func (f *facts) used() bool { return f.chosen || f.adopted }

// saw notes a sample of the family.
func (a *account) saw(s *exposition.Sample, o outcome) {
	if !a.present {
		a.created = s.Created
	}
	a.dated = a.dated || s.Created != a.created
	a.present = true
	a.status = a.status || o != untold
	a.native = a.native || s.Native != nil
	a.buckets = a.buckets || s.Histogram != nil && len(s.Histogram.Bounds) > 0
	a.quantiles = a.quantiles || s.Summary != nil && len(s.Summary.Quantiles) > 0
}

type familyKey struct {
	name string
	rank int
	job  string
}

// track follows one series that is about requests.
type track struct {
	series *exposition.Series
	scrape uint64  // the last one that had it; 0 before the first
	steady bool    // the one before that had it, too
	past   history // what its value was compared with
	late   bool    // the series was exposed before, so that its first value here is not what it has just counted

	// family is nil if the series is only linked, or pathless: it should be of
	// an endpoint, and no label names one.
	family   *family
	pathless bool
	crowded  bool // there is no room for its family
	endpoint *endpoint
	key      *endpointKey // which the series names; never nil, and shared
	folded   bool         // the path was
	clipped  bool         // the path was
	stray    bool         // there is no room for its origin
	outcome  outcome
	known    bool   // increase is
	stated   bool   // sum is
	joins    *joins // nil if there is no latency that it belongs to
	birth    *birth // nil if it did not say when it began

	buckets buckets
	native  *native // nil unless it is a native histogram
	// total is how many requests the series has counted, increase how many
	// since the last scrape.
	total, increase uint64
	// sum is that of a histogram's observations when it was last read.
	sum float64
}

// joins are what a counter says about the latencies of other families.
type joins struct {
	links []link // never empty
	in    uint64 // the last scrape in which one of links had a latency
}

// birth is when a series last said it began, and the time of that scrape; both
// in seconds since the Unix epoch.
type birth struct{ stated, seen float64 }

// says notes when the series says it began, 0 if it does not, in a scrape at the
// time at.
func (t *track) says(created, at float64) {
	switch {
	case !(created > 0):
		t.birth = nil
	case t.birth == nil:
		t.birth = &birth{created, at}
	default:
		*t.birth = birth{created, at}
	}
}

// link says that a counter counts, by status, the requests to an endpoint whose
// latency another family has.
type link struct {
	convention *Convention // whose latency it is
	endpoint   endpointKey
	outcome    outcome
}

// forget makes the next value the first.
func (t *track) forget() {
	t.buckets.forget()
	t.native, t.stated = nil, false
}

// newTrack works out what the series of a sample says about requests; nil if
// nothing.
func (d *Deriver) newTrack(s *exposition.Sample) *track {
	t := &track{series: s.Series, late: s.Before > 0 && s.Before >= d.process.restartRead}
	d.place(t)
	d.recognise(t)
	if t.family == nil && !t.pathless && !t.crowded && t.joins == nil {
		d.origins.release(t.key.origin)
		return nil
	}
	return t
}

// recognise finds the family and the links of a track.
func (d *Deriver) recognise(t *track) {
	s := t.series
	t.pathless, t.crowded, t.joins = false, false, nil
	var readers []int
	named := false
	d.catalogue.each(s.Name, func(m mentions) {
		named = true
		readers = append(readers, m.readers...)
		for _, place := range m.linkers {
			if l, ok := d.linkFor(&d.catalogue.conventions[place], t); ok {
				t.join(l)
			}
		}
	})
	slices.Sort(readers)
	for _, place := range readers {
		if c := &d.catalogue.conventions[place]; t.family == nil && c.accepts(s) {
			d.assign(t, c, d.catalogue.rank(place))
		}
	}
	if !named && d.exclusive {
		d.guess(t)
	}
}

// assign makes the series one of an endpoint, if its labels name one.
func (d *Deriver) assign(t *track, c *Convention, rank int) {
	key := c.keyOf(t.series)
	if c.PathIsMetricsPath {
		key.path = d.options.MetricsPath
	}
	if key.path == "" {
		t.pathless = true
		return
	}
	if t.family = d.familyFor(t.familyKey(rank), c); t.family == nil {
		t.crowded = true
		return
	}
	t.clipped = len(key.path) > maxLabel
	key.origin = t.key.origin
	key.path, t.folded = d.folder.fold(clip(key.path))
	t.key = &key
	if text, st, ok := c.statusOf(t.series); ok {
		t.outcome = d.judge(text, st)
	}
	t.family.notice(t.series)
}

// familyKey is the key of the track's family, read by a convention of the rank.
func (t *track) familyKey(rank int) familyKey {
	key := familyKey{name: t.series.Name, rank: rank}
	if t.key.origin != nil {
		key.job = t.key.origin.job
	}
	return key
}

// familyFor finds or makes the family; nil if there are too many.
func (d *Deriver) familyFor(key familyKey, c *Convention) *family {
	f := d.families[key]
	if f == nil && len(d.families) < d.mostFamilies() {
		f = &family{name: clip(key.name), convention: c, rank: key.rank, job: key.job, perSecond: c.Unit.of(key.name).perSecond()}
		d.families[key] = f
	}
	return f
}

// forgetFamilies makes room, if there is none, of families that have been gone
// for long.
func (d *Deriver) forgetFamilies() {
	full := len(d.families) >= d.mostFamilies()
	for key, f := range d.families {
		switch {
		case f.now.present:
			f.seen = d.at
		case full && d.at-f.seen >= Retention.Seconds():
			delete(d.families, key)
			delete(d.guesses, key.name)
			f.forgotten = true
		}
	}
}

// revive gives a series that is back its family again, if that was forgotten
// meanwhile and there is room.
func (d *Deriver) revive(t *track) {
	f, key := t.family, t.familyKey(t.family.rank)
	if known := d.families[key]; known != nil {
		t.family = known
		return
	}
	if len(d.families) >= d.mostFamilies() {
		return
	}
	if f.guess {
		d.guesses[key.name] = &guess{*f.convention, f.rank}
	}
	d.families[key], f.forgotten, f.now = f, false, account{}
}

// notice remembers which labels of the convention a series has.
func (f *family) notice(s *exposition.Series) {
	for i := range s.Labels {
		name := s.Labels[i].Name
		if !slices.Contains(f.labels, name) && f.convention.speaksOf(name) {
			f.labels = append(f.labels, name)
		}
	}
}

// join adds a link.
func (t *track) join(l link) {
	if t.joins == nil {
		t.joins = &joins{}
	}
	t.joins.links = append(t.joins.links, l)
}

// linkFor reports whether the track's series counts the requests of c's
// latencies.
func (d *Deriver) linkFor(c *Convention, t *track) (link, bool) {
	e, s := c.ErrorsFrom, t.series
	if e == nil || s.Type != exposition.Counter && s.Type != exposition.Untyped ||
		!isNamed(e.Family, s.Name) || !fits(e.Where, s) {
		return link{}, false
	}
	key := e.keyOf(s, c)
	if key.path == "" {
		return link{}, false
	}
	path, _ := d.folder.fold(clip(key.path))
	l := link{convention: c, endpoint: endpointKey{origin: t.key.origin, method: key.method, path: path}}
	if text := e.Status.value(s); text != "" {
		l.outcome = d.judge(text, readStatus(text, c.GRPC))
	}
	return l, true
}

// clip bounds a label value, so that a target cannot fill the memory of
// everything that keeps endpoints.
func clip(value string) string {
	if len(value) <= maxLabel {
		return value
	}
	end := maxLabel
	for !utf8.RuneStart(value[end]) {
		end--
	}
	return strings.Clone(value[:end]) + "…"
}
