package scrape

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"go.uber.org/goleak"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// jobConfig is a valid job that scrapes addresses; change may alter it first.
func jobConfig(t *testing.T, change func(*JobConfig), addresses ...string) JobConfig {
	t.Helper()
	c := NewJobConfig("shop")
	c.StaticConfigs = []StaticConfig{{Targets: addresses}}
	if change != nil {
		change(&c)
	}
	if err := c.Validate(DefaultGlobal); err != nil {
		t.Fatal(err)
	}
	return c
}

// idle makes a manager with jobs whose loops do not run, so that a test scrapes
// when it likes.
func idle(t testing.TB, configs ...JobConfig) *Manager {
	t.Helper()
	m := NewManager(Options{Version: "1.2.3"})
	jobs, err := m.prepared(configs)
	if err != nil {
		t.Fatal(err)
	}
	m.jobs, m.byID = jobs, targetsByID(jobs)
	t.Cleanup(func() {
		for _, j := range jobs {
			j.client.CloseIdleConnections()
		}
	})
	return m
}

// serve starts a server for the test and returns its host:port.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// scrapeOnce scrapes the only target of a job at address.
func scrapeOnce(t *testing.T, address string, change func(*JobConfig)) redpoll.TargetStatus {
	t.Helper()
	m := idle(t, jobConfig(t, change, address))
	m.jobs[0].targets[0].scrape(context.Background())
	return m.Targets()[0]
}

// exposed feeds a target a body as if it had answered it at the time at.
func (t *target) exposed(body string, at time.Time) {
	o := outcome{begun: at, duration: time.Millisecond}
	t.read(context.Background(), &answer{body: []byte(body), complete: true}, &o)
	t.record(&o)
}

// failed tells a target that a scrape at the time at failed.
func (t *target) failed(at time.Time) {
	t.record(&outcome{begun: at, failure: "it is broken"})
}

func milliseconds(n int) model.Duration { return model.Duration(time.Duration(n) * time.Millisecond) }

// roundTripper answers in place of the network.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func ok(body string) *http.Response {
	recorder := httptest.NewRecorder()
	_, _ = recorder.WriteString(body)
	return recorder.Result()
}

func wantContains(t *testing.T, what, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("%s is %q, want it to say %q", what, got, want)
	}
}

// prepared makes the jobs of a configuration with their static targets, which do
// not run.
func (m *Manager) prepared(configs []JobConfig) ([]*job, error) {
	jobs, err := m.newJobs(configs)
	if err == nil {
		m.populate(jobs)
	}
	return jobs, err
}
