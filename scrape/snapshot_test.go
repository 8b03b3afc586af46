package scrape

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/red"
)

// start is when every test's first scrape begins.
var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func after(seconds float64) time.Time {
	return start.Add(time.Duration(seconds * float64(time.Second)))
}

const every = 5 * time.Second

// expose writes a histogram of GET path with code 200 and the bounds 0.1
// and 0.5, from the counts of its three buckets; then the errors, which are
// all fast.
func expose(path string, buckets [3]int, failed int) string {
	var b strings.Builder
	b.WriteString("# TYPE http_request_duration_seconds histogram\n")
	write := func(code string, c [3]int) {
		total := 0
		for i, le := range []string{"0.1", "0.5", "+Inf"} {
			total += c[i]
			fmt.Fprintf(&b, "http_request_duration_seconds_bucket{path=%q,method=\"GET\",code=%q,le=%q} %d\n", path, code, le, total)
		}
		fmt.Fprintf(&b, "http_request_duration_seconds_sum{path=%q,method=\"GET\",code=%q} %g\n", path, code, float64(total)/5)
		fmt.Fprintf(&b, "http_request_duration_seconds_count{path=%q,method=\"GET\",code=%q} %d\n", path, code, total)
	}
	write("200", buckets)
	write("500", [3]int{failed, 0, 0})
	return b.String()
}

// show writes an endpoint's figures in one line; a dash where there is none.
func show(e *redpoll.EndpointMetrics) string {
	f := func(v *float64) string {
		if v == nil {
			return "-"
		}
		return fmt.Sprintf("%.6g", *v)
	}
	news := "nothing new"
	if e.New != nil {
		news = fmt.Sprintf("%d new in %v", e.New.Requests, e.New.Elapsed)
	}
	return fmt.Sprintf("%s: p50 %s p95 %s p99 %s mean %s errors %s rate %s, %d instances, %s, cause %q",
		e.Key.Path, f(e.P50.Seconds()), f(e.P95.Seconds()), f(e.P99.Seconds()), f(e.Mean), f(e.ErrorRate), f(e.Throughput), e.Instances, news, e.Cause)
}

func wantSnapshot(t *testing.T, s *redpoll.Snapshot, want ...string) {
	t.Helper()
	var got []string
	for i := range s.Endpoints {
		got = append(got, show(&s.Endpoints[i]))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("snapshot at %v:\n%s", s.Time.Sub(start), diff)
	}
}

func TestFastFiguresAreOfTheAddedBucketsOfAllInstances(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "one:80", "two:80"))
	one, two := m.jobs[0].targets[0], m.jobs[0].targets[1]
	one.exposed(expose("/a", [3]int{100, 0, 0}, 1), start)
	two.exposed(expose("/a", [3]int{0, 0, 100}, 7), after(-5))
	wantSnapshot(t, m.Snapshot(after(0.1), every),
		`/a: p50 - p95 - p99 - mean - errors - rate -, 0 instances, nothing new, cause "first scrape"`)

	one.exposed(expose("/a", [3]int{108, 0, 0}, 3), after(5))
	two.exposed(expose("/a", [3]int{0, 8, 101}, 8), after(5))
	// Buckets 8+2+1, 8, 1 of 20: p50 is rank 10 of 11 in the first bucket,
	// p95 rank 19 the end of the second, p99 beyond. 3 errors of 20.
	// 10 requests in 5 s and 10 in 10 s are 3 a second, and 7.5 s on average.
	wantSnapshot(t, m.Snapshot(after(5.1), every),
		`/a: p50 0.0909091 p95 0.5 p99 0.5 mean 0.2 errors 0.15 rate 3, 2 instances, 20 new in 7.5s, cause ""`)
}

func TestFastASnapshotWithoutNewsRepeatsTheFigures(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "one:80"))
	one := m.jobs[0].targets[0]
	one.exposed(expose("/a", [3]int{0, 0, 0}, 0), start)
	one.exposed(expose("/a", [3]int{10, 0, 0}, 0), after(5))
	m.Snapshot(after(6), every)
	wantSnapshot(t, m.Snapshot(after(11), every),
		`/a: p50 0.05 p95 0.095 p99 0.099 mean 0.2 errors 0 rate 2, 1 instances, nothing new, cause ""`)
	wantSnapshot(t, m.Snapshot(after(16), every), // two intervals without a scrape
		`/a: p50 - p95 - p99 - mean - errors - rate -, 0 instances, nothing new, cause "target down"`)
}

func TestFastNoTrafficHasNoQuantilesAndNoErrorRate(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "one:80"))
	one := m.jobs[0].targets[0]
	one.exposed(expose("/a", [3]int{5, 0, 0}, 0), start)
	one.exposed(expose("/a", [3]int{5, 0, 0}, 0), after(5))
	wantSnapshot(t, m.Snapshot(after(6), every),
		`/a: p50 - p95 - p99 - mean - errors - rate 0, 1 instances, 0 new in 5s, cause "no traffic"`)
}

// One instance serves 10 requests of which 5 fail; the other serves none, and
// exposes no status before it has.
func TestFastAnIdleInstanceDoesNotHideErrors(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "busy:80", "idle:80"))
	busy, resting := m.jobs[0].targets[0], m.jobs[0].targets[1]
	for i := range 2 {
		busy.exposed(expose("/a", [3]int{5 * i, 0, 0}, 5*i), after(float64(5*i)))
		resting.exposed("# TYPE http_requests_total counter\nhttp_requests_total{path=\"/a\",method=\"GET\"} 0\n", after(float64(5*i)))
	}
	wantSnapshot(t, m.Snapshot(after(6), every),
		`/a: p50 0.05 p95 0.095 p99 0.099 mean 0.2 errors 0.5 rate 2, 2 instances, 10 new in 5s, cause ""`)
}

func TestFastATargetThatIsDownContributesNothing(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "one:80", "two:80"))
	one, two := m.jobs[0].targets[0], m.jobs[0].targets[1]
	for i, target := range m.jobs[0].targets {
		target.exposed(expose("/a", [3]int{0, 0, 0}, 0), start)
		target.exposed(expose("/a", [3]int{10 * (i + 1), 0, 0}, 0), after(5))
	}
	m.Snapshot(after(6), every)
	one.failed(after(10))
	two.exposed(expose("/a", [3]int{25, 0, 0}, 0), after(10))
	wantSnapshot(t, m.Snapshot(after(11), every),
		`/a: p50 0.05 p95 0.095 p99 0.099 mean 0.2 errors 0 rate 1, 1 instances, 5 new in 5s, cause ""`)
	two.failed(after(15))
	wantSnapshot(t, m.Snapshot(after(16), every),
		`/a: p50 - p95 - p99 - mean - errors - rate -, 0 instances, nothing new, cause "target down"`)

	one.exposed(expose("/a", [3]int{40, 0, 0}, 0), after(20)) // 30 since the fifth second
	wantSnapshot(t, m.Snapshot(after(21), every),
		`/a: p50 0.05 p95 0.095 p99 0.099 mean 0.2 errors 0 rate 2, 1 instances, 30 new in 10s, cause ""`)
}

func TestFastWhatCameInBeforeATargetFailedIsNotLost(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "one:80"))
	one := m.jobs[0].targets[0]
	one.exposed(expose("/a", [3]int{0, 0, 0}, 0), start)
	one.exposed(expose("/a", [3]int{4, 0, 0}, 0), after(2))
	one.failed(after(4))
	wantSnapshot(t, m.Snapshot(after(5), every),
		`/a: p50 0.05 p95 0.095 p99 0.099 mean 0.2 errors 0 rate 2, 1 instances, 4 new in 2s, cause ""`)
}

func TestFastSeveralScrapesInOneWindowAreOneIncrease(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "one:80"))
	one := m.jobs[0].targets[0]
	for i := range 6 {
		one.exposed(expose("/a", [3]int{3 * i, 0, 0}, 0), after(float64(i)))
	}
	wantSnapshot(t, m.Snapshot(after(5.5), every),
		`/a: p50 0.05 p95 0.095 p99 0.099 mean 0.2 errors 0 rate 3, 1 instances, 15 new in 5s, cause ""`)
}

func TestFastVanishedEndpointsStayForAWhile(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "one:80"))
	one := m.jobs[0].targets[0]
	one.exposed(expose("/a", [3]int{0, 0, 0}, 0), start)
	one.exposed(expose("/a", [3]int{9, 0, 0}, 0), after(5))
	m.Snapshot(after(6), every)
	one.exposed("up 1\n", after(10))
	gone := `/a: p50 - p95 - p99 - mean - errors - rate -, 0 instances, nothing new, cause "series gone"`
	wantSnapshot(t, m.Snapshot(after(11), every), gone)
	last := after(10).Add(red.Retention)
	one.exposed("up 1\n", last.Add(-time.Second))
	wantSnapshot(t, m.Snapshot(last.Add(-time.Second), every), gone)
	wantSnapshot(t, m.Snapshot(last, every))
}

func TestFastEndpointsOfRemovedTargetsLeaveAtOnce(t *testing.T) {
	both := jobConfig(t, nil, "one:80", "two:80")
	m := idle(t, both)
	one, two := m.jobs[0].targets[0], m.jobs[0].targets[1]
	one.exposed(expose("/a", [3]int{0, 0, 0}, 0), start)
	two.exposed(expose("/b", [3]int{0, 0, 0}, 0), start)
	if n := len(m.Snapshot(after(1), every).Endpoints); n != 2 {
		t.Fatalf("%d endpoints", n)
	}
	jobs, err := m.prepared([]JobConfig{jobConfig(t, nil, "two:80")})
	if err != nil {
		t.Fatal(err)
	}
	m.jobs = jobs
	if s := m.Snapshot(after(2), every); len(s.Endpoints) != 1 || s.Endpoints[0].Key.Path != "/b" {
		t.Errorf("endpoints %v", s.Endpoints)
	}
}

func TestFastEndpointsOverTheLimitAreMergedByAddedBuckets(t *testing.T) {
	m := idle(t, jobConfig(t, func(c *JobConfig) { c.MaxEndpoints = 1 }, "one:80", "two:80"))
	one, two := m.jobs[0].targets[0], m.jobs[0].targets[1]
	for i := range 2 {
		one.exposed(expose("/a", [3]int{0, 6 * i, 0}, 0), after(float64(5*i)))
		two.exposed(expose("/b", [3]int{4 * i, 0, 0}, 0), after(float64(5*i)))
		m.Snapshot(after(float64(5*i)+0.1), every)
	}
	two.exposed(expose("/b", [3]int{8, 0, 0}, 0)+strings.Replace(expose("/c", [3]int{0, 4, 0}, 0), "# TYPE http_request_duration_seconds histogram\n", "", 1), after(10))
	one.exposed(expose("/a", [3]int{0, 12, 0}, 0), after(10))
	// /b and /c: buckets 4 and 4 of 8.
	wantSnapshot(t, m.Snapshot(after(10.1), every),
		`/a: p50 0.3 p95 0.48 p99 0.496 mean 0.2 errors 0 rate 1.2, 1 instances, 6 new in 5s, cause ""`,
		`other: p50 0.1 p95 0.46 p99 0.492 mean 0.2 errors 0 rate 1.6, 1 instances, 8 new in 5s, cause ""`)
	wantContains(t, "the advice", m.Targets()[0].Advice[0].Text,
		`the job has 3 endpoints, more than max_endpoints. Shown are those with the most traffic, 1 of them; merged into "other": 2. The label path has 3 values, such as "/a" and "/b".`)
	if n := len(m.Targets()[1].Advice); n != 0 {
		t.Errorf("the second target has %d pieces of advice on the job", n)
	}
}

// Whatever the moments of scrapes and snapshots, every request is new exactly
// once, and the times of an endpoint's news never overlap; of the time that
// scrapes cover, from about the first second to the 996th, nothing is left out.
func TestFastNewsAddUp(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "one:80", "two:80", "three:80"))
	random := rand.New(rand.NewPCG(1, 2))
	type event struct {
		at     time.Time
		target int // -1 for a snapshot
	}
	var events []event
	for i := range 200 {
		jitter := func() float64 { return 2 * random.Float64() }
		for target := range 3 {
			events = append(events, event{after(5*float64(i) + jitter()), target})
		}
		events = append(events, event{after(5*float64(i) + jitter()), -1})
	}
	slices.SortStableFunc(events, func(a, b event) int { return a.at.Compare(b.at) })
	events = append(events, event{after(1000), -1})

	var served, reported uint64
	var elapsed time.Duration
	counts, scraped := [3]int{}, [3]bool{}
	for _, e := range events {
		if e.target < 0 {
			for _, endpoint := range m.Snapshot(e.at, every).Endpoints {
				if endpoint.New != nil {
					reported += endpoint.New.Requests
					elapsed += endpoint.New.Elapsed
				}
			}
			continue
		}
		if scraped[e.target] {
			n := random.IntN(5)
			counts[e.target] += n
			served += uint64(n)
		}
		scraped[e.target] = true
		m.jobs[0].targets[e.target].exposed(expose("/a", [3]int{counts[e.target], 0, 0}, 0), e.at)
	}
	if served != reported {
		t.Errorf("%d requests were served, %d reported", served, reported)
	}
	if covered := 995 * time.Second; (elapsed - covered).Abs() > 2*time.Second {
		t.Errorf("news cover %v, want about %v", elapsed, covered)
	}
}

func TestFastSnapshotsAreInOrderAndNeverChange(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "one:80"))
	one := m.jobs[0].targets[0]
	body := func(n int) string {
		return expose("/b", [3]int{n, 0, 0}, 0) + `http_request_duration_seconds_count{path="/a",method="PUT",code="200"} 1` + "\n" +
			`http_request_duration_seconds_count{path="/a",method="GET",code="200"} 1` + "\n"
	}
	one.exposed(body(1), start)
	one.exposed(body(3), after(5))
	s := m.Snapshot(after(6), every)
	if !slices.IsSortedFunc(s.Endpoints, func(a, b redpoll.EndpointMetrics) int { return a.Key.Compare(b.Key) }) || len(s.Endpoints) != 3 {
		t.Errorf("endpoints %v", s.Endpoints)
	}
	was := show(s.Endpoint(redpoll.EndpointKey{Job: "shop", Method: "GET", Path: "/b"})) + fmt.Sprint(s.Endpoints[2].Window.Latency.Counts)
	one.exposed(body(900), after(10))
	m.Snapshot(after(11), every)
	if is := show(&s.Endpoints[2]) + fmt.Sprint(s.Endpoints[2].Window.Latency.Counts); is != was {
		t.Errorf("a snapshot changed from %s to %s", was, is)
	}
}

func TestFastSystem(t *testing.T) {
	value := func(v float64) *float64 { return &v }
	machine := red.System{Machine: red.Usage{Started: value(1000), Memory: value(10), CPU: value(1), Cores: 2}}
	bigger := red.System{Machine: red.Usage{Started: value(1500), Memory: value(30), CPU: value(1), Cores: 6}}
	process := red.System{Process: red.Usage{Started: value(1990), Memory: value(5), CPU: value(.5)}}
	fresh := red.System{Process: red.Usage{Memory: value(6)}}
	own := red.System{Process: red.Usage{Started: value(1999), Memory: value(7), CPU: value(2)}, Own: true}
	f := func(want redpoll.System, systems ...red.System) {
		t.Helper()
		if diff := cmp.Diff(want, mergeSystems(systems, time.Unix(2000, 0))); diff != "" {
			t.Error(diff)
		}
	}
	f(redpoll.System{})
	f(redpoll.System{}, red.System{})
	f(redpoll.System{Source: "node", Uptime: value(500), Memory: value(40), CPU: value(.25)}, machine, process, bigger, own)
	f(redpoll.System{Source: "process", Uptime: value(10), Memory: value(11), CPU: value(.5)}, process, own, fresh)
	f(redpoll.System{Source: "process", Uptime: value(1), Memory: value(7), CPU: value(2)}, own)

	booted := func(at float64) red.System {
		return red.System{Machine: red.Usage{Started: value(at), Memory: value(10)}}
	}
	for _, implausible := range []float64{-1.7e308, -1, 0, 2000 + 3601, 1.7e308, math.NaN()} {
		f(redpoll.System{Source: "node", Memory: value(10)}, booted(implausible))
		f(redpoll.System{Source: "node", Uptime: value(500), Memory: value(20)}, booted(implausible), booted(1500))
	}
	f(redpoll.System{Source: "node", Uptime: value(0), Memory: value(10)}, booted(2000+3600))
}

func TestFastEachMarkIsInOneSnapshot(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "one:80", "two:80"))
	one, two := m.jobs[0].targets[0], m.jobs[0].targets[1]
	build := func(version int) string {
		return fmt.Sprintf("# TYPE shop_build_info gauge\nshop_build_info{version=\"%d\"} 1\n", version)
	}
	for i := range 2 {
		two.exposed(build(7+i), after(float64(5*i)))
		one.exposed(build(1+i), after(float64(5*i)+1))
	}
	want := []redpoll.Mark{
		{Time: after(6), Job: "shop", Instance: "one:80", Kind: redpoll.Deploy, Text: "1 → 2"},
		{Time: after(5), Job: "shop", Instance: "two:80", Kind: redpoll.Deploy, Text: "7 → 8"},
	}
	if diff := cmp.Diff(want, m.Snapshot(after(7), every).Marks); diff != "" {
		t.Error(diff)
	}
	if got := m.Snapshot(after(12), every).Marks; got != nil {
		t.Errorf("once more: %v", got)
	}
}
