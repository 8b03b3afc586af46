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
	durations := d.adviceOnDurations(listed)
	for _, f := range d.used() {
		if a := d.adviceOnErrors(f, listed); a.Text != "" {
			list = append(list, a)
		}
		text := adviceOnBuckets(f)
		if f.kind() == aCounter && len(durations) == 0 {
			text = d.adviceOnCounter(f)
		}
		if text != "" {
			list = append(list, redpoll.Advice{Text: text})
		}
	}
	if a := d.words.advice(); a.Text != "" {
		list = append(list, a)
	}
	return append(list, durations...)
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
	if !d.exclusive {
		return redpoll.Advice{Text: d.faultOfMapping(listed)}
	}
	pathless := func(f exposition.Family) bool { return len(d.now.pathless) > 0 && f.Name == d.now.pathless[0] }
	if at := slices.IndexFunc(listed, pathless); at >= 0 {
		c, how := mappingFor(&listed[at])
		return redpoll.Advice{
			Text: fmt.Sprintf("no endpoints found: %s has no label that names the path. Add a label path to it in the application, or map it%s:", c.Family, how),
			YAML: mappingOf(c),
		}
	}
	a := redpoll.Advice{Text: "no request metrics found: add a histogram http_request_duration_seconds with labels path, method and code to the application"}
	if at := slices.IndexFunc(listed, mayBeMapped); at >= 0 {
		c, how := mappingFor(&listed[at])
		a.Text += fmt.Sprintf("; or map your own, such as %s if it has the durations of requests%s:", c.Family, how)
		a.YAML = mappingOf(c)
		return a
	}
	a.Text += ", or map your own under endpoints:"
	return a
}

// allRequests is the path of a family that does not tell requests apart.
const allRequests = "(all requests)"

// mappingFor maps a family by those of its labels that the general rule knows;
// how says what is left to do, to be added to a text. Where none of the labels
// is known to name a path, all its requests are one endpoint.
func mappingFor(f *exposition.Family) (c Convention, how string) {
	rule := builtIn().general
	c = Convention{
		Family: clip(f.Name), Path: rule.Path.among(f.Labels), Method: rule.Method.among(f.Labels),
		Status: rule.Status.among(f.Labels), Exception: rule.Exception.among(f.Labels),
	}
	c.Unit, _ = unitOf(f.Name)
	if f.Type != exposition.HistogramType && f.Type != exposition.SummaryType {
		c.Kind = Requests
	}
	switch {
	case len(c.Path) > 0:
	case len(f.Labels) == 0:
		c.Path, how = LabelNames{allRequests}, " as one endpoint, as it has no labels"
	default:
		c.Path = LabelNames{allRequests}
		how = fmt.Sprintf(" as one endpoint, or write a label that tells requests apart in place of %q (%.200s)", allRequests, strings.Join(f.Labels, ", "))
	}
	return c, how
}

// mayBeMapped reports whether a family looks like durations, if not like those
// of requests.
func mayBeMapped(f exposition.Family) bool {
	_, hasUnit := unitOf(f.Name)
	return f.Type == exposition.HistogramType && (hasUnit || mentionsAny(f.Name, durationWords)) && !mentionsAny(f.Name, otherWork)
}

// adviceOnErrors says how to get error rates; its text is empty if there are.
func (d *Deriver) adviceOnErrors(f *family, listed []exposition.Family) redpoll.Advice {
	if f.now.status || f.now.joined || f.now.endpoints == 0 {
		return redpoll.Advice{}
	}
	if fault := d.faultOfErrorsFrom(f, listed); fault != "" {
		return redpoll.Advice{Text: fault}
	}
	text := fmt.Sprintf("error rates are unknown: %s has no label with the status. Add one in the application, such as code", f.name)
	if e := f.convention.ErrorsFrom; e != nil && !strings.Contains(e.Family, "*") {
		text += fmt.Sprintf(", or have it expose the counter %s with the same labels and the status", e.Family)
	}
	c := f.asFound()
	for i := range listed {
		if c.ErrorsFrom = errorsFrom(&listed[i], &c); c.ErrorsFrom != nil && listed[i].Name != f.name {
			return redpoll.Advice{
				Text: fmt.Sprintf("%s. If %s counts the same requests, its labels for path and method included, take errors from it:", text, c.ErrorsFrom.Family),
				YAML: mappingOf(c),
			}
		}
	}
	return redpoll.Advice{Text: text + "."}
}

// errorsFrom is how the statuses of requests may be taken from a family; nil if
// it does not look like a counter of requests, or lacks a label for the status
// or one for the path.
func errorsFrom(f *exposition.Family, durations *Convention) *ErrorsFrom {
	if !mayCountRequests(f) {
		return nil
	}
	rule := builtIn().general
	e := &ErrorsFrom{Family: clip(f.Name), Status: rule.Status.among(f.Labels)}
	if len(durations.Path.among(f.Labels)) == 0 {
		e.Path = rule.Path.among(f.Labels)
	}
	if len(durations.Method.among(f.Labels)) == 0 {
		e.Method = rule.Method.among(f.Labels)
	}
	if len(e.Status) == 0 || len(e.Path) == 0 && len(durations.Path.among(f.Labels)) == 0 {
		return nil
	}
	return e
}

// mayCountRequests reports whether a family looks like a counter of requests to
// the application.
func mayCountRequests(f *exposition.Family) bool {
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
	}
	return ""
}

// adviceOnCounter says how to get latencies where requests are only counted;
// empty if others have them, or if it was the job's owner who chose the counter.
func (d *Deriver) adviceOnCounter(f *family) string {
	if !f.now.chosen || !d.exclusive || f.convention.PathIsMetricsPath {
		return ""
	}
	how := f.convention.Buckets
	switch {
	case how != "":
	case f.convention.Traffic == HTTP:
		how = "add a histogram http_request_duration_seconds with the same labels to the application"
	default:
		how = "add a histogram of the durations with the same labels to the application"
	}
	return fmt.Sprintf("latencies are unknown: %s is a counter. To have them: %s.", f.name, how)
}

// adviceOnDurations is for a target of which only counters are known, while a
// family that no convention names may have the durations.
func (d *Deriver) adviceOnDurations(listed []exposition.Family) (list []redpoll.Advice) {
	best := d.now.best[purpose{traffic: HTTP}]
	if best == nil || !best.now.chosen || best.convention.Kind != Requests || !d.exclusive {
		return nil
	}
	for _, f := range d.families {
		if !f.guess || !f.now.present {
			continue
		}
		c := f.asFound()
		counter := best.asFound()
		c.ErrorsFrom = &ErrorsFrom{Family: best.name, Path: counter.Path, Method: counter.Method, Status: counter.Status}
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
		Path: c.Path.among(f.labels), Method: c.Method.among(f.labels), Status: c.Status.among(f.labels), Exception: c.Exception.among(f.labels),
	}
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
