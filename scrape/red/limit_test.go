package red

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFastTooManyEndpointsAreMergedAndSaid(t *testing.T) {
	s := newTarget(t, Options{MaxEndpoints: 3})
	body := func(n int) string {
		var b strings.Builder
		b.WriteString(counterType)
		for i := range 10 {
			fmt.Fprintf(&b, "http_requests_total{path=\"/p%d\",code=\"200\"} %d\n", i, n)
		}
		return b.String()
	}
	s.scrape(body(1))
	d := s.scrape(body(3))
	s.wants(d, " /p0: 2 0 - - -\n /p1: 2 0 - - -\n /p2: 2 0 - - -\n other: 14 0 - - -\n")
	if n := d.Recognised[0].Endpoints; n != 3 {
		t.Errorf("%d endpoints are recognised, want those that are followed", n)
	}
	if want := `more than the 3 endpoints that are followed of a target: 7 series merged into "other"`; !strings.Contains(d.Recognised[0].Note, want) {
		t.Errorf("note %q, want %q", d.Recognised[0].Note, want)
	}
}

func TestFastOfTooManyEndpointsTheBusiestAreKept(t *testing.T) {
	s := newTarget(t, Options{MaxEndpoints: 2})
	body := func(a, b, c, d int) string {
		body := counterType
		for path, n := range map[string]int{"/a": a, "/b": b, "/c": c, "/d": d} {
			body += fmt.Sprintf("http_requests_total{path=%q,code=\"200\"} %d\n", path, n)
		}
		return body
	}
	s.scrape(body(1, 30, 2, 20))
	got := make(map[string]uint64)
	for _, e := range s.scrape(body(2, 31, 3, 21)).Endpoints {
		got[e.Path] = e.Increase.Requests
	}
	if diff := cmp.Diff(map[string]uint64{"/b": 1, "/d": 1, Other: 2}, got); diff != "" {
		t.Error(diff)
	}
}

func TestFastEndpointsThatAreGoneMakeRoomAfterAWhile(t *testing.T) {
	s := newTarget(t, Options{MaxEndpoints: 1})
	line := func(path string, n int) string {
		return counterType + fmt.Sprintf("http_requests_total{path=%q,code=\"200\"} %d\n", path, n)
	}
	s.scrape(line("/old", 1))
	s.scrape(line("/new", 1))
	s.at = s.at.Add(Retention)
	s.wants(s.scrape("up 1\n"), "") // /old is forgotten here
	s.wants(s.scrape(line("/newest", 4)), " /newest: 4 0 - - -\n")
	s.wants(s.scrape(line("/next", 5)), " other: 5 0 - - -\n")
}
