package red

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/scrape/exposition"
)

// A million requests stand in the counters; ten are served between two scrapes.
func TestFastAStatedCreationIsBelievedOnlyIfItMayBeTrue(t *testing.T) {
	const day = 86400
	f := increases(t)
	served := func(n int) string { return latency(n, n, n) }
	f("the clock was set by two seconds, a day after the series began",
		[]string{served(1e6) + created(-day), served(1e6+10) + created(-day+2), served(1e6+20) + created(-day+2)},
		"/a: unknown", "/a: 10 0 0.05 0.095 0.2", "/a: 10 0 0.05 0.095 0.2")
	f("it lies in the future, and then in a more distant one",
		[]string{served(1e6) + created(-day), served(1e6+10) + created(day), served(1e6+20) + created(2*day)},
		"/a: unknown", "/a: 10 0 0.05 0.095 0.2", "/a: 10 0 0.05 0.095 0.2")
	f("clocks differ by two seconds at most: scrapes are at 0 and 5",
		[]string{served(9) + created(-day), served(29) + created(-1.9)},
		"/a: unknown", "/a: 29 0 0.05 0.095 0.2")
	f("and the other way round",
		[]string{served(9) + created(-day), served(29) + created(6.9)},
		"/a: unknown", "/a: 29 0 0.05 0.095 0.2")
	f("a series that fell began anew, whatever it says",
		[]string{served(1e6) + created(-day), served(7) + created(day)},
		"/a: unknown", "/a: 7 0 0.05 0.095 0.2")
	f("a series that was away began anew while it was",
		[]string{served(9) + created(-day), "up 1\n", "up 1\n", served(29) + created(3)},
		"/a: unknown", "", "", "/a: 29 0 0.05 0.095 0.2")
}

func TestFastASeriesThatAppearsAndIsOldIsANewBaseline(t *testing.T) {
	const day = 86400
	f := increases(t)
	two := func(a, b int, rest ...string) string {
		return latency(a, a, a) + on("/b", strings.TrimPrefix(latency(b, b, b), histogramType)) + strings.Join(rest, "")
	}
	createdTwo := func(a, b float64) string {
		_, second, _ := strings.Cut(created(b), "\n")
		return created(a) + on("/b", second)
	}
	const ten = "/a: 10 0 0.05 0.095 0.2"
	f("where it says that it began a day ago",
		[]string{latency(10, 10, 10) + created(-2*day), two(20, 1e6, createdTwo(-2*day, -day)), two(30, 1e6+10, createdTwo(-2*day, -day))},
		"/a: unknown", ten+"\n /b: unknown", ten+"\n /b: 10 0 0.05 0.095 0.2")
	f("not where it began since the last scrape",
		[]string{latency(10, 10, 10) + created(-2*day), two(20, 7, createdTwo(-2*day, 3))},
		"/a: unknown", ten+"\n /b: 7 0 0.05 0.095 0.2")
	f("not where all series say when the instrument was made",
		[]string{latency(10, 10, 10) + created(-day), two(20, 1, createdTwo(-day, -day))},
		"/a: unknown", ten+"\n /b: 1 0 0.05 0.095 0.2")
	f("not where the process began anew",
		[]string{
			latency(10, 10, 10) + created(-2*day) + started(-2*day),
			two(20, 7, createdTwo(1, -day), started(1)),
		},
		"/a: unknown", fmt.Sprintf("/a: 20 0 %s\n /b: 7 0 %[1]s", "0.05 0.095 0.2"))
}

// The clock of the machine is an hour fast for two scrapes, then for one more.
// The process goes on all the while.
func TestFastAStartInTheFutureIsBelievedOnlyIfACounterFell(t *testing.T) {
	const million = 1_000_000
	f := increases(t)
	f("the clock is fast, set back and fast again",
		[]string{
			started(-1800) + requests(200, million), started(1800) + requests(200, million+10), started(1800) + requests(200, million+20),
			started(-1800) + requests(200, million+30), started(1800) + requests(200, million+40),
		},
		"/a: unknown", "/a: 10 0 - - -", "/a: 10 0 - - -", "/a: 10 0 - - -", "/a: 10 0 - - -")
	f("it is fast, and the process began anew",
		// 7 and 12 since it began; without the start it were 7 and 2.
		[]string{started(-1800) + requests(200, 10, 500, 10), started(1800) + requests(200, 7, 500, 12)},
		"/a: unknown", "/a: 19 12 - - -")
}

// A clock that is set back by a minute during a request makes its duration
// negative. Of a million requests since the start, ten are new.
func TestFastASumThatFellAloneLeavesTheMeanUnknown(t *testing.T) {
	f := increases(t)
	body := func(n int, seconds float64) string {
		whole := fmt.Sprintf("} %g\n", float64(n)/5)
		return strings.Replace(latency(n, n, n), whole, fmt.Sprintf("} %g\n", seconds), 1)
	}
	const million = 1_000_000
	f("of a classic histogram",
		[]string{body(million, 9000), body(million+10, 8940), body(million+20, 8941)},
		"/a: unknown", "/a: 10 0 0.05 0.095 -", "/a: 10 0 0.05 0.095 0.1")
	f("whose buckets fell, it began anew",
		[]string{body(million, 9000), body(10, 2)},
		"/a: unknown", "/a: 10 0 0.05 0.095 0.2")

	n := newNatives(Options{}, "http_request_duration_seconds")
	state := func(count uint64, seconds float64) exposition.Native {
		one := nativeOf(0, 0, 0, 1, count)
		one.Sum = seconds
		return one
	}
	n.scrape(state(million, 9000))
	e := n.scrape(state(million+10, 8940)).Endpoints[0]
	if e.Increase.Requests != 10 || e.Increase.Latency.Count() != 10 || e.Increase.Mean() != nil {
		t.Errorf("native: %d requests, mean %v; want 10 without a mean", e.Increase.Requests, e.Increase.Mean())
	}
	if e = n.scrape(state(million+20, 8941)).Endpoints[0]; e.Increase.Latency.Sum != 1 || e.Increase.Mean() == nil {
		t.Errorf("native: then the sum is %v, want 1 s", e.Increase.Latency.Sum)
	}
}

// Between two scrapes 200 requests are counted, of which 10 fail and every other
// one is timed: 200 and 10, whichever of the two has begun anew.
func TestFastACounterThatBeginsAnewAloneStillCountsAllRequests(t *testing.T) {
	s := newTarget(t, Options{})
	timedBefore, countedBefore := 1000, 1900
	for step := range 12 {
		switch step {
		case 4:
			countedBefore = 0
		case 8:
			timedBefore = 0
		}
		body := timed(timedBefore+100) + requests(200, countedBefore+190, 500, countedBefore/19+10)
		timedBefore, countedBefore = timedBefore+100, countedBefore+190
		if d := s.scrape(body); step > 0 {
			s.wants(d, " /a: 200 10 0.05 0.095 0.2\n")
		}
	}
}

// Of 100 requests between two scrapes, 5 fail. Those that failed since the
// counter began are never as many as those that were timed meanwhile.
func TestFastACounterOfFailuresThatBeginsAnewCountsFailuresOnly(t *testing.T) {
	f := increases(t)
	const want = "/a: 100 5 0.05 0.095 0.2"
	f("alone",
		[]string{timed(1000) + requests(500, 50), timed(1100) + requests(500, 5), timed(1200) + requests(500, 10)},
		"/a: unknown", want, want)
	f("while the durations do",
		[]string{timed(1000) + requests(500, 500), timed(100) + requests(500, 505), timed(200) + requests(500, 510)},
		"/a: unknown", want, want)
	f("after it was away while the durations began anew",
		[]string{timed(1000) + requests(500, 500), timed(100), timed(200) + requests(500, 505), timed(300) + requests(500, 510)},
		"/a: unknown", "/a: 100 - 0.05 0.095 0.2", "/a: 100 - 0.05 0.095 0.2", want)
}

// The zero bucket is up to 1.5 and cuts the bucket from 1 to 2, so that nobody
// knows how many of it were in zero's share. 10 observations became 14, 5 s 7 s.
func TestFastANativeBucketCutByTheZeroBucketIsToldByTheCountAloneAndSaid(t *testing.T) {
	n := newNatives(Options{}, "http_request_duration_seconds")
	n.scrape(nativeOf(0, 0, 0, 1, 10))
	d := n.scrape(nativeOf(0, 1.5, 6, 1, 8))
	wantCountAlone(t, "cut", d, 4, 2)
	if want := "its increase is told without buckets"; d.Skipped.Count != 1 || !strings.Contains(d.Skipped.Reason, want) {
		t.Errorf("skipped %+v, want one because %s", d.Skipped, want)
	}
	in := n.scrape(nativeOf(0, 1.5, 6, 1, 10)).Endpoints[0].Increase
	if in.Requests != 2 || in.Quantile(.5) == nil {
		t.Errorf("then %d requests, median %v; want 2 with a median", in.Requests, in.Quantile(.5))
	}
}

// wantCountAlone checks the only endpoint: so many requests, and a sum of their
// durations, but no quantiles.
func wantCountAlone(t *testing.T, name string, d *Derived, requests uint64, sum float64) {
	t.Helper()
	e := d.Endpoints[0]
	in := &e.Increase
	if !e.Known || !in.ErrorsKnown || in.Requests != requests || in.Latency.Count() != requests || in.Latency.Sum != sum || in.Quantile(.5) != nil {
		t.Errorf("%s: %+v with latency %+v, want %d requests in %v s, errors known and no quantiles", name, in, in.Latency, requests, sum)
	}
}

// A target that is asked for native histograms may answer with classic ones for
// a while. Of each 10 observations more, 5 s are the sum.
func TestFastASwitchBetweenNativeAndClassicKeepsTheCount(t *testing.T) {
	n := newNatives(Options{}, "http_request_duration_seconds")
	native := func(count uint64) *Derived { return n.scrape(nativeOf(0, 0, 0, 1, count)) }
	classic := func(count float64) *Derived {
		return n.scrapeSample(exposition.Sample{Histogram: &exposition.Histogram{
			Bounds: []float64{1}, Cumulative: []float64{0, count}, Sum: count / 2,
		}})
	}
	native(100)
	wantCountAlone(t, "to classic", classic(110), 10, 5)
	if in := classic(120).Endpoints[0].Increase; in.Requests != 10 || in.Quantile(.5) == nil {
		t.Errorf("classic: %d requests, median %v", in.Requests, in.Quantile(.5))
	}
	wantCountAlone(t, "to native", native(130), 10, 5)
	if in := native(140).Endpoints[0].Increase; in.Requests != 10 || in.Quantile(.5) == nil {
		t.Errorf("native: %d requests, median %v", in.Requests, in.Quantile(.5))
	}
	wantCountAlone(t, "to classic, anew", classic(6), 6, 3)
}

// What has never been read cannot be compared: buckets below zero are refused.
func TestFastASeriesThatWasRefusedIsANewBaseline(t *testing.T) {
	n := newNatives(Options{}, "http_request_duration_seconds")
	n.scrapeSample(exposition.Sample{Histogram: &exposition.Histogram{Bounds: []float64{-1, 1}, Cumulative: []float64{0, 9, 9}, Sum: 3}})
	if d := n.scrape(nativeOf(0, 0, 0, 1, 1000)); d.Endpoints[0].Known {
		t.Errorf("%d requests, want them unknown", d.Endpoints[0].Increase.Requests)
	}
}

// An application has more buckets than are kept at schema 1, so that they are
// read at schema 0; then its zero bucket takes in the lower ones, and the rest
// is read as exposed. Of its 22 observations 4 are new.
func TestFastBucketsThatAreNoLongerMadeCoarserAreNoReset(t *testing.T) {
	n := newNatives(Options{}, "http_request_duration_seconds")
	coarser := nativeOf(0, 0, 0, 0, 5, 7, 6) // up to 1, 2 and 4
	coarser.ExposedSchema = 1
	n.scrape(coarser)
	// Above 1 there are up to 2^0.5, 2, 2^1.5 and 4.
	in := n.scrape(nativeOf(1, 1, 7, 1, 4, 4, 3, 4)).Endpoints[0].Increase
	if diff := cmp.Diff(map[float64]uint64{1: 2, 2: 1, 4: 1}, bucketsOf(in.Latency)); diff != "" || in.Requests != 4 {
		t.Errorf("%d requests, want 4; buckets (-want +got):\n%s", in.Requests, diff)
	}
	in = n.scrape(nativeOf(1, 1, 7, 1, 4, 4, 3, 7)).Endpoints[0].Increase
	if diff := cmp.Diff(map[float64]uint64{4: 3}, bucketsOf(in.Latency)); diff != "" || in.Requests != 3 {
		t.Errorf("then %d requests, want 3; buckets (-want +got):\n%s", in.Requests, diff)
	}
}
