package exposition

import (
	"context"
	"time"
)

// epoch is when the bodies of tests were asked for.
var epoch = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// newReader makes a reader with a library of its own.
func newReader(wanted func(family string) bool) *Reader {
	return NewLibrary(Options{Wanted: wanted}).NewReader()
}

// readBody reads a body that arrived whole.
func readBody(r *Reader, body []byte, contentType string) (Scrape, error) {
	return r.Read(context.Background(), Body{Bytes: body, ContentType: contentType, At: epoch, Complete: true})
}
