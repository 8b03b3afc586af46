package scrape

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// passedOn writes a counter of GET path with code 200 of another job's instance.
func passedOn(job, instance, path string, n int) string {
	return fmt.Sprintf("http_requests_total{job=%q,instance=%q,path=%q,method=\"GET\",code=\"200\"} %d\n", job, instance, path, n)
}

func honoring(c *JobConfig) { c.JobName, c.HonorLabels = "gateway", true }

// servedBy are the requests of each endpoint in the snapshot's window, with its
// job and how many instances have it.
func servedBy(s *redpoll.Snapshot) map[string]uint64 {
	requests := make(map[string]uint64)
	for _, e := range s.Endpoints {
		requests[fmt.Sprintf("%s %s of %d", e.Key.Job, e.Key.Path, e.Instances)] = e.Window.Requests
	}
	return requests
}

// A federation has shop's endpoint /a of two instances, and the job shop itself
// is scraped at a third.
func TestFastEndpointsThatAreScrapedAndPassedOnAreMergedByTheirJob(t *testing.T) {
	m := idle(t, jobConfig(t, honoring, "gw:9091"), jobConfig(t, nil, "one:80"))
	gateway, one := m.jobs[0].targets[0], m.jobs[1].targets[0]
	for i := range 2 {
		gateway.exposed("# TYPE http_requests_total counter\n"+
			passedOn("shop", "three:80", "/a", 10+30*i)+passedOn("shop", "two:80", "/a", 10+20*i)+
			passedOn("blog", "b:80", "/post", 10+5*i)+passedOn("", "", "/metrics", 10+i), after(float64(5*i)))
		one.exposed(counters(map[string]int{"/a": 10 + 10*i}), after(float64(5*i)))
		m.Snapshot(after(float64(5*i)+1), every)
	}
	s := m.Snapshot(after(7), every)
	want := map[string]uint64{"shop /a of 3": 60, "blog /post of 1": 5, "gateway /metrics of 1": 1}
	if diff := cmp.Diff(want, servedBy(s)); diff != "" {
		t.Error(diff)
	}
	var instances []string
	for _, i := range m.Instances(keyA) {
		instances = append(instances, fmt.Sprintf("%s %d", i.Instance, i.Window.Requests))
	}
	if diff := cmp.Diff([]string{"one:80 10", "three:80 30", "two:80 20"}, instances); diff != "" {
		t.Error(diff)
	}
	var keys []string
	for _, e := range s.Endpoints {
		keys = append(keys, e.Key.Job)
	}
	if diff := cmp.Diff([]string{"blog", "gateway", "shop"}, keys); diff != "" {
		t.Errorf("the order of jobs: %s", diff)
	}
}

func TestFastAJobThatIsNoLongerPassedOnIsForgotten(t *testing.T) {
	m := idle(t, jobConfig(t, honoring, "gw:9091"))
	gateway := m.jobs[0].targets[0]
	gateway.exposed("# TYPE http_requests_total counter\n"+passedOn("shop", "one:80", "/a", 1), start)
	m.Snapshot(after(1), every)
	for i := 1; i < 70; i++ {
		gateway.exposed("x 1\n", after(float64(5*i)))
	}
	if s := m.Snapshot(after(346), every); len(s.Endpoints) != 0 || len(m.mergers.byJob) != 0 {
		t.Errorf("%d endpoints, %d jobs", len(s.Endpoints), len(m.mergers.byJob))
	}
}

// Pools that share a job share the larger of their limits; when the pool with
// that is gone, the quietest endpoints make room at once.
func TestFastTheLimitOfAJobIsTheLargestOfThePoolsThatHaveIt(t *testing.T) {
	m := idle(t, jobConfig(t, func(c *JobConfig) { honoring(c); c.MaxEndpoints = 1 }, "gw:9091"), jobConfig(t, limited(3), "one:80"))
	gateway, one := m.jobs[0].targets[0], m.jobs[1].targets[0]
	var federated strings.Builder
	federated.WriteString("# TYPE http_requests_total counter\n")
	for i := range 5 {
		federated.WriteString(passedOn("shop", "two:80", fmt.Sprintf("/%c", 'a'+i), 10-i))
	}
	shownAt := func(seconds float64) int {
		gateway.exposed(federated.String(), after(seconds))
		if len(m.jobs[1].targets) > 0 {
			one.exposed(counters(map[string]int{"/a": 1}), after(seconds))
		}
		return len(m.Snapshot(after(seconds+1), every).Endpoints)
	}
	shownAt(0)
	shownAt(5)
	if n := shownAt(70); n != 3+1 { // and the rest
		t.Errorf("%d endpoints of both pools", n)
	}
	m.jobs[1].targets = nil
	shownAt(75)
	if n := shownAt(80); n != 1+1 {
		t.Errorf("%d endpoints of the pool with the lower limit", n)
	}
}
