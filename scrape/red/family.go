package red

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// maxLabel is the longest label value that a key is made of, in bytes.
const maxLabel = 1024

// maxFamilies is how many families of one target are recognised. Only a job's
// own mapping with a glob comes near it.
const maxFamilies = 100

// family is a metric family read by a convention.
type family struct {
	name       string
	convention *Convention
	rank       int      // lower is preferred
	perSecond  float64  // units of its durations
	guess      bool     // found by the general rule
	labels     []string // of the convention's that some series has
	scrape     uint64   // the last one that had it
	chosen     bool     // in the current scrape
	statusIn   uint64   // the last scrape that had a series with a status
	joinedIn   uint64   // the last scrape in which it was joined to a latency
	adoptedIn  uint64   // the last scrape in which endpoints were made of it alone
	yieldedIn  uint64   // the last scrape in which another had some of its endpoints
	created    float64  // when one of the series of that scrape says it began
	dated      bool     // they say different times
	bounds     []float64
	widest     []float64 // as exposed, if the buckets are sparse

	// The last scrapes in which some series had buckets, native ones, and
	// quantiles of its own.
	bucketsIn, nativeIn, quantilesIn uint64

	now, told facts // for the report, in this scrape and when it was last made
}

// saw notes a sample of the family in a scrape.
func (f *family) saw(s *exposition.Sample, o outcome, scrape uint64) {
	if f.scrape != scrape {
		f.created, f.dated = s.Created, false
	}
	f.dated = f.dated || s.Created != f.created
	f.scrape = scrape
	if o != untold {
		f.statusIn = scrape
	}
	if s.Native != nil {
		f.nativeIn = scrape
	}
	if s.Histogram != nil && len(s.Histogram.Bounds) > 0 {
		f.bucketsIn = scrape
	}
	if s.Summary != nil && len(s.Summary.Quantiles) > 0 {
		f.quantilesIn = scrape
	}
}

// hasStatus reports whether some series of the family has a status in a scrape.
// An application may move the status elsewhere with a new version.
func (f *family) hasStatus(scrape uint64) bool { return f.statusIn == scrape }

type familyKey struct {
	name string
	rank int
}

// track follows one series that is about requests.
type track struct {
	series *exposition.Series
	scrape uint64  // the last one that had it; 0 before the first
	before uint64  // the last one before that
	seen   float64 // the time of scrape, in seconds since the Unix epoch
	past   history // what its value was compared with

	// family is nil if the series is only linked.
	family   *family
	endpoint *Endpoint
	key      endpointKey
	folded   bool // the path was
	outcome  outcome
	// links are the endpoints whose latency another family has.
	links    []link
	joinedIn uint64 // the last scrape in which one of links had a latency

	counter counter
	buckets buckets
	native  *native // nil unless it is a native histogram
	created float64 // when it last said it began; 0 if it does not say
	// total is how many requests the series has counted, increase how many
	// since the last scrape, if known.
	total, increase uint64
	known           bool
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
	t.counter = counter{}
	t.buckets.forget()
	t.native = nil
}

// newTrack works out what a series says about requests; nil if nothing.
func (d *Deriver) newTrack(s *exposition.Series) *track {
	t := &track{series: s}
	var readers []int
	named := false
	d.catalogue.each(s.Name, func(m mentions) {
		named = true
		readers = append(readers, m.readers...)
		for _, place := range m.linkers {
			if l, ok := d.linkFor(&d.catalogue.conventions[place], s); ok {
				t.links = append(t.links, l)
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
		if g := d.guessFor(s); g != nil {
			d.assign(t, &g.convention, g.rank)
			if t.family != nil {
				t.family.guess = true
			}
		}
	}
	if t.family == nil && len(t.links) == 0 {
		return nil
	}
	return t
}

// assign makes the series one of an endpoint, if its labels name one.
func (d *Deriver) assign(t *track, c *Convention, rank int) {
	key := c.keyOf(t.series)
	if c.PathIsMetricsPath {
		key.path = d.options.MetricsPath
	}
	if key.path == "" {
		d.pathless = clip(t.series.Name)
		return
	}
	if t.family = d.familyFor(familyKey{t.series.Name, rank}, c); t.family == nil {
		return
	}
	if len(key.path) > maxLabel {
		d.clipped++
	}
	t.key.method = key.method
	t.key.path, t.folded = d.folder.fold(clip(key.path))
	if text, st, ok := c.statusOf(t.series); ok {
		t.outcome = d.judge(text, st)
	}
	t.family.notice(t.series)
}

// familyFor finds or makes the family; nil if there are too many.
func (d *Deriver) familyFor(key familyKey, c *Convention) *family {
	f := d.families[key]
	if f == nil && len(d.families) < maxFamilies {
		f = &family{name: clip(key.name), convention: c, rank: key.rank, perSecond: c.Unit.of(key.name).perSecond()}
		d.families[key] = f
	}
	return f
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

// linkFor reports whether the series counts the requests of c's latencies.
func (d *Deriver) linkFor(c *Convention, s *exposition.Series) (link, bool) {
	e := c.ErrorsFrom
	if e == nil || s.Type != exposition.Counter && s.Type != exposition.Untyped ||
		!redpoll.Glob(e.Family, s.Name) || !fits(e.Where, s) {
		return link{}, false
	}
	key := e.keyOf(s, c)
	if key.path == "" {
		return link{}, false
	}
	path, _ := d.folder.fold(clip(key.path))
	l := link{convention: c, endpoint: endpointKey{method: key.method, path: path}}
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
