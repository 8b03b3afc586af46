package red

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// maxIgnored bounds the list of families that are not used, maxConsidered the
// families that are looked at for it.
const (
	maxIgnored    = 50
	maxConsidered = 5000
)

// trafficWords are those of names that a reader may miss among the endpoints.
var trafficWords = wordSet("http request requests response responses rpc grpc")

// ignored lists the families that speak of requests and are not used, with the
// reason, in the order of their names: the first maxIgnored.
func (d *Deriver) ignored(listed []exposition.Family) (list []redpoll.Ignored) {
	stated := d.statedReasons()
	for i := range listed[:min(len(listed), maxConsidered)] {
		if len(list) == maxIgnored {
			break
		}
		if reason := d.whyIgnored(&listed[i], stated); reason != "" {
			list = append(list, redpoll.Ignored{Family: clip(listed[i].Name), Reason: reason})
		}
	}
	return list
}

// whyIgnored is empty for a family that is used, or that nobody would take for
// requests.
func (d *Deriver) whyIgnored(f *exposition.Family, stated map[string]string) string {
	if d.isUsed(f.Name) {
		return ""
	}
	if reason := statedReason(f.Name, stated); reason != "" {
		return reason
	}
	if _, crowded := slices.BinarySearch(d.now.crowded, f.Name); crowded {
		return fmt.Sprintf("%d families of requests are followed already, and no more are; there is room again %v after some have gone", d.mostFamilies(), Retention)
	}
	if reason := d.reasonOfRank(f.Name); reason != "" {
		return reason
	}
	if reason := d.reasonOfMapping(f); reason != "" {
		return reason
	}
	switch {
	case !mentionsAny(f.Name, trafficWords):
		return ""
	case mentionsAny(f.Name, sizeWords):
		return "sizes, not durations"
	case mentionsAny(f.Name, otherWork):
		return "what the application itself asks of others, or a part of the requests that it serves"
	case f.Type == exposition.Gauge:
		return "a gauge: it counts no requests"
	case !d.exclusive:
		return "not named under the job's endpoints:"
	}
	return d.reasonOfShape(f)
}

// isUsed reports whether endpoints are made of the family, or their errors are
// taken from it.
func (d *Deriver) isUsed(name string) bool {
	for _, f := range d.families {
		if !f.now.used() {
			continue
		}
		e := f.convention.ErrorsFrom
		if f.name == name || e != nil && (f.now.joined || f.now.counted) && !f.now.status && isNamed(e.Family, name) {
			return true
		}
	}
	return false
}

// statedReasons are what the conventions in use say about families that are not
// requests, by a glob of their names. Where two say something about the same it
// is the preferred one that counts.
func (d *Deriver) statedReasons() map[string]string {
	reasons := make(map[string]string)
	used := d.used()
	slices.SortStableFunc(used, func(a, b *family) int { return cmp.Compare(a.rank, b.rank) })
	for _, f := range used {
		for glob, why := range f.convention.Ignore {
			if _, stated := reasons[glob]; !stated {
				reasons[glob] = why
			}
		}
	}
	return reasons
}

// statedReason is that of the glob that names the family most exactly.
func statedReason(name string, stated map[string]string) (reason string) {
	exactness := 0
	for glob, why := range stated {
		if len(glob) > exactness && isNamed(glob, name) {
			exactness, reason = len(glob), why
		}
	}
	return reason
}

// reasonOfRank says which family was preferred to one that some convention
// could read.
func (d *Deriver) reasonOfRank(name string) string {
	for _, f := range d.families {
		if f.name != name || !f.now.present {
			continue
		}
		best := d.now.best[f.purpose()]
		switch {
		case f.convention.PathIsMetricsPath:
			return "requests to the metrics page alone"
		case f.guess && best.guess:
			return fmt.Sprintf("perhaps the same requests as %s; if they are others, map both under endpoints:", best.name)
		default:
			return fmt.Sprintf("taken for the same requests as %s, as the convention %s stands before %s",
				best.name, best.convention.Name, f.convention.Name)
		}
	}
	return ""
}

// reasonOfShape is for a family that no convention in use names, and that the
// general rule has not taken.
func (d *Deriver) reasonOfShape(f *exposition.Family) string {
	best := d.now.best[purpose{traffic: HTTP}]
	_, hasUnit := unitOf(f.Name)
	_, speaksOfDurations := durationsOf(f.Name)
	switch {
	case best != nil && best.now.chosen && !best.convention.PathIsMetricsPath:
		return "not used, as the requests are known from " + best.name
	case slices.Contains(d.now.pathless, f.Name):
		return "no label of it names a path"
	case d.catalogue.names(f.Name):
		return "a convention names it, but not with these labels and this type, or only beside another family; map it under endpoints:"
	case f.Type != exposition.HistogramType && f.Type != exposition.SummaryType:
		return "no convention names it; if a label of it names a path, map it under endpoints:"
	case !hasUnit:
		return "its name tells no unit; map it under endpoints:"
	case !speaksOfDurations:
		return "its name does not speak of durations; if they are those of requests, map it under endpoints:"
	default:
		return "it has no series that can be read"
	}
}
