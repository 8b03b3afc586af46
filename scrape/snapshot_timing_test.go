package scrape

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A snapshot of 10,000 endpoints that two targets expose and that all have
// news.
//
// go test -run '^$' -bench Snapshot -benchmem ./scrape
func BenchmarkSnapshot(b *testing.B) {
	const endpoints = 10_000
	body := func(n int) string {
		var text strings.Builder
		text.WriteString("# TYPE http_request_duration_seconds histogram\n")
		for e := range endpoints {
			for i := range 11 {
				fmt.Fprintf(&text, "http_request_duration_seconds_bucket{path=\"/api/r%d\",method=\"GET\",code=\"200\",le=\"%d\"} %d\n", e, i+1, n*(i+1))
			}
			fmt.Fprintf(&text, "http_request_duration_seconds_count{path=\"/api/r%d\",method=\"GET\",code=\"200\"} %d\n", e, n*12)
		}
		return text.String()
	}
	m := NewManager(Options{})
	c := JobConfig{JobName: "shop", MaxEndpoints: endpoints, Discovery: Discovery{StaticConfigs: []StaticConfig{{Targets: []string{"one:80", "two:80"}}}}}
	if err := c.Validate(DefaultGlobal); err != nil {
		b.Fatal(err)
	}
	jobs, err := m.prepared([]JobConfig{c})
	if err != nil {
		b.Fatal(err)
	}
	m.jobs = jobs
	at := start
	for _, t := range jobs[0].targets {
		t.exposed(body(1), at)
		t.exposed(body(2), at.Add(every))
	}
	b.ReportAllocs()
	for b.Loop() {
		at = at.Add(every)
		for _, t := range jobs[0].targets { // the same news again
			t.status.LastScrape = at
			for _, c := range t.window.endpoints {
				if c.current != nil {
					c.pending = c.current
				}
			}
		}
		if s := m.Snapshot(at.Add(time.Second), every); len(s.Endpoints) != endpoints || s.Endpoints[0].New == nil {
			b.Fatalf("%d endpoints", len(s.Endpoints))
		}
	}
}
