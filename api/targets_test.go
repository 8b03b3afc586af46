package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// expositionOfShop is where redpoll passes on what shopTarget exposes.
const expositionOfShop = "/api/targets/5k0/exposition"

// exposing is a server whose target exposes a body.
func exposing(t *testing.T, body string, change ...func(*Config, *limits)) *server {
	t.Helper()
	s := newServer(t, change...)
	s.expose = func(context.Context) (Exposition, error) { return Exposition{Body: []byte(body)}, nil }
	return s
}

func TestDroppedTargetsAreListedAndCounted(t *testing.T) {
	s := newServer(t)
	s.dropped = []redpoll.DroppedTarget{droppedTarget, {Pool: "web"}}
	want := `{"targets":[{"pool":"web","reason":"dropped by relabel_configs","discovered":{"__address__":"10.0.0.3:80","__meta_env":"test","job":"web"}},` +
		`{"pool":"web","reason":"","discovered":{}}],"counts":{"idle":0,"web":2}}`
	if diff := cmp.Diff(want, string(s.get(t, "/api/targets/dropped").body)); diff != "" {
		t.Error(diff)
	}
}

func TestCanaryWhatATargetExposesIsShownAsTextThatCanDoNothing(t *testing.T) {
	body := "<!doctype html><script>alert(document.domain)</script>\n\x00\xff# HELP"
	a := exposing(t, body).get(t, expositionOfShop)
	if a.status != 200 || string(a.body) != body {
		t.Errorf("got %d %q", a.status, a.body)
	}
	for name, want := range map[string]string{
		"Content-Type":            "text/plain; charset=utf-8",
		"X-Content-Type-Options":  "nosniff",
		"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
		"Cache-Control":           "no-store",
		"X-Redpoll-Truncated":     "",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestAnExpositionThatWasCutSaysSo(t *testing.T) {
	s := newServer(t)
	s.expose = func(context.Context) (Exposition, error) {
		return Exposition{Body: []byte("up 1\n"), Truncated: true}, nil
	}
	if a := s.get(t, expositionOfShop); a.header.Get("X-Redpoll-Truncated") != "true" || string(a.body) != "up 1\n" {
		t.Errorf("%v %q", a.header, a.body)
	}
}

func TestExpositionSaysWhyThereIsNone(t *testing.T) {
	s := newServer(t)
	for _, c := range []struct {
		err    error
		status int
		says   string
	}{
		{errors.New("connection refused: is it running?"), http.StatusBadGateway, "is it running?"},
		{ErrBusy, http.StatusServiceUnavailable, "try again"},
		{fmt.Errorf("asking: %w", context.Canceled), http.StatusServiceUnavailable, "canceled"},
	} {
		s.expose = func(context.Context) (Exposition, error) { return Exposition{}, c.err }
		a := s.get(t, expositionOfShop)
		wantError(t, a, c.status, c.says)
		if retry := a.header.Get("Retry-After"); (retry != "") != (c.status == http.StatusServiceUnavailable) {
			t.Errorf("%v: Retry-After is %q", c.err, retry)
		}
	}
}

func TestHostileIdsOfTargetsAreNotFound(t *testing.T) {
	s := exposing(t, "up 1\n")
	for _, id := range []string{"none", "..%2F..%2Fetc%2Fpasswd", "%00", "%ff%fe", "5k0%20", "5K0", strings.Repeat("a", 10_000), "%3Cscript%3E", "{id}"} {
		a := s.get(t, "/api/targets/"+id+"/exposition")
		wantError(t, a, http.StatusNotFound, "no such target")
		if len(a.body) > 200 {
			t.Errorf("%.20s is answered at length: %s", id, a.body)
		}
	}
	wantError(t, s.get(t, "/api/targets/5k0"), http.StatusNotFound, "no such path")
	wantError(t, s.do(t, "POST", expositionOfShop, ""), http.StatusMethodNotAllowed, "GET, HEAD only")
}

// A page that makes a browser ask for it would have redpoll send requests.
func TestCanaryPagesOfOtherOriginsCannotHaveTargetsAsked(t *testing.T) {
	s := exposing(t, "up 1\n", func(c *Config, _ *limits) { c.AllowedOrigins = []string{"https://status.example.com"} })
	asked := 0
	expose := s.expose
	s.expose = func(ctx context.Context) (Exposition, error) { asked++; return expose(ctx) }
	for _, headers := range [][]string{
		{"Sec-Fetch-Site: cross-site"},
		{"Sec-Fetch-Site: same-site"},
		{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"},
		{"Origin: https://evil.example"},
		{"Origin: null"},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			if a := s.do(t, method, expositionOfShop, "", headers...); a.status != http.StatusForbidden {
				t.Errorf("%s with %q: %d %s", method, headers, a.status, a.body)
			}
		}
	}
	wantError(t, s.get(t, expositionOfShop, "Sec-Fetch-Site: cross-site"), http.StatusForbidden, "web.allowed_origins")
	if asked != 0 {
		t.Fatalf("the target was asked %d times", asked)
	}
	for _, headers := range [][]string{
		nil,
		{"Sec-Fetch-Site: same-origin"},
		{"Sec-Fetch-Site: none"},
		{"Sec-Fetch-Site: cross-site", "Origin: https://status.example.com"},
	} {
		if a := s.get(t, expositionOfShop, headers...); a.status != 200 {
			t.Errorf("with %q: %d %s", headers, a.status, a.body)
		}
	}
}

func TestWhoGoesAwayNoLongerHasTheTargetAsked(t *testing.T) {
	s := newServer(t)
	asked, ended := make(chan struct{}), make(chan struct{})
	s.expose = func(ctx context.Context) (Exposition, error) {
		close(asked)
		<-ctx.Done()
		close(ended)
		return Exposition{}, ctx.Err()
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	r, err := http.NewRequestWithContext(ctx, "GET", s.URL+expositionOfShop, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := s.Client().Do(r); err == nil {
		resp.Body.Close()
		t.Error("there was an answer")
	}
	<-ended
}

// manyTargets have many labels, hostile ones among them.
func manyTargets(n, labels int) []redpoll.TargetStatus {
	targets := make([]redpoll.TargetStatus, n)
	for i := range targets {
		t := shopTarget
		t.ID = fmt.Sprintf("id%d", i)
		t.Labels, t.Discovered = map[string]string{}, map[string]string{}
		for l := range labels {
			t.Labels[fmt.Sprintf("label_%d", l)] = fmt.Sprintf("<value %d of \"%d\">\xff", l, i)
			t.Discovered[fmt.Sprintf("__meta_kubernetes_pod_label_%d", l)] = fmt.Sprintf("value %d of %d", l, i)
		}
		targets[i] = t
	}
	return targets
}

// largestWrite remembers the longest piece that it was given.
type largestWrite struct {
	*httptest.ResponseRecorder
	largest int
}

func (w *largestWrite) Write(b []byte) (int, error) {
	w.largest = max(w.largest, len(b))
	return w.ResponseRecorder.Write(b)
}

func TestLongListsAreSentPieceByPiece(t *testing.T) {
	s := newServer(t)
	s.targets = manyTargets(500, 40)
	s.metadata = map[string][]redpoll.Metadata{}
	for i := range s.targets {
		s.metadata[s.targets[i].ID] = []redpoll.Metadata{requestsTotal, {Family: "up", Type: "gauge"}}
	}
	for path, mark := range map[string]string{
		"/api/targets": `"id":"id`, "/api/v1/targets": `"scrapePool"`, "/api/v1/targets/metadata": `"metric":"up"`,
	} {
		w := &largestWrite{ResponseRecorder: httptest.NewRecorder()}
		s.api.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
		if n := bytes.Count(w.Body.Bytes(), []byte(mark)); n != len(s.targets) {
			t.Errorf("%s has %d targets, want %d", path, n, len(s.targets))
		}
		if w.largest > 64<<10 || w.Body.Len() < 1<<20 {
			t.Errorf("%s: a piece of %d bytes, of %d in all", path, w.largest, w.Body.Len())
		}
	}
}

// failingWriter is a client that has gone.
type failingWriter struct{ header http.Header }

func (w failingWriter) Header() http.Header       { return w.header }
func (w failingWriter) WriteHeader(int)           {}
func (w failingWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestListsAreNotMadeForClientsThatHaveGone(t *testing.T) {
	s := newServer(t)
	s.targets = manyTargets(1000, 10)
	asked := 0
	s.api.options.Metadata = func(string) []redpoll.Metadata { asked++; return []redpoll.Metadata{requestsTotal} }
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/targets/metadata", nil)
	s.api.Handler().ServeHTTP(failingWriter{http.Header{}}, r)
	if asked == 0 || asked > 300 {
		t.Errorf("the metadata of %d targets was asked for", asked)
	}
}
