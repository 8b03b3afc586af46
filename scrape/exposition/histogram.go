package exposition

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	dto "github.com/prometheus/client_model/go"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// readHistogram takes the classic buckets, the native ones, or both.
func (d *Reader) readHistogram(name string, m *dto.Metric) {
	h := m.GetHistogram()
	classic, native := d.samplesOf(h)
	e, ok := d.claim(name, HistogramType, m, classic+native)
	if !ok {
		return
	}
	s, taken := Sample{Created: stamp(h.GetCreatedTimestamp())}, 0
	if classic > 0 {
		s.Histogram, taken = d.readClassic(e, h, classic)
	}
	if native > 0 {
		if s.Native = d.readNative(e, h); s.Native != nil {
			taken++
		}
	}
	if taken > 0 {
		d.take(taken, e, s)
	}
}

// samplesOf says how many samples each sort of a histogram's buckets makes;
// Prometheus counts native ones as one.
func (d *Reader) samplesOf(h *dto.Histogram) (classic, native int) {
	if isNative(h) {
		native = 1
		if !hasBounds(h) {
			return 0, native
		}
	}
	buckets := h.GetBucket()
	classic = len(buckets) + 2
	if n := len(buckets); d.protobuf && (n == 0 || !math.IsInf(buckets[n-1].GetUpperBound(), 1)) {
		classic++ // protobuf may leave the bucket up to +Inf out
	}
	return classic, native
}

// hasBounds reports whether there are classic buckets but for the one up to
// +Inf, which may be there for its exemplar only.
func hasBounds(h *dto.Histogram) bool {
	for _, b := range h.GetBucket() {
		if !math.IsInf(b.GetUpperBound(), 1) {
			return true
		}
	}
	return false
}

// readClassic gives a histogram, and how many of its n samples were taken; nil
// if it cannot be used.
func (d *Reader) readClassic(e *entry, exposed *dto.Histogram, n int) (*Histogram, int) {
	doubles, why := e.histogram.set(exposed, &d.layout)
	if why != "" {
		d.skip(n, &e.series, why)
		return nil, 0
	}
	if doubles > 0 {
		d.skip(doubles, &e.series, "has a bucket twice")
	}
	return &e.histogram, n - doubles
}

// readNative gives a native histogram, nil if it cannot be used.
func (d *Reader) readNative(e *entry, exposed *dto.Histogram) *Native {
	if e.native == nil {
		e.native = new(Native)
	}
	why := e.native.set(exposed, d.finest)
	if width := len(e.native.Buckets.Counts); why == "" && d.keep {
		if width > d.buckets {
			why = fmt.Sprintf("is left out, because the body has more than %d native buckets, with the empty ones between them", MaxBuckets)
		} else {
			d.buckets -= width
		}
	}
	if why != "" {
		e.native = nil
		d.skip(1, &e.series, why)
	}
	return e.native
}

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
	if count := b.GetCumulativeCountFloat(); count != 0 {
		return count
	}
	return float64(b.GetCumulativeCount())
}

// countOf is the number of all observations, whether exposed as a whole number
// or not.
func countOf(h *dto.Histogram) (count float64, known bool) {
	if count := h.GetSampleCountFloat(); count != 0 || h.SampleCount == nil {
		return count, h.SampleCountFloat != nil
	}
	return float64(h.GetSampleCount()), true
}

func plausible(count float64) bool { return count >= 0 && count <= redpoll.MaxCount }
