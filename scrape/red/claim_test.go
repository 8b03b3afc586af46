package red

import (
	"fmt"
	"strings"
	"testing"
)

// TestFastTheEndpointsOfAllTargetsAreBounded has other targets hold all that is
// shared: a target has some endpoints nevertheless, and says why not more.
func TestFastTheEndpointsOfAllTargetsAreBounded(t *testing.T) {
	claimed.Add(sharedEndpoints)
	s := newTarget(t, Options{MaxEndpoints: 1000})
	body := func(n int) string {
		var b strings.Builder
		b.WriteString(counterType)
		for i := range freeEndpoints + 100 {
			fmt.Fprintf(&b, "http_requests_total{path=\"/p%d\",code=\"200\"} %d\n", i, n)
		}
		return b.String()
	}
	s.scrape(body(1))
	d := s.scrape(body(3))
	if n := len(d.Endpoints); n != freeEndpoints+1 {
		t.Errorf("%d endpoints, want the %d that any target may have and one for the rest", n, freeEndpoints)
	}
	if want := `beyond 200 of each: 100 series merged into "other"`; !strings.Contains(d.Recognised[0].Note, want) {
		t.Errorf("note %q, want %q", d.Recognised[0].Note, want)
	}
	claimed.Add(-sharedEndpoints)

	s = newTarget(t, Options{MaxEndpoints: 1000})
	if n := len(s.scrape(body(1)).Endpoints); n != freeEndpoints+100 {
		t.Errorf("%d endpoints where there is room for all", n)
	}
	if held := s.deriver.claim.held; held != 100 {
		t.Errorf("%d endpoints are claimed, want 100", held)
	}
	s.deriver.Close()
	if held := s.deriver.claim.held; held != 0 {
		t.Errorf("a closed deriver holds %d endpoints", held)
	}
}
