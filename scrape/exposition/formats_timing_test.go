package exposition

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// instrumented is an application with the given number of endpoints, three
// status codes and 100 gauges, by client_golang.
func instrumented(endpoints int, o prometheus.HistogramOpts) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	o.Name = "http_request_duration_seconds"
	durations := prometheus.NewHistogramVec(o, []string{"code", "method", "path"})
	registry.MustRegister(durations)
	for e := range endpoints {
		for _, code := range []string{"200", "404", "500"} {
			series := durations.WithLabelValues(code, "GET", fmt.Sprintf("/api/v1/resource%d", e))
			for i := range 200 {
				series.Observe(0.001 * float64(1+(i*i+e)%5000))
			}
		}
	}
	for i := range 100 {
		gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: fmt.Sprintf("go_metric_%d", i)})
		gauge.Set(1.25e6)
		registry.MustRegister(gauge)
	}
	return registry
}

// exposed is what a registry answers to an Accept header.
func exposed(tb testing.TB, registry *prometheus.Registry, accept string) (body []byte, contentType string) {
	tb.Helper()
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{DisableCompression: true}).ServeHTTP(w, r)
	if w.Code != 200 {
		tb.Fatalf("the registry answers %d", w.Code)
	}
	return w.Body.Bytes(), w.Header().Get("Content-Type")
}

const (
	acceptText     = "text/plain;version=0.0.4"
	acceptProtobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
)

// BenchmarkReadFormats reads 300 histograms of 11 bounds and 100 gauges in every
// format, and the same observations in native buckets.
//
// go test -run '^$' -bench ReadFormats -benchmem ./scrape/exposition
func BenchmarkReadFormats(b *testing.B) {
	f := func(name, accept string, o prometheus.HistogramOpts) {
		b.Run(name, func(b *testing.B) {
			body, contentType := exposed(b, instrumented(100, o), accept)
			d := newReader(nil)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := readBody(d, body, contentType); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	classic := prometheus.HistogramOpts{Buckets: prometheus.DefBuckets}
	native := prometheus.HistogramOpts{NativeHistogramBucketFactor: 1.1}
	f("text", acceptText, classic)
	f("protobuf", acceptProtobuf, classic)
	f("native", acceptProtobuf, native)
}

// BenchmarkExposeFormats is what the formats cost the application.
func BenchmarkExposeFormats(b *testing.B) {
	registry := instrumented(100, prometheus.HistogramOpts{Buckets: prometheus.DefBuckets})
	for name, accept := range map[string]string{"text": acceptText, "protobuf": acceptProtobuf} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				exposed(b, registry, accept)
			}
		})
	}
}
