package lint

import "bytes"

// kind is the type of a family.
type kind uint8

const (
	unknown kind = iota // "untyped" in the text format
	gauge
	counter
	stateSet
	info
	histogram
	gaugeHistogram
	summary
)

// role is what a sample says of its metric.
type role uint8

const (
	plainValue role = iota
	totalValue
	createdTime
	stateValue
	infoValue
	quantileValue
	bucketValue
	countValue
	sumValue
)

// sampleName is how the samples of a role are called: the family's name with
// this suffix.
type sampleName struct {
	suffix string
	role   role
}

// grammar is in what the two formats differ by table.
type grammar struct {
	kinds   map[string]kind // as TYPE names them
	types   string          // the same, for a violation
	samples [summary + 1][]sampleName
}

var textGrammar = grammar{
	kinds: map[string]kind{"counter": counter, "gauge": gauge, "histogram": histogram, "summary": summary, "untyped": unknown},
	types: "counter, gauge, histogram, summary or untyped",
	samples: [...][]sampleName{
		unknown: {{"", plainValue}},
		gauge:   {{"", plainValue}},
		counter: {{"", plainValue}},
		// Libraries expose quantiles beside the buckets, which nothing forbids.
		histogram: {{"_bucket", bucketValue}, {"_count", countValue}, {"_sum", sumValue}, {"", quantileValue}},
		summary:   {{"", quantileValue}, {"_count", countValue}, {"_sum", sumValue}},
	},
}

var openMetricsGrammar = grammar{
	kinds: map[string]kind{
		"counter": counter, "gauge": gauge, "histogram": histogram, "gaugehistogram": gaugeHistogram,
		"stateset": stateSet, "info": info, "summary": summary, "unknown": unknown,
	},
	types: "counter, gauge, histogram, gaugehistogram, stateset, info, summary or unknown",
	samples: [...][]sampleName{
		unknown:        {{"", plainValue}},
		gauge:          {{"", plainValue}},
		counter:        {{"_total", totalValue}, {"_created", createdTime}},
		stateSet:       {{"", stateValue}},
		info:           {{"_info", infoValue}},
		histogram:      {{"_bucket", bucketValue}, {"_count", countValue}, {"_sum", sumValue}, {"_created", createdTime}},
		gaugeHistogram: {{"_bucket", bucketValue}, {"_gcount", countValue}, {"_gsum", sumValue}},
		summary:        {{"", quantileValue}, {"_count", countValue}, {"_sum", sumValue}, {"_created", createdTime}},
	},
}

// String is the kind as a violation names it.
func (k kind) String() string {
	return [...]string{
		unknown: "unknown", gauge: "gauge", counter: "counter", stateSet: "stateset", info: "info",
		histogram: "histogram", gaugeHistogram: "gaugehistogram", summary: "summary",
	}[k]
}

// ownLabel is the label that tells the samples of one metric apart: empty if
// they have none.
func (k kind) ownLabel(r role, family []byte) string {
	switch {
	case r == quantileValue, k == summary:
		return "quantile"
	case k == histogram, k == gaugeHistogram:
		return "le"
	case k == stateSet:
		return string(family)
	default:
		return ""
	}
}

// roleOf tells which sample of a family of this kind bears a name.
func (g *grammar) roleOf(k kind, family, name []byte) (role, bool) {
	if !bytes.HasPrefix(name, family) {
		return 0, false
	}
	for _, s := range g.samples[k] {
		if string(name[len(family):]) == s.suffix {
			return s.role, true
		}
	}
	return 0, false
}

// namesOf lists the names that samples of a family may bear, for a violation.
func (g *grammar) namesOf(k kind, family []byte) string {
	var names []byte
	for i, s := range g.samples[k] {
		if i > 0 {
			names = append(names, ", "...)
		}
		names = append(names, show(append(bytes.Clone(family), s.suffix...))...)
	}
	return string(names)
}
