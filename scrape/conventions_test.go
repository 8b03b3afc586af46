package scrape

import (
	"testing"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// A convention that a new configuration brings is used from then on, by a
// target that nothing else about has changed.
func TestFastConventionsOfTheConfigurationAreUsed(t *testing.T) {
	const body = "# TYPE steps_total counter\nsteps_total{step=\"pack\"} 1\n"
	own := Conventions{{Name: "ours", Family: "steps_total", Kind: "requests", Path: []string{"step"}}}
	if err := own.Validate(); err != nil {
		t.Fatal(err)
	}
	m := idle(t, jobConfig(t, nil, "127.0.0.1:1"))
	m.jobs[0].targets[0].exposed(body, time.Now())
	if s := m.Targets()[0]; len(s.Recognised) > 0 || len(s.Advice) == 0 {
		t.Errorf("without the convention: recognised %+v, advice %+v", s.Recognised, s.Advice)
	}
	jobs, err := m.prepared([]JobConfig{jobConfig(t, func(c *JobConfig) { c.Conventions = own }, "127.0.0.1:1")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(jobs[0].client.CloseIdleConnections)
	m.jobs = jobs
	jobs[0].targets[0].exposed(body, time.Now())
	want := redpoll.Recognised{
		Convention: "ours", Family: "steps_total", Kind: "counter", Endpoints: 1,
		Note: "a counter: latencies are unknown; no status label: error rates are unknown",
	}
	if s := m.Targets()[0]; len(s.Recognised) != 1 || s.Recognised[0] != want {
		t.Errorf("with the convention: %+v", s.Recognised)
	}
}
