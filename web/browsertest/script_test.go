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
	clientErrors      float64 // %
	throughput        float64 // 1/s
	own               bool    // the quantiles are the application's own
	meanOnly          bool    // no buckets are exposed
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
	o := object{"p50": nil, "p95": nil, "p99": nil, "mean": nil, "errorRate": nil, "clientErrorRate": nil, "throughput": nil, "requests": 0}
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
	e.estimate(o, p95*0.31*(1+0.05*e.noise(2, at)), p95, p95*1.8*(1+0.2*e.noise(3, at)))
	o["clientErrorRate"] = e.clientErrors * (1 + 0.3*e.noise(6, at))
	o["errorRate"] = math.Max(0, errors*(1+0.2*e.noise(4, at)))
	o["throughput"] = e.throughput * daily * (1 + 0.06*e.noise(5, at))
	o["requests"] = int(e.throughput * 5)
	return o
}

// buckets are the finite upper bounds of everybody's histograms, in ms.
var buckets = []float64{5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000}

var quantiles = [3]string{"p50", "p95", "p99"}

// estimate sets the mean, and the quantiles with the buckets that they lie in.
func (e *endpoint) estimate(o object, values ...float64) {
	o["mean"] = values[0] * 1.25
	if e.meanOnly {
		return
	}
	var ranges [3]any
	for i, v := range values {
		ranges[i] = []any{v, v}
		if !e.own {
			v, ranges[i] = inBucket(v)
		}
		o[quantiles[i]] = v
	}
	o["ranges"] = ranges
	if e.own {
		o["own"] = true
	}
}

// inBucket is the value as a histogram tells it, and the bounds around it.
func inBucket(v float64) (value float64, bounds []any) {
	lower := 0.0
	for _, upper := range buckets {
		if v <= upper {
			return v, []any{lower, upper}
		}
		lower = upper
	}
	return lower, []any{lower, nil}
}

// still freezes the figures: what the test sets is what the page shows.
func (e *endpoint) still() object {
	o := e.figures(time.Unix(0, 0))
	if e.noData == "" {
		e.estimate(o, e.p95/2, e.p95, e.p95*2)
		o["errorRate"], o["clientErrorRate"], o["throughput"] = e.errors, e.clientErrors, e.throughput
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
		o["job"], o["method"], o["path"], o["instances"] = e.job, e.method, e.path, max(2, s.instances)
		if e.noData != "" {
			o["noData"] = e.noData
		}
		list = append(list, o)
		sum.add(o)
	}
	health := map[any]int{}
	warned := 0
	for _, t := range s.targets {
		health[t["health"]]++
		if warnings, _ := t["warnings"].([]string); len(warnings) > 0 {
			warned++
		}
	}
	o := object{
		"timestamp": s.now.UnixMilli(), "interval": s.interval.Milliseconds(), "endpoints": list,
		"total":   object{"throughput": sum.throughput, "errorRate": sum.errorRate()},
		"cdn":     object{"bandwidth": nil, "cacheHitRatio": nil, "storage": nil},
		"system":  object{"uptime": nil, "memory": nil, "cpu": nil, "source": ""},
		"targets": object{"up": health["up"], "unknown": health["unknown"], "total": len(s.targets), "warning": warned},
	}
	if len(s.fresh) > 0 {
		o["marks"] = s.fresh
	}
	return o
}

func (s *script) history(q url.Values) object {
	start, end, step := integer(q, "start"), integer(q, "end"), integer(q, "step")
	e := s.find(q)
	o := object{"job": e.job, "method": e.method, "path": e.path, "start": start, "end": end, "step": step}
	columns := map[string][]any{}
	times := []int64{}
	for t := start / step * step; t < end-s.historyLag.Milliseconds(); t += step {
		times = append(times, t)
		for name, value := range bounded(e.figures(time.UnixMilli(t))) {
			columns[name] = append(columns[name], value)
		}
	}
	o["timestamps"] = times
	for name, column := range columns {
		o[name] = column
	}
	return o
}

// bounded are figures as history has them: with the ranges as columns, and
// without quantiles that are the application's own.
func bounded(o object) object {
	ranges, _ := o["ranges"].([3]any)
	for i, name := range quantiles {
		bounds, _ := ranges[i].([]any)
		if o["own"] != nil || bounds == nil {
			o[name], bounds = nil, []any{nil, nil}
		}
		o[name+"Lower"], o[name+"Upper"] = bounds[0], bounds[1]
	}
	delete(o, "ranges")
	delete(o, "own")
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

// marksOf lists the marks of a job and a time, newest first.
func (s *script) marksOf(q url.Values) []object {
	list := []object{}
	for _, m := range s.marks {
		at := m["timestamp"].(int64)
		if m["job"] == q.Get("job") && at >= integer(q, "start") && at < integer(q, "end") {
			list = append([]object{m}, list...)
		}
	}
	return list
}

func mark(at time.Time, job, instance, kind, text string) object {
	return object{"timestamp": at.UnixMilli(), "job": job, "instance": instance, "kind": kind, "text": text}
}

// instancesOf are n instances of which the second is slower than the others.
func (s *script) instancesOf(q url.Values) []object {
	list := []object{}
	for i := range s.instances {
		e := *s.find(q)
		if i == 1 {
			e.p95 *= 7
		}
		o := with(e.still(), object{"job": e.job, "method": e.method, "path": e.path, "instances": 1, "requests": 250})
		o["instance"] = fmt.Sprintf("10.0.4.%d:8080", i+1)
		list = append(list, o)
	}
	return list
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
	o := object{
		"id": id, "type": kind, "rule": "rule-" + kind, "severity": severity, "state": "firing",
		"value": value, "peak": value, "threshold": threshold, "baseline": nil, "unit": "%", "direction": "above",
		"job": e.job, "method": e.method, "path": e.path, "labels": object{},
		"annotations": object{"summary": fmt.Sprintf("%s %s is over its limit", e.method, e.path)},
		"since":       since.UnixMilli(), "firedAt": since.UnixMilli(), "resolvedAt": nil, "updatedAt": since.UnixMilli(),
	}
	if kind != "error_rate" && kind != "latency_spike" {
		_, bounds := inBucket(value)
		o["unit"], o["range"] = "ms", bounds
	}
	return o
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
		"id": job + "-" + instance, "pool": job, "job": job, "instance": instance, "url": "http://" + instance + "/metrics",
		"labels":     object{"job": job, "instance": instance},
		"discovered": object{"job": job, "__address__": instance, "__scheme__": "http", "__metrics_path__": "/metrics"},
		"health":     health, "error": problem, "warnings": []string{},
		"lastScrape": now.UnixMilli(), "lastDuration": 12.4, "durations": durations(job + instance), "interval": 5000, "timeout": 4000,
		"samples": 4240, "relabelled": 4180, "added": 3, "skipped": 0, "skippedReason": "", "bytes": 482_113, "started": nil, "restarts": 0,
		"recognised": []object{recognised("client_golang", "http_request_duration_seconds", "histogram", false, "")},
		"ignored":    []object{},
		"advice":     []object{},
	}
	if health != "up" {
		o["samples"], o["relabelled"], o["added"], o["bytes"], o["recognised"] = 0, 0, 0, 0, []object{}
	}
	return o
}

// durations are of sixty scrapes, in ms, that sway around 12 ms.
func durations(target string) []float64 {
	e := endpoint{path: target}
	list := make([]float64, 60)
	for i := range list {
		list[i] = 12.4 * (1 + 0.3*e.noise(1, time.Unix(int64(5*i), 0)))
	}
	return list
}

func recognised(convention, family, kind string, guess bool, note string) object {
	return object{"convention": convention, "family": family, "kind": kind, "endpoints": 20, "guess": guess, "note": note}
}

func rule(name string, advice ...object) object {
	return object{
		"name": name, "metric": "p95", "match": object{}, "direction": "above", "levels": []object{}, "unit": "ms", "for": 0,
		"minRequests": 0, "labels": object{}, "annotations": object{}, "default": false, "lastEvaluation": nil, "duration": 0,
		"active": object{}, "note": "", "advice": append([]object{}, advice...),
	}
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
