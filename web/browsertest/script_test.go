package browsertest

import (
	"fmt"
	"hash/fnv"
	"math"
	"net/url"
	"strconv"
	"time"
)

// endpoint has figures that sway around a base, so that charts look like
// something and two runs draw the same.
type endpoint struct {
	job, method, path string
	p95               float64 // ms; the other quantiles follow from it
	errors            float64 // %
	throughput        float64 // 1/s
	noData            string  // the reason why there are no figures
	// incidents multiply the latency and add errors for a while.
	incidents []incident
}

type incident struct {
	from, to time.Time // zero to: it lasts
	slower   float64
	errors   float64 // %
}

func (e *endpoint) seed() float64 {
	h := fnv.New32a()
	fmt.Fprint(h, e.job, e.method, e.path)
	return float64(h.Sum32()%10_000) / 10_000
}

// noise is between -1 and 1, the same for the same endpoint, series and time.
func (e *endpoint) noise(series int, at time.Time) float64 {
	x := e.seed()*1000 + float64(series)*77.7 + float64(at.Unix()/5)
	return math.Sin(x*12.9898) * math.Cos(x*4.1414)
}

// figures at a time, as the wire has them; nil where there are none.
func (e *endpoint) figures(at time.Time) object {
	o := object{"p50": nil, "p95": nil, "p99": nil, "errorRate": nil, "throughput": nil, "requests": 0}
	if e.noData != "" {
		return o
	}
	slower, errors := 1.0, e.errors
	for _, in := range e.incidents {
		if at.After(in.from) && (in.to.IsZero() || at.Before(in.to)) {
			slower *= in.slower
			errors += in.errors
		}
	}
	daily := 1 + 0.25*math.Sin(float64(at.Unix())/120+e.seed()*6)
	p95 := e.p95 * slower * (1 + 0.12*e.noise(1, at))
	o["p50"] = p95 * 0.31 * (1 + 0.05*e.noise(2, at))
	o["p95"] = p95
	o["p99"] = p95 * 1.8 * (1 + 0.2*e.noise(3, at))
	o["errorRate"] = math.Max(0, errors*(1+0.2*e.noise(4, at)))
	o["throughput"] = e.throughput * daily * (1 + 0.06*e.noise(5, at))
	o["requests"] = int(e.throughput * 5)
	return o
}

// still freezes the figures: what the test sets is what the page shows.
func (e *endpoint) still() object {
	o := e.figures(time.Unix(0, 0))
	if e.noData == "" {
		o["p50"], o["p95"], o["p99"] = e.p95/2, e.p95, e.p95*2
		o["errorRate"], o["throughput"] = e.errors, e.throughput
	}
	return o
}

// total adds up what endpoints show at one time, errors weighed by requests.
type total struct{ throughput, failing float64 }

func (t *total) add(figures object) {
	if rate, ok := figures["throughput"].(float64); ok {
		t.throughput += rate
		t.failing += rate * figures["errorRate"].(float64)
	}
}

// errorRate is in percent; nil without requests.
func (t *total) errorRate() any {
	if t.throughput == 0 {
		return nil
	}
	return t.failing / t.throughput
}

func (s *script) snapshot() object {
	var sum total
	list := make([]object, 0, len(s.endpoints))
	for i := range s.endpoints {
		e := &s.endpoints[i]
		o := e.figures(s.now)
		if s.interval >= time.Minute {
			o = e.still()
		}
		o["job"], o["method"], o["path"], o["instances"] = e.job, e.method, e.path, 2
		if e.noData != "" {
			o["noData"] = e.noData
		}
		list = append(list, o)
		sum.add(o)
	}
	health := map[any]int{}
	for _, t := range s.targets {
		health[t["health"]]++
	}
	return object{
		"timestamp": s.now.UnixMilli(), "interval": s.interval.Milliseconds(), "endpoints": list,
		"total":   object{"throughput": sum.throughput, "errorRate": sum.errorRate()},
		"cdn":     object{"bandwidth": nil, "cacheHitRatio": nil, "storage": nil},
		"system":  object{"uptime": nil, "memory": nil, "cpu": nil, "source": ""},
		"targets": object{"up": health["up"], "unknown": health["unknown"], "total": len(s.targets)},
	}
}

func (s *script) history(q url.Values) object {
	start, end, step := integer(q, "start"), integer(q, "end"), integer(q, "step")
	e := s.find(q)
	o := object{"job": e.job, "method": e.method, "path": e.path, "start": start, "end": end, "step": step}
	columns := map[string][]any{}
	times := []int64{}
	for t := start / step * step; t < end-s.historyLag.Milliseconds(); t += step {
		times = append(times, t)
		for name, value := range e.figures(time.UnixMilli(t)) {
			columns[name] = append(columns[name], value)
		}
	}
	o["timestamps"] = times
	for name, column := range columns {
		o[name] = column
	}
	return o
}

func integer(q url.Values, name string) int64 {
	n, _ := strconv.ParseInt(q.Get(name), 10, 64) // a test's own request; 0 shows at once
	return n
}

func (s *script) find(q url.Values) *endpoint {
	for i := range s.endpoints {
		e := &s.endpoints[i]
		if e.job == q.Get("job") && e.method == q.Get("method") && e.path == q.Get("path") {
			return e
		}
	}
	return &endpoint{noData: "unknown"}
}

func (s *script) trend() object {
	const length = 60
	times := make([]int64, length)
	var sums [length]total
	list := make([]object, len(s.endpoints))
	for i := range s.endpoints {
		e := &s.endpoints[i]
		p95 := make([]any, length)
		for k := range length {
			at := s.now.Add(-time.Duration(length-1-k) * s.interval)
			times[k] = at.UnixMilli()
			f := e.figures(at)
			p95[k] = f["p95"]
			sums[k].add(f)
		}
		list[i] = object{"job": e.job, "method": e.method, "path": e.path, "p95": p95}
	}
	var throughput, errorRate [length]any
	for k := range sums {
		throughput[k], errorRate[k] = sums[k].throughput, sums[k].errorRate()
	}
	return object{"timestamps": times, "throughput": throughput, "errorRate": errorRate, "endpoints": list}
}

// alertsOf lists the active alerts and those of the past, of one endpoint if
// the query names one.
func (s *script) alertsOf(q url.Values) []object {
	list := []object{}
	for _, alerts := range [][]object{s.alerts, s.past} {
		for _, a := range alerts {
			if !q.Has("path") || a["job"] == q.Get("job") && a["method"] == q.Get("method") && a["path"] == q.Get("path") {
				list = append(list, a)
			}
		}
	}
	return list
}

// alert is one that fires at an endpoint since a time.
func alert(id string, e *endpoint, kind, severity string, value, threshold float64, since time.Time) object {
	unit := "ms"
	if kind == "error_rate" || kind == "latency_spike" {
		unit = "%"
	}
	return object{
		"id": id, "type": kind, "rule": "rule-" + kind, "severity": severity, "state": "firing",
		"value": value, "peak": value, "threshold": threshold, "baseline": nil, "unit": unit, "direction": "above",
		"job": e.job, "method": e.method, "path": e.path, "labels": object{},
		"annotations": object{"summary": fmt.Sprintf("%s %s is over its limit", e.method, e.path)},
		"since":       since.UnixMilli(), "firedAt": since.UnixMilli(), "resolvedAt": nil, "updatedAt": since.UnixMilli(),
	}
}

// with copies an object with some members changed.
func with(o object, changes object) object {
	c := object{}
	for _, from := range []object{o, changes} {
		for k, v := range from {
			c[k] = v
		}
	}
	return c
}

func target(job, instance, health, problem string, now time.Time) object {
	o := object{
		"job": job, "instance": instance, "url": "http://" + instance + "/metrics", "labels": object{"job": job, "instance": instance},
		"health": health, "error": problem, "lastScrape": now.UnixMilli(), "lastDuration": 12.4, "interval": 5000, "timeout": 4000,
		"samples": 4240, "skipped": 0, "skippedReason": "", "bytes": 482_113, "started": nil, "restarts": 0,
		"recognised": []object{{"convention": "client_golang", "family": "http_request_duration_seconds", "kind": "histogram", "endpoints": 20, "guess": false, "note": ""}},
		"ignored":    []object{},
		"advice":     []object{},
	}
	if health != "up" {
		o["samples"], o["bytes"], o["recognised"] = 0, 0, []object{}
	}
	return o
}

var (
	jobs      = []string{"payments", "catalog", "gateway", "accounts", "checkout", "search", "shipping", "media"}
	resources = []string{"orders", "carts/{id}", "products", "sessions", "users/{id}/labels", "shipments", "quotes/{id}/stock", "webhooks/search", "coupons", "reviews/search", "invoices", "addresses/{id}", "images/{id}/thumbnail"}
	methods   = []string{"GET", "POST", "PUT", "DELETE", "PATCH"}
)

// fleet makes n endpoints with believable names and figures, all healthy
// under the default thresholds.
func fleet(n int) []endpoint {
	list := make([]endpoint, n)
	for i := range list {
		e := endpoint{
			job:    jobs[i%len(jobs)],
			method: methods[(i/3)%len(methods)],
			path:   fmt.Sprintf("/api/v%d/%s", 1+i/(len(resources)*len(jobs)), resources[i%len(resources)]),
		}
		seed := e.seed()
		e.p95 = 8 + 180*seed*seed
		e.errors = math.Max(0, 0.5*seed-0.2)
		e.throughput = 0.5 + 60*math.Pow(seed, 4)
		list[i] = e
	}
	return list
}
