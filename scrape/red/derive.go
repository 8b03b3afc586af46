// Package red works out what happened at each endpoint of one target between
// two scrapes: requests, errors and the distribution of durations.
//
// It reads no clock and does no I/O; the time of a scrape is an argument.
// Which metric families are requests is data, see conventions.yaml.
package red

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// Options say how a target's families are understood.
type Options struct {
	// Conventions are the job's own ones, all of which are used, each family
	// for requests of its own. If there are none, those of Catalogue are, of
	// which only the first that fits is used for each traffic.
	Conventions []Convention
	// Catalogue is nil for redpoll's own conventions.
	Catalogue *Catalogue
	// Errors are the statuses that count as errors; nil is DefaultErrors, and
	// an empty list none.
	Errors Statuses
	// Job and Instance are the target's. HonorLabels tells that labels of these
	// names on a series say whose it is; without it they say nothing.
	Job, Instance string
	HonorLabels   bool
	// MetricsPath is the path that is scraped.
	MetricsPath string
	// Folding is how paths are folded; it must be valid.
	Folding PathFolding
	// Scale is how durations are taken to lie inside a bucket of a histogram
	// whose bounds the application chose; native ones have their own.
	Scale redpoll.Scale
	// MaxEndpoints bounds the endpoints of the target. What comes on top is
	// merged into one whose path is Other: of endpoints that appear together,
	// those that have counted the least. All targets together have a limit, too,
	// beyond some that each may have.
	MaxEndpoints int
}

// Other is the path of the endpoint that takes what is over the limit. A target
// that passes on the series of others has one for each of them.
const Other = "other"

// Retention is how long an endpoint whose series have vanished is remembered.
const Retention = 5 * time.Minute

// Deriver turns the scrapes of one target into increases. It is not safe for
// concurrent use.
type Deriver struct {
	options   Options
	catalogue *Catalogue
	exclusive bool              // of each traffic, one convention is used
	guesses   map[string]*guess // by the family's name

	scrape uint64    // number of the current scrape, from 1
	at     float64   // the time of the current scrape, in seconds since the Unix epoch
	last   time.Time // of the last scrape; zero before the first

	refused int // scrapes since the last one

	slots     []slot // by exposition.Sample.Ref
	families  map[familyKey]*family
	endpoints map[endpointKey]*endpoint
	rests     int // endpoints that take what is over the limit
	claim     *claim
	origins   origins
	now       *current // of the last scrape; nil once released
	crowded   bool     // the last scrape had families that there is no room for

	process process
	builds  builds
	marks   marks
	fellIn  uint64 // the last scrape in which a counter was seen to fall
	system  systemReader
	words   ownWords // of Errors
	folder  *folder
	scratch exposition.Histogram // a summary seen as a histogram, or a sparse histogram completed
	gain    gain                 // of the histogram that is being followed
	bounds  *[]float64           // of the histogram followed last
	report  report
	result  Derived
}

// current is what belongs to one scrape alone. It is far more than what a Deriver
// remembers, so that all of them share the memory.
type current struct {
	present  []*Endpoint // what follows in the same memory are Endpoints to be used again
	fresh    []int       // the samples of series that are new and about requests
	linked   []*track    // counters of requests that others time
	pathless []string    // families of requests, in order, with series that name no path
	crowded  []string    // the same, that there is no room for

	best    map[purpose]*family     // the preferred family of each
	several bool                    // more than one family is used
	claims  map[endpointKey]*family // whose each endpoint is, if several
	paths   map[endpointKey]bool    // that some endpoint has, whatever its method, once looked at

	strays exposition.Skipped // series without room for their origin
}

var currents = sync.Pool{New: func() any {
	return &current{
		best:   make(map[purpose]*family),
		claims: make(map[endpointKey]*family),
		paths:  make(map[endpointKey]bool),
	}
}}

// empty leaves nothing but memory.
func (c *current) empty() {
	clear(c.best)
	clear(c.claims)
	clear(c.paths)
	for _, e := range c.present {
		e.empty()
	}
	*c = current{
		present: c.present[:0], fresh: emptied(c.fresh), linked: emptied(c.linked), pathless: emptied(c.pathless),
		crowded: emptied(c.crowded),
		best:    c.best, claims: c.claims, paths: c.paths,
	}
}

// addEndpoint makes room for one more.
func (c *current) addEndpoint() *Endpoint {
	n := len(c.present)
	if n < cap(c.present) && c.present[:n+1][n] != nil {
		c.present = c.present[:n+1]
	} else {
		c.present = append(c.present, &Endpoint{})
	}
	return c.present[n]
}

// Derived is what one scrape says. It and its Endpoints are valid until the
// next Derive or Release; Recognised, Ignored and Advice may be kept.
type Derived struct {
	// Elapsed is the time since the last scrape, 0 for the first.
	Elapsed time.Duration
	// Endpoints are those that the scrape exposes, in the order of its samples.
	Endpoints []*Endpoint
	System    System
	// Started is when the process says it started; zero if it does not.
	Started time.Time
	// Restarts counts how often it was seen to begin anew.
	Restarts int
	// Marks are what the scrape shows to have happened since the last one,
	// without the names of job and instance. Their number is bounded over time.
	Marks []redpoll.Mark
	// Useful is as that of redpoll.TargetStatus.
	Useful     bool
	Recognised []redpoll.Recognised
	Ignored    []redpoll.Ignored
	Advice     []redpoll.Advice
	// Skipped counts samples that could not be compared with before.
	Skipped exposition.Skipped
	// Warnings say what could not be done as it is configured, and what helps.
	Warnings []string
}

// NewDeriver makes a deriver that has seen nothing yet.
func NewDeriver(o Options) *Deriver {
	d := &Deriver{
		options:   o,
		folder:    newFolder(o.Folding),
		catalogue: o.Catalogue,
		exclusive: true,
		guesses:   make(map[string]*guess),
		families:  make(map[familyKey]*family),
		endpoints: make(map[endpointKey]*endpoint),
		builds:    make(builds),
		claim:     &claim{},
	}
	runtime.AddCleanup(d, func(c *claim) { c.set(0) }, d.claim)
	switch {
	case len(o.Conventions) > 0:
		d.catalogue, d.exclusive = newCatalogue(o.Conventions), false
	case o.Catalogue == nil:
		d.catalogue = builtInCatalogue()
	}
	if o.Errors == nil {
		d.options.Errors = DefaultErrors
	}
	d.words = newOwnWords(d.options.Errors)
	return d
}

// ErrNotLater is of a scrape that is not later than the one before. If the clock
// stays behind, the third one is a first scrape again.
var ErrNotLater = errors.New("the clock of this machine stood still or went back; the scrape cannot be placed in time")

// Derive is DeriveContext without an end; of a scrape that is not later than the
// one before it is nil.
func (d *Deriver) Derive(s exposition.Scrape, at time.Time) *Derived {
	derived, err := d.DeriveContext(context.Background(), s, at)
	if err != nil {
		return nil
	}
	return derived
}

// DeriveContext compares a scrape with the one before. An error is ErrNotLater,
// or that of ctx, which ends it soon; the scrape is then as if it had not been.
func (d *Deriver) DeriveContext(ctx context.Context, s exposition.Scrape, at time.Time) (*Derived, error) {
	d.vacate(s.Forgotten)
	if !d.mayPlace(at) {
		return nil, ErrNotLater
	}
	if err := d.resolve(ctx, s.Samples); err != nil {
		return nil, err
	}
	d.begin(at)
	d.look(s.Samples)
	restarted := d.restarted(&s)
	d.mark(restarted, at)
	d.chooseFamilies()
	d.claimEndpoints(s.Samples)
	d.admit(s.Samples)
	for i := range s.Samples {
		if t := d.slots[s.Samples[i].Ref].track; t != nil {
			d.follow(t, &s.Samples[i], restarted)
		}
	}
	d.joinCounters()
	d.finish(at, s.Families)
	return &d.result, nil
}

// Doubt says that the scrape derived last may have lacked series without anyone
// noticing. If it was the first, so is the next: series that appear in it may
// have counted for long.
func (d *Deriver) Doubt() {
	if d.scrape == 1 {
		d.last = time.Time{}
	}
}

// patience is how many scrapes are refused because the clock went back, so that
// it can get where it was.
const patience = 2

// mayPlace reports whether a scrape can be compared with the one before, or else
// begins anew because the clock stays behind: it may have been far ahead.
func (d *Deriver) mayPlace(at time.Time) bool {
	switch {
	case d.last.IsZero() || at.After(d.last):
	case d.refused < patience:
		d.refused++
		return false
	default:
		d.last, d.report.at, d.marks.filled = time.Time{}, at, at
		for _, e := range d.endpoints {
			e.lastSeen = at
		}
		for _, f := range d.families {
			f.seen = unixSeconds(at)
		}
	}
	d.refused = 0
	return true
}

func (d *Deriver) begin(at time.Time) {
	d.scrape++
	d.at = unixSeconds(at)
	d.result = Derived{}
	if !d.last.IsZero() {
		d.result.Elapsed = at.Sub(d.last)
	}
	if d.now == nil {
		d.now = currents.Get().(*current)
	} else {
		d.now.empty()
	}
	for _, f := range d.families {
		f.now = account{}
	}
	d.system.begin()
}

// restarted reports whether the process began anew since the last scrape, so
// that every counter began at zero. A start that is hard to believe is believed
// if a counter fell.
func (d *Deriver) restarted(s *exposition.Scrape) bool {
	moved, believable := d.process.observe(&d.system, d.at)
	if !moved || !believable && !d.anyFell(s.Samples) {
		return false
	}
	d.process.restart(d.scrape, s.Read)
	return true
}

// anyFell reports whether some counter is lower than it was.
func (d *Deriver) anyFell(samples []exposition.Sample) bool {
	if d.system.fell(processCPU) {
		return true
	}
	for i := range samples {
		t := d.slots[samples[i].Ref].track
		if t == nil || t.scrape == 0 {
			continue
		}
		if d.fell(t, &samples[i]) {
			return true
		}
	}
	return false
}

// fell reports whether a series has counted less than it had.
func (d *Deriver) fell(t *track, s *exposition.Sample) bool {
	if s.Native != nil && t.native != nil {
		return t.native.fell(s.Native)
	}
	if h := d.histogramOf(s); h != nil {
		return t.buckets.fell(h)
	}
	return redpoll.WholeCount(s.Value) < t.total
}

// finish completes the result. listed are the scrape's families.
func (d *Deriver) finish(at time.Time, listed []exposition.Family) {
	restarted := d.scrape == d.fellIn || d.scrape == d.process.restartedIn
	for _, e := range d.now.present {
		e.finish(at, d.result.Elapsed, restarted)
		if e.latencies.refused {
			d.result.Skipped.Add(1, func() string {
				return fmt.Sprintf("%.100s has native buckets beyond any duration", e.known.family.name)
			})
		}
	}
	d.forget(at)
	d.forgetFamilies()
	d.result.Endpoints = d.now.present
	d.result.System = d.system.result(d.result.Elapsed)
	d.result.Started, d.result.Restarts = d.process.startTime(), d.process.restarts
	d.result.Useful = !d.servesNobody()
	d.result.Warnings = d.warnings()
	d.tell(at, listed)
	d.crowded = len(d.now.crowded) > 0
	d.last = at
}

// Release lets other derivers have the memory of what Derive gave last, which is
// not valid any more.
func (d *Deriver) Release() {
	if d.now == nil {
		return
	}
	d.now.empty()
	currents.Put(d.now)
	d.now, d.result = nil, Derived{}
}

// forget drops endpoints that have been gone for long.
func (d *Deriver) forget(at time.Time) {
	if len(d.endpoints) == len(d.now.present) {
		return
	}
	for key, e := range d.endpoints {
		if e.scrape != d.scrape && at.Sub(e.lastSeen) >= Retention {
			delete(d.endpoints, key)
			e.forgotten = true
			if key.isOther() {
				d.rests--
			}
		}
	}
	d.claim.set(d.count())
}
