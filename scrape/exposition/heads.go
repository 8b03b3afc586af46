package exposition

import (
	"fmt"
	"unicode/utf8"

	dto "github.com/prometheus/client_model/go"
)

// head is what a family has beside its metrics. Its texts are views of the body.
type head struct {
	name, help, unit string
	typ              dto.MetricType
	hasMetrics       bool
}

// declared is the type of a family as text would have it.
func (h *head) declared() declared {
	switch h.typ {
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

// headOf reads the head of a message that has been measured.
func headOf(message []byte) (h head) {
	for len(message) > 0 {
		f, rest, err := nextField(message)
		if err != nil {
			return h
		}
		message = rest
		switch {
		case f.wire == varint && f.number == 3:
			h.typ = dto.MetricType(int32(f.varint()))
		case f.wire != prefix:
		case f.number == 1:
			h.name = view(f.value)
		case f.number == 2:
			h.help = view(f.value)
		case f.number == 4:
			h.hasMetrics = true
		case f.number == 5:
			h.unit = view(f.value)
		}
	}
	return h
}

// readHeads takes what all families are, before any metric is read. One without
// metrics is left out, as by the text parser; one that comes in pieces is what
// the first of them says.
func (b *builder) readHeads(body []byte) error {
	for n := 1; len(body) > 0; n++ {
		message, rest, err := prefixed(body)
		if err != nil {
			return err
		}
		body = rest
		h := headOf(message)
		if h.name == "" || !utf8.ValidString(h.name) {
			return fmt.Errorf("family %d of the protobuf body: invalid metric name %.*q", n, maxShown, h.name)
		}
		b.heads = append(b.heads, h)
		if !h.hasMetrics {
			continue
		}
		switch m := b.metadata[h.name]; {
		case m == nil:
			b.metadata[h.name] = &metadata{typ: h.declared(), help: h.help, unit: h.unit, exposed: h.typ}
		case m.exposed != h.typ:
			return fmt.Errorf("the protobuf body has %.*s twice, as %v and as %v", maxShown, h.name, m.exposed, h.typ)
		}
	}
	return nil
}
