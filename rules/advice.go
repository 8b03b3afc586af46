package rules

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/redpoll/redpoll/internal/redpoll"
)

const (
	// tooWide is how wide the bucket around a threshold may be, as a share of
	// the threshold. Anywhere inside a bucket a quantile is an estimate, and
	// across a wide one it may cross the threshold without the truth doing so,
	// or the other way round.
	tooWide = 0.5
	// maxAdvice bounds the pieces of advice for one rule, maxJobs the jobs that
	// one of them names.
	maxAdvice = 5
	maxJobs   = 3
)

// bucket is the room between two bounds in seconds; upper may be +Inf.
type bucket struct{ lower, upper float64 }

// blurs finds the bucket that hides on which side of the threshold a latency
// lies: one that is wider than tooWide with the threshold strictly inside, or
// the one up to +Inf. A threshold at a bound is judged exactly, at the highest
// one, too. bounds are as Histogram has them and not empty.
func blurs(bounds []float64, threshold float64) (b bucket, ok bool) {
	i, _ := slices.BinarySearch(bounds, threshold)
	if i > 0 {
		b.lower = max(0, bounds[i-1]) // no duration is negative
	}
	if reaches(b.lower, threshold) {
		return bucket{}, false
	}
	if i == len(bounds) {
		b.upper = math.Inf(1)
		return b, true
	}
	b.upper = bounds[i]
	return b, !reaches(threshold, b.upper) && b.upper-b.lower > tooWide*threshold
}

// blur collects the endpoints whose latencies are counted in one such bucket.
type blur struct {
	bucket
	endpoints int
	example   redpoll.EndpointKey
	jobs      map[string]bool
}

// advice says which buckets the histograms of the rule's endpoints lack, most
// endpoints first. It goes by what the endpoints exposed last, and looks at a
// layout once where endpoints that share it stand together, as they usually do.
func (w *watch) advice() []redpoll.Advice {
	if w.metric.kind != quantile {
		return nil
	}
	var advice []redpoll.Advice
	for _, l := range w.levels {
		for _, b := range w.blursAround(l.Threshold) {
			if len(advice) == maxAdvice {
				return advice
			}
			advice = append(advice, redpoll.Advice{Text: b.text(w.metric.name, l.Threshold)})
		}
	}
	return advice
}

// blursAround are those that hide the threshold, most endpoints first.
func (w *watch) blursAround(threshold float64) []*blur {
	found := map[bucket]*blur{}
	var bounds []float64 // of the endpoint before
	var now *blur        // what came of them
	for _, ep := range w.endpoints {
		if len(ep.bounds) == 0 || !ep.absentSince.IsZero() {
			continue
		}
		if len(bounds) != len(ep.bounds) || &bounds[0] != &ep.bounds[0] {
			bounds, now = ep.bounds, nil
			if b, ok := blurs(bounds, threshold); ok {
				now = cmp.Or(found[b], &blur{bucket: b, example: ep.key, jobs: map[string]bool{}})
				found[b] = now
			}
		}
		if now != nil {
			now.endpoints++
			now.jobs[ep.key.Job] = true
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b *blur) int {
		return cmp.Or(cmp.Compare(b.endpoints, a.endpoints), cmp.Compare(a.lower, b.lower), cmp.Compare(a.upper, b.upper))
	})
}

func (b *blur) text(metric string, threshold float64) string {
	at, bound := formatSeconds(threshold), strconv.FormatFloat(threshold, 'g', -1, 64)
	mend := "add " + bound + " to the histogram's buckets (in seconds)"
	if math.IsInf(b.upper, 1) {
		return fmt.Sprintf("%s is beyond the highest bucket, %s, of %s: whether %s is above cannot be told; %s, and a few beyond",
			at, formatSeconds(b.lower), b.whose(), metric, mend)
	}
	return fmt.Sprintf("%s lies inside the wide bucket from %s to %s of %s: near it, %s is an estimate; %s",
		at, formatSeconds(b.lower), formatSeconds(b.upper), b.whose(), metric, mend)
}

// whose names the endpoints, e.g. "12 endpoints of blog and shop, e.g. POST
// /checkout".
func (b *blur) whose() string {
	example := strings.TrimSpace(b.example.Method + " " + b.example.Path)
	jobs := slices.Sorted(maps.Keys(b.jobs))
	if b.endpoints == 1 {
		return example + " of " + jobs[0]
	}
	if more := len(jobs) - maxJobs; more > 0 {
		jobs = append(jobs[:maxJobs], fmt.Sprintf("%d more jobs", more))
	}
	last := len(jobs) - 1
	names := jobs[last]
	if last > 0 {
		names = strings.Join(jobs[:last], ", ") + " and " + names
	}
	return fmt.Sprintf("%d endpoints of %s, e.g. %s", b.endpoints, names, example)
}
