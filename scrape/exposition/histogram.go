package exposition

import (
	"cmp"
	"math"
	"slices"

	dto "github.com/prometheus/client_model/go"
)

// layout are the bounds of the histogram read last, which the next one nearly
// always has too.
type layout struct{ shared, scratch []float64 }

// share gives l.scratch as a slice that is never written to again.
func (l *layout) share() []float64 {
	if !slices.Equal(l.shared, l.scratch) {
		l.shared = slices.Clone(l.scratch)
	}
	return l.shared
}

// set takes over an exposed histogram, reusing the memory for the counts. A
// bucket that appears twice, also as le="1" and le="1.0", counts once, as first
// exposed; doubles says how many were dropped. why is not empty if the
// histogram cannot be used at all.
func (h *Histogram) set(exposed *dto.Histogram, l *layout) (doubles int, why string) {
	buckets := exposed.GetBucket()
	if !slices.IsSortedFunc(buckets, byBound) {
		slices.SortStableFunc(buckets, byBound)
	}
	l.scratch, h.Cumulative = l.scratch[:0], h.Cumulative[:0]
	total, known := countOf(exposed)
	last := math.NaN()
	for _, b := range buckets {
		bound, count := b.GetUpperBound(), cumulative(b)
		switch {
		case !plausible(count) || math.IsNaN(bound) || math.IsInf(bound, -1):
			return 0, "has a bucket without a sound count or bound"
		case bound == last:
			doubles++
			continue
		case math.IsInf(bound, 1):
			// +Inf is by definition everything; it wins over a _count
			// that was taken a moment later.
			total, known = count, true
		default:
			l.scratch = append(l.scratch, bound)
			h.Cumulative = append(h.Cumulative, count)
		}
		last = bound
	}
	if !known || !plausible(total) {
		return 0, "has neither a +Inf bucket nor a usable _count"
	}
	h.Bounds, h.Cumulative = l.share(), append(h.Cumulative, total)
	h.Sum = math.NaN()
	if exposed.SampleSum != nil {
		h.Sum = exposed.GetSampleSum()
	}
	return doubles, ""
}

func byBound(a, b *dto.Bucket) int { return cmp.Compare(a.GetUpperBound(), b.GetUpperBound()) }

// cumulative is the bucket's count, whether exposed as a whole number or not.
func cumulative(b *dto.Bucket) float64 {
	if b.CumulativeCountFloat != nil {
		return b.GetCumulativeCountFloat()
	}
	return float64(b.GetCumulativeCount())
}

func countOf(h *dto.Histogram) (count float64, known bool) {
	switch {
	case h.SampleCountFloat != nil:
		return h.GetSampleCountFloat(), true
	case h.SampleCount != nil:
		return float64(h.GetSampleCount()), true
	}
	return 0, false
}

func plausible(count float64) bool { return count >= 0 && count <= maxCount }
