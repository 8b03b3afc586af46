package scrape

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
)

// mediaTypes are the protocols as Accept and Content-Type have them.
var mediaTypes = map[Protocol]string{
	PrometheusProto:     "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
	PrometheusText0_0_4: "text/plain;version=0.0.4",
	PrometheusText1_0_0: "text/plain;version=1.0.0",
	OpenMetrics0_0_1:    "application/openmetrics-text;version=0.0.1",
	OpenMetrics1_0_0:    "application/openmetrics-text;version=1.0.0",
}

// accepts are the Accept headers of a job's requests.
type accepts struct {
	all  string // what the job asks for
	text string // the same without protobuf, if that leaves anything
	look string // for a person: never protobuf
}

// newAccepts makes the headers that Prometheus 3 sends for the same settings.
// Where the file says nothing, protobuf comes first, as where Prometheus takes
// native histograms: no other format has them.
func newAccepts(f *Formats) accepts {
	isText := func(p Protocol) bool { return p != PrometheusProto }
	var text []Protocol
	for _, p := range f.ScrapeProtocols {
		if isText(p) {
			text = append(text, p)
		}
	}
	a := accepts{all: accept(f.ScrapeProtocols, f.MetricNameEscapingScheme)}
	a.text, a.look = a.all, accept(textProtocols, f.MetricNameEscapingScheme)
	if len(text) > 0 {
		a.text = accept(text, f.MetricNameEscapingScheme)
		a.look = a.text
	}
	return a
}

// accept asks for the protocols, the first most, and for anything after them.
// Only the newer text formats know an escaping of names; the others come with
// underscores.
func accept(protocols []Protocol, escaping string) string {
	var b strings.Builder
	q := len(mediaTypes) + 1
	for _, p := range protocols {
		b.WriteString(mediaTypes[p])
		if p == PrometheusText1_0_0 || p == OpenMetrics1_0_0 {
			b.WriteString(";" + model.EscapingKey + "=" + escaping)
		}
		fmt.Fprintf(&b, ";q=0.%d,", q)
		q--
	}
	fmt.Fprintf(&b, "*/*;q=0.%d", q)
	return b.String()
}

// acceptEncoding says whether bodies may come compressed.
func acceptEncoding(compressed bool) string {
	if compressed {
		return "gzip"
	}
	return "identity"
}

// formatOf is the Content-Type by which a body is read: the one that it came
// with, if that names a format of metrics at all, else the fallback, which may
// be empty for text. (Prometheus 3 refuses such a body unless it has a fallback;
// of the applications that forget the header all speak text.)
func formatOf(contentType string, fallback Protocol) string {
	mediaType, _, _ := strings.Cut(contentType, ";")
	mediaType = strings.TrimSpace(mediaType)
	if slices.ContainsFunc(knownMediaTypes, func(known string) bool { return strings.EqualFold(known, mediaType) }) {
		return contentType
	}
	return mediaTypes[fallback]
}

var knownMediaTypes = []string{"text/plain", "application/openmetrics-text", "application/vnd.google.protobuf"}

// formats says what to ask a target for. Some frameworks promise protobuf and
// fail when they are asked for it: those are asked for text until a scrape fails
// again.
type formats struct {
	text     bool // is what is asked for now
	worked   bool // a scrape that asked for both has succeeded
	failures int  // in a row
}

// patientFailures is after how many failures in a row a target that could be
// asked for both is asked for text: another program may answer there by now.
// One that fails for a moment must not lose its native histograms, and with them
// all quantiles, until it fails again.
const patientFailures = 60

// accept is what to ask for.
func (f *formats) accept(a *accepts) string {
	if f.text {
		return a.text
	}
	return a.all
}

// scraped takes how a scrape went. ofProtobuf is whether protobuf may be why it
// failed.
func (f *formats) scraped(failed, ofProtobuf bool) {
	if !failed {
		f.worked, f.failures = f.worked || !f.text, 0
		return
	}
	if f.failures++; f.failures >= patientFailures {
		f.worked = false
	}
	f.text = ofProtobuf && !f.text && !f.worked
}

// mayBeOfProtobuf reports whether a target without an encoder answers like this.
func mayBeOfProtobuf(err error) bool {
	var status *statusError
	if !errors.As(err, &status) {
		return false
	}
	switch status.code {
	case http.StatusNotAcceptable, http.StatusUnsupportedMediaType, http.StatusInternalServerError, http.StatusNotImplemented:
		return true
	}
	return false
}
