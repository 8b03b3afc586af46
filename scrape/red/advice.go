package red

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// advice says what is missing, the most important first.
func (d *Deriver) advice(listed []exposition.Family) (list []redpoll.Advice) {
	if !d.result.Useful {
		return []redpoll.Advice{d.adviceOnNothing(listed)}
	}
	for _, f := range d.used() {
		if f.guess {
			list = append(list, redpoll.Advice{
				Text: f.name + " was found by its name and labels alone. If the endpoints are right, confirm it so that it stays as it is; if not, correct it:",
				YAML: mappingOf(f.asFound()),
			})
		}
	}
	for _, f := range d.used() {
		if a := d.adviceOnErrors(f, listed); a.Text != "" {
			list = append(list, a)
		}
		if text := adviceOnBuckets(f); text != "" {
			list = append(list, redpoll.Advice{Text: text})
		}
	}
	if a := d.words.advice(); a.Text != "" {
		list = append(list, a)
	}
	return append(list, d.adviceOnDurations(listed)...)
}

// servesNobody reports whether no requests but redpoll's own are known. A
// machine's exporter is not expected to have others.
func (d *Deriver) servesNobody() bool {
	for _, f := range d.families {
		if f.now.chosen && !f.convention.PathIsMetricsPath {
			return false
		}
	}
	return d.result.System.Machine == Usage{}
}

// adviceOnNothing says how to get endpoints where there are none.
func (d *Deriver) adviceOnNothing(listed []exposition.Family) redpoll.Advice {
	switch {
	case !d.exclusive:
		return redpoll.Advice{Text: d.faultOfMapping()}
	case len(d.now.pathless) > 0:
		name := clip(d.now.pathless[0])
		unit, _ := unitOf(name)
		return redpoll.Advice{
			Text: fmt.Sprintf("no endpoints found: %s has no label that names the path. Add a label path to it in the application; or name a label that tells requests apart, or take them all for one endpoint:", name),
			YAML: mappingOf(Convention{Family: name, Kind: kindOf(name, listed), Unit: unit, Path: LabelNames{"(all requests)"}}),
		}
	}
	a := redpoll.Advice{Text: "no request metrics found: add a histogram http_request_duration_seconds with labels path, method and code to the application"}
	if candidate := slices.IndexFunc(listed, mayBeMapped); candidate >= 0 {
		name := clip(listed[candidate].Name)
		unit, _ := unitOf(name)
		a.Text += fmt.Sprintf("; or map your own, such as %s if it has the durations of requests, with its labels:", name)
		a.YAML = mappingOf(Convention{Family: name, Unit: unit, Path: LabelNames{"path"}, Method: LabelNames{"method"}, Status: LabelNames{"code"}})
		return a
	}
	a.Text += ", or map your own under endpoints:"
	return a
}

// faultOfMapping says why the job's own mappings find nothing.
func (d *Deriver) faultOfMapping() string {
	if len(d.now.pathless) > 0 {
		return fmt.Sprintf("no endpoints found: %s is there, but none of its series has a label that the job's endpoints name under path; compare them with what the target exposes", clip(d.now.pathless[0]))
	}
	families := make([]string, len(d.options.Conventions))
	for i := range families {
		families[i] = d.options.Conventions[i].Family
	}
	return fmt.Sprintf("no request metrics found: nothing fits the job's endpoints (%s); compare the names with what the target exposes", strings.Join(families, ", "))
}

// mayBeMapped reports whether a family looks like durations, if not like those
// of requests.
func mayBeMapped(f exposition.Family) bool {
	_, hasUnit := unitOf(f.Name)
	return f.Type == exposition.HistogramType && (hasUnit || mentionsAny(f.Name, durationWords)) && !mentionsAny(f.Name, otherWork)
}

// kindOf is the kind that a convention for one of the families needs.
func kindOf(family string, listed []exposition.Family) Kind {
	for i := range listed {
		if listed[i].Name == family && listed[i].Type != exposition.HistogramType && listed[i].Type != exposition.SummaryType {
			return Requests
		}
	}
	return Latency
}

// adviceOnErrors says how to get error rates; its text is empty if there are.
func (d *Deriver) adviceOnErrors(f *family, listed []exposition.Family) redpoll.Advice {
	if f.now.status || f.now.joined || f.now.endpoints == 0 {
		return redpoll.Advice{}
	}
	text := fmt.Sprintf("error rates are unknown: %s has no label with the status. Add one in the application, such as code", f.name)
	if e := f.convention.ErrorsFrom; e != nil && !strings.Contains(e.Family, "*") {
		text += fmt.Sprintf(", or have it expose the counter %s with the same labels and the status", e.Family)
	}
	counter := slices.IndexFunc(listed, mayCountRequests)
	if counter < 0 || listed[counter].Name == f.name {
		return redpoll.Advice{Text: text + "."}
	}
	c := f.asFound()
	c.ErrorsFrom = &ErrorsFrom{Family: clip(listed[counter].Name), Status: LabelNames{"code", "status"}}
	return redpoll.Advice{
		Text: fmt.Sprintf("%s. If %s counts the same requests, its labels for path and method included, take errors from it:", text, c.ErrorsFrom.Family),
		YAML: mappingOf(c),
	}
}

// mayCountRequests reports whether a family looks like a counter of requests to
// the application.
func mayCountRequests(f exposition.Family) bool {
	return f.Type == exposition.Counter && mentionsAny(f.Name, trafficWords) &&
		!mentionsAny(f.Name, otherWork) && !mentionsAny(f.Name, sizeWords) && !strings.HasPrefix(f.Name, "promhttp_")
}

// adviceOnBuckets says how to get quantiles that can be added up; empty if
// there are, or if the application cannot expose any.
func adviceOnBuckets(f *family) string {
	how := f.convention.Buckets
	switch f.kind() {
	case aCountAndSum:
		if how == "" {
			how = "expose it as a histogram"
		}
		return fmt.Sprintf("p50, p95 and p99 are unknown: %s has no buckets. To have them: %s.", f.name, how)
	case aSummary:
		if how == "" {
			how = "expose a histogram instead"
		}
		return fmt.Sprintf("%s is a summary, whose quantiles cannot be merged over series and instances. To have p50, p95 and p99 of every endpoint: %s.", f.name, how)
	case aCounter:
		if how != "" {
			return fmt.Sprintf("latencies are unknown: %s is a counter. To have them: %s.", f.name, how)
		}
	}
	return ""
}

// adviceOnDurations is for a target of which only counters are known, while a
// family that no convention names may have the durations.
func (d *Deriver) adviceOnDurations(listed []exposition.Family) (list []redpoll.Advice) {
	best := d.now.best[HTTP]
	if best == nil || !best.now.chosen || best.convention.Kind != Requests || !d.exclusive {
		return nil
	}
	for _, f := range d.families {
		if !f.guess || !f.now.present {
			continue
		}
		c := f.asFound()
		c.ErrorsFrom = &ErrorsFrom{Family: best.name, Path: best.convention.Path, Method: best.convention.Method, Status: best.convention.Status}
		list = append(list, redpoll.Advice{
			Text: fmt.Sprintf("%s may have the durations of the requests that %s counts. If it does, use both:", f.name, best.name),
			YAML: mappingOf(c),
		})
	}
	slices.SortFunc(list, func(a, b redpoll.Advice) int { return strings.Compare(a.Text, b.Text) })
	return list
}

// asFound is the family's convention with the labels that its series have.
func (f *family) asFound() Convention {
	c := f.convention
	return Convention{
		Family: f.name, Kind: c.Kind, Unit: c.Unit, Where: c.Where, HTTPRoute: c.HTTPRoute, GRPC: c.GRPC,
		Path: f.found(c.Path), Method: f.found(c.Method), Status: f.found(c.Status), Exception: f.found(c.Exception),
	}
}

// found are the alternatives of which the family has a label. {/name} says
// nothing more where name is the next.
func (f *family) found(names LabelNames) (list LabelNames) {
	for _, one := range names {
		isConstant := !isLabelName(one) && !strings.Contains(one, "{")
		if !isConstant && !slices.ContainsFunc(f.labels, LabelNames{one}.uses) {
			continue
		}
		if last := len(list) - 1; last >= 0 && list[last] == "{/"+one+"}" {
			list = list[:last]
		}
		list = append(list, one)
	}
	return list
}

// mappingOf is the YAML that makes c a job's own convention.
func mappingOf(c Convention) string {
	if c.Kind == Latency {
		c.Kind = ""
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(map[string][]Convention{"endpoints": {c}}); err != nil {
		return "" // cannot be: texts, lists and maps of them all have a form in YAML
	}
	return b.String()
}
