package red

import (
	"cmp"

	"github.com/redpoll/redpoll/scrape/exposition"
)

// purpose is what one convention is used for: the traffic of a job. A target may
// pass on series of several.
type purpose struct {
	job     string // empty for the target's own
	traffic Traffic
}

func (f *family) purpose() purpose { return purpose{f.job, f.convention.Traffic} }

// chooseFamilies decides which of the families in the scrape are used. All are
// if the job maps them itself. Otherwise it is, for each purpose, those of the
// best convention, but of guesses one family only; and what other conventions
// read of the same families, for two series never have a request in common.
func (d *Deriver) chooseFamilies() {
	for _, f := range d.families {
		if best := d.now.best[f.purpose()]; f.now.present && (best == nil || f.before(best)) {
			d.now.best[f.purpose()] = f
		}
	}
	chosen := 0
	for _, f := range d.families {
		best := d.now.best[f.purpose()]
		f.now.chosen = f.now.present && (!d.exclusive || f.name == best.name || f.rank == best.rank && !f.guess)
		if f.now.chosen {
			chosen++
		}
	}
	d.now.several = chosen > 1
}

// before reports whether f is preferred.
func (f *family) before(g *family) bool {
	return cmp.Or(cmp.Compare(f.rank, g.rank), cmp.Compare(f.name, g.name)) < 0
}

// claimEndpoints settles which of several families has an endpoint that more
// than one of them knows: the preferred one. Two families that tell of the same
// requests would otherwise count them twice.
func (d *Deriver) claimEndpoints(samples []exposition.Sample) {
	if !d.now.several {
		return
	}
	for i := range samples {
		t := d.slots[samples[i].Ref].track
		if t == nil || t.family == nil || !t.family.now.chosen {
			continue
		}
		if owner := d.now.claims[*t.key]; owner == nil || t.family.before(owner) {
			d.now.claims[*t.key] = t.family
		}
	}
}

// yields reports whether the series' endpoint is another family's. Families of
// one name have no request in common.
func (d *Deriver) yields(t *track) bool {
	if !d.now.several {
		return false
	}
	owner := d.now.claims[*t.key]
	return owner != nil && owner.name != t.family.name
}
