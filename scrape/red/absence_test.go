package red

import (
	"fmt"
	"strings"
	"testing"
)

// manyRequests has a counter for each of so many paths, at n.
func manyRequests(paths, n int) string {
	var b strings.Builder
	b.WriteString(counterType)
	for i := range paths {
		// Letters, because numbers are folded.
		fmt.Fprintf(&b, "http_requests_total{path=\"/r%c%c%c\",code=\"200\"} %d\n", 'a'+i/400, 'a'+i/20%20, 'a'+i%20, n)
	}
	return b.String()
}

// totals sums up the requests of a scrape; unknown is the number of endpoints
// that tell of none.
func totals(d *Derived) (requests uint64, unknown int) {
	for _, e := range d.Endpoints {
		requests += e.Increase.Requests
		if !e.Known {
			unknown++
		}
	}
	return requests, unknown
}

// A target that is large leaves out most of its answer for half a minute, so
// that the reader forgets the rest.
func TestCanaryAnAnswerThatIsCompleteAgainIsNoSpike(t *testing.T) {
	for _, paths := range []int{500, 2000} {
		s := newTarget(t, Options{MaxEndpoints: 5000})
		s.scrape(manyRequests(paths, 1e6))
		for range 6 {
			s.scrape(manyRequests(10, 1e6))
		}
		if n, unknown := totals(s.scrape(manyRequests(paths, 1e6+7))); n != 70 || unknown != paths-10 {
			t.Errorf("%d paths, complete again: %d requests, %d unknown; want those of the 10 that were there, 70", paths, n, unknown)
		}
		if n, unknown := totals(s.scrape(manyRequests(paths, 1e6+8))); n != uint64(paths) || unknown != 0 {
			t.Errorf("%d paths, and then: %d requests, %d unknown; want one each", paths, n, unknown)
		}
	}
}

func TestFastSeriesThatComeBackAfterARestartCountFromZero(t *testing.T) {
	const paths = 2000
	s := newTarget(t, Options{MaxEndpoints: 5000})
	s.scrape(started(-1e6) + manyRequests(paths, 1e6))
	for range 6 {
		s.scrape(started(1) + manyRequests(10, 0)) // requests to the others are still to come
	}
	if n, unknown := totals(s.scrape(started(1) + manyRequests(paths, 1))); n != paths || unknown != 0 {
		t.Errorf("%d requests, %d unknown; want one each", n, unknown)
	}
}

func TestFastABurstOfSeriesLeavesNoMemoryBehind(t *testing.T) {
	s := newTarget(t, Options{MaxEndpoints: 10})
	s.scrape(manyRequests(1, 1))
	s.scrape(manyRequests(8000, 1))
	for range 7 {
		s.scrape(manyRequests(1, 1))
	}
	d := s.deriver
	if len(d.slots) != 1 || cap(d.slots) > 1000 || cap(d.now.fresh) > 1000 {
		t.Errorf("after a burst of 8,000 series there are %d slots, and memory for %d and %d new series", len(d.slots), cap(d.slots), cap(d.now.fresh))
	}
}

func TestFastARefThatIsGivenAnewIsAnotherSeries(t *testing.T) {
	s := newTarget(t, Options{MaxEndpoints: 5000})
	s.scrape(manyRequests(4000, 100))
	for range 6 {
		s.scrape(counterType + "http_requests_total{path=\"/a\",code=\"200\"} 5\n")
	}
	next := counterType + "http_requests_total{path=\"/a\",code=\"200\"} 6\n" + "http_requests_total{path=\"/b\",code=\"200\"} 7\n"
	s.wants(s.scrape(next), " /a: 1 0 - - -\n /b: 7 0 - - -\n")
}

func TestFastFamiliesThatAreGoneMakeRoomAfterAWhile(t *testing.T) {
	s := newTarget(t, Options{Conventions: []Convention{{Family: "*_requests_total", Kind: Requests, Path: LabelNames{"path"}}}})
	families := func(prefix string, families, n int) string {
		var b strings.Builder
		for i := range families {
			fmt.Fprintf(&b, "# TYPE %s%02d_requests_total counter\n%[1]s%02[2]d_requests_total{path=\"/%[1]s%02[2]d\"} %[3]d\n", prefix, i, n)
		}
		return b.String()
	}
	s.scrape(families("old", maxFamilies, 1))
	d := s.scrape(families("old", maxFamilies, 1) + families("new", 2, 5))
	if len(d.Recognised) != maxFamilies || len(d.Ignored) != 2 || !strings.HasPrefix(d.Ignored[0].Reason, "100 families of requests are followed already") {
		t.Errorf("%d families are recognised, and ignored %v", len(d.Recognised), d.Ignored)
	}
	s.at = s.at.Add(Retention)
	s.scrape(families("new", 2, 10)) // the old ones are forgotten here
	d = s.scrape(families("new", 2, 17))
	s.wants(d, " /new00: 7 - - - -\n /new01: 7 - - - -\n")
	if len(d.Recognised) != 2 || len(d.Ignored) != 0 {
		t.Errorf("recognised %v, and ignored %v", d.Recognised, d.Ignored)
	}
	d = s.scrape(families("old", 1, 3))
	if len(d.Endpoints) != 1 || len(d.Recognised) != 1 {
		t.Errorf("a family that is back: %d endpoints of %v", len(d.Endpoints), d.Recognised)
	}
}
