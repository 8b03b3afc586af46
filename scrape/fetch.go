package scrape

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/klauspost/compress/gzip"
)

var gunzips = sync.Pool{New: func() any { return new(gzip.Reader) }}

// answer is what a target sent. release gives its memory back.
type answer struct {
	body        []byte
	stated      string // the Content-Type
	contentType string // by which the body is read: formatOf
	complete    bool   // as that of exposition.Body
	buffer      *[]byte
	room        room
}

// release leaves the buffer, and thereby the body, to others.
func (a *answer) release() {
	giveBuffer(a.buffer)
	a.body, a.buffer = nil, nil
	a.room.leave()
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

// encodingError is a body that is compressed in a way that was not asked for.
type encodingError struct{ encoding string }

func (e *encodingError) Error() string {
	return fmt.Sprintf("answered with Content-Encoding %.40q, which was not asked for: only gzip is understood", e.encoding)
}

// ask sends the request for one scrape and gives an answer of 200 OK. ctx bounds
// the time until its body has been read; accept says in which formats.
func (t *target) ask(ctx context.Context, accept string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, t.URL, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", accept)
	r.Header.Set("Accept-Encoding", acceptEncoding(t.job.config.EnableCompression))
	r.Header.Set("User-Agent", t.job.manager.agent)
	r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", strconv.FormatFloat(t.timeout.Seconds(), 'f', -1, 64))
	response, err := t.job.client.Do(r)
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
func (t *target) fetch(ctx context.Context, accept string, usual int64) (*answer, error) {
	response, err := t.ask(ctx, accept)
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
		stated:   response.Header.Get("Content-Type"),
		complete: isWhole(response),
		buffer:   takeBuffer(minBuffer),
		room:     room{all: t.job.manager.room},
	}
	a.contentType = formatOf(a.stated, t.job.config.FallbackScrapeProtocol)
	expected := max(usual, response.ContentLength) // which is that of the compressed body
	if err := a.readAll(ctx, from, expected, int64(t.job.config.BodySizeLimit)); err != nil {
		a.release()
		return nil, err
	}
	return a, nil
}

// isWhole reports whether a body that has been read to its end without an error
// is all that there was. A length, chunks, a frame of HTTP/2 and the checksum at
// the end of gzip tell; where the end of the connection is all there is, as in
// HTTP/1.0, it may have been cut.
func isWhole(r *http.Response) bool {
	return r.ContentLength >= 0 || r.ProtoMajor >= 2 || slices.Contains(r.TransferEncoding, "chunked") ||
		r.Header.Get("Content-Encoding") == "gzip"
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
		return nil, nil, &encodingError{encoding}
	}
}

// closeBody reads a short rest, so that the connection can be used again.
func closeBody(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 4<<10) // an error only costs the connection
	_ = body.Close()
}

// readAll takes what r has, which must not be more than limit. expected is how
// long the body may be, as its head or the one before it says.
func (a *answer) readAll(ctx context.Context, r io.Reader, expected, limit int64) error {
	for {
		b := *a.buffer
		if len(b) == cap(b) {
			if err := a.enlarge(ctx, expected, limit); err != nil {
				return err
			}
			b = *a.buffer
		}
		n, err := r.Read(b[len(b):cap(b)])
		*a.buffer = b[:len(b)+n]
		a.body = *a.buffer
		switch {
		case int64(len(a.body)) > limit:
			return &tooLargeError{ByteSize(limit)}
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// believed is how many times as much as has arrived is taken to follow. An
// honest body is copied once or twice on its way to its full size, and a target
// that announces a large one and sends little of it gets little memory.
const believed = 8

// enlarge moves what has arrived to a larger buffer.
func (a *answer) enlarge(ctx context.Context, expected, limit int64) error {
	b := *a.buffer
	size := min(expected+expected/16, believed*int64(cap(b))) // it may have grown a little
	size = bufferSize(min(max(size, 2*int64(cap(b))), limit+1))
	if err := a.room.grow(ctx, size); err != nil {
		return err
	}
	larger := takeBuffer(size)
	*larger = append(*larger, b...)
	giveBuffer(a.buffer)
	a.buffer = larger
	return nil
}
