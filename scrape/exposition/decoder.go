package exposition

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	dto "github.com/prometheus/client_model/go"
)

// Decoder reads the Prometheus text format 0.0.4 and the protobuf format, by way
// of expfmt.
type Decoder struct {
	wanted   func(family string) bool // nil for all
	keep     bool                     // the current family is wanted
	series   *interner
	layout   layout
	protobuf bool     // the current body is
	buckets  int      // native ones that it may still have
	names    []string // of its families
	samples  []Sample
	families []Family
	scrape   Scrape
}

// NewDecoder makes a reader that has seen nothing yet. It only counts the
// samples of families that are not wanted, and remembers nothing of their
// series. What wanted says of a name must never change; nil wants all.
func NewDecoder(wanted func(family string) bool) *Decoder {
	return &Decoder{wanted: wanted, series: newInterner()}
}

var _ Reader = (*Decoder)(nil)

// Read is ReadContext without an end.
func (d *Decoder) Read(body []byte, contentType string) (Scrape, error) {
	return d.ReadContext(context.Background(), body, contentType)
}

// ReadContext parses the whole body. Neither format has an end mark, so a body
// that was cut between two lines, or families, cannot be told from a shorter
// one. What the Content-Type does not call protobuf is text: exporters are
// careless with it.
func (d *Decoder) ReadContext(ctx context.Context, body []byte, contentType string) (Scrape, error) {
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
	d.scrape = Scrape{Read: d.series.read, Samples: emptied(d.samples), Families: emptied(d.families)}
	if err := d.readFamilies(ctx, families); err != nil {
		d.series.forget() // as a target may have each read broken off, with series of its own
		return Scrape{}, err
	}
	if !d.protobuf {
		d.skipNaNBuckets(body, families)
	}
	d.series.end()
	d.scrape.Forgotten, d.series.dropped = d.series.dropped, nil
	d.samples, d.families = d.scrape.Samples, d.scrape.Families
	return d.scrape, nil
}

func (d *Decoder) readFamilies(ctx context.Context, families map[string]*dto.MetricFamily) error {
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

func (d *Decoder) wants(family string) bool { return d.wanted == nil || d.wanted(family) }

// stride is how many series are read between two looks at whether ctx has ended.
const stride = 1024

func (d *Decoder) readFamily(ctx context.Context, family *dto.MetricFamily) error {
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
func (d *Decoder) list(name string, typ Type, metrics []*dto.Metric) {
	f := Family{Name: name, Type: typ, Series: len(metrics)}
	if n := len(d.scrape.Families); n < cap(d.scrape.Families) {
		f.Labels = d.scrape.Families[:n+1][n].Labels[:0] // of a scrape before
	}
	if len(metrics) > 0 {
		for _, l := range metrics[0].GetLabel()[:min(len(metrics[0].GetLabel()), maxListed)] {
			f.Labels = append(f.Labels, l.GetName())
		}
	}
	d.scrape.Families = append(d.scrape.Families, f)
}

func (d *Decoder) readMetric(name string, typ Type, m *dto.Metric) {
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
func (d *Decoder) claim(name string, typ Type, m *dto.Metric, n int) (*entry, bool) {
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

func (d *Decoder) skip(n int, s *Series, why string) {
	d.scrape.Skipped.Add(n, func() string { return fmt.Sprintf("%s %s", s, why) })
}

// take counts n samples as exposed, and makes s, the state of e's series, one
// of the Scrape's if it is wanted.
func (d *Decoder) take(n int, e *entry, s Sample) {
	d.scrape.Exposed += n
	if d.keep {
		s.Series, e.at = &e.series, len(d.scrape.Samples)
		d.scrape.Samples = append(d.scrape.Samples, s)
	}
}

func (d *Decoder) readCounter(name string, m *dto.Metric) {
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

func (d *Decoder) readValue(name string, typ Type, m *dto.Metric, v float64) {
	if e, ok := d.claim(name, typ, m, 1); ok {
		d.take(1, e, Sample{Value: v})
	}
}

func (d *Decoder) readSummary(name string, m *dto.Metric) {
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
