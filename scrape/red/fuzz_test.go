package red

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// FuzzDeriveNeverInventsFigures feeds three arbitrary bodies: whatever they
// say, figures are finite, not negative, and no more fails than is requested.
func FuzzDeriveNeverInventsFigures(f *testing.F) {
	f.Add([]byte(latency(1, 2, 3)), []byte(latency(4, 6, 9)), []byte(latency(2, 1, 0)))
	f.Add([]byte(requests(200, 1)), []byte(requests(200, 1e300, 500, 2)), []byte(requests(500, 1)))
	f.Add([]byte(started(1)+histogramType+histogram("http_request_duration_seconds", `path="/a"`, 0, 0, 0)),
		[]byte(started(9)+histogramType+histogram("http_request_duration_seconds", `path="/a"`, 1, 1, 1)+requests(500, 3)),
		[]byte(started(3)))
	f.Add([]byte(histogramType+"http_request_duration_seconds_bucket{path=\"a\",le=\"-1\"} 1\nhttp_request_duration_seconds_count{path=\"a\"} 2\n"),
		[]byte(histogramType+"http_request_duration_seconds_bucket{path=\"a\",le=\"-1\"} 5\nhttp_request_duration_seconds_count{path=\"a\"} 9\n"),
		[]byte(histogramType+"http_request_duration_seconds_sum{path=\"a\"} 1e308\nhttp_request_duration_seconds_count{path=\"a\"} 12\n"))
	f.Add([]byte(unknown("acme_request_duration_ms", `route="/a",status="x"`, 1)), []byte(unknown("acme_request_duration_ms", `shard="{"`, 1)),
		[]byte(unknown("kong_request_latency_ms", `route="a: [b"`, 1)))
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		reader := newReader(nil)
		d := NewDeriver(Options{MaxEndpoints: 4, MetricsPath: "/metrics"})
		for i, body := range [][]byte{a, b, c} {
			scraped, err := readBody(reader, body, "")
			if err != nil {
				continue
			}
			derived := d.Derive(scraped, epoch.Add(time.Duration(i)*time.Second))
			if len(derived.Endpoints) > 5 {
				t.Errorf("%d endpoints, the limit is 4 and one for the rest", len(derived.Endpoints))
			}
			for _, e := range derived.Endpoints {
				if e.Known {
					checkIncrease(t, e)
				}
			}
			checkAdvice(t, derived)
		}
	})
}

// checkAdvice: what is advised can be pasted into a configuration.
func checkAdvice(t *testing.T, d *Derived) {
	for _, a := range d.Advice {
		var job struct {
			Endpoints []Convention `yaml:"endpoints"`
		}
		if err := yaml.Unmarshal([]byte(a.YAML), &job); err != nil {
			t.Errorf("%v in\n%s", err, a.YAML)
		}
		for i := range job.Endpoints {
			if err := job.Endpoints[i].Validate(); err != nil {
				t.Errorf("%v in\n%s", err, a.YAML)
			}
		}
	}
}

func checkIncrease(t *testing.T, e *Endpoint) {
	in := &e.Increase
	if in.Errors > in.Requests {
		t.Errorf("%q: %d errors of %d requests", e.Path, in.Errors, in.Requests)
	}
	if in.Latency != nil && !e.counted && in.Latency.Count() != in.Requests {
		t.Errorf("%q: %d durations of %d requests", e.Path, in.Latency.Count(), in.Requests)
	}
	below := 0.0
	for _, q := range []float64{.5, .95, .99} {
		if v := in.Quantile(q).Seconds(); v != nil {
			if !(*v >= below) || math.IsInf(*v, 0) {
				t.Errorf("%q: the %v-quantile is %v, a lower one is %v", e.Path, q, *v, below)
			}
			below = *v
		}
	}
	for _, v := range []*float64{in.Mean(), in.ErrorRate(), in.Throughput()} {
		if v != nil && !(*v >= 0 && !math.IsInf(*v, 0)) {
			t.Errorf("%q: a figure is %v", e.Path, *v)
		}
	}
}

// FuzzAnySplitOverInstancesGivesTheSameFigures deals requests out to two
// instances, in whose scrapes they may fall into either interval and which may
// restart in between, and compares with one instance that served them all.
func FuzzAnySplitOverInstancesGivesTheSameFigures(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 200, 201, 202})
	f.Add([]byte{255, 254, 7, 7, 7})
	f.Fuzz(func(t *testing.T, deal []byte) {
		if len(deal) > 500 {
			return
		}
		var whole, first, second app
		want, one, two := newTarget(t, Options{}), newTarget(t, Options{}), newTarget(t, Options{})
		targets, apps := []*target{want, one, two}, []*app{&whole, &first, &second}
		total := make([]redpoll.Increase, len(targets))
		for i, s := range targets {
			s.scrape(apps[i].body())
		}
		for round := range 2 {
			for i, b := range deal {
				if i%2 == round {
					whole.serve(b)
					apps[1+int(b>>5)%2].serve(b)
				}
			}
			for i, s := range targets {
				for _, e := range s.scrape(apps[i].body()).Endpoints {
					total[i].Append(e.Increase)
				}
			}
			first = app{start: 100} // restarts after it was scraped
		}
		total[1].Merge(total[2])
		compareIncreases(t, &total[0], &total[1])
	})
}

func compareIncreases(t *testing.T, want, got *redpoll.Increase) {
	if want.Requests != got.Requests || want.Errors != got.Errors {
		t.Errorf("%d requests, %d errors; want %d, %d", got.Requests, got.Errors, want.Requests, want.Errors)
	}
	for _, q := range []float64{0, .5, .95, .99, 1} {
		a, b := want.Quantile(q), got.Quantile(q)
		if (a == nil) != (b == nil) || a != nil && *a != *b {
			t.Errorf("the %v-quantile is %s, want %s", q, number(b.Seconds()), number(a.Seconds()))
		}
	}
}

// app is an application with one endpoint, two status codes and three buckets.
type app struct {
	start  float64
	counts [2][3]int
}

// serve handles one request: two bits choose the bucket, one the status.
func (a *app) serve(b byte) {
	a.counts[(b>>2)&1][int(b&3)%3]++
}

func (a *app) body() string {
	var b strings.Builder
	b.WriteString(started(1+a.start) + histogramType)
	for i, code := range []string{"200", "500"} {
		c := a.counts[i]
		b.WriteString(histogram("http_request_duration_seconds", fmt.Sprintf("path=\"/a\",code=%q", code), c[0], c[0]+c[1], c[0]+c[1]+c[2]))
	}
	return b.String()
}
