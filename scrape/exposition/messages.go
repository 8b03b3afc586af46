package exposition

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	dto "github.com/prometheus/client_model/go"
)

// readProtobuf reads a protobuf body. It makes a layout anew each time, which is
// used for this body only.
func (r *Reader) readProtobuf(ctx context.Context, body *Body, w *workspace) (Scrape, error) {
	size, err := measureProtobuf(body.Bytes)
	if err != nil {
		return Scrape{}, err
	}
	families, err := parseProtobuf(ctx, body.Bytes)
	if err != nil {
		return Scrape{}, err
	}
	b := r.library.builders.Get().(*builder)
	defer b.release()
	b.begin(protobuf, r.window(body), size.Lines, 0)
	names := slices.Sorted(maps.Keys(families))
	for _, name := range names {
		b.metadata[name] = &metadata{typ: declaredAs(families[name]), help: families[name].GetHelp(), unit: families[name].GetUnit()}
	}
	for _, name := range names {
		if err := b.readFamily(ctx, families[name]); err != nil {
			return b.counted(), err
		}
	}
	if b.excess != nil {
		return b.counted(), b.excess
	}
	l := b.link(false)
	w.begin(l)
	copy(w.values, b.values)
	limits := &r.library.options.Limits
	w.exposed, w.buckets, w.finest, w.most = b.natives, MaxBuckets, schemaOf(limits.NativeFactor), limits.NativeBuckets
	return r.scrape(l, w)
}

// declaredAs is the type of a family as text would have it.
func declaredAs(family *dto.MetricFamily) declared {
	switch family.GetType() {
	case dto.MetricType_COUNTER:
		return counterType
	case dto.MetricType_GAUGE:
		return gaugeType
	case dto.MetricType_HISTOGRAM:
		return histogramType
	case dto.MetricType_GAUGE_HISTOGRAM:
		return gaugeHistogramType
	case dto.MetricType_SUMMARY:
		return summaryType
	}
	return unknownType
}

// messages reads the metrics of a family as if they were lines of text.
type messages struct {
	*builder
	naming
	exposed            string // the name of the family
	bucket, sum, count string
	labels             []pair
	timestamp          int64
	stamped            bool
}

// stride is how many series of a protobuf body are read between two looks at
// whether ctx has ended.
const stride = 64

func (b *builder) readFamily(ctx context.Context, family *dto.MetricFamily) error {
	name := family.GetName()
	m := messages{
		builder: b, naming: b.understand(name), exposed: name,
		bucket: name + "_bucket", sum: name + "_sum", count: name + "_count",
	}
	for i, one := range family.GetMetric() {
		if i%stride == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := m.read(one, declaredAs(family)); err != nil {
			return err
		}
	}
	return nil
}

// read takes one metric.
func (m *messages) read(one *dto.Metric, t declared) error {
	m.labels = m.labels[:0]
	for _, l := range one.GetLabel() {
		m.labels = append(m.labels, pair{l.GetName(), l.GetValue()})
	}
	s := scanner{labels: m.labels}
	if err := s.order(); err != nil {
		return fmt.Errorf("the protobuf body has a series of %.*s that is not sound: %w", maxShown, m.exposed, err)
	}
	m.timestamp, m.stamped = one.GetTimestampMs(), one.TimestampMs != nil
	switch {
	case t == counterType && one.Counter != nil:
		return m.begun(m.value(one.GetCounter().GetValue()), one.GetCounter().GetCreatedTimestamp())
	case t == gaugeType && one.Gauge != nil:
		return m.value(one.GetGauge().GetValue())
	case t.isHistogram() && one.Histogram != nil:
		return m.begun(m.histogram(one.GetHistogram()), one.GetHistogram().GetCreatedTimestamp())
	case t == summaryType && one.Summary != nil:
		return m.begun(m.summary(one.GetSummary()), one.GetSummary().GetCreatedTimestamp())
	case t == unknownType && one.Untyped != nil:
		return m.value(one.GetUntyped().GetValue())
	}
	return m.line(m.exposed, stray, 0)
}

// line takes a sample as a line of text.
func (m *messages) line(name string, r role, v float64) error {
	switch {
	case m.stamped && !m.window.has(m.timestamp):
		v = absent
	case isAbsent(v):
		v = math.NaN()
	}
	return m.sample(name, naming{m.family, r}, append(m.scanner.labels[:0], m.labels...), v)
}

// bounded is line with a label for a bound or a rank.
func (m *messages) bounded(name string, r role, label string, bound, v float64) error {
	all := m.labels
	at, _ := slices.BinarySearchFunc(all, label, func(p pair, name string) int {
		switch {
		case p.name < name:
			return -1
		case p.name > name:
			return 1
		}
		return 0
	})
	m.labels = slices.Insert(slices.Clone(all), at, pair{label, strconv.FormatFloat(bound, 'g', -1, 64)})
	err := m.line(name, r, v)
	m.labels = all
	return err
}

// value takes the one value of a series.
func (m *messages) value(v float64) error { return m.line(m.exposed, m.role, v) }

// begun takes when the series read last began, unless reading it failed.
func (m *messages) begun(err error, at interface {
	GetSeconds() int64
	GetNanos() int32
}) error {
	seconds := float64(at.GetSeconds()) + float64(at.GetNanos())/1e9
	if err != nil || seconds == 0 {
		return err
	}
	last := m.slots[len(m.slots)-1].group
	if last != noGroup {
		m.births = append(m.births, birth{m.groups[last].hash, m.groups[last].family, int32(len(m.slots))})
		m.values = append(m.values, seconds)
		m.slots = append(m.slots, slot{group: noGroup})
	}
	return nil
}

// histogram takes the classic buckets, the native ones, or both.
func (m *messages) histogram(h *dto.Histogram) error {
	isNative := isNative(h)
	if isNative {
		if err := m.native(h); err != nil {
			return err
		}
	}
	if isNative && !hasBounds(h) {
		return nil
	}
	total, _ := countOf(h)
	open := true // there is no bucket up to +Inf yet, which protobuf may leave out
	for _, one := range h.GetBucket() {
		open = open && !math.IsInf(one.GetUpperBound(), 1)
		if err := m.bounded(m.bucket, bucket, "le", one.GetUpperBound(), cumulative(one)); err != nil {
			return err
		}
	}
	if open {
		if err := m.bounded(m.bucket, bucket, "le", math.Inf(1), total); err != nil {
			return err
		}
	}
	if err := m.line(m.sum, sum, h.GetSampleSum()); err != nil {
		return err
	}
	return m.line(m.count, count, total)
}

// native takes native buckets, unless there are too many of them however they
// are merged.
func (m *messages) native(h *dto.Histogram) error {
	o := &m.library.options.Limits
	if _, ok := coarseEnough(h, schemaOf(o.NativeFactor), o.NativeBuckets); !ok {
		const limit = "native_histogram_bucket_limit"
		series := seriesOf(m.exposed, HistogramType, m.labels)
		if o.Fail {
			return overLimit("%s is %d, and %v has more, also with a resolution that is as low as can be", limit, o.NativeBuckets, series)
		}
		m.builder.exposed++
		m.limited.add(limit, series.String())
		return nil
	}
	m.natives = append(m.natives, h)
	return m.line(m.exposed, native, float64(len(m.natives)-1))
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

// cumulative is the bucket's count, whether exposed as a whole number or not.
func cumulative(b *dto.Bucket) float64 {
	if count := b.GetCumulativeCountFloat(); count != 0 {
		return count
	}
	return float64(b.GetCumulativeCount())
}

func (m *messages) summary(s *dto.Summary) error {
	for _, q := range s.GetQuantile() {
		if err := m.bounded(m.exposed, quantile, "quantile", q.GetQuantile(), q.GetValue()); err != nil {
			return err
		}
	}
	if err := m.line(m.sum, sum, s.GetSampleSum()); err != nil {
		return err
	}
	return m.line(m.count, count, float64(s.GetSampleCount()))
}
