package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// get asks the handler; extra are header names and values in turn.
func get(t *testing.T, path string, extra ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest("GET", "/", nil)
	r.URL.Path = path // as it arrives, without NewRequest's cleaning
	for i := 0; i < len(extra); i += 2 {
		r.Header.Set(extra[i], extra[i+1])
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// mainScript is the path of the page's script.
func mainScript(t *testing.T) string {
	t.Helper()
	html := text(t, get(t, "/").Body)
	match := regexp.MustCompile(`src="(assets/main-[A-Z0-9]+\.js)"`).FindStringSubmatch(html)
	if match == nil {
		t.Fatalf("the page names no script:\n%s", html)
	}
	return "/" + match[1]
}

func TestFastClientRoutesGetThePage(t *testing.T) {
	for _, path := range []string{"/", "/alerts", "/targets", "/targets/", "/not/there/yet"} {
		r := get(t, path)
		if r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %s, %s", path, r.Status, r.Header.Get("Content-Type"))
		}
		if got := r.Header.Get("Cache-Control"); got != "no-cache" {
			t.Errorf("%s: Cache-Control %q, want no-cache", path, got)
		}
	}
}

func TestFastMissingFilesAreNotFound(t *testing.T) {
	for _, path := range []string{"/favicon.ico", "/assets/main-OLD.js", "/assets/", "/robots.txt"} {
		if r := get(t, path); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
}

func TestFastPathsThatClimbAreRefused(t *testing.T) {
	for _, path := range []string{"/../embed.go", "/assets/../../go.mod", "/./index.html", "//etc/passwd", "/a/../alerts", "/.."} {
		if r := get(t, path); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
}

func TestFastEveryAnswerIsGuarded(t *testing.T) {
	for _, path := range []string{"/", "/nothing.js", mainScript(t)} {
		h := get(t, path).Header
		if csp := h.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'self';") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: Content-Security-Policy %q", path, csp)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: may be sniffed", path)
		}
	}
}

func TestFastHashedAssetsAreCachedForEver(t *testing.T) {
	r := get(t, mainScript(t))
	if got := r.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
		t.Errorf("Cache-Control %q", got)
	}
	if got := r.Header.Get("Content-Type"); got != "text/javascript; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
}

func TestFastKnownETagIsNotSentAgain(t *testing.T) {
	for _, encoding := range []string{"", "gzip"} {
		first := get(t, "/", "Accept-Encoding", encoding)
		again := get(t, "/", "Accept-Encoding", encoding, "If-None-Match", first.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified || text(t, again.Body) != "" {
			t.Errorf("encoding %q: %s", encoding, again.Status)
		}
	}
}

func TestFastGzipHoldsTheSameFile(t *testing.T) {
	path := mainScript(t)
	plain, zipped := get(t, path), get(t, path, "Accept-Encoding", "br, gzip")
	if zipped.Header.Get("Content-Encoding") != "gzip" || zipped.Header.Get("Vary") != "Accept-Encoding" {
		t.Fatalf("headers %v", zipped.Header)
	}
	if plain.Header.Get("ETag") == zipped.Header.Get("ETag") {
		t.Error("both encodings have the same entity tag")
	}
	z, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	if text(t, z) != text(t, plain.Body) {
		t.Error("the contents differ")
	}
}

func TestFastAcceptEncoding(t *testing.T) {
	f := func(header string, want bool) {
		t.Helper()
		if got := acceptsGzip(header); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
	f("", false)
	f("gzip", true)
	f("br;q=1.0, gzip;q=0.8, *;q=0.1", true)
	f("gzip;q=0", false)
	f("*", true)
	f("identity", false)
	f("br, GZIP ; q=0.5", true)
	f(";;,", false)
}

func TestFastOnlyReadingIsAllowed(t *testing.T) {
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest("POST", "/", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("%d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestFastThePageNeedsNoInlineCode(t *testing.T) {
	html := text(t, get(t, "/").Body)
	inline := regexp.MustCompile(`<style|\s(style|on\w+)=|javascript:|<script>`)
	if found := inline.FindString(html); found != "" {
		t.Errorf("the page holds %q, which its own policy forbids", found)
	}
}
