package scrape

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/red"
)

// counters writes a counter of GET with code 200 for each path.
func counters(byPath map[string]int) string {
	var b strings.Builder
	b.WriteString("# TYPE http_requests_total counter\n")
	for path, n := range byPath {
		fmt.Fprintf(&b, "http_requests_total{path=%q,method=\"GET\",code=\"200\"} %d\n", path, n)
	}
	return b.String()
}

// served are the requests of each endpoint in the snapshot's window.
func served(s *redpoll.Snapshot) map[string]uint64 {
	requests := make(map[string]uint64)
	for _, e := range s.Endpoints {
		requests[e.Key.Path] = e.Window.Requests
	}
	return requests
}

func limited(most int) func(*JobConfig) { return func(c *JobConfig) { c.MaxEndpoints = most } }

func TestFastTheBusiestEndpointsAreShownFromTheFirstScrapeOn(t *testing.T) {
	m := idle(t, jobConfig(t, limited(2), "one:80", "two:80"))
	for i := range 2 {
		m.jobs[0].targets[0].exposed(counters(map[string]int{"/a": 10 + i, "/b": 500 + i, "/c": 300 + i, "/d": 20 + i}), after(float64(5*i)))
		m.jobs[0].targets[1].exposed(counters(map[string]int{"/c": 300 + i, "/d": 450 + i, "/e": 1 + i}), after(float64(5*i)))
		m.Snapshot(after(float64(5*i)+1), every)
	}
	// Over both, /c has 600 and /b 500, and /d 470.
	if diff := cmp.Diff(map[string]uint64{"/b": 1, "/c": 2, "other": 4}, served(m.Snapshot(after(7), every))); diff != "" {
		t.Error(diff)
	}
}

// What waits takes a place when it has twice the traffic, not when it has a
// little more; and whatever moves, no request is lost or told twice.
func TestFastEndpointsThatGetBusierTakeThePlacesOfQuieterOnes(t *testing.T) {
	m := idle(t, jobConfig(t, limited(2), "one:80"))
	one := m.jobs[0].targets[0]
	counts := map[string]int{"/a": 1000, "/b": 1000, "/busier": 1, "/much-busier": 1, "/new": 0}
	perScrape := map[string]int{"/a": 100, "/b": 10, "/busier": 19, "/much-busier": 50}
	shownAt := func(seconds int) (at time.Time, shown []string, total uint64) {
		at = after(float64(seconds))
		one.exposed(counters(counts), at)
		s := m.Snapshot(at.Add(time.Second), every)
		for path, n := range served(s) {
			shown = append(shown, path)
			total += n
		}
		slices.Sort(shown)
		return at, shown, total
	}
	shownAt(0)
	for i := 1; i < 100; i++ {
		want := uint64(0)
		for path, n := range perScrape {
			counts[path] += n
			want += uint64(n)
		}
		at, shown, total := shownAt(5 * i)
		if total != want {
			t.Fatalf("after %v %d requests, want %d", at.Sub(start), total, want)
		}
		expected := []string{"/a", "/b", red.Other}
		if at.Sub(start) > 2*rankEvery {
			expected = []string{"/a", "/much-busier", red.Other}
		}
		if at.Sub(start) < rankEvery/2 || at.Sub(start) > 2*rankEvery {
			if diff := cmp.Diff(expected, shown); diff != "" {
				t.Fatalf("after %v: %s", at.Sub(start), diff)
			}
		}
	}
}

// Endpoints with changing traffic come and go, instances restart, and the
// requests of all snapshots together are those that were served.
func TestFastTheLimitNeverChangesHowManyRequestsThereWere(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	m := idle(t, jobConfig(t, limited(5), "one:80", "two:80"))
	var want, got uint64
	counts := []map[string]int{{}, {}}
	begun := []int{100, 100} // when the processes started
	for i := range 300 {
		for which, target := range m.jobs[0].targets {
			if r.IntN(10) == 0 {
				counts[which], begun[which] = map[string]int{}, 100+5*i
			}
			for range 20 {
				path := fmt.Sprintf("/page-%c", 'a'+(r.IntN(6)+i/30)%26)
				n := r.IntN(30)
				if counts[which][path] += n; i > 0 {
					want += uint64(n)
				}
			}
			process := fmt.Sprintf("process_start_time_seconds %d\n", begun[which])
			target.exposed(counters(counts[which])+process, after(float64(5*i)))
		}
		s := m.Snapshot(after(float64(5*i)+1), every)
		if n := len(s.Endpoints); n > 6 {
			t.Fatalf("%d endpoints", n)
		}
		for _, e := range s.Endpoints {
			if e.New != nil {
				got += e.New.Requests
			}
		}
	}
	if got != want {
		t.Errorf("%d requests are told, want %d", got, want)
	}
}

// What comes on top of the endpoints that are followed is not told apart: how
// many there are is not known, and all places give the number of those that are.
func TestFastEndpointsBeyondThoseThatAreFollowedAreOrMore(t *testing.T) {
	m := idle(t, jobConfig(t, limited(3), "one:80"))
	paths := map[string]int{}
	for i := range followed(3) + 50 {
		paths[fmt.Sprintf("/page-%d", i)] = i
	}
	m.jobs[0].targets[0].exposed(counters(paths), start)
	m.Snapshot(after(1), every)
	s := m.Targets()[0]
	wantContains(t, "the text", s.Advice[len(s.Advice)-1].Text,
		`the job has 1000 endpoints or more, more than max_endpoints. Shown are those with the most traffic, 3 of them; merged into "other": 997. The label path has 1000 values or more`)
	if r := s.Recognised[0]; r.Endpoints != 1000 {
		t.Errorf("recognised %+v", r)
	}
	wantContains(t, "the note", s.Recognised[0].Note, `more than the 1000 endpoints that are followed of a target: 50 series merged into "other"`)
}

func TestFastAdviceNamesTheLabelAndTheFoldingThatMendsIt(t *testing.T) {
	advice := func(path func(i int) string) redpoll.Advice {
		m := idle(t, jobConfig(t, limited(3), "one:80"))
		paths := map[string]int{"/cart": 9, "/api/orders": 9}
		for i := range 30 {
			paths[path(i)] = i
		}
		m.jobs[0].targets[0].exposed(counters(paths), start)
		m.Snapshot(after(1), every)
		all := m.Targets()[0].Advice // the job's stands behind the target's own
		return all[len(all)-1]
	}
	format := func(format string) func(int) string {
		return func(i int) string { return fmt.Sprintf(format, i) }
	}
	a := advice(format("/orders/ord-%d/items"))
	wantContains(t, "the text", a.Text, `the job has 32 endpoints, more than max_endpoints. Shown are those with the most traffic, 3 of them; merged into "other": 29. The label path has 32 values, such as "/orders/ord-0/items" and "/orders/ord-1/items".`)
	want := "path_folding:\n  patterns:\n    - segment: ord-[0-9]+\n      as: '{id}'\n"
	if diff := cmp.Diff(want, a.YAML); diff != "" {
		t.Error(diff)
	}
	c, err := decodeJob("job_name: j\n" + a.YAML)
	if err != nil || len(c.PathFolding.Patterns) != 1 {
		t.Errorf("the YAML is read as %+v: %v", c.PathFolding, err)
	}
	if a = advice(format("/on/2026-11-%02dT")); a.YAML == "" || !strings.Contains(a.YAML, "[0-9A-Z-]+") {
		t.Errorf("of dates: %+v", a)
	}
	words := func(i int) string { return "/by/" + strings.Repeat("x", i+1) }
	for name, path := range map[string]func(int) string{"words": words, "other letters": format("/é%d"), "all segments": format("/a%[1]d/a%[1]d")} {
		if a = advice(path); a.YAML != "" {
			t.Errorf("of %s the pattern is %s", name, a.YAML)
		}
	}
}

func TestFastInstancesWithOtherBucketsAreSaid(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "one:80", "two:80"))
	other := strings.NewReplacer(`le="0.1"`, `le="0.2"`)
	for i := range 2 {
		m.jobs[0].targets[0].exposed(expose("/a", [3]int{i, i, i}, 0), after(float64(5*i)))
		m.jobs[0].targets[1].exposed(other.Replace(expose("/a", [3]int{i, i, i}, 0)), after(float64(5*i)))
	}
	e := m.Snapshot(after(6), every).Endpoint(keyA)
	// 4 of 6 up to 0.5, the only common bound.
	if got := e.P50; got == nil || *got != (redpoll.Estimate{Value: 0.375, Lower: 0, Upper: 0.5}) {
		t.Errorf("p50 is %v", got)
	}
	wantContains(t, "the advice", m.Targets()[0].Advice[0].Text, "the instances of 1 endpoint, such as GET /a, have different buckets")
}
