package red

import (
	"math"
	"slices"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// Endpoint is what one target tells about one endpoint. It belongs to the
// Deriver; a reader must be done with it before the next Derive.
type Endpoint struct {
	Method, Path string
	// Known is false where no increase can be told yet: at the first scrape,
	// or when the series came back after long or changed its buckets.
	Known bool
	// Increase is since the target's last scrape, if Known, or since an
	// earlier one if the endpoint was away for a moment. Its Latency is the
	// Deriver's: copy it. A latency without bounds has a mean and no
	// quantiles. Errors are known only if the increase of every series is.
	//
	// Where the latency has no status, but a counter that is joined to it,
	// Requests and Errors are the counter's, so that they fit each other: the
	// application may time some requests only. If the counter itself counts
	// some only, as one of failures does, Requests are those of the latency.
	Increase redpoll.Increase
	// MeanKnown is false where the sum of the durations is not known.
	MeanKnown bool

	family     *family
	scrape     uint64
	absent     bool // in the scrape before
	lastSeen   time.Time
	forgotten  bool
	own        tally // of the endpoint's family
	joined     tally // of the counter that the family takes errors from
	counted    bool  // the requests are those of joined
	bridged    bool  // the last requests were not, because joined was away
	hasLatency bool
	latency    redpoll.Histogram
}

type endpointKey struct{ method, path string }

// other is the endpoint that takes what is over the limit.
var other = endpointKey{path: Other}

// endpointOf is the endpoint that the series belongs to, nil if its family is
// not used. It marks the endpoint as present.
func (d *Deriver) endpointOf(t *track) *Endpoint {
	if t.family == nil || !t.family.chosen {
		return nil
	}
	if d.yields(t) {
		t.family.yieldedIn = d.scrape
		return nil
	}
	return d.presentEndpoint(t)
}

func (d *Deriver) presentEndpoint(t *track) *Endpoint {
	if t.endpoint == nil || t.endpoint.forgotten {
		t.endpoint = d.findEndpoint(t.key)
	}
	e := t.endpoint
	if e.scrape != d.scrape {
		e.begin(t.family, d.scrape)
		d.present = append(d.present, e)
	}
	return e
}

func (d *Deriver) findEndpoint(key endpointKey) *Endpoint {
	if e := d.endpoints[key]; e != nil {
		return e
	}
	if key != other && !d.hasRoom() {
		d.overflow++
		return d.findEndpoint(other)
	}
	e := &Endpoint{Method: key.method, Path: key.path}
	d.endpoints[key] = e
	return e
}

// hasRoom reports whether one more endpoint is within the limit, beside the
// one that takes the rest.
func (d *Deriver) hasRoom() bool {
	n := len(d.endpoints)
	if d.endpoints[other] != nil {
		n--
	}
	return n < d.options.MaxEndpoints
}

func (e *Endpoint) begin(f *family, scrape uint64) {
	e.absent = e.scrape != scrape-1
	e.own.begin(!e.absent)
	e.joined.begin(!e.absent)
	e.family, e.scrape = f, scrape
	e.MeanKnown, e.hasLatency = true, false
}

// addLatency adds the increase that t has just seen.
func (e *Endpoint) addLatency(t *track, sum float64) {
	if math.IsNaN(sum) {
		e.MeanKnown, sum = false, 0
	}
	h := redpoll.Histogram{
		Bounds: t.family.secondsOf(t.buckets.bounds),
		Counts: t.buckets.increase,
		Sum:    sum * t.family.convention.Unit.seconds(),
	}
	if e.hasLatency {
		e.latency.Merge(&h)
	} else {
		e.latency.Bounds, e.latency.Sum = h.Bounds, h.Sum
		e.latency.Counts = append(e.latency.Counts[:0], h.Counts...)
		e.hasLatency = true
	}
}

// secondsOf converts bounds. Series of a family nearly always share them, so
// that the last ones are kept and shared.
func (f *family) secondsOf(bounds []float64) []float64 {
	unit := f.convention.Unit.seconds()
	same := len(bounds) == len(f.bounds)
	for i := 0; same && i < len(bounds); i++ {
		same = bounds[i]*unit == f.bounds[i]
	}
	if !same {
		f.bounds = slices.Clone(bounds)
		for i := range f.bounds {
			f.bounds[i] *= unit
		}
	}
	return f.bounds
}

// finish makes Increase of what was added in a scrape. restarted tells that the
// process began anew since the last one, which was elapsed ago.
func (e *Endpoint) finish(at time.Time, elapsed time.Duration, restarted bool) {
	if e.absent && e.own.resumed {
		elapsed = at.Sub(e.lastSeen)
	}
	e.lastSeen = at
	e.Increase = redpoll.Increase{Elapsed: elapsed}
	in := &e.Increase
	from := e.source()
	e.Known, in.Requests = from.known, from.requests
	in.Errors, in.ErrorsKnown = e.errors(restarted)
	// A counter of failures is read a moment apart from the durations, so
	// there may be one error more than requests.
	in.Errors = min(in.Errors, in.Requests)
	if e.hasLatency {
		in.Latency = &e.latency
	}
	e.bridged = e.joined.series == 0 && (e.joined.before > 0 || e.bridged)
}

// source is what the requests are taken from.
func (e *Endpoint) source() *tally {
	e.counted = !e.own.hasStatus && e.joined.hasStatus && e.joined.known && e.joined.countsAll(&e.own) && !e.apart()
	if e.counted {
		return &e.joined
	}
	return &e.own
}

// apart reports whether the joined counter covers another time than the
// endpoint's own series. When it is back after it was away, what it counted
// meanwhile has been taken from the durations already; when they are back, it
// has not told meanwhile.
func (e *Endpoint) apart() bool { return e.bridged || e.absent && e.own.resumed }

// errors are those of the endpoint's own series if they have statuses, else
// those of the joined counter. Where other endpoints of the family have
// statuses, and this has none at all, nothing has failed.
func (e *Endpoint) errors(restarted bool) (n uint64, known bool) {
	switch {
	case e.own.hasStatus:
		return e.own.errors, e.own.complete(restarted)
	case e.joined.hasStatus:
		return e.joined.errors, e.joined.complete(restarted) && !e.apart()
	default:
		return 0, e.family.hasStatus(e.scrape) && e.own.complete(restarted)
	}
}
