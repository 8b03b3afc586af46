package scrape

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/common/config"
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

// maxRedirects is how many redirects of one scrape are followed.
const maxRedirects = 5

// newClient makes the client that all targets of a job share.
func newClient(c *JobConfig, userAgent string) (*http.Client, error) {
	client, err := config.NewClientFromConfig(c.HTTPClientConfig, c.JobName, config.WithUserAgent(userAgent))
	if err != nil {
		return nil, err
	}
	if c.HTTPClientConfig.FollowRedirects {
		secret := hasCredentials(&c.HTTPClientConfig)
		client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
			return checkRedirect(r, via, secret)
		}
	}
	return client, nil
}

func hasCredentials(c *config.HTTPClientConfig) bool {
	return c.BasicAuth != nil || c.Authorization != nil || c.OAuth2 != nil ||
		c.BearerToken != "" || c.BearerTokenFile != "" || c.HTTPHeaders != nil
}

var errTooManyRedirects = fmt.Errorf("more than %d redirects", maxRedirects)

// redirectError refuses a redirect that would take credentials along.
type redirectError struct{ to string }

func (e *redirectError) Error() string {
	return fmt.Sprintf("redirects to %.200s, and credentials do not follow to another host; make that the target", e.to)
}

// checkRedirect bounds redirects. The client's own transport adds credentials
// to every request to the same host name, so a job with credentials may not
// leave the port either; going from http to https of one host is fine.
func checkRedirect(r *http.Request, via []*http.Request, secret bool) error {
	if len(via) > maxRedirects {
		return errTooManyRedirects
	}
	from, to := via[0].URL, r.URL
	upgraded := from.Scheme == "http" && to.Scheme == "https" && from.Hostname() == to.Hostname()
	if secret && !upgraded && (from.Host != to.Host || from.Scheme != to.Scheme) {
		return &redirectError{to: to.Scheme + "://" + to.Host}
	}
	return nil
}

// answer is what a target sent. release gives its memory back.
type answer struct {
	body        []byte
	contentType string
	buffer      *[]byte
	room        room
}

var (
	bodies  = sync.Pool{New: func() any { b := make([]byte, 0, 64<<10); return &b }}
	gunzips = sync.Pool{New: func() any { return new(gzip.Reader) }}
)

// release keeps a buffer for reuse only if it is small: the room of a large one
// is given to others.
func (a *answer) release() {
	a.room.leave()
	if cap(*a.buffer) <= smallBody {
		bodies.Put(a.buffer)
	}
}

// statusError is an answer other than 200 OK.
type statusError struct{ code int }

func (e *statusError) Error() string {
	return fmt.Sprintf("answered HTTP status %d %s", e.code, http.StatusText(e.code))
}

// tooLargeError is a body beyond the limit.
type tooLargeError struct{ limit ByteSize }

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("the body is larger than body_size_limit, %v", e.limit)
}

// ask sends the request for one scrape and gives an answer of 200 OK. ctx bounds
// the time until its body has been read; accept says in which formats.
func (j *settings) ask(ctx context.Context, url, accept string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	timeout := time.Duration(j.config.ScrapeTimeout).Seconds()
	r.Header.Set("Accept", accept)
	r.Header.Set("Accept-Encoding", "gzip")
	r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", strconv.FormatFloat(timeout, 'f', -1, 64))
	response, err := j.client.Do(r)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		closeBody(response.Body)
		return nil, &statusError{response.StatusCode}
	}
	return response, nil
}

// fetch gets the whole body, decompressed. ctx bounds the time for all of it;
// accept says in which formats; usual is the length of the last one, 0 if there
// was none. The caller releases the answer when there is no error.
func (j *settings) fetch(ctx context.Context, url, accept string, usual int64) (*answer, error) {
	response, err := j.ask(ctx, url, accept)
	if err != nil {
		return nil, err
	}
	defer closeBody(response.Body)
	from, release, err := decompress(response)
	if err != nil {
		return nil, err
	}
	defer release()
	a := &answer{
		contentType: response.Header.Get("Content-Type"),
		buffer:      bodies.Get().(*[]byte),
		room:        room{all: j.manager.room},
	}
	expected := max(usual, response.ContentLength) // which is that of the compressed body
	if err := a.readAll(ctx, from, expected, int64(j.config.BodySizeLimit)); err != nil {
		a.release()
		return nil, err
	}
	return a, nil
}

// decompress gives the body as it was before it was compressed. release is
// called when it has been read.
func decompress(response *http.Response) (body io.Reader, release func(), err error) {
	switch encoding := response.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
		return response.Body, func() {}, nil
	case "gzip":
		gunzip := gunzips.Get().(*gzip.Reader)
		if err := gunzip.Reset(response.Body); err != nil {
			gunzips.Put(gunzip)
			return nil, nil, fmt.Errorf("reading the gzip header: %w", err)
		}
		return gunzip, func() { gunzips.Put(gunzip) }, nil
	default:
		return nil, nil, fmt.Errorf("answered with Content-Encoding %.40q, although only gzip is asked for", encoding)
	}
}

// closeBody reads a short rest, so that the connection can be used again.
func closeBody(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 4<<10) // an error only costs the connection
	_ = body.Close()
}

// readAll takes what r has, which must not be more than limit. Once the body turns
// out to be large, it asks for room for all that is expected: bodies that asked
// little by little would end up waiting for each other.
func (a *answer) readAll(ctx context.Context, r io.Reader, expected, limit int64) error {
	r = io.LimitReader(r, limit+1)
	b := (*a.buffer)[:0]
	for {
		if len(b) == cap(b) {
			size := 2 * int64(cap(b))
			if size > smallBody {
				size = max(size, expected+expected/16) // it may have grown a little
			}
			size = min(size, limit+1)
			if err := a.room.grow(ctx, size); err != nil {
				return err
			}
			b = append(make([]byte, 0, size), b...)
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		a.body, *a.buffer = b, b
		switch {
		case int64(len(b)) > limit:
			return &tooLargeError{ByteSize(limit)}
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}
