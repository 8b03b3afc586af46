package scrape

import (
	"bufio"
	"bytes"
	stdgzip "compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// fleetBody is what an application with 100 endpoints exposes, about 400 kB.
func fleetBody() []byte {
	var b bytes.Buffer
	for endpoint := range 100 {
		for _, code := range []int{200, 404, 500} {
			for bucket := range 14 {
				fmt.Fprintf(&b, "http_request_duration_seconds_bucket{code=\"%d\",method=\"GET\",path=\"/api/v1/resource%d\",le=\"%d\"} %d\n",
					code, endpoint, bucket, endpoint*code*(bucket+1)%9973)
			}
		}
	}
	return b.Bytes()
}

// respond starts a server that answers every request with the same bytes, for
// next to nothing.
func respond(tb testing.TB, response []byte) (address string) {
	tb.Helper()
	return serveConns(tb, func(c net.Conn) {
		for in := bufio.NewReader(c); ; {
			line, err := in.ReadSlice('\n')
			if err == nil && len(line) == len("\r\n") {
				_, err = c.Write(response)
			}
			if err != nil {
				return
			}
		}
	})
}

// serveConns starts a server that hands each connection to serve and closes it
// afterwards.
func serveConns(tb testing.TB, serve func(net.Conn)) (address string) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	accepting := make(chan struct{})
	go func() {
		defer close(accepting)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				serve(c)
			}()
		}
	}()
	tb.Cleanup(func() {
		_ = l.Close()
		<-accepting
	})
	return l.Addr().String()
}

const okHead = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"

func withLength(body []byte) []byte {
	return append(fmt.Appendf(nil, "%sContent-Length: %d\r\n\r\n", okHead, len(body)), body...)
}

func inChunks(body []byte, size int) []byte {
	response := []byte(okHead + "Transfer-Encoding: chunked\r\n\r\n")
	for ; len(body) > 0; body = body[min(size, len(body)):] {
		chunk := body[:min(size, len(body))]
		response = fmt.Appendf(response, "%x\r\n%s\r\n", len(chunk), chunk)
	}
	return append(response, "0\r\n\r\n"...)
}

func gzipped(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body)
	_ = z.Close()
	return append(fmt.Appendf(nil, "%sContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", okHead, b.Len()), b.Bytes()...)
}

// BenchmarkFetch sets fetching beside its floor: the same client that forgets
// what it reads. The server's part is in both.
//
//	go test -run '^$' -bench 'Fetch|Gunzip' ./scrape
func BenchmarkFetch(b *testing.B) {
	body := fleetBody()
	for _, one := range []struct {
		name     string
		response []byte
	}{{"length", withLength(body)}, {"chunks", inChunks(body, 2048)}, {"gzip", gzipped(body)}} {
		c := NewJobConfig("shop")
		c.StaticConfigs = []StaticConfig{{Targets: []string{respond(b, one.response)}}}
		if err := c.Validate(DefaultGlobal); err != nil {
			b.Fatal(err)
		}
		t := idle(b, c).jobs[0].targets[0]
		b.Run("floor/"+one.name, func(b *testing.B) {
			buffer := make([]byte, 512<<10)
			for b.Loop() {
				response, err := t.job.client.Get(t.URL)
				if err != nil {
					b.Fatal(err)
				}
				for err == nil {
					_, err = response.Body.Read(buffer)
				}
				if !errors.Is(err, io.EOF) {
					b.Fatal(err)
				}
				_ = response.Body.Close()
			}
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
		})
		b.Run("fetch/"+one.name, func(b *testing.B) {
			for b.Loop() {
				a, err := t.fetch(b.Context(), t.job.accepts.text, int64(len(body)))
				if err != nil || len(a.body) != len(body) {
					b.Fatal(err)
				}
				a.release()
			}
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
		})
	}
}

// BenchmarkGunzip tells why it is this package that decompresses.
func BenchmarkGunzip(b *testing.B) {
	body := fleetBody()
	_, compressed, _ := bytes.Cut(gzipped(body), []byte("\r\n\r\n"))
	buffer := make([]byte, len(body))
	run := func(name string, reset func(io.Reader) error, r io.Reader) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				err := reset(bytes.NewReader(compressed))
				if err == nil {
					_, err = io.ReadFull(r, buffer)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
		})
	}
	var standard stdgzip.Reader
	run("standard", standard.Reset, &standard)
	var klauspost gzip.Reader
	run("klauspost", klauspost.Reset, &klauspost)
}
