package scrape

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// wantFailure scrapes the only target of a job at address and checks that it is
// down, says why, and is counted for that reason alone.
func wantFailure(t *testing.T, address string, change func(*JobConfig), why reason, text string) {
	t.Helper()
	m := idle(t, jobConfig(t, change, address))
	m.jobs[0].targets[0].scrape(t.Context())
	s := m.Targets()[0]
	if s.Health != redpoll.HealthDown {
		t.Errorf("health is %s", s.Health)
	}
	wantContains(t, "the error", s.Error, text)
	for _, r := range reasons {
		want := 0.
		if r == why {
			want = 1
		}
		if got := testutil.ToFloat64(m.metrics.failures.WithLabelValues("shop", string(r))); got != want {
			t.Errorf("%v failures are counted for the reason %s, want %v", got, r, want)
		}
	}
}

// patient leaves a busy machine the time for bodies of many megabytes.
func patient(c *JobConfig) {
	c.ScrapeInterval, c.ScrapeTimeout = milliseconds(60_000), milliseconds(60_000)
}

// request waits for the whole head of a request.
func request(c net.Conn) {
	var head []byte
	for b := make([]byte, 1<<10); !bytes.HasSuffix(head, []byte("\r\n\r\n")); {
		n, err := c.Read(b)
		if err != nil {
			return
		}
		head = append(head, b[:n]...)
	}
}

// TestCanaryHostileConnectionsAreCountedAndExplained has servers that do not
// keep to HTTP, or misuse it.
func TestCanaryHostileConnectionsAreCountedAndExplained(t *testing.T) {
	f := func(name string, why reason, want string, serve func(net.Conn)) {
		t.Run(name, func(t *testing.T) {
			address := serveConns(t, func(c net.Conn) {
				request(c)
				serve(c)
			})
			wantFailure(t, address, func(c *JobConfig) { c.ScrapeTimeout = milliseconds(500) }, why, want)
		})
	}
	write := func(text string) func(net.Conn) {
		return func(c net.Conn) { _, _ = io.WriteString(c, text) }
	}
	// forever writes until the client has had enough.
	forever := func(before, again string) func(net.Conn) {
		return func(c net.Conn) {
			_, err := io.WriteString(c, before)
			for again := strings.Repeat(again, 100); err == nil; {
				_, err = io.WriteString(c, again)
			}
		}
	}
	untilGone := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

	f("never answers", timedOut, "no complete answer within 500ms", untilGone)
	f("a drip at a time", timedOut, "no complete answer within 500ms", func(c net.Conn) {
		_, err := io.WriteString(c, okHead+"Content-Length: 1000000\r\n\r\n")
		for drip := time.NewTicker(time.Millisecond); err == nil; <-drip.C {
			_, err = io.WriteString(c, "a 1\n")
		}
	})
	f("a drip at a time of the header", timedOut, "no complete answer within 500ms", func(c net.Conn) {
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nX: ")
		for drip := time.NewTicker(time.Millisecond); err == nil; <-drip.C {
			_, err = io.WriteString(c, "x")
		}
	})
	f("reset in the middle", cutOff, "the connection was reset before the answer was complete", func(c net.Conn) {
		_, _ = io.WriteString(c, okHead+"Content-Length: 1000\r\n\r\na 1\n")
		_ = c.(*net.TCPConn).SetLinger(0) // closing it resets it
	})
	f("endless header", badHTTP, "the header of the answer is larger than 256KB", forever("HTTP/1.1 200 OK\r\n", "X-Bomb: bomb\r\n"))
	f("endless header of one line", badHTTP, "the header of the answer is larger than 256KB", forever("HTTP/1.1 200 OK\r\nX-Bomb: ", "bomb"))
	f("endless 100 Continue", badHTTP, "the header of the answer is larger than 256KB", forever("", "HTTP/1.1 100 Continue\r\n\r\n"))
	f("endless 103 Early Hints", badHTTP, "the header of the answer is larger than 256KB", forever("", "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"))
	f("switches protocols", badStatus, "answered HTTP status 101", write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"))
	f("partial content", badStatus, "answered HTTP status 206", write("HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\n\r\na 1\n"))
	f("not HTTP", badHTTP, "the answer is not HTTP", write("SSH-2.0-OpenSSH_9.2p1 Debian\r\n"))
	f("HTTP 0.9", badHTTP, "the answer is not HTTP", write("a 1\n"))
	f("length beyond all numbers", badHTTP, "Content-Length", write(okHead+"Content-Length: 99999999999999999999\r\n\r\na 1\n"))
	f("negative length", badHTTP, "Content-Length", write(okHead+"Content-Length: -1\r\n\r\na 1\n"))
	f("two lengths", badHTTP, "Content-Length", write(okHead+"Content-Length: 4\r\nContent-Length: 5\r\n\r\na 1\nb"))
	f("shorter than its length", cutOff, "ended in the middle: unexpected EOF", write(okHead+"Content-Length: 1000\r\n\r\na 1\n"))
	f("enormous length and little else", timedOut, "no complete answer within 500ms", func(c net.Conn) {
		_, _ = io.WriteString(c, okHead+"Content-Length: 4000000000000\r\n\r\na 1\n")
		untilGone(c)
	})
	f("chunk without a size", badHTTP, "chunk", write(okHead+"Transfer-Encoding: chunked\r\n\r\nxyz\r\na 1\n"))
	f("chunk shorter than its size", cutOff, "ended in the middle: unexpected EOF", write(okHead+"Transfer-Encoding: chunked\r\n\r\nff\r\na 1\n"))
	f("endless chunk extension", badHTTP, "a line of the answer's framing has no end", forever(okHead+"Transfer-Encoding: chunked\r\n\r\n4;", "x=y;"))
	f("endless trailer", badHTTP, "the answer does not keep to HTTP", forever(okHead+"Transfer-Encoding: chunked\r\n\r\n4\r\na 1\n\r\n0\r\n", "X-Bomb: bomb\r\n"))
}

// TestCanaryHostileBodiesAreCountedAndExplained has bodies that are no metrics,
// or too many.
func TestCanaryHostileBodiesAreCountedAndExplained(t *testing.T) {
	f := func(name string, why reason, want string, h http.HandlerFunc) {
		t.Run(name, func(t *testing.T) { wantFailure(t, serve(t, h), patient, why, want) })
	}
	text := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
	}
	f("endless", tooLarge, "larger than body_size_limit, 50MB; is it a metrics page? If so, raise the limit", endless)
	f("gzip that grows a thousand times", tooLarge, "larger than body_size_limit, 50MB", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		sent := &counter{to: w}
		z := gzip.NewWriter(sent)
		lines := bytes.Repeat([]byte("\n"), 1<<20)
		for range 10 << 10 { // 10 GiB
			if _, err := z.Write(lines); err != nil || r.Context().Err() != nil {
				break
			}
		}
		if sent.n > 5<<20 {
			t.Errorf("it took %d bytes of a bomb to be recognised", sent.n)
		}
	})
	f("NUL at the start of a line", badFormat, "the body is not in the metrics text format", text("a 1\n\x00b 2\n"))
	f("invalid UTF-8", badFormat, "the body is not in the metrics text format", text("a{x=\"\xff\"} 1\n"))
	f("invalid UTF-8 in a name", badFormat, "the body is not in the metrics text format", text("a\xff 1\n"))
	f("an image", badFormat, "the body is not in the metrics text format", text("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"))
	f("text that says that it is protobuf", badFormat, "it cannot be read", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaTypes[PrometheusProto])
		_, _ = io.WriteString(w, "a 1\n")
	})
	f("protobuf that says that it is text", badFormat, "the body is not in the metrics text format", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaTypes[PrometheusText0_0_4])
		_, _ = w.Write([]byte{10, 10, 1, 'a', 24, 1, 34, 7, 26, 5, 9, 0, 0})
	})
}

// counter counts what is written.
type counter struct {
	to io.Writer
	n  int
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += n
	return n, err
}

// certificate makes one for the loopback that is its own authority, valid for an
// hour from a time.
func certificate(t *testing.T, from time.Time) (own tls.Certificate, authority string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "redpoll test"},
		NotBefore: from, NotAfter: from.Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	authority = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, authority
}

func TestCanaryAnExpiredCertificateIsCountedAndExplained(t *testing.T) {
	f := func(from time.Time, want string) {
		own, authority := certificate(t, from)
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a 1\n") }))
		s.Config.ErrorLog = log.New(io.Discard, "", 0) // failed handshakes are expected
		s.TLS = &tls.Config{Certificates: []tls.Certificate{own}}
		s.StartTLS()
		defer s.Close()
		change := func(c *JobConfig) {
			c.Scheme = "https"
			c.HTTPClientConfig.TLSConfig.CA = authority
		}
		if want == "" {
			if status := scrapeOnce(t, s.Listener.Addr().String(), change); status.Health != redpoll.HealthUp {
				t.Errorf("with a valid certificate it is %s: %s", status.Health, status.Error)
			}
			return
		}
		wantFailure(t, s.Listener.Addr().String(), change, badTLS, want)
	}
	f(time.Now().Add(-30*time.Minute), "")
	f(time.Now().Add(-2*time.Hour), "TLS: the certificate has expired or is not valid yet; renew it, or check the clocks")
	f(time.Now().Add(2*time.Hour), "TLS: the certificate has expired or is not valid yet; renew it, or check the clocks")
}

func TestFastATLSHandshakeThatNeverEndsIsCountedAndExplained(t *testing.T) {
	address := serveConns(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	wantFailure(t, address, func(c *JobConfig) {
		c.Scheme, c.ScrapeTimeout = "https", milliseconds(100)
	}, timedOut, "no complete answer within 100ms")
}

func TestFastANameThatIsGoneIsCountedAndExplained(t *testing.T) {
	// No resolver is asked for a name with an empty part.
	wantFailure(t, "shop..example:80", nil, noName, "the name shop..example cannot be resolved: no such host")
}

func TestFastABodyOfAnUnknownTypeIsReadAsTheFallbackSays(t *testing.T) {
	f := func(contentType string, fallback Protocol, want redpoll.Health) {
		t.Helper()
		status := scrapeOnce(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{contentType}
			_, _ = io.WriteString(w, "a 1\n")
		}), func(c *JobConfig) { c.FallbackScrapeProtocol = fallback })
		if status.Health != want {
			t.Errorf("%q with the fallback %q: %s, %s; want %s", contentType, fallback, status.Health, status.Error, want)
		}
	}
	f("", "", redpoll.HealthUp)
	f("application/octet-stream", "", redpoll.HealthUp)
	f("a;;;=", "", redpoll.HealthUp)
	f("application/octet-stream", PrometheusText0_0_4, redpoll.HealthUp)
	f("application/octet-stream", PrometheusProto, redpoll.HealthDown)
	f("", PrometheusProto, redpoll.HealthDown)
	f("TEXT/PLAIN ; charset=utf-8", PrometheusProto, redpoll.HealthUp)
}

// wantNoSecret checks that a text for a person does not show one.
func wantNoSecret(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(text, "hunter2") {
		t.Errorf("shows a secret: %s", text)
	}
}

func TestFastALabelOfTenMegabytesIsRefused(t *testing.T) {
	label := strings.Repeat("x", 10<<20)
	wantFailure(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "# TYPE http_requests_total counter\nhttp_requests_total{path=\"/"+label+"\",code=\"200\"} 1\n")
	}), patient, overLimit, "leave out the label or the comment that is so long")
}

// million answers with as many series of a family.
func million(family string) http.HandlerFunc {
	var body bytes.Buffer
	body.WriteString("# TYPE " + family + " counter\n")
	for i := range 1_000_000 {
		body.WriteString(family + "{path=\"")
		body.WriteString(strconv.Itoa(i))
		body.WriteString("\"} 1\n")
	}
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body.Bytes()) }
}

func TestFastAMillionSeriesThatAreWantedAreRefused(t *testing.T) {
	wantFailure(t, serve(t, million("http_requests_total")), patient,
		overLimit, "drop series by metric_relabel_configs")
}

func TestFastAMillionSeriesOfNoInterestAreRead(t *testing.T) {
	if status := scrapeOnce(t, serve(t, million("kube_pods_total")), patient); status.Health != redpoll.HealthUp || status.Samples != 1_000_000 {
		t.Errorf("it is %s with %d samples: %s", status.Health, status.Samples, status.Error)
	}
}

// TestCanaryTargetsThatHangDoNotHoldUpOthers has many that stop in the middle of
// a large body, all at once, and one that answers, which is scraped again and
// again meanwhile.
func TestCanaryTargetsThatHangDoNotHoldUpOthers(t *testing.T) {
	const hanging = 300
	stuck := make(chan struct{}, 2*hanging)
	begin := withLength(bodyOf(2_000))
	hang := serveConns(t, func(c net.Conn) {
		request(c)
		_, _ = c.Write(begin[:len(begin)-1000])
		stuck <- struct{}{}
		_, _ = io.Copy(io.Discard, c)
	})
	scraped := make(chan struct{}, 100)
	fine := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bodyOf(2_000))
		select {
		case scraped <- struct{}{}:
		default:
		}
	})
	long := jobConfig(t, func(c *JobConfig) {
		c.JobName, c.ScrapeInterval, c.ScrapeTimeout = "hanging", milliseconds(60_000), milliseconds(60_000)
		c.StaticConfigs = nil
		for i := range hanging {
			c.StaticConfigs = append(c.StaticConfigs, StaticConfig{Targets: []string{hang}, Labels: map[string]string{"n": strconv.Itoa(i)}})
		}
	})
	short := jobConfig(t, func(c *JobConfig) { c.ScrapeInterval, c.ScrapeTimeout = milliseconds(100), milliseconds(100) }, fine)
	before := runtime.NumGoroutine()
	m := idle(t, long, short)
	ctx, cancel := context.WithCancel(t.Context())
	var loops sync.WaitGroup
	for _, j := range m.jobs {
		for _, target := range j.targets {
			loops.Go(func() {
				for target.scrape(ctx); j.config.JobName == "shop" && ctx.Err() == nil; target.scrape(ctx) {
				}
			})
		}
	}
	for range hanging {
		<-stuck
	}
	for len(scraped) > 0 {
		<-scraped
	}
	for range 5 {
		<-scraped
	}
	// A loop, the client's two, the server's one for each, and a few others.
	if n := runtime.NumGoroutine() - before; n > 5*hanging+50 {
		t.Errorf("%d goroutines for %d targets that hang", n, hanging)
	}
	const held = (hanging + 1) * (256 << 10) // by one that is being scraped, too
	if m.room.TryAcquire(bodyMemory - held) {
		m.room.Release(bodyMemory - held)
	} else {
		t.Errorf("%d bodies of 200 kB that hang hold more than 256 KiB each", hanging)
	}
	cancel()
	loops.Wait()
}
