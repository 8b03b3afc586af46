package api

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

type prometheusRuleList struct {
	Groups []prometheusGroup `json:"groups"`
}

type prometheusGroup struct {
	Name           string           `json:"name"`
	File           string           `json:"file"`
	Rules          []prometheusRule `json:"rules"`
	Interval       float64          `json:"interval"`
	Limit          int              `json:"limit"`
	EvaluationTime float64          `json:"evaluationTime"`
	LastEvaluation time.Time        `json:"lastEvaluation"`
}

type prometheusRule struct {
	State          string            `json:"state"`
	Name           string            `json:"name"`
	Query          string            `json:"query"`
	Duration       float64           `json:"duration"`
	KeepFiringFor  float64           `json:"keepFiringFor"`
	Labels         map[string]string `json:"labels"`
	Annotations    map[string]string `json:"annotations"`
	Alerts         []prometheusAlert `json:"alerts"`
	Health         string            `json:"health"`
	LastError      string            `json:"lastError,omitempty"`
	EvaluationTime float64           `json:"evaluationTime"`
	LastEvaluation time.Time         `json:"lastEvaluation"`
	Type           string            `json:"type"`
}

// The groups that redpoll's rules are shown in, named as their sections of the
// configuration file are.
const (
	groupThresholds = "thresholds"
	groupRules      = "rules"
)

// prometheusRules answers /api/v1/rules with its parameters type, rule_name[],
// rule_group[] and exclude_alerts. A rule of redpoll with two severities is
// two rules of Prometheus, as it has to be written there.
func (a *API) prometheusRules(r *http.Request) (any, error) {
	query := r.URL.Query()
	list := prometheusRuleList{Groups: []prometheusGroup{}}
	kind := query.Get("type")
	if kind != "" && kind != "alert" && kind != "record" {
		return nil, badRequest("parameter %q is %s: choose alert or record", "type", quote(kind))
	}
	if kind == "record" { // redpoll has none
		return list, nil
	}
	without, _ := strconv.ParseBool(query.Get("exclude_alerts")) // as lenient as Prometheus
	rules, active := a.options.Rules.Rules(), a.options.Rules.Active()
	for _, name := range []string{groupThresholds, groupRules} {
		if !wanted(query["rule_group[]"], name) {
			continue
		}
		g := a.prometheusGroup(name, rules, active, query["rule_name[]"])
		if without {
			g.leaveOutAlerts()
		}
		if len(g.Rules) > 0 {
			list.Groups = append(list.Groups, g)
		}
	}
	return list, nil
}

func (g *prometheusGroup) leaveOutAlerts() {
	for i := range g.Rules {
		g.Rules[i].Alerts = []prometheusAlert{}
	}
}

func wanted(names []string, name string) bool {
	return len(names) == 0 || slices.Contains(names, name)
}

func (a *API) prometheusGroup(name string, rules []redpoll.RuleStatus, active []redpoll.Alert, names []string) prometheusGroup {
	g := prometheusGroup{Name: name, Rules: []prometheusRule{}}
	if t := a.hub.current.Load(); t != nil {
		g.Interval = t.snap.Interval.Seconds()
	}
	for i := range rules {
		r := &rules[i]
		if r.Default != (name == groupThresholds) || !wanted(names, r.Name) {
			continue
		}
		g.EvaluationTime += r.Duration.Seconds()
		if r.LastEvaluation.After(g.LastEvaluation) {
			g.LastEvaluation = r.LastEvaluation
		}
		for _, l := range r.Levels {
			g.Rules = append(g.Rules, toPrometheusRule(r, l, active))
		}
	}
	return g
}

func toPrometheusRule(r *redpoll.RuleStatus, l redpoll.Level, active []redpoll.Alert) prometheusRule {
	labels := map[string]string{"severity": string(l.Severity)}
	for name, value := range r.Labels {
		labels[name] = value
	}
	p := prometheusRule{
		Name: r.Name, Query: ruleExpression(r, l), Duration: r.For.Seconds(),
		Labels: labels, Annotations: orEmpty(r.Annotations), Alerts: []prometheusAlert{},
		State: string(redpoll.Inactive), Health: "ok",
		EvaluationTime: r.Duration.Seconds(), LastEvaluation: r.LastEvaluation,
		Type: "alerting",
	}
	if r.LastEvaluation.IsZero() {
		p.Health = "unknown"
	}
	for i := range active {
		if active[i].Rule != r.Name || active[i].Severity != l.Severity {
			continue
		}
		alert := toPrometheusAlert(&active[i])
		p.Alerts = append(p.Alerts, alert)
		if p.State != string(redpoll.Firing) {
			p.State = alert.State
		}
	}
	return p
}

// ruleExpression writes a rule the way Prometheus' users read one, e.g.
// p99{job="shop",path=~"/checkout.*"} > 0.5. It is for people: the metric is
// no series that could be queried.
func ruleExpression(r *redpoll.RuleStatus, l redpoll.Level) string {
	var b strings.Builder
	b.WriteString(r.Metric)
	var matchers []string
	for _, label := range []string{"job", "method", "path"} {
		if glob, ok := r.Match[label]; ok {
			matchers = append(matchers, globMatcher(label, glob))
		}
	}
	if len(matchers) > 0 {
		b.WriteString("{" + strings.Join(matchers, ",") + "}")
	}
	if r.Above {
		b.WriteString(" > ")
	} else {
		b.WriteString(" < ")
	}
	return b.String() + strconv.FormatFloat(l.Threshold, 'g', -1, 64)
}

// globMatcher turns a glob into an equality or a regular expression.
func globMatcher(label, glob string) string {
	if !strings.Contains(glob, "*") {
		return label + "=" + strconv.Quote(glob)
	}
	parts := strings.Split(glob, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return label + "=~" + strconv.Quote(strings.Join(parts, ".*"))
}
