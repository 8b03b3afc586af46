package exposition

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	dto "github.com/prometheus/client_model/go"
)

// Library is what the readers of like targets share. It may be used
// concurrently.
type Library struct{ options Options }

// NewLibrary makes a library for targets whose bodies are read in one way.
func NewLibrary(o Options) *Library { return &Library{o} }

// NewReader makes a reader that has seen nothing yet, for one target.
func (l *Library) NewReader() *Reader {
	return &Reader{wanted: l.options.Wanted, finest: schemaOf(l.options.Limits.NativeFactor), series: newInterner()}
}

// Reader reads the bodies of one target, one after the other. It is not safe
// for concurrent use.
type Reader struct {
	wanted   func(family string) bool // nil for all
	keep     bool                     // the current family is wanted
	finest   int                      // schema of native histograms
	series   *interner
	layout   layout
	protobuf bool     // the current body is
	buckets  int      // native ones that it may still have
	names    []string // of its families
	samples  []Sample
	scrape   Scrape
}

// Release ends the use of the Scrape that Read gave last: what it points to but
// for Series and Families is used for other targets from then on.
func (d *Reader) Release() {}

// Read parses the whole body. An error means that the body as a whole cannot be
// trusted, or is that of ctx, which ends the reading soon; the Reader keeps its
// state and may read the next body. The Scrape is valid until Release, or the
// next Read.
func (d *Reader) Read(ctx context.Context, b Body) (Scrape, error) {
	body, contentType := b.Bytes, b.ContentType
	if _, err := Measure(body, contentType); err != nil {
		return Scrape{}, err
	}
	d.protobuf, d.buckets = IsProtobuf(contentType), MaxBuckets
	parse := parseText
	if d.protobuf {
		parse = parseProtobuf
	}
	families, err := parse(ctx, body)
	if err != nil {
		return Scrape{}, err
	}
	d.series.begin()
	d.scrape = Scrape{Read: d.series.read, Samples: emptied(d.samples)}
	if err := d.readFamilies(ctx, families); err != nil {
		d.series.forget() // as a target may have each read broken off, with series of its own
		return Scrape{}, err
	}
	if !d.protobuf {
		d.skipNaNBuckets(body, families)
	}
	d.series.end()
	d.scrape.Taken = d.scrape.Exposed
	d.scrape.Exposed += d.scrape.Skipped.Count
	d.scrape.Relabelled = d.scrape.Exposed
	d.scrape.Forgotten, d.series.dropped = d.series.dropped, nil
	d.samples = d.scrape.Samples
	return d.scrape, nil
}

func (d *Reader) readFamilies(ctx context.Context, families map[string]*dto.MetricFamily) error {
	d.names = slices.AppendSeq(emptied(d.names), maps.Keys(families))
	slices.Sort(d.names)
	for _, name := range d.names {
		if createdParent(families, name) != nil {
			continue
		}
		if err := d.readFamily(ctx, families[name]); err != nil {
			return err
		}
	}
	for _, name := range d.names {
		parent := createdParent(families, name)
		if parent == nil {
			continue
		}
		if err := d.readCreated(ctx, families[name], parent); err != nil {
			return err
		}
	}
	return nil
}

// emptied is a slice's memory without what was in it; none if that is far more
// than it needed.
func emptied[T any](s []T) []T {
	if isRoomy(cap(s), len(s)) {
		return nil
	}
	clear(s)
	return s[:0]
}

func (d *Reader) wants(family string) bool { return d.wanted == nil || d.wanted(family) }

// stride is how many series are read between two looks at whether ctx has ended.
const stride = 1024

func (d *Reader) readFamily(ctx context.Context, family *dto.MetricFamily) error {
	name, typ := family.GetName(), typeOf(family)
	d.keep = d.wants(name)
	d.list(name, typ, family.GetMetric())
	for i, m := range family.GetMetric() {
		if i%stride == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		d.readMetric(name, typ, m)
	}
	return nil
}

// maxListed bounds the labels of a family that are listed.
const maxListed = 32

// list adds to the families of the scrape.
func (d *Reader) list(name string, typ Type, metrics []*dto.Metric) {
	f := Family{Name: name, Type: typ, Series: len(metrics), Wanted: d.keep}
	if len(metrics) > 0 {
		for _, l := range metrics[0].GetLabel()[:min(len(metrics[0].GetLabel()), maxListed)] {
			f.Labels = append(f.Labels, l.GetName())
		}
	}
	d.scrape.Families = append(d.scrape.Families, f)
}

func (d *Reader) readMetric(name string, typ Type, m *dto.Metric) {
	switch {
	case typ == Counter && m.Counter != nil:
		d.readCounter(name, m)
	case typ == Gauge && m.Gauge != nil:
		d.readValue(name, Gauge, m, m.GetGauge().GetValue())
	case typ == HistogramType && m.Histogram != nil:
		d.readHistogram(name, m)
	case typ == SummaryType && m.Summary != nil:
		d.readSummary(name, m)
	case typ == Untyped && m.Untyped != nil:
		d.readValue(name, Untyped, m, m.GetUntyped().GetValue())
	default: // which only protobuf can say
		if e, ok := d.claim(name, typ, m, 1); ok {
			d.skip(1, &e.series, "has no value of the type that its family has")
		}
	}
}

func typeOf(family *dto.MetricFamily) Type {
	switch family.GetType() {
	case dto.MetricType_COUNTER:
		return Counter
	case dto.MetricType_GAUGE:
		return Gauge
	case dto.MetricType_HISTOGRAM, dto.MetricType_GAUGE_HISTOGRAM:
		return HistogramType
	case dto.MetricType_SUMMARY:
		return SummaryType
	}
	return Untyped
}

// claim finds the series' entry, or counts its n samples as skipped if the
// body has had the series before.
func (d *Reader) claim(name string, typ Type, m *dto.Metric, n int) (*entry, bool) {
	find := d.series.pass
	if d.keep {
		find = d.series.lookup
	}
	e, ok := find(name, typ, m.GetLabel())
	if !ok {
		d.skip(n, &e.series, "appears twice")
	}
	return e, ok
}

func (d *Reader) skip(n int, s *Series, why string) {
	d.scrape.Skipped.Add(n, func() string { return fmt.Sprintf("%s %s", s, why) })
}

// take counts n samples as exposed, and makes s, the state of e's series, one
// of the Scrape's if it is wanted.
func (d *Reader) take(n int, e *entry, s Sample) {
	d.scrape.Exposed += n
	if d.keep {
		s.Series, s.Ref, s.Before, e.at = &e.series, e.ref, e.before, len(d.scrape.Samples)
		d.scrape.Samples = append(d.scrape.Samples, s)
	}
}

func (d *Reader) readCounter(name string, m *dto.Metric) {
	e, ok := d.claim(name, Counter, m, 1)
	v := m.GetCounter().GetValue()
	switch {
	case !ok:
	case math.IsNaN(v) || math.IsInf(v, 0):
		d.skip(1, &e.series, fmt.Sprintf("is %v, which no counter can be", v))
	case v < 0:
		d.skip(1, &e.series, "is negative, which no counter can be")
	default:
		d.take(1, e, Sample{Value: v, Created: stamp(m.GetCounter().GetCreatedTimestamp())})
	}
}

func (d *Reader) readValue(name string, typ Type, m *dto.Metric, v float64) {
	if e, ok := d.claim(name, typ, m, 1); ok {
		d.take(1, e, Sample{Value: v})
	}
}

func (d *Reader) readSummary(name string, m *dto.Metric) {
	n := len(m.GetSummary().GetQuantile()) + 2
	e, ok := d.claim(name, SummaryType, m, n)
	if !ok {
		return
	}
	left, why := e.summary.set(m.GetSummary())
	if why != "" {
		d.skip(n, &e.series, why)
		return
	}
	if left > 0 {
		d.skip(left, &e.series, "has a quantile twice, or one that is not between 0 and 1")
	}
	d.take(n-left, e, Sample{Summary: &e.summary, Created: stamp(m.GetSummary().GetCreatedTimestamp())})
}
