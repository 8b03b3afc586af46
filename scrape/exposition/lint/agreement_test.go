package lint

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

func TestWhatPrometheusOwnLibraryExposesIsValid(t *testing.T) {
	registry := prometheus.NewRegistry()
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", Help: `All "requests" of C:\.`}, []string{"path"})
	requests.WithLabelValues("/a\n\"\\ü").(prometheus.ExemplarAdder).AddWithExemplar(3, prometheus.Labels{"trace_id": "7"})
	seconds := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "latency_seconds", Buckets: []float64{0.1, 1}})
	seconds.(prometheus.ExemplarObserver).ObserveWithExemplar(0.5, prometheus.Labels{"trace_id": "8"})
	quantiles := prometheus.NewSummary(prometheus.SummaryOpts{Name: "size.bytes", Objectives: map[float64]float64{0.99: 0.01, 0.5: 0.1}})
	registry.MustRegister(requests, seconds, quantiles,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "temperature", ConstLabels: prometheus.Labels{"my.room": "x"}}, func() float64 { return -1.5 }))

	page := promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true})
	for accept, format := range map[string]Format{
		"text/plain;version=0.0.4":                                            Text,
		"text/plain;version=1.0.0;escaping=allow-utf-8":                       Text,
		"application/openmetrics-text;version=1.0.0":                          OpenMetrics,
		"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8":     OpenMetrics,
		"application/openmetrics-text;version=1.0.0;escaping=dots,text/plain": OpenMetrics,
	} {
		request := httptest.NewRequest("GET", "/metrics", nil)
		request.Header.Set("Accept", accept)
		answer := httptest.NewRecorder()
		page.ServeHTTP(answer, request)
		report, err := Check(answer.Body, Auto)
		if err != nil || report.Format != format || len(report.Violations) > 0 || report.Samples < 10 {
			t.Errorf("%s: %+v %v", accept, report, err)
		}
	}
}

// seeds are bodies to begin fuzzing with: pages of real libraries, and the
// smallest of everything that the formats have.
func seeds(f *testing.F) [][]byte {
	files, err := filepath.Glob("../../red/testdata/conventions/*/first.txt")
	if err != nil || len(files) == 0 {
		f.Fatalf("no pages: %v", err)
	}
	var bodies [][]byte
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		bodies = append(bodies, body[:bytes.LastIndexByte(body[:min(len(body), 2000)], '\n')+1])
	}
	for _, body := range []string{
		"# HELP a b\\\\\n# TYPE a counter\na{b=\"c\\\"\",d=\"e\"} 1 2\n",
		"{\"a.b\",\"c.d\"=\"e\"} +Inf -1\n",
		"# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 2\na_sum 3\na_count 2\n",
		"# TYPE a summary\na{quantile=\"0.5\"} NaN\na_sum 1\na_count 2\n",
		"# TYPE a counter\n# UNIT a \na_total 1 1.5 # {b=\"c\"} 1 2\na_created 3\n# EOF\n",
		"# TYPE a gaugehistogram\na_bucket{le=\"+Inf\"} 1 # {} 1\na_gsum 1\na_gcount 1\n# EOF",
		"# TYPE a stateset\na{a=\"b\"} 1\n# TYPE c info\nc_info{d=\"e\"} 1\n# TYPE \"f.g\" unknown\n{\"f.g\"} 1e-3\n# EOF\n",
	} {
		bodies = append(bodies, []byte(body))
	}
	return bodies
}

// What is strict must not be lenient anywhere: whatever passes here, the
// parsers of Prometheus read.
func FuzzPrometheusReadsWhatIsValid(f *testing.F) {
	for _, body := range seeds(f) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) { agrees(t, body) })
}

// agrees expects of a body that is valid in a format that the parser of it has
// nothing to object to. It gives the number of formats that it is valid in.
func agrees(t *testing.T, body []byte) (valid int) {
	for format, read := range map[Format]func([]byte) error{Text: readText, OpenMetrics: readOpenMetrics} {
		report, err := Check(bytes.NewReader(body), format)
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.Count(body, []byte{'\n'}) + 1
		for _, v := range report.Violations {
			if v.Line < 1 || v.Line > lines || v.Text == "" {
				t.Errorf("%v in a body of %d lines", v, lines)
			}
		}
		if len(report.Violations) > 0 {
			continue
		}
		valid++
		if err := read(body); err != nil {
			t.Errorf("%v: valid with %d samples, but Prometheus does not read it: %v\n%q", format, report.Samples, err, body)
		}
	}
	return valid
}

// pieces are what bodies are put together of that are nearly right.
var pieces = []string{
	"a", "a", "b", "a_total", "a_bucket", "a_sum", "a_count", "a_created", "a_info", "0", "{\"a.b\"} ", "{\"a.b\",c=\"d\"} ",
	"{", "}", "{}", "{b=\"c\"}", "{b=\"c\",d=\"e\"}", "{b=\"c\",}", "{le=\"1\"}", "{le=\"+Inf\"}", "{quantile=\"0.5\"}", "{a=\"b\"}",
	"\"", "\\", "\\n", "\\\"", "=", ",", "ü", "\xff", "\r",
	" ", " ", " ", "  ", "\t", "\n", "\n", "\n", "\n", "\n",
	" 1", " 1\n", " 1\n", " 0\n", " -1\n", " NaN\n", " +Inf\n", " 1.5e3\n", " 0x1p-3\n", " 1_0\n", " 1 2\n", " 1 2.5\n", " 1 -3\n",
	" # {} 1\n", " # {b=\"c\"} 1 2\n", " # {b=\"c\"} 1", "# ", "#", "# EOF", "\n# EOF\n",
	"# TYPE a counter\n", "# TYPE a gauge\n", "# TYPE a histogram\n", "# TYPE a summary\n", "# TYPE a info\n", "# TYPE a stateset\n", "# TYPE a untyped\n", "# TYPE a unknown\n",
	"# TYPE \"a.b\" gauge\n", "# HELP a b\n", "# HELP a \n", "# HELP a\n", "# UNIT a \n", "# UNIT a_seconds seconds\n", "# TYPE ", "# HELP ", "# UNIT ",
}

func TestPrometheusReadsWhatIsValidOfWhatIsNearlyRight(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	valid := 0
	for range 20_000 {
		var body []byte
		for range 1 + random.IntN(8) {
			body = append(body, pieces[random.IntN(len(pieces))]...)
		}
		valid += agrees(t, body) + agrees(t, append(body, "\n# EOF\n"...)) + agrees(t, append(body, "# EOF\n"...))
	}
	if valid < 2_000 {
		t.Errorf("only %d bodies were valid", valid)
	}
}

var blankEnds = regexp.MustCompile(`(?m)[ \t]+$`)

// readText uses expfmt, which takes every blank that the text format allows,
// except at the ends of lines.
func readText(body []byte) error {
	body = blankEnds.ReplaceAll(body, nil)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	_, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	return err
}

func readOpenMetrics(body []byte) error {
	if bytes.IndexByte(body, 0) >= 0 {
		return nil // for the parser the body ends there
	}
	parser := textparse.NewOpenMetricsParser(body, labels.NewSymbolTable())
	for {
		if _, err := parser.Next(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
