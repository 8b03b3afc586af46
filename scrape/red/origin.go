package red

import (
	"cmp"
	"fmt"

	"github.com/redpoll/redpoll/scrape/exposition"
)

// origin is whose series they are that a target passes on for others, as a
// Pushgateway does or another Prometheus by federation. A nil origin is the
// target itself.
type origin struct {
	originKey
	tracks int    // of its series
	scrape uint64 // the last one that had some of them
	back   uint64 // the scrape in which they appeared, last after an absence
}

// originKey is what an origin is told by.
type originKey struct{ job, instance string } // empty if they are the target's own

// The limits of the origins of one target. Series of a job over the limit count
// to the target's own job; those of an instance over the limit, to the job
// without an instance.
const (
	maxOriginJobs = 500
	maxOrigins    = 5000
)

// origins are those that a target has series of.
type origins struct {
	byKey map[originKey]*origin
	jobs  map[string]int // origins of each job
}

// find finds or makes an origin; nil if it is the target itself, or if there is
// no room for its job.
func (o *origins) find(key originKey) *origin {
	if known := o.byKey[key]; known != nil || key == (originKey{}) {
		return known
	}
	if o.jobs[key.job] == 0 && len(o.jobs) >= maxOriginJobs {
		return nil
	}
	if len(o.byKey) >= maxOrigins && key.instance != "" {
		return o.find(originKey{job: key.job})
	}
	if o.byKey == nil {
		o.byKey, o.jobs = make(map[originKey]*origin), make(map[string]int)
	}
	made := &origin{originKey: key}
	o.byKey[key] = made
	o.jobs[key.job]++
	return made
}

// release gives up a track of an origin, and the origin with its last one.
func (o *origins) release(of *origin) {
	if of == nil {
		return
	}
	if of.tracks--; of.tracks > 0 {
		return
	}
	delete(o.byKey, of.originKey)
	if o.jobs[of.job]--; o.jobs[of.job] == 0 {
		delete(o.jobs, of.job)
	}
}

// statedOrigin is what the labels of a series name that is not the target's own.
func (d *Deriver) statedOrigin(s *exposition.Series) (key originKey) {
	if !d.options.HonorLabels {
		return key
	}
	if job := clip(s.Label("job")); job != d.options.Job {
		key.job = job
	}
	if instance := clip(s.Label("instance")); instance != d.options.Instance || key.job != "" {
		key.instance = instance
	}
	return key
}

// place gives a track its origin. The track is a stray if there is no room for
// that.
func (d *Deriver) place(t *track) {
	key := d.statedOrigin(t.series)
	o := d.origins.find(key)
	if t.stray = key != (originKey{}) && (o == nil || o.originKey != key); o != nil {
		o.tracks++
	}
	t.key = &endpointKey{origin: o}
}

// saw notes that a scrape has a series of the origin.
func (o *origin) saw(scrape uint64) {
	if o.scrape+shortAbsence < scrape || o.back == 0 {
		o.back = scrape
	}
	o.scrape = scrape
}

// appears reports whether the origin of a track is there for the first time, or
// again after an absence: nobody knows since when its series have counted what
// they have. Of a stray that is never known.
func (d *Deriver) appears(t *track) bool {
	return t.stray || t.key.origin.back == d.scrape
}

// compare orders origins by job, then instance; the target itself is the first.
func (o *origin) compare(p *origin) int {
	var a, b originKey
	if o != nil {
		a = o.originKey
	}
	if p != nil {
		b = p.originKey
	}
	return cmp.Or(cmp.Compare(a.job, b.job), cmp.Compare(a.instance, b.instance))
}

// isForeign reports whether a series is passed on for others.
func (d *Deriver) isForeign(s *exposition.Series) bool { return d.statedOrigin(s) != originKey{} }

// roleOf is what a series says about the system. When others began, and which
// version of them runs, says nothing about the target.
func (d *Deriver) roleOf(s *exposition.Series) systemRole {
	role := systemRoleOf(s)
	switch role {
	case processStart, nodeBoot, buildInfo, ownSeries:
		if d.isForeign(s) {
			return noRole
		}
	}
	return role
}

// warnings say which series could not be told apart as their labels ask for.
func (d *Deriver) warnings() []string {
	if d.now.strays.Count == 0 {
		return nil
	}
	return []string{fmt.Sprintf(
		"honor_labels: %d series name a job or an instance beyond the %d and %d that are told apart of a target; they count to the target's own job, or to their job without an instance, e.g. %s; split the target, or drop series by metric_relabel_configs",
		d.now.strays.Count, maxOriginJobs, maxOrigins, d.now.strays.Reason)}
}
