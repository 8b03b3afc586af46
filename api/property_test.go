package api

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzClientMessage(f *testing.F) {
	for _, seed := range []string{
		`{"type":"subscribe"}`, `{"type":"unsubscribe"}`, `{"type":"subscribe","":1}`, `{"type":null}`,
		`[1]`, `{"type":"subscribe"}{}`, "\xff", `{"TYPE":"subscribe"}`, `{"type":"subscribe","\ud800":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		kind, err := parseClientMessage(text)
		if err == nil {
			var m map[string]string
			if json.Unmarshal(text, &m) != nil || len(m) != 1 || m["type"] != kind {
				t.Errorf("%q was understood as %q", text, kind)
			}
			if kind != typeSubscribe && kind != typeUnsubscribe {
				t.Errorf("%q gives the type %q", text, kind)
			}
			return
		}
		if kind != "" {
			t.Errorf("%q gives the type %q and the error %v", text, kind, err)
		}
		if s := err.Error(); len(s) > 500 || !utf8.ValidString(s) || !strings.HasSuffix(s, clientMessageHelp) {
			t.Errorf("%q is answered %q", text, s)
		}
	})
}

// Random parameters, plausible and not, are answered or refused; they are
// never redpoll's fault.
func TestRandomParametersAreNeverAFault(t *testing.T) {
	s := fullServer(t)
	r := rand.New(rand.NewPCG(1, 2))
	var paths []string
	names := map[string][]string{}
	for path, item := range readOpenAPI(t).Paths {
		if item["get"] != nil && !slices.Contains([]string{"/api/stream", "/sse"}, path) {
			paths = append(paths, path)
			names[path] = parameterNames(item["get"])
		}
	}
	slices.Sort(paths)
	answered := map[int]int{}
	for range 20_000 {
		path := paths[r.IntN(len(paths))]
		request := httptest.NewRequestWithContext(t.Context(), "GET", path, nil)
		request.URL.RawQuery = randomQuery(r, names[path])
		w := httptest.NewRecorder()
		s.api.Handler().ServeHTTP(w, request)
		answered[w.Code]++
		if w.Code >= http.StatusInternalServerError {
			t.Fatalf("%s: %d %s", request.URL, w.Code, w.Body)
		}
	}
	for _, status := range []int{200, 400, 422} {
		if answered[status] == 0 {
			t.Errorf("no request was answered %d: the parameters are not random enough", status)
		}
	}
}

// oddValues are values of parameters, each good for one of them at most.
var oddValues = []string{
	"", "shop", "/checkout", "*", "**a**b*", "POST", "-p95", "p50", "job", "0", "1", "-1", "100", "1e9", "9223372036854775807",
	"-9223372036854775808", "9223372036854", "0.5", "NaN", "15s", "1ms", "100ms", "1y", "999y", "292y", "-5m",
	"2026-03-01T11:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999+14:00", "1772366400000", "1772366399999",
	"253402300799999", "active", "resolved", "all", slowAlert.ID, "true", "alert", "record", "<script>", "\x00", "\xff\xfe",
	strings.Repeat("*a", 200),
}

// randomQuery gives about half of the names a value, and now and then a name
// that is not known, or something that is no query string at all.
func randomQuery(r *rand.Rand, names []string) string {
	odd := func() string { return oddValues[r.IntN(len(oddValues))] }
	query := url.Values{}
	for _, name := range names {
		if r.IntN(2) == 0 {
			query.Add(name, odd())
		}
	}
	if r.IntN(20) == 0 {
		query.Add(odd(), "x")
	}
	raw := query.Encode()
	if r.IntN(20) == 0 {
		raw += odd()
	}
	return raw
}

func parameterNames(operation any) []string {
	var names []string
	parameters, _ := operation.(map[string]any)["parameters"].([]any)
	for _, p := range parameters {
		names = append(names, p.(map[string]any)["name"].(string))
	}
	return names
}

// Where the time asked for does not begin with a step, there is one step more.
func TestHistoryNeverHasMorePointsThanAllowed(t *testing.T) {
	s := newServer(t)
	r := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		end := noon.UnixMilli() - r.Int64N(1e9)
		query := url.Values{"job": {"a"}, "path": {"/"}}
		query.Set("end", strconv.FormatInt(end, 10))
		query.Set("start", strconv.FormatInt(end-1-r.Int64N(1e9), 10))
		query.Set("step", strconv.FormatInt(100+r.Int64N(200_000), 10))
		request := httptest.NewRequestWithContext(t.Context(), "GET", "/api/history?"+query.Encode(), nil)
		w := httptest.NewRecorder()
		s.api.Handler().ServeHTTP(w, request)
		if w.Code == http.StatusUnprocessableEntity {
			continue
		}
		var h wireHistory
		if err := json.Unmarshal(w.Body.Bytes(), &h); err != nil {
			t.Fatalf("%s: %v", w.Body, err)
		}
		if n := len(h.Timestamps); n == 0 || n > maxPoints || h.Timestamps[0] > h.Start || h.Timestamps[n-1]+h.Step < h.End || h.Timestamps[n-1] >= h.End {
			t.Fatalf("%s: %d points from %d to %d", request.URL, n, h.Timestamps[0], h.Timestamps[n-1])
		}
	}
}
