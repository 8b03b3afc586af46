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
	// or when the series came back or changed its buckets.
	Known bool
	// Increase is since the target's last scrape, if Known. Its Latency is
	// the Deriver's: copy it. A latency without bounds has a mean and no
	// quantiles.
	Increase redpoll.Increase
	// MeanKnown is false where the sum of the durations is not known.
	MeanKnown bool

	family        *family
	scrape        uint64
	lastSeen      time.Time
	forgotten     bool
	requests      uint64
	errors        uint64
	statusSeen    bool
	statusMissing bool
	hasLatency    bool
	latency       redpoll.Histogram
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
	e.family, e.scrape = f, scrape
	e.Known, e.MeanKnown = false, true
	e.requests, e.errors = 0, 0
	e.statusSeen, e.statusMissing, e.hasLatency = false, false, false
}

func (e *Endpoint) addRequests(n uint64) {
	e.Known = true
	e.requests += n
}

func (e *Endpoint) addStatus(t *track, n uint64) {
	if !t.hasStatus {
		e.statusMissing = true
		return
	}
	e.statusSeen = true
	if t.failed {
		e.errors += n
	}
}

// addLatency adds the increase that t has just seen and returns its count.
func (e *Endpoint) addLatency(t *track, sum float64) uint64 {
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
	return h.Count()
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

// finish makes Increase of what was added.
func (e *Endpoint) finish(elapsed time.Duration) {
	// A counter joined to a histogram is read a moment apart from it, so
	// there may be one error more than requests.
	errors := min(e.errors, e.requests)
	e.Increase = redpoll.Increase{
		Elapsed: elapsed, Requests: e.requests, Errors: errors,
		ErrorsKnown: e.errorsKnown(),
	}
	if e.hasLatency {
		e.Increase.Latency = &e.latency
	}
}

// errorsKnown: where the family itself has statuses, every series needs one;
// where it has none, a joined counter must have told.
func (e *Endpoint) errorsKnown() bool {
	if e.family.hasStatus {
		return e.statusSeen && !e.statusMissing
	}
	return e.statusSeen
}
