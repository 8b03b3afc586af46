package exposition

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// maxCount is the greatest whole number below which a float64 holds every
// whole number. No honest count is greater.
const maxCount = 1 << 53

// Text reads the Prometheus text format 0.0.4 by way of expfmt.
type Text struct {
	wanted  func(family string) bool // nil for all
	keep    bool                     // the current family is wanted
	series  *interner
	layout  layout
	samples []Sample
	scrape  Scrape
}

// NewText makes a reader that has seen nothing yet.
func NewText() *Text { return NewTextOf(nil) }

// NewTextOf makes one that only counts the samples of families that are not
// wanted, and remembers nothing of their series. What wanted says of a name
// must never change.
func NewTextOf(wanted func(family string) bool) *Text {
	return &Text{wanted: wanted, series: newInterner()}
}

var _ Reader = (*Text)(nil)

// Read is ReadContext without an end.
func (t *Text) Read(body []byte, contentType string) (Scrape, error) {
	return t.ReadContext(context.Background(), body, contentType)
}

// ReadContext parses the whole body; the format has no end mark, so a body that
// was cut between two lines cannot be told from a shorter one. The Content-Type
// is not judged: exporters are careless with it.
func (t *Text) ReadContext(ctx context.Context, body []byte, _ string) (Scrape, error) {
	if _, err := Measure(body); err != nil {
		return Scrape{}, err
	}
	families, err := parse(ctx, body)
	if err != nil {
		return Scrape{}, err
	}
	t.series.begin()
	t.scrape = Scrape{Samples: t.samples[:0]}
	for _, name := range slices.Sorted(maps.Keys(families)) {
		if err := t.readFamily(ctx, name, families[name]); err != nil {
			return Scrape{}, err
		}
	}
	t.skipNaNBuckets(body, families)
	t.series.end()
	t.samples = t.scrape.Samples
	return t.scrape, nil
}

// parse has expfmt parse a body until ctx ends.
func parse(ctx context.Context, body []byte) (map[string]*dto.MetricFamily, error) {
	// A parser keeps what it parsed, so it is not kept.
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(&untilDone{ctx, bytes.NewReader(body)})
	if ended := ctx.Err(); ended != nil {
		return nil, ended // the parser takes an error between two lines for the end of the body
	}
	return families, err
}

// untilDone reads until ctx ends.
type untilDone struct {
	ctx  context.Context
	from io.Reader
}

// Read gives a few kilobytes at a time, as its reader asks for them.
func (r *untilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(p)
}

// stride is how many series are read between two looks at whether ctx has ended.
const stride = 1024

func (t *Text) readFamily(ctx context.Context, name string, family *dto.MetricFamily) error {
	t.keep = t.wanted == nil || t.wanted(name)
	for i, m := range family.GetMetric() {
		if i%stride == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		switch family.GetType() {
		case dto.MetricType_COUNTER:
			t.readCounter(name, m)
		case dto.MetricType_GAUGE:
			t.readValue(name, Gauge, m, m.GetGauge().GetValue())
		case dto.MetricType_HISTOGRAM, dto.MetricType_GAUGE_HISTOGRAM:
			t.readHistogram(name, m)
		case dto.MetricType_SUMMARY:
			t.readSummary(name, m)
		case dto.MetricType_UNTYPED:
			t.readValue(name, Untyped, m, m.GetUntyped().GetValue())
		}
	}
	return nil
}

// claim finds the series' entry, or counts its n samples as skipped if the
// body has had the series before.
func (t *Text) claim(name string, typ Type, m *dto.Metric, n int) (*entry, bool) {
	find := t.series.pass
	if t.keep {
		find = t.series.lookup
	}
	e, ok := find(name, typ, m.GetLabel())
	if !ok {
		t.skip(n, &e.series, "appears twice")
	}
	return e, ok
}

func (t *Text) skip(n int, s *Series, why string) {
	t.scrape.Skipped.Add(n, func() string { return fmt.Sprintf("%s %s", s, why) })
}

func (t *Text) take(n int, s Sample) {
	t.scrape.Exposed += n
	if t.keep {
		t.scrape.Samples = append(t.scrape.Samples, s)
	}
}

func (t *Text) readCounter(name string, m *dto.Metric) {
	e, ok := t.claim(name, Counter, m, 1)
	v := m.GetCounter().GetValue()
	switch {
	case !ok:
	case math.IsNaN(v) || math.IsInf(v, 0):
		t.skip(1, &e.series, fmt.Sprintf("is %v, which no counter can be", v))
	case v < 0:
		t.skip(1, &e.series, "is negative, which no counter can be")
	default:
		t.take(1, Sample{Series: &e.series, Value: v})
	}
}

func (t *Text) readValue(name string, typ Type, m *dto.Metric, v float64) {
	if e, ok := t.claim(name, typ, m, 1); ok {
		t.take(1, Sample{Series: &e.series, Value: v})
	}
}

func (t *Text) readSummary(name string, m *dto.Metric) {
	n := len(m.GetSummary().GetQuantile()) + 2
	e, ok := t.claim(name, SummaryType, m, n)
	if !ok {
		return
	}
	s := m.GetSummary()
	if s.SampleCount == nil || s.GetSampleCount() > maxCount {
		t.skip(n, &e.series, "has no usable _count")
		return
	}
	e.summary = Summary{Count: float64(s.GetSampleCount()), Sum: math.NaN()}
	if s.SampleSum != nil {
		e.summary.Sum = s.GetSampleSum()
	}
	t.take(n, Sample{Series: &e.series, Summary: &e.summary})
}

func (t *Text) readHistogram(name string, m *dto.Metric) {
	n := len(m.GetHistogram().GetBucket()) + 2
	e, ok := t.claim(name, HistogramType, m, n)
	if !ok {
		return
	}
	doubles, why := e.histogram.set(m.GetHistogram(), &t.layout)
	if why != "" {
		t.skip(n, &e.series, why)
		return
	}
	if doubles > 0 {
		t.skip(doubles, &e.series, "has a bucket twice")
	}
	t.take(n-doubles, Sample{Series: &e.series, Histogram: &e.histogram})
}

// nanBound is how a bucket with the bound NaN is written. Inside of a label
// value the quotes would be escaped.
var nanBound = []byte(`le="NaN"`)

// skipNaNBuckets counts the buckets that expfmt leaves out without a word,
// because their bound is NaN.
func (t *Text) skipNaNBuckets(body []byte, families map[string]*dto.MetricFamily) {
	for {
		at := bytes.Index(body, nanBound)
		if at < 0 {
			return
		}
		line := body[bytes.LastIndexByte(body[:at], '\n')+1 : at]
		body = body[at+len(nanBound):]
		name := bucketOf(line)
		if isHistogram(families[name].GetType()) {
			t.scrape.Skipped.Add(1, func() string {
				return fmt.Sprintf("%.*s has a bucket whose bound is NaN", maxShown, name)
			})
		}
	}
}

func isHistogram(t dto.MetricType) bool {
	return t == dto.MetricType_HISTOGRAM || t == dto.MetricType_GAUGE_HISTOGRAM
}

// bucketOf is the name of the histogram whose bucket a line begins, empty if
// it begins something else.
func bucketOf(line []byte) string {
	name, labels, _ := bytes.Cut(bytes.TrimLeft(line, " \t"), []byte{'{'})
	name, isBucket := bytes.CutSuffix(bytes.TrimRight(name, " \t"), []byte("_bucket"))
	before := bytes.TrimRight(labels, " \t")
	if !isBucket || len(before) > 0 && before[len(before)-1] != ',' {
		return "" // or le is but the end of a label's name
	}
	return string(name)
}
