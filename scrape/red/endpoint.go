package red

import (
	"math"
	"slices"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// Endpoint is what one scrape of a target tells about one endpoint. It is valid as
// long as the Derived that it is in.
type Endpoint struct {
	Method, Path string
	// Label is the one that names the path, as far as one alone does.
	Label string
	// Known is false where no increase can be told yet: at the first scrape,
	// or when the series came back after long or changed its buckets.
	Known bool
	// Increase is since the target's last scrape, if Known, or since an
	// earlier one if the endpoint was away for a moment. Its Latency is no longer
	// valid than the Endpoint: copy it. A latency without bounds has a mean and no
	// quantiles, one without a sum no mean. Errors are known only if the
	// increase of every series is.
	//
	// Where the latency has no status, but a counter that is joined to it,
	// Requests and Errors are the counter's, so that they fit each other: the
	// application may time some requests only. If the counter itself counts
	// some only, as one of failures does, Requests are those of the latency.
	Increase redpoll.Increase
	// Own are the quantiles that the application states in this scrape, in
	// ascending order of Q, if a single series is all that the endpoint
	// consists of. They are as the Latency: copy them.
	Own []redpoll.OwnQuantile

	known     *endpoint
	absent    bool  // in the scrape before
	own       tally // of the endpoint's family
	joined    tally // of the counter that the family takes errors from
	counted   bool  // the requests are those of joined
	latencies latencies
}

// endpoint is what the Deriver remembers of an endpoint from scrape to scrape.
type endpoint struct {
	key         endpointKey
	label       string    // that names the path, as far as one alone does
	family      *family   // the last that it was made of
	now         *Endpoint // what the current scrape says, if scrape is its number
	scrape      uint64    // the last one that had it
	lastSeen    time.Time // when that was
	own, joined ledger
	bridged     bool // the last requests were not those of joined, because that was away
	forgotten   bool
	exponential *exponential // nil unless it has native histograms
}

type endpointKey struct {
	origin       *origin
	method, path string
}

// other is the endpoint of the same origin that takes what is over the limit.
func (k endpointKey) other() endpointKey { return endpointKey{origin: k.origin, path: Other} }

// isOther reports whether k is such an endpoint.
func (k endpointKey) isOther() bool { return k.path == Other && k.method == "" }

// endpointOf is the endpoint that the series belongs to, nil if its family is
// not used. It marks the endpoint as present.
func (d *Deriver) endpointOf(t *track) *Endpoint {
	if t.family == nil || !t.family.now.chosen {
		return nil
	}
	if d.yields(t) {
		t.family.now.yielded = true
		return nil
	}
	return d.presentEndpoint(t)
}

// Origin is whose endpoint it is, where Options.HonorLabels and the labels of its
// series name another than the target; empty otherwise.
func (e *Endpoint) Origin() (job, instance string) {
	if o := e.known.key.origin; o != nil {
		return o.job, o.instance
	}
	return "", ""
}

// Total is how many requests the endpoint's series have counted since each of
// them began.
func (e *Endpoint) Total() uint64 { return e.own.total }

func (d *Deriver) presentEndpoint(t *track) *Endpoint {
	if t.endpoint == nil || t.endpoint.forgotten {
		t.endpoint = d.findEndpoint(*t.key)
		if t.endpoint.key == *t.key {
			t.key = &t.endpoint.key // one for all series of the endpoint
		}
		if t.endpoint.label == "" {
			_, label := t.family.convention.Path.find(t.series)
			t.endpoint.label = clip(label)
		}
	}
	e := t.endpoint
	if e.scrape != d.scrape {
		e.now = d.now.addEndpoint()
		e.now.begin(e, d.scrape)
		e.family, e.scrape = t.family, d.scrape
	}
	return e.now
}

func (d *Deriver) findEndpoint(key endpointKey) *endpoint {
	if e := d.endpoints[key]; e != nil {
		return e
	}
	if !key.isOther() && d.room() <= 0 {
		return d.findEndpoint(key.other())
	}
	return d.newEndpoint(key)
}

// newEndpoint makes an endpoint.
func (d *Deriver) newEndpoint(key endpointKey) *endpoint {
	e := &endpoint{key: key}
	if key.isOther() {
		d.rests++
	}
	d.endpoints[key] = e
	d.claim.set(d.count())
	return e
}

// begin makes e what the scrape of this number says of a known endpoint.
func (e *Endpoint) begin(known *endpoint, scrape uint64) {
	e.empty()
	e.Method, e.Path, e.Label = known.key.method, known.key.path, known.label
	e.known, e.absent = known, known.scrape != scrape-1
	e.own, e.joined = known.own.open(!e.absent), known.joined.open(!e.absent)
	e.latencies.native = known.exponential
}

// empty leaves nothing but memory.
func (e *Endpoint) empty() {
	counts := e.latencies.classic.Counts[:0]
	*e = Endpoint{Own: e.Own[:0]}
	e.latencies.classic.Counts = counts
}

// add adds what a series of the endpoint's own family counted.
func (e *Endpoint) add(t *track) {
	e.own.add(t, t.outcome)
	told := &t.family.now.counts
	if t.folded {
		told.folded++
	}
	if t.clipped {
		told.clipped++
	}
	if e.Path == Other && !t.key.isOther() {
		told.merged++
	}
}

// addLatency adds the increase of durations that t has just seen, the buckets of
// a classic histogram given by the gain.
func (e *Endpoint) addLatency(t *track, g *growth, by *gain, scale redpoll.Scale) {
	sum := g.sum
	unknown := math.IsNaN(sum)
	if unknown {
		sum = 0
	}
	sum /= t.family.perSecond
	if t.native != nil && !g.bare {
		e.latencies.addNative(&t.native.increase, sum, unknown)
		return
	}
	e.latencies.addClassic(&redpoll.Histogram{
		Bounds: t.family.secondsOf(by.over), Counts: by.counts, Sum: sum, SumUnknown: unknown, Scale: scale,
	})
}

// maxOwn bounds the quantiles that are taken from a summary.
const maxOwn = 20

// setOwn takes the quantiles of a series that has just been added. Those of two
// series cannot be merged, so that there are none if it was not the first.
func (e *Endpoint) setOwn(t *track, stated []exposition.Quantile) {
	e.Own = e.Own[:0]
	if e.own.series > 1 {
		return
	}
	for _, q := range stated {
		if q.Q >= 0 && q.Q <= 1 && q.Value >= 0 && q.Value <= redpoll.MaxCount && len(e.Own) < maxOwn {
			e.Own = append(e.Own, redpoll.OwnQuantile{Q: q.Q, Value: q.Value / t.family.perSecond})
		}
	}
}

// secondsOf converts bounds. Series of a family nearly always share them, so
// that the last ones are kept and shared.
func (f *family) secondsOf(bounds []float64) []float64 {
	same := len(bounds) == len(f.bounds)
	for i := 0; same && i < len(bounds); i++ {
		same = bounds[i]/f.perSecond == f.bounds[i]
	}
	if !same {
		f.bounds = slices.Clone(bounds)
		for i := range f.bounds {
			f.bounds[i] /= f.perSecond
		}
	}
	return f.bounds
}

// finish makes Increase of what was added in a scrape. restarted tells that the
// process began anew since the last one, which was elapsed ago.
func (e *Endpoint) finish(at time.Time, elapsed time.Duration, restarted bool) {
	if e.absent && e.own.resumed {
		elapsed = at.Sub(e.known.lastSeen)
	}
	e.known.lastSeen = at
	e.Increase = redpoll.Increase{Elapsed: elapsed}
	in := &e.Increase
	compareSinceReset(&e.own, &e.joined)
	from := e.source()
	e.Known, in.Requests = from.known, from.requests
	var of *tally
	if of, in.ErrorsKnown = e.statuses(restarted); of != nil {
		// A counter of failures is read a moment apart from the durations, so
		// there may be one error more than requests.
		in.Errors = min(of.errors, in.Requests)
		in.ClientErrors = min(of.clientErrors, in.Requests-in.Errors)
	}
	in.Latency = e.latencies.total(1 / e.known.family.perSecond)
	e.known.bridged = e.joined.series == 0 && (e.joined.before > 0 || e.known.bridged)
	e.known.own, e.known.joined, e.known.exponential = e.own.close(), e.joined.close(), e.latencies.native
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
func (e *Endpoint) apart() bool { return e.known.bridged || e.absent && e.own.resumed }

// statuses are taken from the endpoint's own series if they have any, else from
// the joined counter. Where other endpoints of the family have statuses, and
// this has none at all, nothing has failed: of is nil. known tells that errors
// and client errors can be told at all.
func (e *Endpoint) statuses(restarted bool) (of *tally, known bool) {
	switch {
	case e.own.hasStatus:
		return &e.own, e.own.complete(restarted)
	case e.joined.hasStatus:
		return &e.joined, e.joined.complete(restarted) && !e.apart()
	default:
		return nil, e.known.family.now.status && e.own.complete(restarted)
	}
}
