package exposition

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// IsProtobuf reports whether a body of this Content-Type is read as
// io.prometheus.client.MetricFamily messages, each with its length before it.
// All others are read as text.
func IsProtobuf(contentType string) bool {
	return expfmt.ResponseFormat(http.Header{"Content-Type": {contentType}}) == expfmt.FmtProtoDelim
}

// protobufNames has expfmt take every name that it takes in the text format.
var protobufNames = expfmt.FmtProtoDelim.WithEscapingScheme(model.NoEscaping)

// parseProtobuf has expfmt parse a body until ctx ends. The body must have been
// measured: expfmt believes what a message says of its length.
func parseProtobuf(ctx context.Context, body []byte) (map[string]*dto.MetricFamily, error) {
	decoder := expfmt.NewDecoder(&untilDone{ctx, bytes.NewReader(body)}, protobufNames)
	families := make(map[string]*dto.MetricFamily)
	for {
		family := new(dto.MetricFamily)
		err := decoder.Decode(family)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, io.EOF):
			return families, nil
		case err != nil:
			return nil, fmt.Errorf("family %d of the protobuf body: %w", len(families)+1, err)
		}
		if err := addFamily(families, family); err != nil {
			return nil, err
		}
	}
}

// addFamily puts the metrics of a family that comes in pieces together, as the
// text parser does, which leaves out families without metrics as well.
func addFamily(families map[string]*dto.MetricFamily, family *dto.MetricFamily) error {
	if len(family.GetMetric()) == 0 {
		return nil
	}
	for _, m := range family.GetMetric() {
		fillAbsent(m)
	}
	known := families[family.GetName()]
	switch {
	case known == nil:
		families[family.GetName()] = family
	case known.GetType() != family.GetType():
		return fmt.Errorf("the protobuf body has %.*s twice, as %v and as %v", maxShown, family.GetName(), known.GetType(), family.GetType())
	default:
		known.Metric = append(known.Metric, family.GetMetric()...)
	}
	return nil
}

// fillAbsent makes a count and a sum that are not there 0, which is what
// writers leave out if theirs is the newer syntax of protobuf, and how
// Prometheus reads it.
func fillAbsent(m *dto.Metric) {
	if h := m.GetHistogram(); h != nil {
		fill(&h.SampleCount)
		fill(&h.SampleSum)
	}
	if s := m.GetSummary(); s != nil {
		fill(&s.SampleCount)
		fill(&s.SampleSum)
	}
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

func fill[T any](field **T) {
	if *field == nil {
		*field = new(T)
	}
}
