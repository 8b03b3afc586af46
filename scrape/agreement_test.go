package scrape

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// Prometheus and redpoll scrape the same two states of the same instances; what
// histogram_quantile and a ratio of counters give must be redpoll's figures.
func TestCanaryFiguresAgreeWithPrometheus(t *testing.T) {
	fleet := newFleet(3, 20)
	var addresses []string
	for i := range fleet.instances {
		addresses = append(addresses, serve(t, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(fleet.instances[i][fleet.state.Load()])
		}))
	}
	p := startPrometheus(t, addresses)
	m := idle(t, jobConfig(t, nil, addresses...))
	scrape := func() (known time.Time) {
		known = p.await(fmt.Sprintf("sum(http_request_duration_seconds_count) == %d", fleet.total[fleet.state.Load()]))
		for _, target := range m.jobs[0].targets {
			target.scrape(t.Context())
		}
		return known
	}
	first := scrape()
	fleet.state.Store(1)
	second := scrape()
	s := m.Snapshot(time.Now(), every)

	increase := func(series string) string {
		return fmt.Sprintf("(%s - %s @ %.3f)", series, series, float64(first.UnixMilli())/1000)
	}
	compare := func(name, query string, figure func(*redpoll.EndpointMetrics) *float64) {
		t.Helper()
		want := p.query(query, second)
		if len(want) != len(s.Endpoints) || len(want) < 20 {
			t.Fatalf("%s: Prometheus has %d endpoints, redpoll %d", name, len(want), len(s.Endpoints))
		}
		for i := range s.Endpoints {
			e := &s.Endpoints[i]
			got, want := figure(e), want[e.Key.Path]
			if got == nil || math.Abs(*got-want) > 1e-9*want {
				t.Errorf("%s of %s is %v, want %v", name, e.Key.Path, number(got), want)
			}
		}
	}
	for _, q := range []float64{.5, .9, .95, .99, .999} {
		compare(fmt.Sprintf("the %v-quantile", q),
			fmt.Sprintf("histogram_quantile(%v, sum by (path, le) %s)", q, increase("http_request_duration_seconds_bucket")),
			func(e *redpoll.EndpointMetrics) *float64 { return e.Quantile(q).Seconds() })
	}
	share := func(codes string) string {
		return fmt.Sprintf("sum by (path) %s / sum by (path) %s",
			increase(`http_request_duration_seconds_count{code=~"`+codes+`"}`), increase("http_request_duration_seconds_count"))
	}
	compare("the error rate", share("5.."), func(e *redpoll.EndpointMetrics) *float64 { return e.ErrorRate })
	compare("the share of 4xx", share("4.."), func(e *redpoll.EndpointMetrics) *float64 { return e.ClientErrorRate })
	compare("the mean", fmt.Sprintf("sum by (path) %s / sum by (path) %s",
		increase("http_request_duration_seconds_sum"), increase("http_request_duration_seconds_count")),
		func(e *redpoll.EndpointMetrics) *float64 { return e.Mean })
}

func number(v *float64) any {
	if v == nil {
		return "none"
	}
	return *v
}

// fleet are instances with two states each.
type fleet struct {
	instances [][2][]byte
	total     [2]uint64 // requests over all instances
	state     atomic.Int32
}

func newFleet(instances, endpoints int) *fleet {
	r := rand.New(rand.NewPCG(11, 12))
	bounds := []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	f := &fleet{instances: make([][2][]byte, instances)}
	for i := range f.instances {
		counts := make([]uint64, endpoints*3*(len(bounds)+1))
		sums := make([]float64, endpoints*3)
		for state := range 2 {
			for c := range counts {
				counts[c] += r.Uint64N(100_000) >> r.IntN(16)
			}
			for j := range sums {
				sums[j] += 1000 * r.Float64()
			}
			f.instances[i][state] = exposeFleet(bounds, counts, sums)
			for _, n := range counts {
				f.total[state] += n
			}
		}
	}
	return f
}

// exposeFleet writes a histogram for every endpoint and each of three codes.
func exposeFleet(bounds []float64, counts []uint64, sums []float64) []byte {
	var b strings.Builder
	b.WriteString("# TYPE http_request_duration_seconds histogram\n")
	for j, sum := range sums {
		labels := fmt.Sprintf("path=\"/p%c\",code=%q", 'a'+j/3, []string{"200", "404", "503"}[j%3])
		var below uint64
		for k, n := range counts[j*(len(bounds)+1) : (j+1)*(len(bounds)+1)] {
			below += n
			le := "+Inf"
			if k < len(bounds) {
				le = strconv.FormatFloat(bounds[k], 'g', -1, 64)
			}
			fmt.Fprintf(&b, "http_request_duration_seconds_bucket{%s,le=%q} %d\n", labels, le, below)
		}
		fmt.Fprintf(&b, "http_request_duration_seconds_sum{%s} %v\nhttp_request_duration_seconds_count{%s} %d\n", labels, sum, labels, below)
	}
	return []byte(b.String())
}

// realPrometheus is a running Prometheus server.
type realPrometheus struct {
	t       *testing.T
	address string
}

func startPrometheus(t *testing.T, targets []string) *realPrometheus {
	t.Helper()
	address, data := freeAddress(t), t.TempDir()
	file := filepath.Join(data, "prometheus.yml")
	list, err := json.Marshal(targets) // which is YAML, too
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("global: {scrape_interval: 200ms, scrape_timeout: 200ms}\nscrape_configs: [{job_name: shop, static_configs: [{targets: %s}]}]\n", list)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	exporter(t, "http://"+address+"/-/ready", "prometheus", "--config.file="+file, "--storage.tsdb.path="+data, "--web.listen-address="+address)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return &realPrometheus{t: t, address: address}
}

// query evaluates at a time, and gives the values by the label path.
func (p *realPrometheus) query(text string, at time.Time) map[string]float64 {
	p.t.Helper()
	parameters := url.Values{"query": {text}, "time": {fmt.Sprintf("%.3f", float64(at.UnixMilli())/1000)}}
	response, err := http.Get("http://" + p.address + "/api/v1/query?" + parameters.Encode())
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Error string
		Data  struct {
			Result []struct {
				Metric struct{ Path string }
				Value  [2]any
			}
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.Error != "" {
		p.t.Fatalf("%s: %v %s", text, err, answer.Error)
	}
	values := make(map[string]float64)
	for _, r := range answer.Data.Result {
		v, err := strconv.ParseFloat(fmt.Sprint(r.Value[1]), 64)
		if err != nil {
			p.t.Fatal(err)
		}
		values[r.Metric.Path] = v
	}
	return values
}

// await asks until the condition gives something, and says when that was. At
// another time a scrape may have taken too long, and its series be gone.
func (p *realPrometheus) await(condition string) (held time.Time) {
	p.t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(time.Minute)
	for {
		if now := time.Now(); len(p.query(condition, now)) > 0 {
			return now
		}
		select {
		case <-ticker.C:
		case <-deadline:
			p.t.Fatalf("Prometheus never saw %s", condition)
		}
	}
}
