package scrape

import (
	"errors"
	"net/http"
)

// What is asked for. Protobuf comes first, as where Prometheus takes native
// histograms: no other format has them, and it is several times cheaper for
// both sides (BenchmarkReadFormats, BenchmarkExposeFormats). Neither asks for an
// escaping, so that a name comes as the conventions know it, with underscores.
const (
	acceptBoth = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=1," +
		"text/plain;version=0.0.4;q=0.9,*/*;q=0.1"
	acceptText = "text/plain;version=0.0.4;q=1,*/*;q=0.1"
)

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

func (f *formats) accept() string {
	if f.text {
		return acceptText
	}
	return acceptBoth
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
