package scrape

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/config"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// TestCanaryBadTargetsAreDownWithAReasonThatHelps has one target for each way
// to fail.
func TestCanaryBadTargetsAreDownWithAReasonThatHelps(t *testing.T) {
	f := func(name, want string, change func(*JobConfig), h http.HandlerFunc) {
		t.Run(name, func(t *testing.T) {
			status := scrapeOnce(t, serve(t, h), change)
			if status.Health != redpoll.HealthDown {
				t.Errorf("health is %s", status.Health)
			}
			wantContains(t, "the error", status.Error, want)
		})
	}
	write := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
	}
	code := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", code) }
	}
	small := func(c *JobConfig) { c.BodySizeLimit = 10 << 10 }

	f("500", "answered HTTP status 500 Internal Server Error; look at the target's own log", nil, code(500))
	f("401", "answered HTTP status 401 Unauthorized; set basic_auth or authorization", nil, code(401))
	f("401 with credentials", "the target does not accept the credentials of the job: check basic_auth", func(c *JobConfig) {
		c.HTTPClientConfig.BasicAuth = &config.BasicAuth{Username: "redpoll", Password: "wrong"}
	}, code(401))
	f("404", "is the metrics path (/metrics) right?", nil, code(404))
	f("HTML", "answered text/html instead of metrics; is the metrics path (/metrics) right?", nil, write("<!doctype html><p>Hello"))
	f("JSON", "answered application/json instead of metrics", nil, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"up": 1}`)
	})
	f("not metrics", "the body is not in the metrics text format: line 1: expected a number as the value", nil, write("Hello, world!\n"))
	f("empty body", "answered an empty body; is the metrics path (/metrics) right?", nil, write(""))
	f("half a line", "line 2: expected a number as the value", nil, write("a 1\nb"))
	f("invalid UTF-8", "line 1: a text in quotes is not valid UTF-8", nil, write("a{x=\"\xff\"} 1\n"))
	f("protobuf that is none", "the answer says that it is protobuf, but it cannot be read: family 1 of the protobuf body: it ", nil,
		func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited")
			_, _ = io.WriteString(w, "<!doctype html><p>Hello")
		})
	f("half a body", "ended in the middle: unexpected EOF", nil, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "a 1\n")
	})
	f("connection cut in a chunk", "ended in the middle: unexpected EOF", nil, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "a 1\n")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	f("hung up", "closed without an answer", nil, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	f("endless body", "larger than body_size_limit, 10KB", small, endless)
	f("gzip bomb", "larger than body_size_limit, 10KB", small, bomb)
	f("gzip that is none", "cannot be decompressed", nil, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, "this is not compressed")
	})
	f("gzip that is corrupt inside", "the answer says that it is gzip, but it cannot be decompressed", nil, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, "\x1f\x8b\x08\x00abcdefghijk")
	})
	f("another encoding", `Content-Encoding "br"`, nil, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "br")
		_, _ = io.WriteString(w, "a 1\n")
	})
	f("redirect loop", "more than 5 redirects, perhaps in a circle", nil, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	})
	f("redirects switched off", "it redirects, and follow_redirects is off",
		func(c *JobConfig) { c.HTTPClientConfig.FollowRedirects = false },
		func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
	f("no TLS", "does not speak TLS; set scheme: http", func(c *JobConfig) { c.Scheme = "https" }, write("a 1\n"))
	f("too slow", "no complete answer within 50ms", func(c *JobConfig) { c.ScrapeTimeout = milliseconds(50) },
		func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "a 1\n")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
}

// endless writes until the client has had enough.
func endless(w http.ResponseWriter, r *http.Request) {
	line := bytes.Repeat([]byte("a 1\n"), 1000)
	for r.Context().Err() == nil {
		if _, err := w.Write(line); err != nil {
			return
		}
	}
}

// bomb answers a little that becomes a lot.
func bomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	_, _ = z.Write(bytes.Repeat([]byte("\n"), 10<<20))
	_ = z.Close()
}

func TestFastAnApplicationWithoutMetricsYetIsUp(t *testing.T) {
	status := scrapeOnce(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	}), nil)
	if status.Health != redpoll.HealthUp {
		t.Error(status.Error)
	}
	wantContains(t, "the hint", status.Advice[0].Text, "no request metrics found")
}

func TestFastNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	status := scrapeOnce(t, address, nil)
	wantContains(t, "the error", status.Error, "nothing listens on "+address+": connection refused; is the exporter running?")
}

// serveTLS starts a server with a certificate that nobody knows.
func serveTLS(t *testing.T) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // failed handshakes are expected
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func TestFastTLSErrorsSayWhatToSet(t *testing.T) {
	status := scrapeOnce(t, serveTLS(t), func(c *JobConfig) { c.Scheme = "https" })
	wantContains(t, "the error", status.Error, "signed by an unknown authority; name the authority in tls_config.ca_file")
}

func TestFastPlainHTTPToATLSPort(t *testing.T) {
	status := scrapeOnce(t, serveTLS(t), nil)
	wantContains(t, "the error", status.Error, "answered HTTP status 400 Bad Request; if the target speaks TLS, set scheme: https")
}

func TestFastSamplesThatCannotBeUsedAreCountedAndTheRestTaken(t *testing.T) {
	status := scrapeOnce(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "# TYPE c counter\nc NaN\nc 1\nd 1\nd 2\ne 3\n")
	}), nil)
	if status.Health != redpoll.HealthUp || status.Samples != 5 || status.Skipped != 3 {
		t.Errorf("%s, %d samples, %d skipped; want up, 5, 3", status.Health, status.Samples, status.Skipped)
	}
	wantContains(t, "the reason", status.SkippedReason, "c is NaN")
}

func TestFastGzipIsCountedAfterDecompression(t *testing.T) {
	body := strings.Repeat("# a comment\n", 1000) + "a 1\n"
	status := scrapeOnce(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Errorf("Accept-Encoding is %q", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, body)
		_ = z.Close()
	}), nil)
	if status.Health != redpoll.HealthUp || status.Bytes != int64(len(body)) {
		t.Errorf("%s %q, %d bytes; want up, %d", status.Health, status.Error, status.Bytes, len(body))
	}
}

func TestFastRequestsSayWhoAsksAndForWhat(t *testing.T) {
	var got http.Header
	var path string
	status := scrapeOnce(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		got, path = r.Header.Clone(), r.URL.RequestURI()
		_, _ = io.WriteString(w, "a 1\n")
	}), func(c *JobConfig) {
		c.MetricsPath = "/probe"
		c.Params = url.Values{"target": {"x y"}}
		c.ScrapeTimeout = milliseconds(2500)
	})
	if status.Health != redpoll.HealthUp {
		t.Fatal(status.Error)
	}
	for name, want := range map[string]string{
		"User-Agent": "redpoll/1.2.3",
		"Accept": "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6," +
			"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4," +
			"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
		"X-Prometheus-Scrape-Timeout-Seconds": "2.5",
	} {
		if got.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Get(name), want)
		}
	}
	if path != "/probe?target=x+y" {
		t.Errorf("asked for %s", path)
	}
}

func TestCanaryCredentialsDoNotFollowToAnotherHost(t *testing.T) {
	thief := serve(t, func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("the other host was asked, with Authorization %q", r.Header.Get("Authorization"))
		_, _ = io.WriteString(w, "a 1\n")
	})
	victim := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if _, _, ok := r.BasicAuth(); !ok {
			t.Error("the target itself got no credentials")
		}
		http.Redirect(w, r, "http://"+thief+"/metrics", http.StatusFound)
	})
	status := scrapeOnce(t, victim, func(c *JobConfig) {
		c.HTTPClientConfig.BasicAuth = &config.BasicAuth{Username: "scraper", Password: "hunter2"}
	})
	wantContains(t, "the error", status.Error, "redirects to http://"+thief+", and credentials do not follow")
	if strings.Contains(fmt.Sprint(status), "hunter2") {
		t.Error("the status holds the password")
	}
}

func TestFastRedirectsOnTheSameHostAreFollowed(t *testing.T) {
	status := scrapeOnce(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" {
			http.Redirect(w, r, "/metrics/", http.StatusMovedPermanently)
			return
		}
		if _, _, ok := r.BasicAuth(); !ok {
			t.Error("the redirected request has no credentials")
		}
		_, _ = io.WriteString(w, "a 1\n")
	}), func(c *JobConfig) { c.HTTPClientConfig.BasicAuth = &config.BasicAuth{Username: "scraper"} })
	if status.Health != redpoll.HealthUp {
		t.Error(status.Error)
	}
}

func TestFastErrorsDoNotShowParameters(t *testing.T) {
	status := scrapeOnce(t, serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
		func(c *JobConfig) { c.Params = url.Values{"token": {"hunter2"}} })
	if strings.Contains(status.Error, "hunter2") {
		t.Errorf("the error shows a parameter: %s", status.Error)
	}
}

func TestFastAnInterruptedScrapeSaysNothingAboutTheTarget(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	m := idle(t, jobConfig(t, nil, serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		select {
		case <-r.Context().Done():
		case <-time.After(10 * time.Second):
			t.Error("the request was not cancelled")
		}
	})))
	m.jobs[0].targets[0].scrape(ctx)
	if status := m.Targets()[0]; status.Health != redpoll.HealthUnknown || status.Error != "" {
		t.Errorf("%s, %q", status.Health, status.Error)
	}
}
