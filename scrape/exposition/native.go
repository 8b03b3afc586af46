package exposition

import (
	"fmt"
	"math"

	dto "github.com/prometheus/client_model/go"
)

// Schemas of native histograms. Finer ones than maxSchema are made coarser,
// which the specification allows.
const (
	minSchema    = -4
	maxSchema    = 8
	finestSchema = 52
	customSchema = -53 // bounds that are listed, for which the format has no field
)

// maxWidth bounds the buckets of a Native, the empty ones between others
// included. Where there are more they are made coarser.
const maxWidth = 512

// isNative reports whether a histogram has native buckets. The specification
// makes the difference from a classic one this way: a native histogram without
// observations has a zero threshold or a span of no buckets at all.
func isNative(h *dto.Histogram) bool {
	return len(h.GetPositiveSpan()) > 0 || len(h.GetNegativeSpan()) > 0 ||
		h.GetZeroThreshold() > 0 || h.GetZeroCount() > 0 || h.GetZeroCountFloat() > 0
}

// set takes over an exposed native histogram, reusing the memory for the counts.
// why is not empty if it cannot be used. Of a schema that it does not know
// Prometheus takes nothing of the whole body; here the other series are read.
func (n *Native) set(exposed *dto.Histogram) (why string) {
	count, known := countOf(exposed)
	zero := exposed.GetZeroCountFloat()
	if zero == 0 {
		zero = float64(exposed.GetZeroCount())
	}
	threshold, schema := exposed.GetZeroThreshold(), exposed.GetSchema()
	n.ExposedSchema = int(schema)
	switch {
	case schema == customSchema:
		return "has custom buckets (schema -53), whose bounds the protobuf format cannot tell"
	case schema < minSchema || schema > finestSchema:
		return fmt.Sprintf("has native buckets of schema %d, which is none of the exponential ones", schema)
	case !(threshold >= 0) || math.IsInf(threshold, 1):
		return "has a zero bucket that is not finite"
	case !known || !plausible(count) || !plausible(zero):
		return "has no sound count of its observations"
	}
	n.ZeroThreshold, n.Zero, n.Count, n.Sum = threshold, zero, count, math.NaN()
	if exposed.SampleSum != nil {
		n.Sum = exposed.GetSampleSum()
	}
	negative := run{exposed.GetNegativeSpan(), exposed.GetNegativeDelta(), exposed.GetNegativeCount()}
	below, why := negative.total()
	if why != "" {
		return why
	}
	if below > 0 {
		return "has observations below zero, which no duration is"
	}
	return n.setBuckets(int(schema), run{exposed.GetPositiveSpan(), exposed.GetPositiveDelta(), exposed.GetPositiveCount()})
}

// setBuckets fills Schema, First and Counts.
func (n *Native) setBuckets(schema int, positive run) (why string) {
	if _, why := positive.total(); why != "" {
		return why
	}
	n.Schema, n.First, n.Counts = int8(min(schema, maxSchema)), 0, n.Counts[:0]
	first, last, ok := positive.bounds()
	if !ok {
		return ""
	}
	// What NewExponential of the vocabulary takes: powers of two that are
	// normal float64s.
	const lowest, highest = -1022, 1023
	if per := math.Exp2(float64(schema)); float64(first-1) < lowest*per || float64(last) > highest*per {
		return "has native buckets beyond any duration"
	}
	shift := uint(max(schema-maxSchema, 0))
	for coarser(last, shift)-coarser(first, shift) >= maxWidth {
		shift++ // the coarsest schema has 128 buckets
	}
	n.Schema, n.First = int8(schema-int(shift)), int(coarser(first, shift))
	n.Counts = zeros(n.Counts, int(coarser(last, shift))-n.First+1)
	positive.each(func(i int64, count float64) {
		n.Counts[int(coarser(i, shift))-n.First] += count
	})
	return ""
}

// coarser is the number of the bucket that holds bucket i at a schema that is
// lower by shift.
func coarser(i int64, shift uint) int64 { return (i-1)>>shift + 1 }

// zeros are n zeros, in s if it has the capacity.
func zeros(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// run are native buckets as exposed: spans of neighbours, and their counts
// either as differences from the one before or as they are.
type run struct {
	spans  []*dto.BucketSpan
	deltas []int64
	counts []float64
}

// total adds the counts up. why is not empty if they cannot be used: when it is
// empty, each of them has its place in a span, and they are plausible even
// together.
func (r run) total() (sum float64, why string) {
	if len(r.deltas) > 0 && len(r.counts) > 0 {
		return 0, "has native buckets with whole and with float counts"
	}
	var places int64
	for i, s := range r.spans {
		if i > 0 && s.GetOffset() < 0 {
			return 0, "has native buckets that overlap"
		}
		places += int64(s.GetLength())
	}
	if places != int64(len(r.deltas)+len(r.counts)) {
		return 0, "has more or fewer native buckets than counts of them"
	}
	var count int64
	for _, delta := range r.deltas {
		count += delta // beyond the greatest it becomes negative
		sum += float64(count)
		if count < 0 || !plausible(sum) {
			return 0, "has a native bucket without a sound count"
		}
	}
	for _, count := range r.counts {
		sum += count
		if !plausible(count) || !plausible(sum) {
			return 0, "has a native bucket without a sound count"
		}
	}
	return sum, ""
}

// bounds are the numbers of the first and the last bucket; ok is false if there
// is none.
func (r run) bounds() (first, last int64, ok bool) {
	var next int64
	for _, s := range r.spans {
		next += int64(s.GetOffset())
		if s.GetLength() == 0 {
			continue
		}
		if !ok {
			first, ok = next, true
		}
		next += int64(s.GetLength())
		last = next - 1
	}
	return first, last, ok
}

// each calls f with the number and the count of every bucket. It needs a total
// without a why.
func (r run) each(f func(i int64, count float64)) {
	var next, running int64
	read := 0
	for _, s := range r.spans {
		next += int64(s.GetOffset())
		for range s.GetLength() {
			if len(r.counts) > 0 {
				f(next, r.counts[read])
			} else {
				running += r.deltas[read]
				f(next, float64(running))
			}
			next, read = next+1, read+1
		}
	}
}
