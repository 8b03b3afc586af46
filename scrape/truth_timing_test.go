package scrape

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// How far figures are from what a load generator of your own knows to be true;
// BenchmarkEstimates in internal/redpoll needs none. The generator serves
// targets as Prometheus' HTTP service discovery lists them under /sd, and under
// /truth, for every endpoint, what linear interpolation gives (hist_p95) and the
// durations behind the buckets (exact_p95). Printed are the greatest relative
// difference to the former, and the median one to the latter, for both
// estimates.
//
// REDPOLL_FLEET=http://127.0.0.1:9400 go test -run '^$' -bench Truth -benchtime 1x ./scrape
func BenchmarkTruth(b *testing.B) {
	fleet := os.Getenv("REDPOLL_FLEET")
	if fleet == "" {
		b.Skip("REDPOLL_FLEET names no load generator")
	}
	for _, estimate := range []Estimate{Linear, Geometric} {
		b.Run(string(estimate), func(b *testing.B) {
			var s *redpoll.Snapshot
			for b.Loop() {
				s = scrapeFleet(b, fleet, estimate)
			}
			report(b, fleet, s, estimate)
		})
	}
}

// scrapeFleet scrapes every target twice, each as a job of its own.
func scrapeFleet(b *testing.B, fleet string, estimate Estimate) *redpoll.Snapshot {
	b.Helper()
	var groups []struct {
		Targets []string
		Labels  map[string]string
	}
	get(b, fleet+"/sd", &groups)
	var configs []JobConfig
	for i, g := range groups {
		c := NewJobConfig(fmt.Sprintf("t%d", i))
		c.MetricsPath, c.Estimate = g.Labels["__metrics_path__"], estimate
		c.StaticConfigs = []StaticConfig{{Targets: g.Targets}}
		if err := c.Validate(DefaultGlobal); err != nil {
			b.Fatal(err)
		}
		configs = append(configs, c)
	}
	m := idle(b, configs...)
	for range 2 {
		for _, j := range m.jobs {
			j.targets[0].scrape(b.Context())
		}
	}
	return m.Snapshot(time.Now(), every)
}

func report(b *testing.B, fleet string, s *redpoll.Snapshot, estimate Estimate) {
	b.Helper()
	var truth struct{ Endpoints []map[string]any }
	get(b, fleet+"/truth", &truth)
	known := make(map[[2]string]map[string]any)
	for _, e := range truth.Endpoints {
		known[[2]string{e["method"].(string), e["path"].(string)}] = e
	}
	worst, compared, errors := 0.0, 0, map[string][]float64{}
	for i := range s.Endpoints {
		e := &s.Endpoints[i]
		want := known[[2]string{e.Key.Method, e.Key.Path}]
		if want == nil {
			continue
		}
		compared++
		differ := func(got float64, name string) float64 { return math.Abs(got/want[name].(float64) - 1) }
		worst = max(worst, differ(*e.ErrorRate, "error_rate_5xx"))
		for name, q := range map[string]*redpoll.Estimate{"p50": e.P50, "p95": e.P95, "p99": e.P99} {
			worst = max(worst, differ(q.Value, "hist_"+name))
			errors[name] = append(errors[name], differ(q.Value, "exact_"+name))
		}
	}
	if compared != len(known)*len(s.Targets) {
		b.Fatalf("%d endpoints of %d targets, want %d of each", compared, len(s.Targets), len(known))
	}
	if estimate == Linear {
		if worst > 1e-9 {
			b.Errorf("a figure is off by %g of what its buckets say", worst)
		}
		b.ReportMetric(1e15*worst, "worst-to-hist-e-15")
	}
	for name, list := range errors {
		median, _ := redpoll.Median(list)
		b.ReportMetric(100*median, name+"-%-off-exact")
	}
}

func get(b *testing.B, url string, to any) {
	b.Helper()
	response, err := http.Get(url)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(to); err != nil {
		b.Fatal(err)
	}
}
