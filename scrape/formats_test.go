package scrape

import (
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/model"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// An application whose histogram has native buckets alone, which only protobuf
// can say, shows quantiles as exact as those buckets are.
func TestCanaryNativeHistogramsShowTheirQuantiles(t *testing.T) {
	registry := prometheus.NewRegistry()
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "http_request_duration_seconds", NativeHistogramBucketFactor: 1.1,
	}, []string{"path", "method", "code"})
	registry.MustRegister(durations)
	address := serve(t, promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP)
	m := idle(t, jobConfig(t, nil, address))
	target := m.jobs[0].targets[0]
	target.scrape(t.Context())
	for i := range 1000 {
		durations.WithLabelValues("/pay", "post", []string{"200", "503"}[i/900]).Observe(.001 * float64(i+1))
	}
	target.scrape(t.Context())
	if s := target.currentStatus(); s.Health != redpoll.HealthUp || s.Skipped != 0 {
		t.Fatalf("%+v", s)
	}
	e := m.Snapshot(time.Now(), every).Endpoint(redpoll.EndpointKey{Job: "shop", Method: "POST", Path: "/pay"})
	if e == nil || e.New == nil || e.New.Requests != 1000 || e.P50 == nil || *e.ErrorRate != .1 {
		t.Fatalf("the endpoint is %+v", e)
	}
	for q, got := range map[float64]*redpoll.Estimate{.5: e.P50, .95: e.P95, .99: e.P99} {
		if math.Abs(got.Value/q-1) > .1 || got.Lower > q || got.Upper < q {
			t.Errorf("the %v-quantile of 1 ms to 1 s is %v", q, *got)
		}
	}
}

// TestFastATargetThatFailsAtProtobufIsAskedForText scrapes an application that
// has protobuf on its list, and no encoder for it.
func TestFastATargetThatFailsAtProtobufIsAskedForText(t *testing.T) {
	for _, failure := range []http.HandlerFunc{
		func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "no encoder", http.StatusInternalServerError)
		},
		func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no encoder", http.StatusNotAcceptable) },
		func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/vnd.google.protobuf")
			_, _ = io.WriteString(w, "a 1\n")
		},
	} {
		ill := false
		m := idle(t, jobConfig(t, nil, serve(t, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case strings.Contains(r.Header.Get("Accept"), "protobuf"):
				failure(w, r)
			case ill:
				http.Error(w, "ill", http.StatusServiceUnavailable)
			default:
				_, _ = io.WriteString(w, "a 1\n")
			}
		})))
		target := m.jobs[0].targets[0]
		scrapes := func(want redpoll.Health) {
			t.Helper()
			target.scrape(t.Context())
			if s := target.currentStatus(); s.Health != want {
				t.Errorf("the target is %s (%s), want %s", s.Health, s.Error, want)
			}
		}
		scrapes(redpoll.HealthDown)
		scrapes(redpoll.HealthUp)
		scrapes(redpoll.HealthUp) // it stays with text
		ill = true
		scrapes(redpoll.HealthDown)
		ill = false
		scrapes(redpoll.HealthDown) // and may have got an encoder meanwhile
		scrapes(redpoll.HealthUp)
	}
}

func TestFastWhatIsAskedForAfterScrapes(t *testing.T) {
	// Scrapes: + succeeds, 5 fails as one without an encoder does, - otherwise.
	f := func(scrapes string, text bool) {
		t.Helper()
		var f formats
		for _, s := range scrapes {
			f.scraped(s != '+', s == '5')
		}
		if f.text != text {
			t.Errorf("after %q asked for text: %v, want %v", scrapes, f.text, text)
		}
	}
	f("", false)
	f("+", false)
	f("-", false)
	f("5", true)
	f("5+", true)
	f("5+-", false) // it may have got an encoder meanwhile
	f("5+5", false)
	f("55", false)
	f("+5", false) // it has an encoder, and is ill
	f("+55+", false)
	f("+5-5+5", false)
	f("5+-+5", false)
	f("+"+strings.Repeat("5", patientFailures-1), false)
	f("+"+strings.Repeat("5", patientFailures), true)
	f("+"+strings.Repeat("5", patientFailures)+"+", true)
}

func TestFastAnEmptyProtobufBodyIsAnApplicationWithoutMetrics(t *testing.T) {
	status := scrapeOnce(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited")
	}), nil)
	if status.Health != redpoll.HealthUp {
		t.Error(status.Error)
	}
}

func TestFastWhatIsAskedForFollowsFromTheConfiguration(t *testing.T) {
	f := func(name string, change func(*JobConfig), want accepts) {
		t.Helper()
		c := jobConfig(t, change)
		if diff := cmp.Diff(want, newAccepts(&c.Formats), cmp.AllowUnexported(accepts{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	const (
		proto = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
		texts = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5," +
			"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
	)
	f("nothing", nil, accepts{
		all: proto + ";q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4," +
			"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
		text: texts, look: texts,
	})
	no := false
	f("no native histograms", func(c *JobConfig) { c.ScrapeNativeHistograms = &no }, accepts{all: texts, text: texts, look: texts})
	f("an order", func(c *JobConfig) {
		c.ScrapeProtocols = []Protocol{PrometheusText0_0_4, PrometheusProto}
	}, accepts{
		all:  "text/plain;version=0.0.4;q=0.6," + proto + ";q=0.5,*/*;q=0.4",
		text: "text/plain;version=0.0.4;q=0.6,*/*;q=0.5",
		look: "text/plain;version=0.0.4;q=0.6,*/*;q=0.5",
	})
	f("protobuf alone", func(c *JobConfig) { c.ScrapeProtocols = []Protocol{PrometheusProto} },
		accepts{all: proto + ";q=0.6,*/*;q=0.5", text: proto + ";q=0.6,*/*;q=0.5", look: texts})
	f("legacy names", func(c *JobConfig) {
		c.MetricNameValidationScheme = model.LegacyValidation
		c.ScrapeProtocols = []Protocol{PrometheusText1_0_0}
	}, accepts{
		all:  "text/plain;version=1.0.0;escaping=underscores;q=0.6,*/*;q=0.5",
		text: "text/plain;version=1.0.0;escaping=underscores;q=0.6,*/*;q=0.5",
		look: "text/plain;version=1.0.0;escaping=underscores;q=0.6,*/*;q=0.5",
	})
}

func TestFastCompressionIsAskedForUnlessItIsOff(t *testing.T) {
	for enabled, want := range map[bool]string{true: "gzip", false: "identity"} {
		status := scrapeOnce(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("Accept-Encoding"); got != want {
				t.Errorf("with enable_compression: %v asked for %s", enabled, got)
			}
			_, _ = io.WriteString(w, "a 1\n")
		}), func(c *JobConfig) { c.EnableCompression = enabled })
		if status.Health != redpoll.HealthUp {
			t.Error(status.Error)
		}
	}
}
