package red

import (
	"hash/maphash"
	"slices"
	"time"

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

	at time.Time // of the scrape that it was worded after; zero before the first
	of circumstances
}

// circumstances are what it says of the target besides the used families.
type circumstances struct {
	useful              bool
	unmatched, statuses int    // of ownWords
	listed              uint64 // hashOf the families
}

// refreshAfter is how old the numbers in a report may be.
const refreshAfter = time.Minute

// tell words the report anew if what it says has changed; where that is nothing
// but numbers, at most once in refreshAfter, as they may vary with each scrape.
// How many endpoints there are is always told at once. What was given out
// before stays as it is.
func (d *Deriver) tell(at time.Time, listed []exposition.Family) {
	d.account()
	now := circumstances{d.result.Useful, len(d.words.unmatched), d.words.told(), hashOf(listed, d.now.pathless, d.now.crowded)}
	r := &d.report
	news, numbers, endpoints := d.changes()
	switch {
	case r.at.IsZero() || news || now != r.of || numbers && at.Sub(r.at) >= refreshAfter:
		*r = report{at: at, of: now, recognised: d.recognised(), ignored: d.ignored(listed)}
		r.advice = d.advice(listed)
		for _, f := range d.families {
			f.told = f.now
		}
	case endpoints:
		r.recognised = slices.Clone(r.recognised)
		for i, f := range d.used() { // the same as were told
			r.recognised[i].Endpoints, f.told.endpoints = f.now.endpoints, f.now.endpoints
		}
	}
	d.result.Recognised, d.result.Ignored, d.result.Advice = r.recognised, r.ignored, r.advice
}

// account completes those of the families.
func (d *Deriver) account() {
	for _, f := range d.families {
		f.now.labels = len(f.labels)
	}
	for _, e := range d.now.present {
		now := &e.known.family.now
		if e.Path != Other || now.merged == 0 { // the rest is none of its own
			now.endpoints++
		}
		now.joined = now.joined || e.joined.hasStatus
		now.counted = now.counted || e.counted
		if e.latencies.mixed {
			now.mixed++
		}
	}
}

// changes reports how the families are not as they were told: in facts, in
// numbers, and in how many endpoints they have.
func (d *Deriver) changes() (news, numbers, endpoints bool) {
	for _, f := range d.families {
		news = news || f.now.facts != f.told.facts || f.now.tellsMoreThan(&f.told.counts)
		numbers = numbers || f.now.counts != f.told.counts
		endpoints = endpoints || f.now.endpoints != f.told.endpoints
	}
	return news, numbers, endpoints
}

// tellFolded is from how many folded series on a note says so.
const tellFolded = 10

// tellsMoreThan reports whether there is something to note that was not.
func (c *counts) tellsMoreThan(told *counts) bool {
	return c.endpoints > 0 && told.endpoints == 0 ||
		c.merged > 0 && told.merged == 0 ||
		c.folded >= tellFolded && told.folded < tellFolded ||
		c.clipped > 0 && told.clipped == 0 ||
		c.mixed > 0 && told.mixed == 0
}

var hashSeed = maphash.MakeSeed()

// hashOf tells apart lists of families by their names and types, and by which
// of them are pathless and crowded.
func hashOf(listed []exposition.Family, pathless, crowded []string) uint64 {
	var h maphash.Hash
	h.SetSeed(hashSeed)
	for i := range listed {
		_, _ = h.WriteString(listed[i].Name)
		_ = h.WriteByte(byte(listed[i].Type))
	}
	for _, names := range [...][]string{pathless, crowded} {
		for _, name := range names {
			_, _ = h.WriteString(name)
		}
		_ = h.WriteByte(0xff)
	}
	return h.Sum64()
}
