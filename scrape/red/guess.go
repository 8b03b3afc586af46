package red

import (
	"slices"
	"strings"

	"github.com/redpoll/redpoll/scrape/exposition"
)

// The general rule: a histogram or summary that no convention names, whose name
// speaks of requests and of a duration with its unit, and whose series have a
// label that names a path, is taken for the durations of requests. It is a
// guess, used only where no convention knows the target's HTTP traffic. The
// labels that it looks for are the last entry of conventions.yaml.
const generalRule = "general rule"

// words that a name is made of, apart from its unit.
var (
	requestWords  = wordSet("http https request requests req reqs response responses rpc grpc api web server handler route endpoint call calls")
	durationWords = wordSet("duration durations latency latencies time elapsed handling processing")
	// otherWork are the words of what is no request to an endpoint, or only a
	// part of one.
	otherWork = wordSet("client clients upstream upstreams outgoing outbound external db database sql query queries cache redis memcached " +
		"mongo mongodb postgres postgresql mysql sqlite etcd elasticsearch kafka amqp rabbitmq nats queue queues workqueue gc " +
		"dns tls connect connection handshake probe scrape")
	sizeWords = wordSet("size sizes bytes byte length body")
)

func wordSet(list string) map[string]bool {
	set := make(map[string]bool)
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}

// mentionsAny reports whether one of the words of a name is in the set.
func mentionsAny(name string, set map[string]bool) bool {
	for word := range strings.SplitSeq(plain(name), "_") {
		if set[strings.ToLower(word)] {
			return true
		}
	}
	return false
}

// unitOf is the unit that a name ends with; ok is false if it tells none.
func unitOf(name string) (u Unit, ok bool) {
	name = plain(name)
	switch name[strings.LastIndexByte(name, '_')+1:] {
	case "seconds":
		return "s", true
	case "milliseconds", "ms":
		return "ms", true
	case "microseconds", "us":
		return "us", true
	}
	return "", false
}

// durationsOf is what the general rule asks of a name: that it speaks of
// durations of requests, in the unit u. Where the unit of time stands right
// behind the requests, as in acme_request_seconds, durations are all that can be
// meant; acme_request_age_seconds is something else.
func durationsOf(name string) (u Unit, ok bool) {
	name = plain(name)
	u, ok = unitOf(name)
	if !ok || !mentionsAny(name, requestWords) || mentionsAny(name, otherWork) || mentionsAny(name, sizeWords) {
		return u, false
	}
	before := name[:strings.LastIndexByte(name, '_')]
	last := before[strings.LastIndexByte(before, '_')+1:]
	return u, mentionsAny(name, durationWords) || trafficWords[strings.ToLower(last)]
}

// guess is a family that the general rule takes for durations of requests.
type guess struct {
	convention Convention
	rank       int
}

// guess makes the series one of an endpoint, if the general rule takes its
// family for durations of requests. A family's first series tells its rank.
func (d *Deriver) guess(t *track) {
	s := t.series
	unit, ok := durationsOf(s.Name)
	if !ok || s.Type != exposition.HistogramType && s.Type != exposition.SummaryType {
		return
	}
	g := d.guesses[s.Name]
	if g == nil {
		rule := builtIn().general
		place := slices.IndexFunc(rule.Path, func(one string) bool { return LabelNames{one}.value(s) != "" })
		t.pathless = place < 0
		if t.crowded = !t.pathless && len(d.families) >= d.mostFamilies(); t.pathless || t.crowded {
			return
		}
		if s.Type == exposition.SummaryType {
			place += len(rule.Path)
		}
		g = &guess{convention: rule, rank: len(d.catalogue.conventions) + place}
		g.convention.Family, g.convention.Unit = s.Name, unit
		d.guesses[s.Name] = g
	}
	d.assign(t, &g.convention, g.rank)
	if t.family != nil {
		t.family.guess = true
	}
}
