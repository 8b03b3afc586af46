package exposition

import (
	"context"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// createdSuffix ends the names of the gauges by which the text format says when
// a series began: the histogram or summary x has x_created, the counter x_total
// as well.
const createdSuffix = "_created"

// createdParent is the family whose series began at the times that the family
// called name has; nil if it is a family in its own right.
func createdParent(families map[string]*dto.MetricFamily, name string) *dto.MetricFamily {
	base, ok := strings.CutSuffix(name, createdSuffix)
	if !ok {
		return nil
	}
	if t := typeOf(families[name]); t != Gauge && t != Untyped {
		return nil
	}
	if f := families[base]; f != nil && (typeOf(f) == HistogramType || typeOf(f) == SummaryType) {
		return f
	}
	if f := families[base+"_total"]; f != nil && typeOf(f) == Counter {
		return f
	}
	return nil
}

// readCreated gives the samples of parent, which have been read, the times that
// family has for them.
func (d *Reader) readCreated(ctx context.Context, family, parent *dto.MetricFamily) error {
	wanted := d.wants(parent.GetName())
	d.keep = false // they are no samples of their own
	for i, m := range family.GetMetric() {
		if i%stride == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		e, ok := d.claim(family.GetName(), typeOf(family), m, 1)
		if !ok {
			continue
		}
		d.take(1, e, Sample{})
		if !wanted {
			continue
		}
		if of := d.series.current(parent.GetName(), typeOf(parent), m.GetLabel()); of != nil && of.at >= 0 {
			d.scrape.Samples[of.at].Created = sinceEpoch(seconds(m))
		}
	}
	return nil
}

// seconds is the value of a metric of createdParent's families.
func seconds(m *dto.Metric) float64 {
	if m.GetGauge() != nil {
		return m.GetGauge().GetValue()
	}
	return m.GetUntyped().GetValue()
}

// stamp is a protobuf timestamp, nil or not, as Sample.Created has it.
func stamp(t interface {
	GetSeconds() int64
	GetNanos() int32
}) float64 {
	return sinceEpoch(float64(t.GetSeconds()) + float64(t.GetNanos())/1e9)
}

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
