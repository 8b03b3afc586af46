package scrape

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/config"
)

// lookAt takes a look at the only target of a job.
func lookAt(t *testing.T, h http.HandlerFunc, change func(*JobConfig)) (RawExposition, error) {
	t.Helper()
	m := idle(t, jobConfig(t, change, serve(t, h)))
	before := m.Targets()
	raw, err := m.Exposition(t.Context(), before[0].ID)
	if diff := cmp.Diff(before, m.Targets()); diff != "" {
		t.Errorf("the look changed the target:\n%s", diff)
	}
	return raw, err
}

func TestFastATargetIsFoundByItsIDAsLongAsItIsThere(t *testing.T) {
	m := NewManager(Options{})
	defer m.Stop()
	apply := func(address string) (id string) {
		t.Helper()
		if err := m.Apply([]JobConfig{jobConfig(t, nil, address)}); err != nil {
			t.Fatal(err)
		}
		return m.Targets()[0].ID
	}
	first := apply("127.0.0.1:1")
	if found := m.target(first); found == nil || found.ID != first {
		t.Errorf("%v is found for %s", found, first)
	}
	second := apply("127.0.0.1:2")
	if m.target(first) != nil || m.target(second) == nil {
		t.Error("after a change the target that is gone is found, or the new one is not")
	}
}

func TestCanaryALookAtATargetIsWhatAScrapeWouldGetAsText(t *testing.T) {
	const body = "# TYPE a counter\na 1\n"
	raw, err := lookAt(t, func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "scraper" || password != "hunter2" {
			t.Errorf("asked as %q with %q", user, password)
		}
		if accept := r.Header.Get("Accept"); strings.Contains(accept, "protobuf") {
			t.Errorf("asked for %s", accept)
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, body)
		_ = z.Close()
	}, func(c *JobConfig) {
		c.HTTPClientConfig.BasicAuth = &config.BasicAuth{Username: "scraper", Password: "hunter2"}
	})
	want := RawExposition{Body: []byte(body)}
	if diff := cmp.Diff(want, raw); diff != "" || err != nil {
		t.Errorf("%v, differs (-want +got):\n%s", err, diff)
	}
}

func TestFastALookAtATargetThatHasNoEndIsCutAfterALine(t *testing.T) {
	raw, err := lookAt(t, endless, nil)
	if err != nil || !raw.Truncated || len(raw.Body) > maxRaw || !bytes.HasSuffix(raw.Body, []byte("\na 1\n")) {
		t.Errorf("%v, cut: %v, %d bytes", err, raw.Truncated, len(raw.Body))
	}
	raw, err = lookAt(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(bytes.Repeat([]byte("x"), maxRaw+1))
	}, nil)
	if err != nil || !raw.Truncated || len(raw.Body) != maxRaw {
		t.Errorf("%v, cut: %v, %d bytes", err, raw.Truncated, len(raw.Body))
	}
}

func TestFastALookThatFailsSaysWhyAndKeepsSecrets(t *testing.T) {
	f := func(want string, h http.HandlerFunc) {
		t.Helper()
		raw, err := lookAt(t, h, func(c *JobConfig) {
			c.Params = url.Values{"token": {"hunter2"}}
			c.HTTPClientConfig.BasicAuth = &config.BasicAuth{Username: "scraper", Password: "hunter2"}
			c.ScrapeTimeout = milliseconds(200)
		})
		if err == nil || raw.Body != nil {
			t.Fatalf("%q, want an error that says %q", raw.Body, want)
		}
		wantContains(t, "the error", err.Error(), want)
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows a secret: %v", err)
		}
	}
	f("answered HTTP status 401 Unauthorized", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusUnauthorized) })
	f("closed without an answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	f("no complete answer within 200ms", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	f("answers protobuf although it is asked for text", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited")
		_, _ = w.Write([]byte{5, 1, 2, 3, 4, 5})
	})
	f("ended in the middle", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "a 1\n")
	})
}

func TestFastOnlyAFewLooksGoOnAtATime(t *testing.T) {
	arrived := make(chan struct{}, maxLooks)
	m := idle(t, jobConfig(t, nil, serve(t, func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
	})))
	id := m.Targets()[0].ID
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, maxLooks)
	for range maxLooks {
		go func() {
			_, err := m.Exposition(ctx, id)
			ended <- err
		}()
	}
	for range maxLooks {
		<-arrived
	}
	if _, err := m.Exposition(t.Context(), id); !errors.Is(err, ErrBusy) {
		t.Errorf("one look too many: %v", err)
	}
	cancel()
	for range maxLooks {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("a look that nobody waits for any more: %v", err)
		}
	}
	if _, err := m.Exposition(t.Context(), "not "+id); !errors.Is(err, ErrNoTarget) {
		t.Errorf("a target that is not there: %v", err)
	}
}
