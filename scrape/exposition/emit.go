package exposition

import (
	"fmt"
	"math"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// workspace is the memory for one Scrape. What it has belongs to nobody for
// longer, so a few serve any number of targets.
type workspace struct {
	values     []float64
	samples    []Sample
	histograms []Histogram
	summaries  []Summary
	quantiles  []Quantile
	natives    []Native
	copied     []float64 // counts that do not follow each other in values
	skipped    Skipped

	// Of a protobuf body.
	numbers     []float64 // see walker
	exposed     [][]byte  // native histograms, as messages; the value of their slots is their place
	exponential exponential
	buckets     int // native ones that the Scrape may still have
	finest      int // schema of them
	most        int // buckets of each; 0 is no limit
}

// begin makes room for the values and samples of a layout, and forgets the
// Scrape before.
func (w *workspace) begin(l *layout) {
	w.clear()
	if cap(w.values) < l.values {
		w.values = make([]float64, l.values+l.values/8)
	}
	if cap(w.samples) < l.samples {
		w.samples = make([]Sample, 0, l.samples+l.samples/8)
	}
	w.values = w.values[:l.values]
}

// clear forgets what the workspace points to, so that it keeps no series.
func (w *workspace) clear() {
	clear(w.samples)
	clear(w.histograms)
	w.samples, w.histograms, w.summaries = w.samples[:0], w.histograms[:0], w.summaries[:0]
	w.quantiles, w.natives, w.copied = w.quantiles[:0], w.natives[:0], w.copied[:0]
	clear(w.exposed)
	w.skipped, w.exposed = Skipped{}, w.exposed[:0]
}

// isRoomy reports whether there is room for far more than is used.
func isRoomy(room, used int) bool { return room > 4*used+spareSeries }

// emit makes the samples of a layout from the values. The refs of known are in
// the order of the steps with a series.
func (w *workspace) emit(l *layout, known *known) {
	refs := known.refs
	for i := range l.steps {
		s := &l.steps[i]
		out := Sample{Series: s.series}
		n, why := w.take(l, s, &out)
		if why != "" {
			w.skip(n, l, s, why)
		}
		if s.series == nil {
			continue
		}
		ref := refs[0]
		refs = refs[1:]
		if why != "" {
			continue
		}
		out.Ref, out.Before = int(ref), known.list[ref].before
		if s.born != noGroup {
			out.Created = sinceEpoch(w.values[s.born])
		}
		w.samples = append(w.samples, out)
	}
}

// take puts the values of a step into a sample. why says why n of its lines are
// left out, and all is; it is empty if nothing is.
func (w *workspace) take(l *layout, s *step, out *Sample) (n int, why string) {
	switch s.kind {
	case histogramStep:
		return w.histogram(l, s, out)
	case summaryStep:
		return int(s.shape.lines), w.summary(l, s, out)
	case fault:
		return int(s.run), s.fault
	}
	if s.run > 1 {
		w.checkRun(l, s)
		return 0, ""
	}
	out.Value = w.values[s.at]
	return 1, s.kind.faultOf(out.Value)
}

// skip counts lines of a step that are left out.
func (w *workspace) skip(n int, l *layout, s *step, why string) {
	w.skipped.Add(n, func() string { return fmt.Sprintf("%s %s", l.describe(s), why) })
}

// badlyStamped is said of samples whose timestamp is far from the scrape.
const badlyStamped = "has a timestamp more than 5 minutes before or 10 minutes after the scrape"

// checkRun checks values that are not wanted.
func (w *workspace) checkRun(l *layout, s *step) {
	for i, v := range w.values[s.at : s.at+s.run] {
		if why := s.kind.faultOf(v); why != "" {
			one := *s
			one.at += int32(i)
			w.skip(1, l, &one, why)
		}
	}
}

// faultOf says why a counter, or another value, cannot be; empty if it can.
func (k stepKind) faultOf(v float64) string {
	switch {
	case k == valueStep && !isAbsent(v), v >= 0 && v <= math.MaxFloat64:
		return ""
	case isAbsent(v):
		return badlyStamped
	case v < 0 && !math.IsInf(v, -1):
		return "is negative, which no counter can be"
	default:
		return fmt.Sprintf("is %v, which no counter can be", v)
	}
}

// value is that of a line of a step, NaN if it has none.
func (w *workspace) value(s *step, distance int32) float64 {
	if distance == none {
		return math.NaN()
	}
	return w.values[s.at+distance]
}

// histogram reads the buckets that a histogram has. why says why n of its lines
// are left out, and all is.
func (w *workspace) histogram(l *layout, s *step, out *Sample) (n int, why string) {
	n = int(s.shape.classic)
	if n > 0 {
		why = w.classic(l, s, out)
	}
	if s.shape.native == none {
		return n, why
	}
	whyNative := w.native(s, out)
	switch {
	case whyNative == "" && why == "":
		return 0, ""
	case whyNative == "": // the classic half is left out alone
		w.skip(n, l, s, why)
		return 0, ""
	case n == 0:
		return 1, whyNative
	}
	w.skip(1, l, s, whyNative)
	return n, why
}

// classic reads classic buckets.
func (w *workspace) classic(l *layout, s *step, out *Sample) (why string) {
	shape := s.shape
	if shape.fault != "" {
		return w.absence(s, shape.fault)
	}
	cumulative := w.cumulative(s)
	for _, c := range cumulative {
		if !plausible(c) {
			return w.absence(s, faultOfBuckets(shape, cumulative))
		}
	}
	total := w.value(s, shape.sum)
	if total != total && isAbsent(total) {
		return badlyStamped
	}
	if shape.left > 0 {
		w.skip(int(shape.left), l, s, "has a bucket twice")
	}
	if s.series == nil {
		return ""
	}
	w.histograms = append(w.histograms, Histogram{Bounds: shape.bounds, Cumulative: cumulative, Sum: total})
	out.Histogram = &w.histograms[len(w.histograms)-1]
	return ""
}

// faultOfBuckets says which of the counts cannot be: those of buckets, or the
// last, that of all.
func faultOfBuckets(s *shape, cumulative []float64) string {
	for _, c := range cumulative[:len(cumulative)-1] {
		if !plausible(c) {
			return "has a bucket without a sound count or bound"
		}
	}
	if s.top == none {
		return "has neither a +Inf bucket nor a usable _count"
	}
	return "has a bucket without a sound count or bound"
}

// absence is why a series is left out: because a line of it is badly stamped, or
// else why.
func (w *workspace) absence(s *step, why string) string {
	for _, v := range w.values[s.at:min(len(w.values), int(s.at+s.shape.lines))] {
		if isAbsent(v) {
			return badlyStamped
		}
	}
	return why
}

// cumulative are the counts of the buckets with a bound, and of all: what the
// bucket up to +Inf has is by definition everything; it wins over a _count that
// was taken a moment later.
func (w *workspace) cumulative(s *step) []float64 {
	shape := s.shape
	n := int32(len(shape.bounds))
	if shape.counts == nil && shape.top == shape.first+n && n > 0 {
		first := s.at + shape.first
		return w.values[first : first+n+1 : first+n+1]
	}
	begin := len(w.copied)
	for _, distance := range shape.counts {
		w.copied = append(w.copied, w.values[s.at+distance])
	}
	all := shape.top
	if all == none {
		all = shape.count
	}
	w.copied = append(w.copied, w.value(s, all))
	return w.copied[begin:len(w.copied):len(w.copied)]
}

// summary reads a summary. Quantiles that are NaN, as of a window without
// observations, or infinite are left out.
func (w *workspace) summary(l *layout, s *step, out *Sample) (why string) {
	shape := s.shape
	if shape.fault != "" {
		return w.absence(s, shape.fault)
	}
	count := w.value(s, shape.count)
	if !plausible(count) {
		return w.absence(s, "has no usable _count")
	}
	if shape.left > 0 {
		w.skip(int(shape.left), l, s, "has a quantile twice, or one that is not between 0 and 1")
	}
	if s.series == nil {
		return ""
	}
	begin := len(w.quantiles)
	for i, rank := range shape.bounds {
		v := w.values[s.at+shape.counts[i]]
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			w.quantiles = append(w.quantiles, Quantile{rank, v})
		}
	}
	total := w.value(s, shape.sum)
	if isAbsent(total) {
		return badlyStamped
	}
	w.summaries = append(w.summaries, Summary{Count: count, Sum: total, Quantiles: w.quantiles[begin:len(w.quantiles):len(w.quantiles)]})
	out.Summary = &w.summaries[len(w.summaries)-1]
	return ""
}

func plausible(count float64) bool { return count >= 0 && count <= redpoll.MaxCount }

// year10000 is beyond any time that is written with four digits, in seconds
// since the Unix epoch.
const year10000 = 253_402_300_800

// sinceEpoch is seconds if that can be when a process counted, otherwise 0.
func sinceEpoch(seconds float64) float64 {
	if !(seconds > 0 && seconds < year10000) {
		return 0
	}
	return seconds
}
