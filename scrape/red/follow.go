package red

import (
	"fmt"
	"math"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// follow advances one series and adds its increase to its endpoint, if its
// family is the one that is used.
func (d *Deriver) follow(t *track, s *exposition.Sample, restarted bool) {
	if !(s.Value >= 0) || math.IsInf(s.Value, 1) { // possible where no TYPE line says counter
		d.result.Skipped.Add(1, func() string {
			return fmt.Sprintf("%v is %v, which no counter can be", t.series, s.Value)
		})
		return
	}
	t.past = d.history(t, s.Created, restarted)
	t.steady, t.scrape = t.scrape == d.scrape-1, d.scrape
	t.says(s.Created, d.at)
	if t.joins != nil {
		d.now.linked = append(d.now.linked, t)
	}
	switch {
	case s.Native != nil:
		d.followNative(t, s.Native)
	case s.Histogram != nil || s.Summary != nil:
		d.followHistogram(t, s)
	default:
		total := redpoll.WholeCount(s.Value)
		increase, ok := advanceCounter(total, t.total, t.past)
		d.took(t, total, increase, ok)
		if e := d.endpointOf(t); e != nil {
			e.add(t)
		}
	}
}

// followHistogram advances a classic histogram or a summary.
func (d *Deriver) followHistogram(t *track, s *exposition.Sample) {
	h := d.histogramOf(s)
	if s.Histogram != nil && t.family != nil && t.family.convention.Sparse {
		h = t.family.complete(h, &d.scratch)
		t.buckets.widen(d.share(h.Bounds))
	}
	if len(h.Bounds) > 0 && h.Bounds[0] < 0 {
		d.skip(t, len(h.Cumulative), "has buckets for negative durations")
		return
	}
	t.native = nil
	g := t.buckets.advance(h, d.share(h.Bounds), t.sum, t.past, &d.gain)
	now := observed{t.buckets.count(), d.gain.counted, h.Sum}
	if e := d.addDurations(t, g, now, len(h.Cumulative)); e != nil && s.Summary != nil {
		e.setOwn(t, s.Summary.Quantiles)
	}
}

// followNative advances a native histogram. What the application exposes of it
// as a classic one is left out: it is the same.
func (d *Deriver) followNative(t *track, h *exposition.Native) {
	if t.native == nil {
		t.native = &native{}
	}
	t.buckets.forget()
	g := t.native.advance(h, t.past)
	d.addDurations(t, g, observed{t.native.total, t.native.counted, h.Sum}, 1)
}

// observed is how many durations a histogram has counted, how many of them since
// the state before, if that is known, and their sum; NaN if there is none.
type observed struct {
	total, increase uint64
	sum             float64
}

// addDurations adds a histogram's increase to its endpoint, which it returns;
// nil if the family is not used. samples is what the series counts as. Where the
// buckets cannot be compared with those before, because they are native ones
// now, or no longer, the number and the sum of the observations still can.
func (d *Deriver) addDurations(t *track, g growth, now observed, samples int) *Endpoint {
	if !g.ok && t.past == continued && t.stated {
		g = t.withoutBuckets(&now, &d.gain)
	}
	if g.doubt != "" {
		d.skip(t, samples, g.doubt)
	}
	d.took(t, now.total, now.increase, g.ok)
	t.sum, t.stated = now.sum, true
	e := d.endpointOf(t)
	if e == nil {
		return nil
	}
	if g.ok {
		e.addLatency(t, &g, &d.gain, d.options.Scale)
	}
	e.add(t)
	return e
}

// share gives bounds to be kept. Most series of a target have the same ones, so
// that the last are kept for the next.
func (d *Deriver) share(bounds []float64) *[]float64 {
	if d.bounds == nil || !sameBounds(*d.bounds, bounds) {
		kept := bounds // so that only this case makes room for it
		d.bounds = &kept
	}
	return d.bounds
}

// withoutBuckets makes the increase of a histogram's observations alone.
func (t *track) withoutBuckets(now *observed, to *gain) growth {
	sum := now.sum
	if now.increase = now.total; now.total >= t.total {
		now.increase -= t.total
		sum -= t.sum
	}
	to.setTotal(now.increase)
	return growth{
		ok: true, bare: true, sum: plausibleSum(sum, now.increase),
		doubt: "has buckets that cannot be compared with those before, so its increase is told without buckets",
	}
}

// skip counts samples of a series as not compared.
func (d *Deriver) skip(t *track, samples int, why string) {
	d.result.Skipped.Add(samples, func() string { return t.series.String() + " " + why })
}

// took notes what a series has counted, and the scrape if that fell.
func (d *Deriver) took(t *track, total, increase uint64, ok bool) {
	if total < t.total && t.past != fromZero {
		d.fellIn = d.scrape
	}
	t.total, t.increase, t.known = total, increase, ok
}

// histogramOf is the sample's histogram; a summary is one without bounds.
func (d *Deriver) histogramOf(s *exposition.Sample) *exposition.Histogram {
	if s.Summary == nil {
		return s.Histogram
	}
	d.scratch.Bounds = nil
	d.scratch.Cumulative = append(d.scratch.Cumulative[:0], s.Summary.Count)
	d.scratch.Sum = s.Summary.Sum
	return &d.scratch
}

// shortAbsence is for how many scrapes a series' last value is trusted to be
// that of the same counter: an exporter that was late with a part of its answer
// goes on counting.
const shortAbsence = 5

// history says what t's new value is compared with. That the target's process
// began anew says nothing about series that it passes on for others. A series that says that it
// was created since it was last seen, and not when it said before, began anew,
// also if it has counted more since than it had. Any other time that it says is
// that of a clock that was set: if it began anew nevertheless, it fell.
func (d *Deriver) history(t *track, created float64, restarted bool) history {
	recreated := t.birth != nil && created > t.birth.stated+startJitter && plausiblyBetween(t.birth.seen, created, d.at)
	if recreated {
		d.fellIn = d.scrape
	}
	own := t.key.origin == nil && !t.stray
	restarted = restarted && own
	switch {
	case d.last.IsZero() || t.scrape == 0 && !restarted && (t.late || d.older(t, created) || !own && d.appears(t)):
		return baseline
	case t.scrape == 0 || restarted || recreated || own && t.scrape < d.process.restartedIn:
		t.forget()
		return fromZero
	case t.scrape == d.scrape-1 || t.scrape+shortAbsence >= d.scrape && t.scrape >= d.fellIn:
		return continued
	default:
		return returned
	}
}

// older reports whether a series that appears says that it was created before
// the last scrape, so that nobody knows when it counted what it has. Where all
// series of its family say the same time it is not theirs: OpenTelemetry states
// when the instrument was made.
func (d *Deriver) older(t *track, created float64) bool {
	return t.family != nil && t.family.now.dated && created > 0 && created < unixSeconds(d.last)-clockTolerance
}

// plausiblyBetween reports whether a time that a target states lies between two
// of redpoll's, as far as the clocks agree; all in seconds since the Unix epoch.
func plausiblyBetween(from, stated, to float64) bool {
	return stated >= from-clockTolerance && stated <= to+clockTolerance
}

func unixSeconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
