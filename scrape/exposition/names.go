package exposition

import (
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// role is what a sample is of its family.
type role uint8

const (
	value    role = iota // the value of a counter, gauge or untyped series
	bucket               // a bucket of a classic histogram, up to its le
	sum                  // of a histogram or summary
	count                // the same
	quantile             // of a summary
	created              // when a series began
	native               // native buckets, which only protobuf has
	stray                // nothing that the family's type knows
)

// The suffixes of samples' names behind that of their family, and what they say.
var suffixes = []struct {
	suffix string
	role   role
	of     func(declared) bool
}{
	{"_bucket", bucket, declared.isHistogram},
	{"_sum", sum, func(t declared) bool { return t == histogramType || t == summaryType }},
	{"_count", count, func(t declared) bool { return t == histogramType || t == summaryType }},
	{"_gsum", sum, func(t declared) bool { return t == gaugeHistogramType }},
	{"_gcount", count, func(t declared) bool { return t == gaugeHistogramType }},
	{"_total", value, func(t declared) bool { return t == counterType }},
	{"_info", value, func(t declared) bool { return t == infoType }},
}

// declared is a type as a TYPE line has it.
type declared uint8

const (
	undeclared declared = iota
	counterType
	gaugeType
	histogramType
	summaryType
	unknownType
	gaugeHistogramType // this and what follows is of OpenMetrics only
	infoType
	stateSetType
)

var textTypes = map[string]declared{
	"counter": counterType, "gauge": gaugeType, "histogram": histogramType, "summary": summaryType, "untyped": unknownType,
}

var openMetricsTypes = map[string]declared{
	"counter": counterType, "gauge": gaugeType, "histogram": histogramType, "summary": summaryType, "unknown": unknownType,
	"gaugehistogram": gaugeHistogramType, "info": infoType, "stateset": stateSetType,
}

func (t declared) isHistogram() bool { return t == histogramType || t == gaugeHistogramType }

// typ is the type that samples of the family have.
func (t declared) typ() Type {
	switch t {
	case counterType:
		return Counter
	case gaugeType, infoType, stateSetType:
		return Gauge
	case histogramType, gaugeHistogramType:
		return HistogramType
	case summaryType:
		return SummaryType
	}
	return Untyped
}

// metadata is what the comments of a body say of a family.
type metadata struct {
	typ        declared
	help, unit string
	bytes      int            // of the comments
	exposed    dto.MetricType // of protobuf
}

// naming is what the name of a sample says.
type naming struct {
	family *family
	role   role
}

// family is a metric family of the body that is being read.
type family struct {
	Family
	first  int32 // its first group, noGroup before it has one
	number int32 // of a layout's families
	begin  int32 // slot of its first series
	share  redpoll.Share
}

// understand finds out what a sample's name says, in the light of all TYPE lines.
// Where one comes after a sample that it speaks of, the body is read again.
func (b *builder) understand(name string) naming {
	own := b.typeOf(name)
	if parent := b.createdParent(name, own); parent != "" {
		return naming{b.familyOf(parent, b.familyType(parent)), created}
	}
	if own != undeclared {
		return naming{b.familyOf(name, own.typ()), roleOf(own)}
	}
	for i := range suffixes {
		s := &suffixes[i]
		base, ok := strings.CutSuffix(name, s.suffix)
		if !ok {
			continue
		}
		t := b.typeOf(base)
		switch {
		case !s.of(t):
		case s.role == value:
			return naming{b.describedBy(base, b.familyOf(name, t.typ())), value}
		default:
			return naming{b.familyOf(base, t.typ()), s.role}
		}
	}
	b.unexplained = true
	return naming{b.familyOf(name, Untyped), value}
}

// roleOf is the role of a sample that has the name of its family.
func roleOf(t declared) role {
	switch t {
	case histogramType, gaugeHistogramType:
		return stray
	case summaryType:
		return quantile
	}
	return value
}

// createdSuffix ends the names of the gauges by which the text formats say when
// a series began: the histogram or summary x has x_created, the counter x_total
// as well.
const createdSuffix = "_created"

// createdParent is the family whose series began at the times that samples of
// this name have; empty if they are a family in their own right.
func (b *builder) createdParent(name string, own declared) string {
	base, ok := strings.CutSuffix(name, createdSuffix)
	if !ok || own != undeclared && own != gaugeType && own != unknownType {
		return ""
	}
	switch t := b.typeOf(base); {
	case t == histogramType || t == summaryType:
		return base
	case t == counterType && b.format == openMetrics, b.typeOf(base+"_total") == counterType:
		b.unexplained = b.unexplained || t == undeclared
		return base + "_total"
	}
	b.unexplained = true
	return ""
}

// familyType is the type of the family of a parent.
func (b *builder) familyType(parent string) Type {
	if t := b.typeOf(parent); t != undeclared {
		return t.typ()
	}
	return Counter // x_total of OpenMetrics' x
}

func (b *builder) typeOf(name string) declared {
	if m := b.metadata[name]; m != nil {
		return m.typ
	}
	return undeclared
}

// familyKey tells families apart. Relabelling may give two types one name.
type familyKey struct {
	name string
	typ  Type
}

func (b *builder) familyOf(name string, t Type) *family {
	key := familyKey{name, t}
	if f := b.families[key]; f != nil {
		return f
	}
	name = b.library.keepName(name)
	f := &family{Family: Family{Name: name, Type: t, Wanted: b.library.wants(name)}, first: -1}
	b.describedBy(name, f)
	b.families[familyKey{name, t}] = f
	return f
}

const (
	// maxHelp bounds what is kept of the help and the unit of a family, in bytes.
	maxHelp = 1000
	// maxHelps bounds what is kept of all families of a body. Exporters with
	// hundreds of families have some 50 KiB.
	maxHelps = 256 << 10
)

// describedBy gives a family the comments that a name has.
func (b *builder) describedBy(name string, f *family) *family {
	if m := b.metadata[name]; m != nil && f.Help == "" && f.Unit == "" {
		f.Help, f.Unit = b.keepText(m.help), b.keepText(m.unit)
	}
	return f
}

// keepText is what is kept of a help or a unit; nothing if the families before
// have as much as there may be.
func (b *builder) keepText(text string) string {
	if b.helped += min(len(text), maxHelp); b.helped > maxHelps {
		return ""
	}
	return clip(text)
}

// clip clones at most maxHelp bytes of a text.
func clip(text string) string {
	if len(text) > maxHelp {
		text = strings.ToValidUTF8(text[:maxHelp], "")
	}
	return strings.Clone(text)
}
