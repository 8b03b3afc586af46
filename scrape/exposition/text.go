package exposition

import (
	"bytes"
	"context"
	"fmt"
	"io"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// parseText has expfmt parse a body until ctx ends.
func parseText(ctx context.Context, body []byte) (map[string]*dto.MetricFamily, error) {
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

// nanBound is how a bucket with the bound NaN is written. Inside of a label
// value the quotes would be escaped.
var nanBound = []byte(`le="NaN"`)

// skipNaNBuckets counts the buckets that expfmt leaves out without a word,
// because their bound is NaN.
func (d *Reader) skipNaNBuckets(body []byte, families map[string]*dto.MetricFamily) {
	for {
		at := bytes.Index(body, nanBound)
		if at < 0 {
			return
		}
		line := body[bytes.LastIndexByte(body[:at], '\n')+1 : at]
		body = body[at+len(nanBound):]
		name := bucketOf(line)
		if f := families[name]; f != nil && typeOf(f) == HistogramType {
			d.scrape.Skipped.Add(1, func() string {
				return fmt.Sprintf("%.*s has a bucket whose bound is NaN", maxShown, name)
			})
		}
	}
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
