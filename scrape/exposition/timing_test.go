package exposition

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// fleetBody is what an application with the given number of endpoints and
// three status codes exposes at a step of its life: 42 samples of about 100
// bytes an endpoint, and 100 others.
func fleetBody(endpoints, step int) []byte {
	var b strings.Builder
	b.WriteString("# HELP http_request_duration_seconds Duration.\n# TYPE http_request_duration_seconds histogram\n")
	bounds := []string{"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for e := range endpoints {
		for c, code := range []string{"200", "404", "500"} {
			labels := fmt.Sprintf(`code="%s",method="GET",path="/api/v1/resource%d"`, code, e)
			for i, le := range bounds {
				fmt.Fprintf(&b, "http_request_duration_seconds_bucket{%s,le=\"%s\"} %s\n", labels, le, number(float64((i+1)*(e+1)*step*(900>>c))))
			}
			fmt.Fprintf(&b, "http_request_duration_seconds_sum{%s} %s\n", labels, number(float64(step*(e+1))*1.37/3))
			fmt.Fprintf(&b, "http_request_duration_seconds_count{%s} %s\n", labels, number(float64(12*(e+1)*step*(900>>c))))
		}
	}
	for i := range 100 {
		fmt.Fprintf(&b, "# HELP go_metric_%d What the runtime says of itself.\n# TYPE go_metric_%d gauge\ngo_metric_%d %s\n", i, i, i, number(1.25e6*float64(step)))
	}
	return []byte(b.String())
}

// BenchmarkParse reads bodies of one target: of a layout that is known, one
// after the other; at first sight; and with the parsers that others use. The
// figures are of CPU time, all threads, so that the garbage collector counts
// and a busy machine does not.
//
// go test -run '^$' -bench Parse -benchmem ./scrape/exposition
func BenchmarkParse(b *testing.B) {
	for _, endpoints := range []int{115, 1170} { // about 0.5 and 5 MB
		bodies := [][]byte{fleetBody(endpoints, 3), fleetBody(endpoints, 4)}
		size := fmt.Sprintf("/%.1fMB", float64(len(bodies[0]))/1e6)
		known, wanting := newReader(nil), newReader(func(family string) bool { return strings.HasPrefix(family, "http_") })
		changing, growing := newReader(nil), newReader(nil)
		benchmarkParser(b, "known"+size, bodies, func(body []byte) int { return samplesOf(b, known, body) })
		benchmarkParser(b, "known-http-wanted"+size, bodies, func(body []byte) int { return samplesOf(b, wanting, body) })
		benchmarkParser(b, "first-sight"+size, bodies, func(body []byte) int { return samplesOf(b, newReader(nil), body) })
		benchmarkParser(b, "changed-line"+size, changed(bodies[0], "changed"), func(body []byte) int { return samplesOf(b, changing, body) })
		benchmarkParser(b, "added-series"+size, added(bodies[0]), func(body []byte) int { return samplesOf(b, growing, body) - bytes.Count(body, []byte("added")) })
		benchmarkParser(b, "prometheus-series"+size, bodies, func(body []byte) int { return parsedByPrometheus(b, body, false) })
		benchmarkParser(b, "prometheus-labels"+size, bodies, func(body []byte) int { return parsedByPrometheus(b, body, true) })
		benchmarkParser(b, "expfmt"+size, bodies, func(body []byte) int { return parsedByExpfmt(b, body) })
	}
}

// changed are bodies each of which has another line in the middle.
func changed(body []byte, with string) (list [][]byte) {
	at := bytes.Index(body[len(body)/2:], []byte("_count{")) + len(body)/2
	at = bytes.IndexByte(body[at:], '\n') + at + 1
	for i := range 3 {
		line := fmt.Sprintf("http_request_duration_seconds_count{code=\"200\",path=\"/%s/%d\"} 1\n", with, i)
		list = append(list, slices.Concat(body[:at], []byte(line), body[at:]))
	}
	return list
}

// added are a body and the same with another line.
func added(body []byte) [][]byte { return [][]byte{body, changed(body, "added")[0]} }

// benchmarkParser reads bodies by turns; parse gives the number of samples.
func benchmarkParser(b *testing.B, name string, bodies [][]byte, parse func(body []byte) int) {
	b.Run(name, func(b *testing.B) {
		samples := 0
		for _, body := range bodies {
			samples = parse(body)
		}
		b.ReportAllocs()
		b.ResetTimer()
		before := processorTime(b)
		for i := range b.N {
			if n := parse(bodies[i%len(bodies)]); n != samples {
				b.Fatalf("%d samples, then %d", samples, n)
			}
		}
		each := float64(processorTime(b)-before) / float64(b.N)
		b.ReportMetric(each/float64(samples), "cpu-ns/sample")
		b.ReportMetric(float64(len(bodies[0]))/each, "cpu-GB/s")
	})
}

func samplesOf(b *testing.B, r *Reader, body []byte) int {
	s, err := r.Read(context.Background(), Body{Bytes: body, ContentType: acceptText, At: epoch, Complete: true})
	if err != nil {
		b.Fatal(err)
	}
	r.Release()
	return s.Taken
}

// parsedByPrometheus walks a body as Prometheus' scrape loop does: with labels as
// for series that are new to it, without as for those that it knows.
func parsedByPrometheus(b *testing.B, body []byte, withLabels bool) (samples int) {
	p := textparse.NewPromParser(body, labels.NewSymbolTable(), false)
	var l labels.Labels
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return samples
		}
		if err != nil {
			b.Fatal(err)
		}
		if entry != textparse.EntrySeries {
			continue
		}
		p.Series()
		if withLabels {
			p.Labels(&l)
		}
		samples++
	}
}

func parsedByExpfmt(b *testing.B, body []byte) (samples int) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			samples++
			if h := m.GetHistogram(); h != nil {
				samples += len(h.GetBucket()) + 1
			}
		}
	}
	return samples
}

// processorTime is that of this process, all threads.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
