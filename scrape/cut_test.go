package scrape

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// framings are the ways to tell where a body ends.
var framings = map[string]func(body []byte) []byte{
	"length": withLength,
	"chunks": func(body []byte) []byte { return inChunks(body, 100) },
	"gzip":   gzipped,
	"gzip until the end": func(body []byte) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(body)
		_ = z.Close()
		return append([]byte("HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Encoding: gzip\r\n\r\n"), b.Bytes()...)
	},
	"the end": func(body []byte) []byte {
		return append([]byte("HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n\r\n"), body...)
	},
}

// countedTo is the body of an application that has served so many requests to
// each of two paths.
func countedTo(n int) []byte {
	var b strings.Builder
	b.WriteString("# TYPE http_requests_total counter\n")
	for _, path := range []string{"/a", "/b"} {
		fmt.Fprintf(&b, "http_requests_total{path=%q,method=\"GET\",code=\"200\"} %d\n", path, n)
		fmt.Fprintf(&b, "http_requests_total{path=%q,method=\"GET\",code=\"500\"} %d\n", path, n/10)
	}
	return []byte(b.String())
}

// TestCanaryABodyThatWasCutFailsOrIsRight cuts the last but one of the answers at
// every byte: the scrape fails, and with it in between or not, the figures are
// those of the bodies.
func TestCanaryABodyThatWasCutFailsOrIsRight(t *testing.T) {
	for name, frame := range framings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := frame(countedTo(1_340))
			var next atomic.Pointer[[]byte]
			address := serveConns(t, func(c net.Conn) {
				request(c)
				_, _ = c.Write(*next.Load())
			})
			for cut := range len(whole) + 1 {
				m := idle(t, jobConfig(t, nil, address))
				target := m.jobs[0].targets[0]
				answers := func(response []byte) redpoll.Health {
					next.Store(&response)
					target.scrape(t.Context())
					return target.currentStatus().Health
				}
				for range 2 { // the first may have been cut as well, as far as redpoll knows
					if answers(frame(countedTo(1_000))) != redpoll.HealthUp {
						t.Fatal(target.currentStatus().Error)
					}
				}
				health := answers(whole[:cut])
				if health == redpoll.HealthUp {
					wantRequests(t, m, cut, 340)
				}
				if cut == len(whole) && health != redpoll.HealthUp {
					t.Errorf("the whole answer fails: %s", target.currentStatus().Error)
				}
				if answers(frame(countedTo(2_000))) != redpoll.HealthUp {
					t.Fatal(target.currentStatus().Error)
				}
				if health == redpoll.HealthUp {
					wantRequests(t, m, cut, 660)
				} else {
					wantRequests(t, m, cut, 1_000)
				}
				m.jobs[0].client.CloseIdleConnections()
			}
		})
	}
}

// TestCanaryAFirstBodyThatWasCutFailsOrIsRight cuts the first of the answers:
// what was behind the cut has counted for long when it first appears. Where
// nothing tells whether the first one that succeeds was whole, figures begin with
// the next.
func TestCanaryAFirstBodyThatWasCutFailsOrIsRight(t *testing.T) {
	for name, frame := range framings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := frame(countedTo(1_340))
			var next atomic.Pointer[[]byte]
			address := serveConns(t, func(c net.Conn) {
				request(c)
				_, _ = c.Write(*next.Load())
			})
			for cut := range len(whole) + 1 {
				m := idle(t, jobConfig(t, nil, address))
				target := m.jobs[0].targets[0]
				answers := func(response []byte) redpoll.Health {
					next.Store(&response)
					target.scrape(t.Context())
					return target.currentStatus().Health
				}
				want := uint64(660)
				if answers(whole[:cut]) == redpoll.HealthUp {
					want += 660
				}
				for _, n := range []int{2_000, 2_660, 3_320} {
					answers(frame(countedTo(n)))
				}
				if name != "the end" {
					want += 660
				}
				wantRequests(t, m, cut, want)
				m.jobs[0].client.CloseIdleConnections()
			}
		})
	}
}

// wantRequests takes a snapshot, in which both paths must have so many new
// requests, and a tenth of them errors.
func wantRequests(t *testing.T, m *Manager, cut int, requests uint64) {
	t.Helper()
	s := m.Snapshot(time.Now(), every)
	for _, path := range []string{"/a", "/b"} {
		e := s.Endpoint(redpoll.EndpointKey{Job: "shop", Method: "GET", Path: path})
		if e == nil || e.New == nil || e.New.Requests != requests+requests/10 || e.New.Errors != requests/10 {
			t.Fatalf("after a cut at byte %d, %s has %+v; want %d requests", cut, path, e, requests+requests/10)
		}
	}
}
