package red

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

const counterType = "# TYPE http_requests_total counter\n"

// requests writes http_requests_total of /a by code.
func requests(byCode ...any) string {
	var b strings.Builder
	b.WriteString(counterType)
	for i := 0; i < len(byCode); i += 2 {
		fmt.Fprintf(&b, "http_requests_total{path=\"/a\",code=\"%v\"} %v\n", byCode[i], byCode[i+1])
	}
	return b.String()
}

const histogramType = "# TYPE http_request_duration_seconds histogram\n"

// latency writes http_request_duration_seconds of /a.
func latency(cumulative ...int) string {
	return histogramType + histogram("http_request_duration_seconds", `path="/a",code="200"`, cumulative...)
}

// started writes when the process started, in seconds after the first scrape.
func started(after float64) string {
	return fmt.Sprintf("# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %f\n", float64(epoch.Unix())+after)
}

// created writes when the histogram of latency began, in seconds after the first
// scrape.
func created(after float64) string {
	return fmt.Sprintf("# TYPE http_request_duration_seconds_created gauge\nhttp_request_duration_seconds_created{path=\"/a\",code=\"200\"} %f\n", float64(epoch.Unix())+after)
}

// failures is the histogram of the requests to /a that failed.
func failures(n int) string {
	return histogram("http_request_duration_seconds", `path="/a",code="500"`, n, n, n)
}

// increases makes a function that steps through bodies; each line of want is
// what follows from one of them.
func increases(t *testing.T) func(name string, bodies []string, want ...string) {
	return func(name string, bodies []string, want ...string) {
		t.Run(name, func(t *testing.T) {
			t.Helper()
			s := newTarget(t, Options{})
			var got []string
			for _, body := range bodies {
				got = append(got, strings.TrimSpace(figures(s.scrape(body))))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFastIncreases(t *testing.T) {
	f := increases(t)
	f("a first error born at 1 counts",
		[]string{requests(200, 10), requests(200, 20, 500, 1), requests(200, 20, 500, 1)},
		"/a: unknown", "/a: 11 1 - - -", "/a: 0 0 - - -")
	f("an endpoint that appears later counts from zero",
		[]string{"up 1\n", requests(200, 7), requests(200, 9)},
		"", "/a: 7 0 - - -", "/a: 2 0 - - -")
	f("a counter that fell began anew",
		[]string{requests(200, 10), requests(200, 4), requests(200, 6)},
		"/a: unknown", "/a: 4 0 - - -", "/a: 2 0 - - -")
	f("a reset hidden by fast growth shows in the start time",
		[]string{started(-90) + requests(200, 10), started(2) + requests(200, 30), started(2) + requests(200, 31)},
		"/a: unknown", "/a: 30 0 - - -", "/a: 1 0 - - -")
	f("a restart while the series was away counts it from zero",
		[]string{started(-90) + requests(200, 10), started(2), started(2) + requests(200, 30)},
		"/a: unknown", "", "/a: 30 0 - - -")
	f("a start time that moves by a second is the clock, not a restart",
		[]string{started(-90) + requests(200, 10), started(-89) + requests(200, 30), started(-90) + requests(200, 31)},
		"/a: unknown", "/a: 20 0 - - -", "/a: 1 0 - - -")
	f("a start time that moves to before the last scrape is the clock too",
		[]string{started(-90) + requests(200, 1000), started(-86) + requests(200, 1020)},
		"/a: unknown", "/a: 20 0 - - -")
	f("a start time somewhat before the last scrape is another clock",
		[]string{started(-90) + requests(200, 10), started(-1.5) + requests(200, 30)},
		"/a: unknown", "/a: 30 0 - - -")
	f("unless a counter fell, for then it was a restart",
		// 7 and 12 since it began; without the start it were 7 and 2.
		[]string{started(-90) + requests(200, 10, 500, 10), started(-60) + requests(200, 7, 500, 12)},
		"/a: unknown", "/a: 19 12 - - -")
	f("or a histogram did",
		[]string{started(-90) + latency(10, 10, 10) + requests(200, 1), started(-60) + latency(8, 8, 8) + requests(200, 9)},
		"/a: unknown", "/a: 8 0 0.05 0.095 0.2")
	f("or the processor time",
		[]string{
			started(-90) + "process_cpu_seconds_total 8\n" + requests(200, 10),
			started(-60) + "process_cpu_seconds_total 1\n" + requests(200, 30),
		},
		"/a: unknown", "/a: 30 0 - - -")
	gateway := func(starts string, n int) string {
		return strings.ReplaceAll(starts, "\nprocess_start_time_seconds ", "\nprocess_start_time_seconds{pod=\"a\"} ") + requests(200, n)
	}
	second := fmt.Sprintf("process_start_time_seconds{pod=\"b\"} %d\n", epoch.Unix()+2)
	f("a second process that is exposed is no restart",
		[]string{gateway(started(-90), 1000), gateway(started(-90)+second, 1020), gateway(second, 1050), gateway(second, 1060)},
		"/a: unknown", "/a: 20 0 - - -", "/a: 30 0 - - -", "/a: 10 0 - - -")
	f("a creation time that moved shows a reset hidden by fast growth",
		[]string{latency(5, 5, 5) + created(-90), latency(9, 9, 9) + created(3), latency(10, 10, 10) + created(3)},
		"/a: unknown", "/a: 9 0 0.05 0.095 0.2", "/a: 1 0 0.05 0.095 0.2")
	f("and that series which are gone are gone for good",
		[]string{latency(5, 5, 5) + failures(7) + created(-90), latency(9, 9, 9) + created(3)},
		"/a: unknown", "/a: 9 0 0.05 0.095 0.2")
	f("one bucket that fell restarts the whole histogram",
		// All 40 are new: 8, 17, 15. Rank 20 is 12 of 17 into the second.
		[]string{latency(10, 20, 30), latency(8, 25, 40)},
		"/a: unknown", "/a: 40 0 0.382353 0.5 0.2")
	f("a higher bucket that grew by less is raised",
		// Increases 10, 4, 12 become 10, 10, 12: 10 and 2 in the first and last.
		[]string{latency(0, 0, 0), latency(10, 4, 12)},
		"/a: unknown", "/a: 12 0 0.06 0.5 0.2")
	f("le 1 and le 1.0 are one bucket",
		[]string{
			histogramType + "http_request_duration_seconds_bucket{path=\"/a\",le=\"1\"} 1\nhttp_request_duration_seconds_bucket{path=\"/a\",le=\"+Inf\"} 1\n",
			histogramType + "http_request_duration_seconds_bucket{path=\"/a\",le=\"1.0\"} 3\nhttp_request_duration_seconds_bucket{path=\"/a\",le=\"+Inf\"} 3\n",
		},
		"/a: unknown", "/a: 2 - 0.5 0.95 -")
	f("totals that are fractions are rounded, so that increases add up",
		// 10.4, 10.8, 11.2, 11.6 are 10, 11, 11, 12.
		[]string{requests(200, 10.4), requests(200, 10.8), requests(200, 11.2), requests(200, 11.6)},
		"/a: unknown", "/a: 1 0 - - -", "/a: 0 0 - - -", "/a: 1 0 - - -")
	fractions := func(n float64) string {
		return histogramType + fmt.Sprintf("http_request_duration_seconds_bucket{path=\"/a\",le=\"1\"} %g\n"+
			"http_request_duration_seconds_bucket{path=\"/a\",le=\"+Inf\"} %g\n", n, 2*n)
	}
	f("so are the buckets of a histogram",
		// 0.4 and 0.8, 0.8 and 1.6, 1.2 and 2.4: 0 and 1, 1 and 2, 1 and 2.
		[]string{fractions(0.4), fractions(0.8), fractions(1.2)},
		"/a: unknown", "/a: 1 - 0.5 0.95 -", "/a: 0 - - - -")
}

func TestFastIncreasesOfSeriesThatWereAway(t *testing.T) {
	f := increases(t)
	up := "up 1\n"
	f("count from where they were, and meanwhile nobody knows the errors",
		// 2 served while the failed ones are away; then 2 and 6 failed.
		[]string{requests(200, 10, 500, 3), requests(200, 12), requests(200, 14, 500, 9), requests(200, 14, 500, 10)},
		"/a: unknown", "/a: 2 - - - -", "/a: 8 6 - - -", "/a: 1 1 - - -")
	f("count from zero if they are lower than they were",
		[]string{requests(200, 10, 500, 3), requests(200, 12), requests(200, 14, 500, 2)},
		"/a: unknown", "/a: 2 - - - -", "/a: 4 2 - - -")
	f("make their endpoint absent",
		[]string{requests(200, 10), up, up, up, up, requests(200, 12), requests(200, 13)},
		"/a: unknown", "", "", "", "", "/a: 2 0 - - -", "/a: 1 0 - - -")
	f("are unknown after five scrapes",
		[]string{requests(200, 10), up, up, up, up, up, requests(200, 12), requests(200, 13)},
		"/a: unknown", "", "", "", "", "", "/a: unknown", "/a: 1 0 - - -")
	f("make the errors unknown when they are back after long",
		[]string{
			requests(200, 1, 500, 1), requests(200, 2), requests(200, 3), requests(200, 4), requests(200, 5),
			requests(200, 6), requests(200, 7, 500, 4), requests(200, 8, 500, 5),
		},
		"/a: unknown", "/a: 1 - - - -", "/a: 1 0 - - -", "/a: 1 0 - - -", "/a: 1 0 - - -",
		"/a: 1 0 - - -", "/a: 1 - - - -", "/a: 2 1 - - -")
	f("are unknown where another fell meanwhile, for they may have too",
		[]string{requests(200, 10, 500, 3), requests(200, 2), requests(200, 4, 500, 9)},
		"/a: unknown", "/a: 2 0 - - -", "/a: 2 - - - -")
	f("are gone for good after a restart",
		[]string{started(-90) + requests(200, 10, 500, 3), started(2) + requests(200, 30)},
		"/a: unknown", "/a: 30 0 - - -")
	f("are no requests of their own if they are joined ones",
		// 10 are timed while the counter is away, and 20 later, of which it
		// knows 30 and 6 errors: of which time, nobody knows.
		[]string{
			timed(0) + requests(200, 0, 500, 0), timed(10), timed(30) + requests(200, 24, 500, 6),
			timed(40) + requests(200, 33, 500, 7),
		},
		"/a: unknown", "/a: 10 - 0.05 0.095 0.2", "/a: 20 - 0.05 0.095 0.2", "/a: 10 1 0.05 0.095 0.2")
}

// An exporter that answers without its applications' series for a moment must
// not seem to have served all of their requests when they are back.
func TestFastASeriesOfManyThatWereAwayCountsFromWhereItWas(t *testing.T) {
	many := func(n int) string {
		var b strings.Builder
		b.WriteString(counterType)
		for i := range 3000 {
			fmt.Fprintf(&b, "http_requests_total{path=\"/a\",pod=\"%d\",code=\"200\"} %d\n", i, n)
		}
		return b.String()
	}
	s := newTarget(t, Options{})
	s.scrape(many(1000))
	s.scrape("up 1\n")
	s.scrape("up 1\n")
	s.wants(s.scrape(many(1002)), " /a: 6000 0 - - -\n") // 2 of each
}

// 10 requests in 15 s: the endpoint was away for two scrapes.
func TestFastAnEndpointThatWasAwayHasALongerInterval(t *testing.T) {
	s := newTarget(t, Options{})
	s.scrape(requests(200, 10))
	s.scrape("up 1\n")
	s.scrape("up 1\n")
	in := s.scrape(requests(200, 20)).Endpoints[0].Increase
	if in.Requests != 10 || in.Elapsed != 15*time.Second {
		t.Errorf("%d requests in %v, want 10 in 15s", in.Requests, in.Elapsed)
	}
	if in = s.scrape(requests(200, 21)).Endpoints[0].Increase; in.Elapsed != 5*time.Second {
		t.Errorf("the next interval is %v", in.Elapsed)
	}
}

// An OpenTelemetry SDK sets no status on a request whose client hung up.
func TestFastRequestsWithoutAStatusDidNotFail(t *testing.T) {
	const family = "http_server_request_duration_seconds"
	body := func(served, failed, aborted int) string {
		b := "# TYPE " + family + " histogram\n"
		for status, n := range map[string]int{`,http_response_status_code="200"`: served, `,http_response_status_code="500"`: failed, "": aborted} {
			if n > 0 {
				b += histogram(family, `http_request_method="GET",http_route="/a"`+status, n, n, n)
			}
		}
		return b
	}
	s := newTarget(t, Options{})
	s.scrape(body(100, 10, 0))
	s.wants(s.scrape(body(200, 20, 0)), "GET /a: 110 10 0.05 0.095 0.2\n")
	s.wants(s.scrape(body(300, 30, 1)), "GET /a: 111 10 0.05 0.095 0.2\n")
	s.wants(s.scrape(body(400, 40, 1)), "GET /a: 110 10 0.05 0.095 0.2\n")
}

func TestFastUntypedValuesThatAreNoCountsAreSkipped(t *testing.T) {
	for _, value := range []string{"NaN", "-1", "+Inf", "-Inf"} {
		s := newTarget(t, Options{})
		line := `http_requests_total{path="/a",code="200"} `
		s.scrape(line + "1\n")
		d := s.scrape(line + value + "\n")
		s.wants(d, "")
		if want := `http_requests_total{code="200",path="/a"} is ` + value; d.Skipped.Count != 1 || !strings.HasPrefix(d.Skipped.Reason, want) {
			t.Errorf("skipped %+v, want %s", d.Skipped, want)
		}
		s.wants(s.scrape(line+"5\n"), " /a: 4 0 - - -\n") // since the 1
	}
}

func TestFastMeanIsUnknownWithoutASum(t *testing.T) {
	s := newTarget(t, Options{})
	s.scrape(latency(0, 0, 0))
	noSum := strings.Replace(latency(1, 1, 1), `_sum{path="/a",code="200"} 0.2`, `_sum{path="/a",code="200"} NaN`, 1)
	e := s.scrape(noSum).Endpoints[0]
	if e.Increase.Mean() != nil || e.Increase.Requests != 1 || e.Increase.Quantile(.5) == nil {
		t.Errorf("with a NaN sum: mean %v, %d requests, p50 %v", e.Increase.Mean(), e.Increase.Requests, e.Increase.Quantile(.5))
	}
}

func TestFastMissedScrapesAreOneLongerInterval(t *testing.T) {
	s := newTarget(t, Options{})
	s.scrape(requests(200, 10))
	s.at = s.at.Add(10 * time.Second) // two scrapes failed
	d := s.scrape(requests(200, 40))
	if d.Elapsed != 15*time.Second || d.Endpoints[0].Increase.Elapsed != 15*time.Second {
		t.Errorf("elapsed %v, want 15s", d.Elapsed)
	}
	if rate := d.Endpoints[0].Increase.Throughput(); *rate != 2 {
		t.Errorf("throughput %v, want 30 requests in 15 s", *rate)
	}
}

func TestFastScrapesThatAreNotLaterChangeNothing(t *testing.T) {
	s := newTarget(t, Options{})
	s.scrape(requests(200, 10))
	s.at = epoch
	if d := s.scrape(requests(200, 12)); d != nil {
		t.Errorf("a second scrape at the same time gave %s", figures(d))
	}
	s.at = epoch.Add(5 * time.Second)
	s.wants(s.scrape(requests(200, 13)), " /a: 3 0 - - -\n")
}

// Of 1, 2, 3 up to 0.1, 0.5 and +Inf, and 2, 4, 6 up to 0.2, 0.5 and +Inf, the
// counts up to 0.5 and of all can be compared: 2 and 1.
func TestFastChangedBucketsAreComparedAtTheBoundsOfBothAndSaid(t *testing.T) {
	s := newTarget(t, Options{})
	s.scrape(latency(1, 2, 3))
	other := strings.ReplaceAll(latency(2, 4, 6), `le="0.1"`, `le="0.2"`)
	d := s.scrape(other)
	s.wants(d, " /a: 3 0 0.375 0.5 0.2\n")
	want := `http_request_duration_seconds{code="200",path="/a"} has other buckets than before, so its increase is told at the bounds that both have`
	if d.Skipped.Count != 3 || d.Skipped.Reason != want {
		t.Errorf("skipped %+v", d.Skipped)
	}
	s.wants(s.scrape(strings.ReplaceAll(latency(3, 5, 7), `le="0.1"`, `le="0.2"`)), " /a: 1 0 0.1 0.19 0.2\n")
}

func TestFastBucketsWithoutACommonBoundTellRequestsAndTheMean(t *testing.T) {
	s := newTarget(t, Options{})
	s.scrape(latency(1, 2, 3))
	other := strings.NewReplacer(`le="0.1"`, `le="0.2"`, `le="0.5"`, `le="0.6"`).Replace(latency(2, 4, 6))
	s.wants(s.scrape(other), " /a: 3 0 - - 0.2\n")
}

func TestFastChangedBucketsAfterAResetCountFromZero(t *testing.T) {
	s := newTarget(t, Options{})
	s.scrape(latency(10, 20, 30))
	s.wants(s.scrape(strings.ReplaceAll(latency(2, 2, 2), `le="0.1"`, `le="0.2"`)), " /a: 2 0 0.1 0.19 0.2\n")
}

func TestFastSeriesWithOtherBucketsMergeWhereBoundsAgree(t *testing.T) {
	s := newTarget(t, Options{})
	body := func(a, b string) string { return histogramType + a + b }
	one := func(n int) string {
		return histogram("http_request_duration_seconds", `path="/a",code="200"`, n, 2*n, 2*n)
	}
	two := func(n int) string {
		return strings.ReplaceAll(histogram("http_request_duration_seconds", `path="/a",code="500"`, n, 2*n, 2*n), `le="0.1"`, `le="0.2"`)
	}
	s.scrape(body(one(0), two(0)))
	// Only 0.5 is common: 40 up to it, so p50 is 0.25 and p95 0.475.
	d := s.scrape(body(one(10), two(10)))
	s.wants(d, " /a: 40 20 0.25 0.475 0.2\n")
	if note := d.Recognised[0].Note; !strings.Contains(note, "different buckets in the series of 1 endpoint:") {
		t.Errorf("note %q", note)
	}
}

func TestFastLongLabelValuesAreCutAndCounted(t *testing.T) {
	s := newTarget(t, Options{})
	d := s.scrape(counterType + `http_requests_total{path="/` + strings.Repeat("é", 5000) + `",code="200"} 1` + "\n")
	path := d.Endpoints[0].Path
	if len(path) > maxLabel+len("…") || !utf8.ValidString(path) || !strings.HasSuffix(path, "…") {
		t.Errorf("a path of %d bytes, valid %v", len(path), utf8.ValidString(path))
	}
	if want := "paths longer than 1024 bytes, in 1 series, were cut"; !strings.Contains(d.Recognised[0].Note, want) {
		t.Errorf("note %q, want %q", d.Recognised[0].Note, want)
	}
}

func TestFastRestartsAreCounted(t *testing.T) {
	s := newTarget(t, Options{})
	s.scrape(started(-90))
	s.scrape("up 1\n")
	s.scrape(started(-90))
	d := s.scrape(started(12.5)) // the last scrape was at 10
	if d.Restarts != 1 || !d.Started.Equal(epoch.Add(12500*time.Millisecond)) {
		t.Errorf("%d restarts, started %v", d.Restarts, d.Started)
	}
}

func TestFastSeveralStartTimesSayNothing(t *testing.T) {
	s := newTarget(t, Options{})
	s.scrape(started(-90))
	d := s.scrape(started(-90) + "process_start_time_seconds{pod=\"b\"} 1000\n")
	if d.Restarts != 0 || !d.Started.IsZero() || d.System.Process.Started != nil {
		t.Errorf("%d restarts, started %v, system %+v", d.Restarts, d.Started, d.System.Process)
	}
}

// expiring is a context that ends when it has been asked so often.
type expiring struct {
	context.Context
	left int
}

func (c *expiring) Err() error {
	if c.left--; c.left < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

func TestFastAScrapeWhoseTimeIsOverIsAsIfItHadNotBeen(t *testing.T) {
	s := newTarget(t, Options{})
	s.scrape(manyRequests(1, 100))
	late, err := readBody(s.reader, []byte(manyRequests(20, 103)), "")
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.deriver.DeriveContext(&expiring{t.Context(), 7}, late, s.at)
	if d != nil || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after its end: %v, error %v", d, err)
	}
	s.at = s.at.Add(5 * time.Second)
	d = s.scrape(manyRequests(20, 107))
	if n, unknown := totals(d); d.Elapsed != 10*time.Second || n != 7+19*107 || unknown != 0 {
		t.Errorf("the scrape after tells of %d requests in %v, %d unknown", n, d.Elapsed, unknown)
	}
}

func TestFastOfCountlessFamiliesTheFirstAreLookedAt(t *testing.T) {
	s := newTarget(t, Options{})
	filler := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "a%05d 1\n", i)
		}
		return b.String()
	}
	ignored := func(body string) int { return len(s.scrape(body + "# TYPE rpc_sent counter\nrpc_sent 1\n").Ignored) }
	if n := ignored(filler(maxConsidered - 1)); n != 1 {
		t.Errorf("%d families are ignored, want rpc_sent", n)
	}
	if n := ignored(filler(maxConsidered)); n != 0 {
		t.Errorf("%d families are ignored beyond the limit", n)
	}
}

func TestFastAClockThatWasFarAheadForOneScrapeCostsTwoMore(t *testing.T) {
	s := newTarget(t, Options{})
	s.scrape(requests(200, 10))
	right := s.at
	s.at = s.at.AddDate(1, 0, 0)
	s.scrape(requests(200, 20))
	s.at = right
	for range patience {
		if d := s.scrape(requests(200, 30)); d != nil {
			t.Errorf("a scrape before the last one tells of %v", figures(d))
		}
	}
	s.wants(s.scrape(requests(200, 40)), " /a: unknown\n")
	s.wants(s.scrape(requests(200, 47)), " /a: 7 0 - - -\n")
}

func TestFastWhatAScrapeSaysNeedsNoMemoryOfItsOwn(t *testing.T) {
	one, other := newTarget(t, Options{}), newTarget(t, Options{})
	lasting := newTarget(t, Options{})
	for n := range 6 {
		body := latency(n, 2*n, 3*n)
		if n == 3 {
			body = requests(200, n) // the latency is away, and the endpoint is not
		}
		want := figures(lasting.scrape(body))
		if got := figures(one.scrape(body)); got != want {
			t.Errorf("scrape %d: %q, without releasing %q", n, got, want)
		}
		one.deriver.Release()
		other.scrape(failures(5 * n)) // in the same memory
		other.deriver.Release()
		other.deriver.Release() // which does nothing
	}
}
