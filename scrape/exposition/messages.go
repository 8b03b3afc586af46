package exposition

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// number is one of a body, and its place among all that a walker finds, 0 if it
// is not there.
type number struct {
	v  float64
	at int32
}

// counted is a message with a value: of a metric, a bucket or a quantile.
type counted struct {
	bound  float64 // or rank
	value  number  // a count, if it has those
	floats number  // the same, of a histogram that counts in floats
}

// count is the number of observations, whether exposed as a whole number or not.
func (c *counted) count() number {
	if c.floats.v != 0 || c.value.at == 0 {
		return c.floats
	}
	return c.value
}

// isTwofold reports whether there are both, so that what they are decides which
// of them counts.
func (c *counted) isTwofold() bool { return c.value.at != 0 && c.floats.at != 0 }

// state is what a metric has of a type.
type state struct {
	counted
	there               bool // there is a message of the type
	begun               bool // it says when it began
	sum, seconds, nanos number
}

// recorder reads the metrics of a family as if they were lines of text.
type recorder struct {
	*builder
	head               *head
	family             int // number of the current one, from 1
	naming             naming
	bucket, sum, count string

	// Of the current metric.
	labels    []pair
	values    [histogramPart + 1]state
	buckets   []counted
	quantiles []counted
	state     *state   // the one that is being read
	into      *counted // it, or the bucket or quantile in it
	timestamp number
	native    number
}

// next begins the next family.
func (r *recorder) next() {
	r.head = &r.heads[r.family]
	r.family++
	r.bucket, r.sum, r.count = "", "", ""
	if !r.head.hasMetrics {
		return
	}
	r.naming = r.understand(r.head.name)
	if t := r.head.declared(); t.isHistogram() || t == summaryType {
		r.bucket, r.sum, r.count = r.head.name+"_bucket", r.head.name+"_sum", r.head.name+"_count"
	}
}

// fixed takes what is written of a part that does not change.
func (r *recorder) fixed(p part, written []byte) error {
	switch p {
	case boundPart:
		r.into.bound = (&field{wire: fixed8, value: written}).float()
	case labelPart:
		var one pair
		for len(written) > 0 {
			f, rest, err := nextField(written)
			if err != nil {
				return err
			}
			written = rest
			switch {
			case f.wire == prefix && f.number == 1:
				one.name = view(f.value)
			case f.wire == prefix && f.number == 2:
				one.value = view(f.value)
			}
		}
		switch {
		case !utf8.ValidString(one.value):
			return fmt.Errorf("family %d of the protobuf body: invalid label value %.*q", r.family, maxShown, one.value)
		case one.name == "" || !utf8.ValidString(one.name):
			return fmt.Errorf("family %d of the protobuf body: invalid label name %.*q", r.family, maxShown, one.name)
		}
		r.labels = append(r.labels, one)
	}
	return nil
}

// open begins a message.
func (r *recorder) open(p part) {
	switch p {
	case metricPart:
		r.labels, r.buckets, r.quantiles = r.labels[:0], r.buckets[:0], r.quantiles[:0]
		r.values = [len(r.values)]state{}
		r.timestamp, r.native = number{}, number{}
	case bucketPart:
		r.buckets = append(r.buckets, counted{})
		r.into = &r.buckets[len(r.buckets)-1]
	case quantilePart:
		r.quantiles = append(r.quantiles, counted{})
		r.into = &r.quantiles[len(r.quantiles)-1]
	case createdPart:
		r.state.begun = true
	default:
		r.state = &r.values[p]
		r.state.there, r.into = true, &r.state.counted
	}
}

// number takes one.
func (r *recorder) number(p part, n number) {
	switch p {
	case valuePart, countPart:
		r.into.value = n
	case floatCountPart:
		r.into.floats = n
	case sumPart:
		r.state.sum = n
	case secondsPart:
		r.state.seconds = n
	case nanosPart:
		r.state.nanos = n
	case timestampPart:
		r.timestamp = n
	}
}

// close ends a message.
func (r *recorder) close(p part, mark byte, w *walker) error {
	switch p {
	case bucketPart, quantilePart:
		r.into = &r.state.counted
	case histogramPart:
		if mark == nativeMark {
			at := len(w.numbers) - 1
			r.native = number{w.numbers[at], int32(at)}
		}
	case metricPart:
		return r.metric(w)
	}
	return nil
}

// metric takes what has been read of one.
func (r *recorder) metric(w *walker) error {
	s := scanner{labels: r.labels}
	if err := s.order(); err != nil {
		return fmt.Errorf("the protobuf body has a series of %.*s that is not sound: %w", maxShown, r.head.name, err)
	}
	first := len(r.slots)
	begun, err := r.lines(w)
	if err != nil {
		return err
	}
	end := len(r.slots)
	if r.timestamp.at != 0 && r.window != (window{}) {
		r.sources.stamps = append(r.sources.stamps, stamp{r.timestamp.at, int32(first), int32(end)})
		if !r.window.has(int64(r.timestamp.v)) {
			for i := first; i < end; i++ {
				r.builder.values[i] = absent
			}
		}
	}
	if begun != nil && begun.begun && end > first {
		r.noteBegun(begun)
	}
	return nil
}

// lines takes a metric as lines, and gives what says when it began, if anything.
func (r *recorder) lines(w *walker) (begun *state, err error) {
	v := &r.values
	switch t := r.head.declared(); {
	case t == counterType && v[counterPart].there:
		return &v[counterPart], r.line(r.head.name, r.naming.role, v[counterPart].value)
	case t == gaugeType && v[gaugePart].there:
		return nil, r.line(r.head.name, r.naming.role, v[gaugePart].value)
	case t.isHistogram() && v[histogramPart].there:
		return &v[histogramPart], r.histogram(&v[histogramPart], w)
	case t == summaryType && v[summaryPart].there:
		return &v[summaryPart], r.summary(&v[summaryPart])
	case t == unknownType && v[untypedPart].there:
		return nil, r.line(r.head.name, r.naming.role, v[untypedPart].value)
	}
	return nil, r.line(r.head.name, stray, number{})
}

// line takes a sample as a line of text.
func (r *recorder) line(name string, role role, n number) error {
	r.sources.from = append(r.sources.from, n.at)
	r.scanner.labels = append(r.scanner.labels[:0], r.labels...)
	return r.sample(name, naming{r.naming.family, role}, r.scanner.labels, n.v)
}

// bounded is line with a label for a bound or a rank.
func (r *recorder) bounded(name string, role role, label string, bound float64, n number) error {
	at, _ := slices.BinarySearchFunc(r.labels, label, func(p pair, name string) int {
		switch {
		case p.name < name:
			return -1
		case p.name > name:
			return 1
		}
		return 0
	})
	r.labels = slices.Insert(r.labels, at, pair{label, strconv.FormatFloat(bound, 'g', -1, 64)})
	err := r.line(name, role, n)
	r.labels = slices.Delete(r.labels, at, at+1)
	return err
}

// noteBegun takes when the series read last began.
func (r *recorder) noteBegun(s *state) {
	last := r.slots[len(r.slots)-1].group
	seconds := s.seconds.v + s.nanos.v/1e9
	if seconds == 0 {
		r.ambiguous = true // another body may say when
		return
	}
	if last == noGroup {
		return
	}
	slotAt := int32(len(r.slots))
	r.births = append(r.births, birth{r.groups[last].hash, r.groups[last].family, slotAt})
	r.sources.births = append(r.sources.births, instant{slotAt, s.seconds.at, s.nanos.at})
	r.sources.from = append(r.sources.from, 0)
	r.builder.values = append(r.builder.values, seconds)
	r.slots = append(r.slots, slot{group: noGroup})
}

// histogram takes the classic buckets, the native ones, or both.
func (r *recorder) histogram(h *state, w *walker) error {
	isNative := r.native.at != 0
	if isNative {
		if err := r.nativeBuckets(w.natives[len(w.natives)-1]); err != nil {
			return err
		}
	}
	if isNative && !r.hasBounds() {
		return nil
	}
	if err := r.classic(h.count()); err != nil {
		return err
	}
	r.ambiguous = r.ambiguous || h.isTwofold()
	if err := r.line(r.sum, sum, h.sum); err != nil {
		return err
	}
	return r.line(r.count, count, h.count())
}

// classic takes the buckets, of which the one up to +Inf, which has all, may be
// left out.
func (r *recorder) classic(total number) error {
	open, first := true, len(r.slots)
	for i := range r.buckets {
		one := &r.buckets[i]
		open = open && !math.IsInf(one.bound, 1)
		r.ambiguous = r.ambiguous || one.isTwofold()
		if i > 0 && r.isAnother(first, one.bound) {
			r.sources.from = append(r.sources.from, one.count().at)
			r.repeat(one.bound, one.count().v)
			continue
		}
		if err := r.bounded(r.bucket, bucket, "le", one.bound, one.count()); err != nil {
			return err
		}
	}
	if !open {
		return nil
	}
	return r.bounded(r.bucket, bucket, "le", math.Inf(1), total)
}

// isAnother reports whether a bucket is known to be another one of the series
// whose first bucket has a slot.
func (r *recorder) isAnother(first int, bound float64) bool {
	if r.library.options.isByLine() || bound != bound {
		return false
	}
	r.pattern.group = r.slots[first].group
	return r.groups[r.pattern.group].fault == ""
}

// nativeBuckets takes native buckets, unless there are too many of them however
// they are merged.
func (r *recorder) nativeBuckets(message []byte) error {
	o := &r.library.options.Limits
	if o.NativeBuckets > 0 && !r.exponential.isWithin(message, o) {
		const limit = "native_histogram_bucket_limit"
		series := seriesOf(r.head.name, HistogramType, r.labels)
		if o.Fail {
			return overLimit("%s is %d, and %v has more, also with a resolution that is as low as can be", limit, o.NativeBuckets, series)
		}
		r.exposed++
		r.limited.add(limit, series.String())
		r.ambiguous = true // another body may have fewer
		return nil
	}
	return r.line(r.head.name, native, r.native)
}

// hasBounds reports whether there are classic buckets but for the one up to
// +Inf, which may be there for its exemplar only.
func (r *recorder) hasBounds() bool {
	for i := range r.buckets {
		if !math.IsInf(r.buckets[i].bound, 1) {
			return true
		}
	}
	return false
}

func (r *recorder) summary(s *state) error {
	for i := range r.quantiles {
		one := &r.quantiles[i]
		if err := r.bounded(r.head.name, quantile, "quantile", one.bound, one.value); err != nil {
			return err
		}
	}
	if err := r.line(r.sum, sum, s.sum); err != nil {
		return err
	}
	return r.line(r.count, count, s.value)
}
