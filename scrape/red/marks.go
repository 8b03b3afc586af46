package red

import (
	"cmp"
	"slices"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// OpenTelemetry's family for the resource; of its labels only serviceVersion is
// about the version.
const (
	targetInfo     = "target_info"
	serviceVersion = "service_version"
)

// builds follows which version of the application answers.
type builds map[string]*build // by family

// build is what one family says of it.
type build struct {
	scrape uint64
	series int                // in that scrape
	now    *exposition.Series // the last of them
	before *exposition.Series // of an earlier scrape; nil if several were
}

// maxBuilds bounds the families that are followed.
const maxBuilds = 20

// observe takes a series of the scrape.
func (b builds) observe(s *exposition.Series, scrape uint64) {
	one := b[s.Name]
	switch {
	case one == nil && len(b) >= maxBuilds && !b.makeRoom(scrape):
		return
	case one == nil:
		one = &build{}
		b[s.Name] = one
	}
	if one.scrape != scrape {
		one.scrape, one.series = scrape, 0
	}
	one.series++
	one.now = s
}

// makeRoom forgets a family that has been gone for a while, if there is one.
func (b builds) makeRoom(scrape uint64) bool {
	for name, one := range b {
		if one.scrape+shortAbsence < scrape {
			delete(b, name)
			return true
		}
	}
	return false
}

// deployed says what has changed between the scrape and earlier ones; changed is
// false if nothing has. Several series of a family, as a gateway exposes of
// several processes, say nothing. What the application says of itself is
// preferred to what its runtime does.
func (b builds) deployed(scrape uint64) (text string, changed bool) {
	from := ""
	for name, one := range b {
		if one.scrape != scrape {
			continue
		}
		before := one.before
		if one.before = one.now; one.series > 1 {
			one.before = nil
		}
		if before == nil || one.before == nil || before == one.now {
			continue
		}
		change := changeOf(before, one.now)
		if change != "" && (!changed || preferredBuild(name, from)) {
			text, from, changed = change, name, true
		}
	}
	return text, changed
}

// preferredBuild orders families by name, but for Go's own.
func preferredBuild(a, b string) bool {
	const runtime = "go_build_info"
	if (a == runtime) != (b == runtime) {
		return b == runtime
	}
	return a < b
}

// versionLabels are those that say best what has changed, in this order.
var versionLabels = []string{"version", serviceVersion, "tag", "release", "revision", "commit", "git_commit", "sha", "branch"}

// placeLabels say where an application runs, not which.
var placeLabels = []string{"instance", "host", "hostname", "node", "pod", "container", "namespace", "pid"}

// changeOf says which label of a build is another, the most telling one; empty
// if none is.
func changeOf(before, now *exposition.Series) string {
	var changed []string
	look := func(labels []exposition.Label) {
		for _, l := range labels {
			about := now.Name != targetInfo && !slices.Contains(placeLabels, plain(l.Name)) || sameName(l.Name, serviceVersion)
			if about && before.Label(l.Name) != now.Label(l.Name) {
				changed = append(changed, l.Name)
			}
		}
	}
	look(before.Labels)
	look(now.Labels)
	if len(changed) == 0 {
		return ""
	}
	label := slices.MinFunc(changed, func(a, b string) int { return cmp.Or(cmp.Compare(telling(a), telling(b)), cmp.Compare(a, b)) })
	text := shown(before.Label(label)) + " → " + shown(now.Label(label))
	if label == "version" || plain(label) == serviceVersion {
		return text
	}
	return shown(label) + " " + text
}

// telling is the place among versionLabels.
func telling(label string) int {
	if at := slices.Index(versionLabels, plain(label)); at >= 0 {
		return at
	}
	return len(versionLabels)
}

// shown bounds a value for a mark's text.
func shown(value string) string {
	const most = 40
	runes := []rune(value)
	switch {
	case value == "":
		return "(none)"
	case len(runes) > most:
		return string(runes[:most]) + "…"
	default:
		return value
	}
}

// marks bound how many a target gets: behind one address there may be two
// processes that answer in turn.
type marks struct {
	left   int
	filled time.Time
}

// A target has marksAtOnce, and one more for each markEvery.
const (
	marksAtOnce = 10
	markEvery   = 5 * time.Minute
)

// take reports whether there may be one more.
func (m *marks) take(now time.Time) bool {
	if m.filled.IsZero() {
		m.left, m.filled = marksAtOnce, now
	}
	if more := int(now.Sub(m.filled) / markEvery); more > 0 {
		m.left = min(marksAtOnce, m.left+more)
		m.filled = m.filled.Add(time.Duration(more) * markEvery)
	}
	if m.left == 0 {
		return false
	}
	m.left--
	return true
}

// mark notes in the result what the scrape at the time at shows to have happened
// since the last one. The start that the process states is the time if it lies
// between them; the clocks may differ.
func (d *Deriver) mark(restarted bool, at time.Time) {
	text, deployed := d.builds.deployed(d.scrape)
	when := at
	if started := d.process.startTime(); restarted && started.After(d.last) && started.Before(at) {
		when = started
	}
	if restarted && d.marks.take(at) {
		d.result.Marks = append(d.result.Marks, redpoll.Mark{Time: when, Kind: redpoll.Restart})
	}
	if deployed && d.marks.take(at) {
		d.result.Marks = append(d.result.Marks, redpoll.Mark{Time: when, Kind: redpoll.Deploy, Text: text})
	}
}
