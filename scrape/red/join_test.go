package red

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// timed writes the latency of /a without a status: n requests, all fast.
func timed(n int) string {
	return histogramType + histogram("http_request_duration_seconds", `path="/a"`, n, n, n)
}

func TestFastErrorsJoinedFromACounter(t *testing.T) {
	f := increases(t)
	f("are a share of what the counter counts, where some requests are not timed",
		// 100 fast ones are timed of 200, of which 100 failed.
		[]string{timed(100) + requests(200, 100), timed(200) + requests(200, 200, 500, 100)},
		"/a: unknown", "/a: 200 100 0.05 0.095 0.2")
	f("are there although nothing was timed",
		[]string{timed(100) + requests(200, 100), timed(100) + requests(200, 100, 500, 7)},
		"/a: unknown", "/a: 7 7 - - -")
	f("are a share of what is timed, where the counter counts failures only",
		// 5 of 100 failed.
		[]string{timed(0) + requests(500, 0), timed(100) + requests(500, 5), timed(200) + requests(500, 5)},
		"/a: unknown", "/a: 100 5 0.05 0.095 0.2", "/a: 100 0 0.05 0.095 0.2")
	f("are then not more than all",
		[]string{timed(100) + requests(500, 0), timed(101) + requests(500, 2)},
		"/a: unknown", "/a: 1 1 0.05 0.095 0.2")
	f("count requests without a status as served",
		// 3 and 2 and 1; the 2 have none.
		[]string{timed(0), timed(6) + requests(200, 3, "", 2, 500, 1)},
		"/a: unknown", "/a: 6 1 0.05 0.095 0.2")
	f("need a status",
		[]string{timed(0) + requests("", 0), timed(6) + requests("", 9)},
		"/a: unknown", "/a: 6 - 0.05 0.095 0.2")
	f("are known from the scrape on in which the application moved the status to the counter",
		[]string{latency(5, 5, 5), timed(8) + requests(200, 6, 500, 2), timed(18) + requests(200, 13, 500, 5)},
		"/a: unknown", "/a: 8 2 0.05 0.095 0.2", "/a: 10 3 0.05 0.095 0.2")
	f("are not those of other requests",
		[]string{
			timed(0) + strings.ReplaceAll(requests(500, 0), "/a", "/b"),
			timed(6) + strings.ReplaceAll(requests(500, 9), "/a", "/b"),
		},
		"/a: unknown", "/a: 6 - 0.05 0.095 0.2")
}

// on writes a body about /a as one about another path.
func on(path, body string) string { return strings.ReplaceAll(body, `"/a"`, `"`+path+`"`) }

// lines joins bodies whose families are the same, so that TYPE stands once.
func lines(first, second string) string {
	_, rest, _ := strings.Cut(second, "\n")
	return first + rest
}

func TestFastPathsThatOnlyTheCounterKnowsAreKept(t *testing.T) {
	f := increases(t)
	count := func(a, b int) string { return lines(requests(200, a), on("/b", requests(200, b-1, 500, 1))) }
	f("when a histogram appears for another one",
		[]string{count(1, 10), count(2, 13), timed(4) + count(6, 18), timed(5) + count(7, 19)},
		"/a: unknown\n /b: unknown", "/a: 1 0 - - -\n /b: 3 0 - - -",
		"/a: 4 0 0.05 0.095 0.2\n /b: 5 0 - - -", "/a: 1 0 0.05 0.095 0.2\n /b: 1 0 - - -")
	f("not if the counter has paths of its own",
		[]string{timed(0) + on("/b", requests(200, 0)), timed(4) + on("/b", requests(200, 4))},
		"/a: unknown", "/a: 4 - 0.05 0.095 0.2")
	f("not while the timed ones are only away",
		[]string{
			lines(timed(1), on("/b", timed(10))) + count(1, 10), timed(2) + count(2, 13),
			lines(timed(3), on("/b", timed(15))) + count(3, 15),
		},
		"/a: unknown\n /b: unknown", "/a: 1 0 0.05 0.095 0.2", "/a: 1 0 0.05 0.095 0.2\n /b: 5 - 0.05 0.095 0.2")
	s := newTarget(t, Options{})
	d := s.scrape(timed(1) + count(1, 10))
	var notes []string
	for _, r := range d.Recognised {
		notes = append(notes, fmt.Sprintf("%s: %d, %s", r.Family, r.Endpoints, r.Note))
	}
	if diff := cmp.Diff([]string{
		"http_request_duration_seconds: 1, errors are taken from http_requests_total",
		"http_requests_total: 1, a counter: latencies are unknown",
	}, notes); diff != "" {
		t.Error(diff)
	}
}
