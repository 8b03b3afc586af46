package scrape

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/config"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// running makes a manager whose loops run, in the bubble's time, with answer
// in place of the network. It stops at the end of the test.
func running(t *testing.T, answer roundTripper, configs ...JobConfig) *Manager {
	t.Helper()
	m := NewManager(Options{})
	jobs, err := m.prepared(configs)
	if err != nil {
		t.Fatal(err)
	}
	m.jobs = jobs
	for _, j := range jobs {
		j.client.Transport = answer
		for _, target := range j.targets {
			target.start()
		}
	}
	t.Cleanup(m.Stop)
	return m
}

// requestLog notes when each host was asked.
type requestLog struct {
	mu    sync.Mutex
	times map[string][]time.Time
}

func (l *requestLog) note(r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.times == nil {
		l.times = make(map[string][]time.Time)
	}
	l.times[r.URL.Host] = append(l.times[r.URL.Host], time.Now())
}

func (l *requestLog) of(host string) []time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]time.Time(nil), l.times[host]...)
}

func gaps(times []time.Time) (list []time.Duration) {
	for i := 1; i < len(times); i++ {
		list = append(list, times[i].Sub(times[i-1]))
	}
	return list
}

func TestFastTargetsAreScrapedAtTheirIntervalSpreadOverIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log requestLog
		var hosts []string
		for i := range 40 {
			hosts = append(hosts, fmt.Sprintf("host%d:80", i))
		}
		begun := time.Now()
		running(t, func(r *http.Request) (*http.Response, error) {
			log.note(r)
			return ok("a 1\n"), nil
		}, jobConfig(t, nil, hosts...))
		time.Sleep(20 * time.Second)
		synctest.Wait()
		early := 0
		for _, host := range hosts {
			times := log.of(host)
			if len(times) != 4 {
				t.Errorf("%s was scraped %d times in four intervals", host, len(times))
			}
			for _, gap := range gaps(times) {
				if gap != 5*time.Second {
					t.Errorf("%s was scraped %v apart", host, gap)
				}
			}
			if times[0].Sub(begun) < 2500*time.Millisecond {
				early++
			}
		}
		if early < 10 || early > 30 {
			t.Errorf("%d of 40 targets fall into the first half of the interval", early)
		}
	})
}

func TestFastOneBadTargetDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log requestLog
		m := running(t, func(r *http.Request) (*http.Response, error) {
			log.note(r)
			if r.URL.Host == "good:80" {
				return ok("a 1\n"), nil
			}
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, jobConfig(t, nil, "good:80", "hangs:80"))
		time.Sleep(30 * time.Second)
		synctest.Wait()
		for host, health := range map[string]redpoll.Health{"good:80": redpoll.HealthUp, "hangs:80": redpoll.HealthDown} {
			if n := len(log.of(host)); n != 6 {
				t.Errorf("%s was scraped %d times in six intervals", host, n)
			}
			for _, s := range m.Targets() {
				if s.Instance == host && s.Health != health {
					t.Errorf("%s is %s: %s", host, s.Health, s.Error)
				}
			}
		}
	})
}

// A scrape that begins late, because the one before took its time with
// parsing, would pile up if the missed ones were made up for.
func TestFastScrapesOfOneTargetNeverOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log requestLog
		m := running(t, func(r *http.Request) (*http.Response, error) {
			log.note(r)
			return ok("a 1\n"), nil
		}, jobConfig(t, nil, "one:80"))
		for range cap(m.turns.small) { // no processor is free for 12 s
			m.turns.small <- struct{}{}
		}
		time.Sleep(12 * time.Second)
		for range cap(m.turns.small) {
			<-m.turns.small
		}
		time.Sleep(18 * time.Second)
		synctest.Wait()
		for _, gap := range gaps(log.of("one:80")) {
			if gap%(5*time.Second) != 0 || gap == 0 {
				t.Errorf("scraped %v apart: the place in the interval is lost", gap)
			}
		}
		if n := len(log.of("one:80")); n < 4 || n > 5 {
			t.Errorf("scraped %d times in 30 s of which 12 were blocked", n)
		}
	})
}

func TestFastApplyLeavesUnchangedTargetsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log requestLog
		before := jobConfig(t, nil, "kept:80", "dropped:80")
		m := running(t, func(r *http.Request) (*http.Response, error) {
			log.note(r)
			return ok("http_requests_total{path=\"/a\",code=\"200\"} 1\n"), nil
		}, before)
		time.Sleep(11 * time.Second)
		after := jobConfig(t, nil, "kept:80", "new:80")
		if err := m.Apply([]JobConfig{after}); err != nil {
			t.Fatal(err)
		}
		dropped := len(log.of("dropped:80"))
		time.Sleep(15 * time.Second)
		synctest.Wait()
		for _, gap := range gaps(log.of("kept:80")) {
			if gap != 5*time.Second {
				t.Errorf("the kept target was scraped %v apart", gap)
			}
		}
		if n := len(log.of("dropped:80")); n != dropped {
			t.Errorf("the dropped target was scraped %d times more", n-dropped)
		}
		if n := len(log.of("new:80")); n != 3 {
			t.Errorf("the new target was scraped %d times in three intervals", n)
		}
	})
}

func TestFastApplyThatFailsChangesNothing(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "127.0.0.1:1"))
	before := m.jobs[0]
	broken := jobConfig(t, nil, "127.0.0.1:2")
	broken.HTTPClientConfig.TLSConfig = config.TLSConfig{CAFile: t.TempDir() + "/missing.pem"}
	err := m.Apply([]JobConfig{broken})
	if err == nil || !strings.Contains(err.Error(), `job "shop"`) || !strings.Contains(err.Error(), "missing.pem") {
		t.Errorf("error %v", err)
	}
	if err := m.Apply([]JobConfig{broken, broken}); err == nil {
		t.Error("one job twice was accepted")
	}
	if len(m.jobs) != 1 || m.jobs[0] != before {
		t.Error("the running jobs changed")
	}
}

func TestFastStopCancelsWhatIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := make(chan struct{})
		m := running(t, func(r *http.Request) (*http.Response, error) {
			close(asked)
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, jobConfig(t, nil, "hangs:80"))
		<-asked
		stopping := time.Now()
		m.Stop()
		if took := time.Since(stopping); took != 0 {
			t.Errorf("stopping took %v", took)
		}
		if n := len(m.Targets()); n != 0 {
			t.Errorf("%d targets are left", n)
		}
	})
}

func TestFastStopDoesNotWaitForAProcessor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := running(t, func(*http.Request) (*http.Response, error) { return ok("a 1\n"), nil },
			jobConfig(t, nil, "one:80", "two:80"))
		for range cap(m.turns.small) {
			m.turns.small <- struct{}{}
		}
		time.Sleep(every)
		stopping := time.Now()
		m.Stop()
		if took := time.Since(stopping); took != 0 {
			t.Errorf("stopping took %v", took)
		}
	})
}

func TestFastTargetsAreInOrder(t *testing.T) {
	b := jobConfig(t, func(c *JobConfig) { c.JobName = "b" }, "z:1", "a:1")
	a := jobConfig(t, func(c *JobConfig) {
		c.JobName, c.Scheme = "a", "https"
		c.StaticConfigs = append(c.StaticConfigs, StaticConfig{Targets: []string{"y:1"}, Labels: map[string]string{"instance": "first"}})
	}, "z")
	var got []string
	for _, s := range idle(t, b, a).Targets() {
		got = append(got, s.Job+" "+s.Instance+" "+s.URL)
	}
	want := []string{
		"a first https://y:1/metrics", "a z https://z/metrics",
		"b a:1 http://a:1/metrics", "b z:1 http://z:1/metrics",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMetricsOfTheStage(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	m := NewManager(Options{Registerer: registry})
	up := jobConfig(t, func(c *JobConfig) { c.JobName = "up" }, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "# TYPE c counter\nc NaN\nd 1\n")
	}))
	down := jobConfig(t, func(c *JobConfig) { c.JobName = "down" }, serve(t, http.NotFound))
	jobs, err := m.prepared([]JobConfig{up, down})
	if err != nil {
		t.Fatal(err)
	}
	m.jobs = jobs
	for _, j := range jobs {
		j.targets[0].scrape(t.Context())
		j.client.CloseIdleConnections()
	}
	want := "# HELP redpoll_scrape_failures_total Scrapes that failed, by why they did.\n# TYPE redpoll_scrape_failures_total counter\n"
	for _, job := range []string{"down", "up"} {
		for _, why := range slices.Sorted(slices.Values(reasons)) {
			failures := 0
			if job == "down" && why == badStatus {
				failures = 1
			}
			want += fmt.Sprintf("redpoll_scrape_failures_total{job=%q,reason=%q} %d\n", job, why, failures)
		}
	}
	want += `# HELP redpoll_scrape_samples_skipped_total Samples that scrapes could not use.
# TYPE redpoll_scrape_samples_skipped_total counter
redpoll_scrape_samples_skipped_total{job="down"} 0
redpoll_scrape_samples_skipped_total{job="up"} 1
# HELP redpoll_scrape_samples_total Samples that scrapes took.
# TYPE redpoll_scrape_samples_total counter
redpoll_scrape_samples_total{job="down"} 0
redpoll_scrape_samples_total{job="up"} 1
# HELP redpoll_scrapes_total Scrapes that ended, successful or not.
# TYPE redpoll_scrapes_total counter
redpoll_scrapes_total{job="down"} 1
redpoll_scrapes_total{job="up"} 1
# HELP redpoll_targets Targets by the health that their last scrape showed.
# TYPE redpoll_targets gauge
redpoll_targets{health="down"} 1
redpoll_targets{health="unknown"} 0
redpoll_targets{health="up"} 1
`
	names := []string{
		"redpoll_scrape_failures_total", "redpoll_scrape_samples_skipped_total",
		"redpoll_scrape_samples_total", "redpoll_scrapes_total", "redpoll_targets",
	}
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
	problems, err := testutil.GatherAndLint(registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	m.retire(jobs, nil)
	if n, _ := testutil.GatherAndCount(registry, "redpoll_scrapes_total", "redpoll_scrape_duration_seconds"); n != 0 {
		t.Errorf("%d series are left of jobs that are gone", n)
	}
}
