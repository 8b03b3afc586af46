package scrape

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
)

var keyA = redpoll.EndpointKey{Job: "shop", Method: "GET", Path: "/a"}

func wantInstances(t *testing.T, m *Manager, want ...string) {
	t.Helper()
	var got []string
	for _, i := range m.Instances(keyA) {
		got = append(got, i.Instance+show(&i.EndpointMetrics))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("instances (-want +got):\n%s", diff)
	}
}

func TestFastInstancesHaveFiguresOfTheirOwn(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "four:80", "one:80", "three:80", "two:80"))
	byName := make(map[string]*target)
	for _, target := range m.jobs[0].targets {
		byName[target.Instance] = target
	}
	if got := m.Instances(keyA); got != nil {
		t.Errorf("before the first snapshot there are %v", got)
	}
	for i := range 2 {
		at := after(float64(5 * i))
		byName["one:80"].exposed(expose("/a", [3]int{9 * i, 0, 0}, i), at)
		byName["two:80"].exposed(expose("/a", [3]int{0, 10 * i, 0}, 0), at)
		byName["three:80"].exposed(expose("/a", [3]int{5, 0, 0}, 0), at)
		byName["four:80"].exposed(expose("/b", [3]int{i, 0, 0}, 0), at) // not /a
	}
	m.Snapshot(after(6), every)
	wantInstances(t, m,
		`one:80/a: p50 0.05 p95 0.095 p99 0.099 mean 0.2 errors 0.1 rate 2, 1 instances, nothing new, cause ""`,
		`three:80/a: p50 - p95 - p99 - mean - errors - rate 0, 1 instances, nothing new, cause "no traffic"`,
		`two:80/a: p50 0.3 p95 0.48 p99 0.496 mean 0.2 errors 0 rate 2, 1 instances, nothing new, cause ""`)
	byName["one:80"].failed(after(10))
	byName["two:80"].exposed(expose("/b", [3]int{0, 0, 0}, 0), after(10))
	m.Snapshot(after(11), every)
	wantInstances(t, m,
		`one:80/a: p50 - p95 - p99 - mean - errors - rate -, 0 instances, nothing new, cause "target down"`,
		`three:80/a: p50 - p95 - p99 - mean - errors - rate 0, 1 instances, nothing new, cause "no traffic"`,
		`two:80/a: p50 - p95 - p99 - mean - errors - rate -, 0 instances, nothing new, cause "series gone"`)
}

// summaryOf writes a summary of GET /a with the quantiles n and n/10 in ms.
func summaryOf(count int, codes ...string) string {
	var b strings.Builder
	b.WriteString("# TYPE http_request_duration_seconds summary\n")
	for _, code := range codes {
		for _, q := range []string{"0.5", "0.9", "0.99"} {
			fmt.Fprintf(&b, "http_request_duration_seconds{path=\"/a\",method=\"GET\",code=%q,quantile=%q} %s\n", code, q, q)
		}
		fmt.Fprintf(&b, "http_request_duration_seconds_sum{path=\"/a\",method=\"GET\",code=%q} %g\n", code, float64(count)/5)
		fmt.Fprintf(&b, "http_request_duration_seconds_count{path=\"/a\",method=\"GET\",code=%q} %d\n", code, count)
	}
	return b.String()
}

// quantiles writes the quantiles of /a in the snapshot.
func quantiles(m *Manager, now time.Time) string {
	e := m.Snapshot(now, every).Endpoint(keyA)
	f := func(v *redpoll.Estimate) string {
		if v == nil {
			return "-"
		}
		return fmt.Sprint(*v)
	}
	return strings.Join([]string{f(e.P50), f(e.Quantile(.9)), f(e.P95), f(e.P99)}, " ")
}

func TestFastASummaryHasItsOwnQuantiles(t *testing.T) {
	const none = "- - - -"
	const own = "{0.5 0.5 0.5} {0.9 0.9 0.9} - {0.99 0.99 0.99}"
	f := func(name string, steps func(one, two *target) string) {
		t.Run(name, func(t *testing.T) {
			m := idle(t, jobConfig(t, nil, "one:80", "two:80"))
			want := steps(m.jobs[0].targets[0], m.jobs[0].targets[1])
			if got := quantiles(m, after(6)); got != want {
				t.Errorf("quantiles %s, want %s", got, want)
			}
		})
	}
	feed := func(t *target, first, second string) {
		t.exposed(first, start)
		t.exposed(second, after(5))
	}
	f("if there is one series", func(one, _ *target) string {
		feed(one, summaryOf(1, "200"), summaryOf(2, "200"))
		return own
	})
	f("but none if nothing was served", func(one, _ *target) string {
		feed(one, summaryOf(2, "200"), summaryOf(2, "200"))
		return none
	})
	f("but none of two series", func(one, _ *target) string {
		feed(one, summaryOf(1, "200", "500"), summaryOf(2, "200", "500"))
		return none
	})
	f("but none of two instances", func(one, two *target) string {
		feed(one, summaryOf(1, "200"), summaryOf(2, "200"))
		feed(two, summaryOf(1, "200"), summaryOf(1, "200"))
		return none
	})
	f("but none that the last scrape did not have", func(one, _ *target) string {
		one.exposed(summaryOf(1, "200"), start)
		one.exposed(summaryOf(2, "200"), after(2))
		one.exposed(strings.NewReplacer("0.5\n", "NaN\n", "0.9\n", "NaN\n", "0.99\n", "NaN\n").Replace(summaryOf(3, "200")), after(4))
		return none
	})
	f("but none of a target that failed since", func(one, _ *target) string {
		feed(one, summaryOf(1, "200"), summaryOf(2, "200"))
		one.failed(after(5.5))
		return none
	})
}

func TestFastEachInstanceHasTheQuantilesOfItsOwnSummary(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "one:80", "two:80"))
	for _, target := range m.jobs[0].targets {
		target.exposed(summaryOf(1, "200"), start)
		target.exposed(summaryOf(2, "200"), after(5))
	}
	s := m.Snapshot(after(6), every)
	if e := s.Endpoint(keyA); e.P50 != nil || e.Own != nil || *e.Mean != 0.2 {
		t.Errorf("over both: p50 %v, own %v, mean %v", e.P50, e.Own, *e.Mean)
	}
	for _, i := range m.Instances(keyA) {
		if i.P50.Seconds() == nil || *i.P50 != *redpoll.Exactly(.5) || len(i.Own) != 3 {
			t.Errorf("%s: p50 %v, own %v", i.Instance, i.P50, i.Own)
		}
	}
}

func TestFastTheEstimateIsTheJobs(t *testing.T) {
	for estimate, want := range map[Estimate]string{Linear: "0.3", Geometric: "0.223607"} { // √(0.1 × 0.5)
		m := idle(t, jobConfig(t, func(c *JobConfig) { c.Estimate = estimate }, "one:80"))
		one := m.jobs[0].targets[0]
		one.exposed(expose("/a", [3]int{0, 0, 0}, 0), start)
		one.exposed(expose("/a", [3]int{0, 10, 0}, 0), after(5))
		if got := fmt.Sprintf("%.6g", m.Snapshot(after(6), every).Endpoint(keyA).P50.Value); got != want {
			t.Errorf("%s: p50 is %s, want %s", estimate, got, want)
		}
	}
}
