package red

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/scrape/exposition"
)

// epoch is the time of the first scrape of every test.
var epoch = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// target feeds bodies to a deriver, five seconds apart.
type target struct {
	t       *testing.T
	reader  *exposition.Reader
	deriver *Deriver
	at      time.Time
}

// newReader makes a reader with a library of its own.
func newReader(wanted func(family string) bool) *exposition.Reader {
	return exposition.NewLibrary(exposition.Options{Wanted: wanted}).NewReader()
}

// readBody reads a body that arrived whole.
func readBody(r *exposition.Reader, body []byte, contentType string) (exposition.Scrape, error) {
	return r.Read(context.Background(), exposition.Body{Bytes: body, ContentType: contentType, At: epoch, Complete: true})
}

func newTarget(t *testing.T, o Options) *target {
	t.Helper()
	if o.MaxEndpoints == 0 {
		o.MaxEndpoints = 100
	}
	if o.MetricsPath == "" {
		o.MetricsPath = "/metrics"
	}
	for i := range o.Conventions {
		if err := o.Conventions[i].Validate(); err != nil {
			t.Fatal(err)
		}
	}
	return &target{t: t, reader: newReader(nil), deriver: NewDeriver(o), at: epoch}
}

// scrape derives from the next body.
func (s *target) scrape(body string) *Derived {
	s.t.Helper()
	scraped, err := readBody(s.reader, []byte(body), "")
	if err != nil {
		s.t.Fatalf("%v\n%s", err, body)
	}
	d := s.deriver.Derive(scraped, s.at)
	s.at = s.at.Add(5 * time.Second)
	return d
}

// figures writes the endpoints with what is known of them, one a line:
// requests, errors, p50, p95, mean; a dash where nothing is known.
func figures(d *Derived) string {
	var b strings.Builder
	for _, e := range d.Endpoints {
		fmt.Fprintf(&b, "%s %s: ", e.Method, e.Path)
		if !e.Known {
			b.WriteString("unknown\n")
			continue
		}
		in := &e.Increase
		errors := "-"
		if in.ErrorsKnown {
			errors = strconv.FormatUint(in.Errors, 10)
		}
		fmt.Fprintf(&b, "%d %s %s %s %s\n", in.Requests, errors,
			number(in.Quantile(.5).Seconds()), number(in.Quantile(.95).Seconds()), number(in.Mean()))
	}
	return b.String()
}

func number(v *float64) string {
	if v == nil {
		return "-"
	}
	return strconv.FormatFloat(*v, 'g', 6, 64)
}

func (s *target) wants(d *Derived, want string) {
	s.t.Helper()
	if diff := cmp.Diff(want, figures(d)); diff != "" {
		s.t.Errorf("figures differ (-want +got):\n%s", diff)
	}
}

// histogram writes a histogram with the bounds 0.1 and 0.5 from cumulative
// counts; the sum is the count times 0.2.
func histogram(name, labels string, cumulative ...int) string {
	var b strings.Builder
	for i, le := range []string{"0.1", "0.5", "+Inf"} {
		fmt.Fprintf(&b, "%s_bucket{%s,le=\"%s\"} %d\n", name, labels, le, cumulative[i])
	}
	n := cumulative[2]
	fmt.Fprintf(&b, "%s_sum{%s} %g\n%s_count{%s} %d\n", name, labels, float64(n)/5, name, labels, n)
	return b.String()
}
