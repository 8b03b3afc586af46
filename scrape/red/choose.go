package red

import (
	"cmp"

	"github.com/redpoll/redpoll/scrape/exposition"
)

// chooseFamilies decides which of the families in the scrape are used. All are
// if the job maps them itself. Otherwise it is, of each traffic, those of the
// best convention, but of guesses one family only; and what other conventions
// read of the same families, for two series never have a request in common.
func (d *Deriver) chooseFamilies() {
	clear(d.best)
	d.several = false
	for _, f := range d.families {
		if best := d.best[f.convention.Traffic]; f.scrape == d.scrape && (best == nil || f.before(best)) {
			d.best[f.convention.Traffic] = f
		}
	}
	chosen := 0
	for _, f := range d.families {
		best := d.best[f.convention.Traffic]
		f.chosen = f.scrape == d.scrape && (!d.exclusive || f.name == best.name || f.rank == best.rank && !f.guess)
		if f.chosen {
			chosen++
		}
	}
	d.several = chosen > 1
}

// before reports whether f is preferred.
func (f *family) before(g *family) bool {
	return cmp.Or(cmp.Compare(f.rank, g.rank), cmp.Compare(f.name, g.name)) < 0
}

// claimEndpoints settles which of several families has an endpoint that more
// than one of them knows: the preferred one. Two families that tell of the same
// requests would otherwise count them twice.
func (d *Deriver) claimEndpoints(samples []exposition.Sample) {
	if !d.several {
		return
	}
	clear(d.claims)
	for i := range samples {
		t := d.slots[samples[i].Series.Ref].track
		if t == nil || t.family == nil || !t.family.chosen {
			continue
		}
		if owner := d.claims[t.key]; owner == nil || t.family.before(owner) {
			d.claims[t.key] = t.family
		}
	}
}

// yields reports whether the series' endpoint is another family's. Families of
// one name have no request in common.
func (d *Deriver) yields(t *track) bool {
	if !d.several {
		return false
	}
	owner := d.claims[t.key]
	return owner != nil && owner.name != t.family.name
}
