package red

import (
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
	rank       int    // place of the convention; lower is preferred
	scrape     uint64 // the last one that had it
	chosen     bool   // in the current scrape
	statusIn   uint64 // the last scrape that had a series with a status
	joinedIn   uint64 // the last scrape in which it was joined to a latency
	adoptedIn  uint64 // the last scrape in which endpoints were made of it alone
	yieldedIn  uint64 // the last scrape in which another had some of its endpoints
	quantiles  bool   // some series is a histogram
	bounds     []float64
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
	past   history // what its value was compared with

	// family is nil if the series is only linked.
	family    *family
	endpoint  *Endpoint
	key       endpointKey
	hasStatus bool
	failed    bool
	// links are the endpoints whose latency another family has.
	links    []link
	joinedIn uint64 // the last scrape in which one of links had a latency

	counter counter
	buckets buckets
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
	hasStatus  bool
	failed     bool
}

// forget makes the next value the first.
func (t *track) forget() {
	t.counter = counter{}
	t.buckets.forget()
}

// newTrack works out what a series says about requests; nil if nothing.
func (d *Deriver) newTrack(s *exposition.Series) *track {
	t := &track{series: s}
	for rank := range d.options.Conventions {
		c := &d.options.Conventions[rank]
		if t.family == nil && c.accepts(s) {
			d.assign(t, c, rank)
		}
		if l, ok := d.linkFor(c, s); ok {
			t.links = append(t.links, l)
		}
	}
	if t.family == nil && len(t.links) == 0 {
		return nil
	}
	return t
}

// assign makes the series one of an endpoint, if its labels name one.
func (d *Deriver) assign(t *track, c *Convention, rank int) {
	path := c.Path.value(t.series)
	if c.PathIsMetricsPath {
		path = d.options.MetricsPath
	}
	if path == "" {
		d.pathless = clip(t.series.Name)
		return
	}
	if t.family = d.familyFor(familyKey{t.series.Name, rank}, c); t.family == nil {
		return
	}
	t.key = endpointKey{method: method(c.Method, t.series), path: clip(path)}
	if len(path) > maxLabel {
		d.clipped++
	}
	status := c.Status.value(t.series)
	t.hasStatus = status != ""
	t.failed = t.hasStatus && d.options.Errors.Match(status)
	t.family.quantiles = t.family.quantiles || t.series.Type == exposition.HistogramType
}

// familyFor finds or makes the family; nil if there are too many.
func (d *Deriver) familyFor(key familyKey, c *Convention) *family {
	f := d.families[key]
	if f == nil && len(d.families) < maxFamilies {
		f = &family{name: clip(key.name), convention: c, rank: key.rank}
		d.families[key] = f
	}
	return f
}

// linkFor reports whether the series counts the requests of c's latencies.
func (d *Deriver) linkFor(c *Convention, s *exposition.Series) (link, bool) {
	e := c.ErrorsFrom
	if e == nil || !redpoll.Glob(e.Family, s.Name) || s.Type != exposition.Counter && s.Type != exposition.Untyped {
		return link{}, false
	}
	path, status := e.Path.value(s), e.Status.value(s)
	if path == "" {
		return link{}, false
	}
	return link{
		convention: c,
		endpoint:   endpointKey{method: method(e.Method, s), path: clip(path)},
		hasStatus:  status != "",
		failed:     status != "" && d.options.Errors.Match(status),
	}, true
}

func method(names LabelNames, s *exposition.Series) string {
	return strings.ToUpper(clip(names.value(s)))
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

// chooseFamilies decides which of the families in the scrape are used.
func (d *Deriver) chooseFamilies() {
	var best *family
	for _, f := range d.families {
		f.chosen = f.scrape == d.scrape && !d.exclusive
		if f.scrape == d.scrape && (best == nil || f.rank < best.rank || f.rank == best.rank && f.name < best.name) {
			best = f
		}
	}
	if best != nil {
		best.chosen = true
	}
}

// claimEndpoints settles which of several mappings has an endpoint that more
// than one of them knows: the one that stands first. Two families that tell of
// the same requests would otherwise count them twice.
func (d *Deriver) claimEndpoints(samples []exposition.Sample) {
	if d.exclusive || len(d.options.Conventions) < 2 {
		return
	}
	if d.claims == nil {
		d.claims = make(map[endpointKey]int)
	}
	clear(d.claims)
	for i := range samples {
		t := d.slots[samples[i].Series.Ref].track
		if t == nil || t.family == nil || !t.family.chosen {
			continue
		}
		if rank, claimed := d.claims[t.key]; !claimed || t.family.rank < rank {
			d.claims[t.key] = t.family.rank
		}
	}
}
