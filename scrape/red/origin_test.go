package red

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// byOrigin writes the endpoints as figures does, with whose they are before them.
func byOrigin(d *Derived) string {
	var b strings.Builder
	all := d.Endpoints
	for i, e := range all {
		job, instance := e.Origin()
		d.Endpoints = all[i : i+1]
		fmt.Fprintf(&b, "[%s %s] %s", job, instance, figures(d))
	}
	d.Endpoints = all
	return b.String()
}

func (s *target) wantsByOrigin(d *Derived, want string) {
	s.t.Helper()
	if diff := cmp.Diff(want, byOrigin(d)); diff != "" {
		s.t.Errorf("figures differ (-want +got):\n%s", diff)
	}
}

// gateway is a target that passes on series of others.
func gateway(t *testing.T, o Options) *target {
	o.Job, o.Instance, o.HonorLabels = "gateway", "gw:9091", true
	return newTarget(t, o)
}

// counted writes a counter of requests to /a of some job and instance.
func counted(job, instance string, n int) string {
	return fmt.Sprintf("http_requests_total{job=%q,instance=%q,path=\"/a\",method=\"GET\",code=\"200\"} %d\n", job, instance, n)
}

func TestFastSeriesAreOfTheJobAndInstanceThatTheirLabelsName(t *testing.T) {
	s := gateway(t, Options{})
	body := func(n int) string {
		return counterType + counted("shop", "one:80", 10*n) + counted("shop", "two:80", n) + counted("blog", "one:80", 5*n) +
			counted("gateway", "gw:9091", 2*n) + counted("gateway", "other:80", 3*n) + counted("", "", 100*n)
	}
	s.scrape(body(1))
	s.wantsByOrigin(s.scrape(body(2)), `[shop one:80] GET /a: 10 0 - - -
[shop two:80] GET /a: 1 0 - - -
[blog one:80] GET /a: 5 0 - - -
[ ] GET /a: 102 0 - - -
[ other:80] GET /a: 3 0 - - -
`)
}

func TestFastWithoutHonorLabelsAllSeriesAreTheTargets(t *testing.T) {
	s := newTarget(t, Options{Job: "gateway", Instance: "gw:9091"})
	s.scrape(counterType + counted("shop", "one:80", 10) + counted("blog", "two:80", 1))
	s.wantsByOrigin(s.scrape(counterType+counted("shop", "one:80", 12)+counted("blog", "two:80", 2)), "[ ] GET /a: 3 0 - - -\n")
}

// One convention is used for each job: that of another job says nothing.
func TestFastEachJobIsReadByTheConventionThatFitsIt(t *testing.T) {
	s := gateway(t, Options{})
	body := func(n int) string {
		return histogram("http_request_duration_seconds", `job="shop",instance="one:80",path="/a",code="200"`, n, n, n) +
			fmt.Sprintf("# TYPE http_server_requests_seconds summary\nhttp_server_requests_seconds_count{job=\"spring\",instance=\"s:80\",uri=\"/b\",method=\"GET\",status=\"200\"} %d\nhttp_server_requests_seconds_sum{job=\"spring\",instance=\"s:80\",uri=\"/b\",method=\"GET\",status=\"200\"} %d\n", n, n)
	}
	typed := func(n int) string { return "# TYPE http_request_duration_seconds histogram\n" + body(n) }
	s.scrape(typed(1))
	d := s.scrape(typed(3))
	s.wantsByOrigin(d, "[shop one:80]  /a: 2 0 0.05 0.095 0.2\n[spring s:80] GET /b: 2 0 - - 1\n")
	wantNote := "passed on for the job spring"
	if note := d.Recognised[1].Note; !strings.HasPrefix(note, wantNote) {
		t.Errorf("the note is %q", note)
	}
}

// What an instance has counted before it is first passed on, or while it was
// not, happened at an unknown time.
func TestFastAnInstanceThatAppearsCountsFromThenOn(t *testing.T) {
	s := gateway(t, Options{})
	old := func(n int) string { return counterType + counted("shop", "one:80", n) }
	s.scrape(old(10))
	s.wantsByOrigin(s.scrape(old(11)+counted("shop", "two:80", 5000)), "[shop one:80] GET /a: 1 0 - - -\n[shop two:80] GET /a: unknown\n")
	s.wantsByOrigin(s.scrape(old(11)+counted("shop", "two:80", 5001)), "[shop one:80] GET /a: 0 0 - - -\n[shop two:80] GET /a: 1 0 - - -\n")
	for range shortAbsence + 1 {
		s.scrape(old(11))
	}
	fresh := strings.ReplaceAll(counted("shop", "two:80", 7000), "200", "404")
	s.wantsByOrigin(s.scrape(old(11)+counted("shop", "two:80", 6000)+fresh), "[shop one:80] GET /a: 0 0 - - -\n[shop two:80] GET /a: unknown\n")
	fresh += strings.ReplaceAll(counted("shop", "two:80", 3), "200", "503") // it is new while the instance is there
	s.wantsByOrigin(s.scrape(old(11)+counted("shop", "two:80", 6000)+fresh), "[shop one:80] GET /a: 0 0 - - -\n[shop two:80] GET /a: 3 3 - - -\n")
}

// A Pushgateway that begins anew says nothing about what it has been given.
func TestFastARestartOfTheTargetIsNoneOfThoseItPassesOn(t *testing.T) {
	s := gateway(t, Options{})
	body := func(started, n int) string {
		return fmt.Sprintf("process_start_time_seconds %d\nprocess_start_time_seconds{job=\"shop\",instance=\"one:80\"} %d\n", started, started) +
			counterType + counted("shop", "one:80", n) + counted("gateway", "gw:9091", n)
	}
	begun := int(epoch.Unix()) - 100
	s.scrape(body(begun, 50))
	d := s.scrape(body(begun+103, 60))
	s.wantsByOrigin(d, "[shop one:80] GET /a: 10 0 - - -\n[ ] GET /a: 60 0 - - -\n")
	if d.Restarts != 1 {
		t.Errorf("%d restarts", d.Restarts)
	}
}

func TestFastTheJobsAndInstancesOfATargetAreBounded(t *testing.T) {
	s := gateway(t, Options{MaxEndpoints: 1_000_000})
	var b strings.Builder
	b.WriteString(counterType)
	for i := range maxOriginJobs + 50 {
		b.WriteString(counted(fmt.Sprintf("job-%d", i), "", 1))
	}
	for i := range maxOrigins {
		b.WriteString(counted("job-1", fmt.Sprintf("pod-%d", i), 1))
	}
	d := s.scrape(b.String())
	jobs, origins := map[string]bool{}, map[[2]string]bool{}
	for _, e := range d.Endpoints {
		job, instance := e.Origin()
		jobs[job], origins[[2]string{job, instance}] = true, true
	}
	if len(jobs) != maxOriginJobs+1 || len(origins) != maxOrigins+1 { // with the target's own
		t.Errorf("%d jobs, %d origins", len(jobs), len(origins))
	}
	if len(d.Warnings) != 1 || !strings.HasPrefix(d.Warnings[0], "honor_labels: 550 series") || !strings.Contains(d.Warnings[0], `job="job-500"`) {
		t.Errorf("the warnings are %q", d.Warnings)
	}
}

// A hostile target that invents others with every scrape has no more of them
// remembered than the reader remembers series.
func TestFastOriginsAreForgottenWithTheirSeries(t *testing.T) {
	s := gateway(t, Options{MaxEndpoints: 100})
	for i := range 40 {
		var b strings.Builder
		b.WriteString(counterType)
		for j := range 400 {
			b.WriteString(counted(fmt.Sprintf("job-%d-%d", i, j), "", 1))
		}
		s.scrape(b.String())
		if o := &s.deriver.origins; len(o.byKey) > maxOrigins || len(o.jobs) > maxOriginJobs {
			t.Fatalf("%d origins of %d jobs", len(o.byKey), len(o.jobs))
		}
	}
	var all []int
	for ref := range s.deriver.slots {
		all = append(all, ref)
	}
	s.deriver.vacate(all)
	if o := &s.deriver.origins; len(o.byKey)+len(o.jobs) > 0 {
		t.Errorf("of no series there are %d origins of %d jobs", len(o.byKey), len(o.jobs))
	}
}
