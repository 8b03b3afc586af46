package exposition

import (
	"bytes"
	"context"
	"math"
	"os"
	"slices"
	"testing"
)

// cutBodies are bodies of both text formats, with all kinds of samples.
func cutBodies(t *testing.T) map[string][]byte {
	t.Helper()
	bodies := map[string][]byte{
		"text/plain": []byte(`# HELP requests_total All.
# TYPE requests_total counter
requests_total{path="/a b"} 1234
requests_total{path="/c",code="200"} 56.25 1700000000000
# TYPE latency histogram
latency_bucket{le="0.1"} 10
latency_bucket{le="1"} 200
latency_bucket{le="+Inf"} 3000
latency_sum 1234.5
latency_count 3000
# TYPE size summary
size{quantile="0.5"} 17
size{quantile="0.99"} 189
size_sum 12345
size_count 678
{"a.b"} -12e3
`),
		"application/openmetrics-text": []byte(`# TYPE requests counter
# UNIT requests 
requests_total{path="/a"} 1234 1700000000.5 # {trace="abc"} 12 1700000000
requests_created{path="/a"} 1600000000
# TYPE latency histogram
latency_bucket{le="0.1"} 10
latency_bucket{le="+Inf"} 3000 # {} 15
latency_sum 1234.5
latency_count 3000
# TYPE build info
build_info{version="1"} 1
# EOF
`),
	}
	page, err := os.ReadFile("../red/testdata/conventions/client-golang/first.txt")
	if err != nil {
		t.Fatal(err)
	}
	begin := max(0, bytes.LastIndex(page, []byte("# TYPE"))-1500)
	begin += bytes.IndexByte(page[begin:], '\n') + 1
	bodies["text/plain; version=0.0.4"] = page[begin:]
	return bodies
}

// A body that was cut anywhere either is refused or, cut between two lines, has
// figures of the whole one and no others.
func TestCanaryNoCutBodyHasWrongFigures(t *testing.T) {
	for contentType, body := range cutBodies(t) {
		whole := figuresOf(t, newReader(nil), Body{Bytes: body, ContentType: contentType, At: epoch, Complete: true})
		if len(whole) < 3 {
			t.Fatalf("%s: only %d samples", contentType, len(whole))
		}
		for end := range body {
			r := newReader(nil)
			s, err := r.Read(context.Background(), Body{Bytes: body[:end], ContentType: contentType, At: epoch})
			if err != nil {
				continue
			}
			if end > 0 && body[end-1] != '\n' && !bytes.HasSuffix(body[:end], []byte("\n# EOF")) {
				t.Errorf("%s: read, though cut inside of a line: %q", contentType, body[max(0, end-30):end])
			}
			for _, sample := range s.Samples {
				if !isPartOf(sample, whole[sample.Series.String()]) {
					t.Errorf("%s: cut at byte %d %v is %+v, and %+v in the whole body", contentType, end, sample.Series, sample, whole[sample.Series.String()])
				}
			}
		}
	}
}

// Where the body before is known, no cut passes: nothing is taken for gone.
func TestCanaryABodyThatIsCutIsNotTakenForAShorterOne(t *testing.T) {
	for contentType, body := range cutBodies(t) {
		r := newReader(nil)
		full := Body{Bytes: body, ContentType: contentType, At: epoch, Complete: true}
		figuresOf(t, r, full)
		for end := range body {
			if bytes.HasSuffix(body[:end], []byte("\n# EOF")) {
				continue // that is whole
			}
			_, err := r.Read(context.Background(), Body{Bytes: body[:end], ContentType: contentType, At: epoch})
			if err == nil {
				t.Errorf("%s: cut at byte %d is read: %q", contentType, end, body[max(0, end-30):end])
			}
			s, err := r.Read(context.Background(), full)
			if err != nil || s.Added > 0 || len(s.Forgotten) > 0 {
				t.Fatalf("%s: whole again after a cut at byte %d: %d added, %v", contentType, end, s.Added, err)
			}
		}
	}
}

// figuresOf reads a body and gives copies of its samples by their series.
func figuresOf(t *testing.T, r *Reader, b Body) map[string]Sample {
	t.Helper()
	s, err := r.Read(context.Background(), b)
	if err != nil {
		t.Fatalf("%s: %v", b.ContentType, err)
	}
	figures := map[string]Sample{}
	for _, sample := range s.Samples {
		if h := sample.Histogram; h != nil {
			sample.Histogram = &Histogram{h.Bounds, slices.Clone(h.Cumulative), h.Sum}
		}
		if m := sample.Summary; m != nil {
			sample.Summary = &Summary{m.Count, m.Sum, slices.Clone(m.Quantiles)}
		}
		figures[sample.Series.String()] = sample
	}
	return figures
}

// isPartOf reports whether every figure of a sample is one of the whole.
func isPartOf(part, whole Sample) bool {
	sameOrNone := func(a, b float64) bool { return a == b || math.IsNaN(a) }
	switch {
	case whole.Series == nil || part.Created != 0 && part.Created != whole.Created:
		return false
	case part.Histogram != nil:
		p, w := part.Histogram, whole.Histogram
		for i, bound := range p.Bounds {
			at := slices.Index(w.Bounds, bound)
			if at < 0 || p.Cumulative[i] != w.Cumulative[at] {
				return false
			}
		}
		return p.Count() == w.Count() && sameOrNone(p.Sum, w.Sum)
	case part.Summary != nil:
		p, w := part.Summary, whole.Summary
		for _, q := range p.Quantiles {
			if !slices.Contains(w.Quantiles, q) {
				return false
			}
		}
		return p.Count == w.Count && sameOrNone(p.Sum, w.Sum)
	}
	return part.Value == whole.Value || math.IsNaN(part.Value) && math.IsNaN(whole.Value)
}
