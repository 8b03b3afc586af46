package red

import (
	"context"
	"slices"

	"github.com/redpoll/redpoll/scrape/exposition"
)

// slot is what a Ref stands for.
type slot struct {
	series *exposition.Series
	track  *track // nil if the series is not about requests
	role   systemRole
}

// vacate drops what is known of series that the reader has forgotten.
func (d *Deriver) vacate(refs []int) {
	if len(refs) == 0 {
		return
	}
	for _, ref := range refs {
		if ref < len(d.slots) {
			d.empty(&d.slots[ref])
		}
	}
	used := len(d.slots)
	for used > 0 && d.slots[used-1].series == nil {
		used--
	}
	if d.slots = d.slots[:used]; isRoomy(d.slots) {
		d.slots = slices.Clone(d.slots)
	}
}

// empty forgets what a Ref stood for.
func (d *Deriver) empty(s *slot) {
	if s.track != nil {
		d.origins.release(s.track.key.origin)
	}
	*s = slot{}
}

// resolve finds out what every series means, once for each, until ctx ends: of
// new ones that may take long, all the rest is quick.
func (d *Deriver) resolve(ctx context.Context, samples []exposition.Sample) error {
	again := d.crowded && len(d.families) < d.mostFamilies() // there is room now
	for i := range samples {
		series, ref := samples[i].Series, samples[i].Ref
		for ref >= len(d.slots) {
			d.slots = append(d.slots, slot{})
		}
		s := &d.slots[ref]
		crowded := again && s.track != nil && s.track.crowded
		if s.series == series && !crowded {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.series == series {
			d.recognise(s.track)
			continue
		}
		d.empty(s)
		*s = slot{series: series, track: d.newTrack(&samples[i]), role: d.roleOf(series)}
	}
	return nil
}

// look notes what the scrape says of the system, and which families it has.
func (d *Deriver) look(samples []exposition.Sample) {
	for i := range samples {
		series := samples[i].Series
		s := &d.slots[samples[i].Ref]
		switch s.role {
		case noRole:
		case buildInfo:
			d.builds.observe(series, d.scrape)
		default:
			d.system.add(s.role, samples[i].Value)
		}
		if s.track == nil {
			continue
		}
		if s.track.scrape == 0 {
			d.now.fresh = append(d.now.fresh, i)
		}
		d.saw(s.track, &samples[i])
	}
}

// saw notes which family the scrape has, and what of it.
func (d *Deriver) saw(t *track, s *exposition.Sample) {
	if t.key.origin != nil {
		t.key.origin.saw(d.scrape)
	}
	if t.stray {
		d.now.strays.Add(1, t.series.String)
	}
	if t.family != nil && t.family.forgotten {
		d.revive(t)
	}
	switch {
	case t.family != nil && !t.family.forgotten:
		t.family.now.saw(s, t.outcome)
	case t.family != nil || t.crowded:
		d.now.crowded = appendNew(d.now.crowded, t.series.Name)
	case t.pathless:
		d.now.pathless = appendNew(d.now.pathless, t.series.Name)
	}
}

// appendNew adds a name that is not the last one.
func appendNew(names []string, name string) []string {
	if n := len(names); n > 0 && names[n-1] == name {
		return names
	}
	return append(names, name)
}

// emptied is a slice's memory without what was in it; none if that is far more
// than it needed.
func emptied[T any](s []T) []T {
	if isRoomy(s) {
		return nil
	}
	clear(s)
	return s[:0]
}

// isRoomy reports whether a slice has memory for far more than is in it.
func isRoomy[T any](s []T) bool { return cap(s) > 4*len(s)+1000 }
