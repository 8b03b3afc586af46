package exposition

// part is what a field of a protobuf message is for the reading of it.
type part uint8

const (
	passed part = iota // nothing, or something that may come and go: exemplars, native buckets

	// What metrics are told by: compared as it is written.
	headPart // name, help or unit of a family
	typePart
	labelPart
	boundPart // of a bucket, or the rank of a quantile

	// Messages.
	metricPart
	counterPart // to histogramPart: the value of a metric, of a type
	gaugePart
	summaryPart
	untypedPart
	histogramPart
	bucketPart
	quantilePart
	createdPart

	// Numbers, which each body has anew.
	valuePart
	countPart
	floatCountPart // the same, of a histogram that counts in floats
	sumPart
	secondsPart // of the time when a series began
	nanosPart
	timestampPart // milliseconds since the Unix epoch

	// What tells native histograms from others. It is passed otherwise.
	nativePart

	parts // how many there are
)

// wires are the ways in which parts are written. What is written otherwise is a
// field that is not known.
var wires = [parts]uint8{
	headPart: prefix, typePart: varint, labelPart: prefix, boundPart: fixed8,
	metricPart: prefix, counterPart: prefix, gaugePart: prefix, summaryPart: prefix, untypedPart: prefix, histogramPart: prefix,
	bucketPart: prefix, quantilePart: prefix, createdPart: prefix,
	valuePart: fixed8, countPart: varint, floatCountPart: fixed8, sumPart: fixed8,
	secondsPart: varint, nanosPart: varint, timestampPart: varint,
}
