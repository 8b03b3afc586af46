package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// handler answers a request with a value to be sent as JSON, or one of the
// types below; nil is 204 No Content.
type handler func(r *http.Request) (any, error)

// created answers 201.
type created struct{ value any }

// withStatus answers a value under another status than 200.
type withStatus struct {
	status int
	value  any
}

// encoded is a body that is not to be encoded again. A client that has etag
// already, where not empty, gets 304.
type encoded struct {
	contentType string
	body        []byte
	etag        string
}

// statusError is an error that the client caused or can do something about.
// Its text says what happened and what to do.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

func badRequest(format string, args ...any) error {
	return &statusError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) error {
	return &statusError{http.StatusNotFound, fmt.Sprintf(format, args...)}
}

var errForeignOrigin = &statusError{
	http.StatusForbidden,
	"the request comes from a page of another origin: list the origin under web.allowed_origins",
}

// statusOf maps an error to its HTTP status.
func statusOf(err error) int {
	var s *statusError
	switch {
	case errors.As(err, &s):
		return s.status
	case errors.Is(err, errTooManyClients), errors.Is(err, errShuttingDown):
		return http.StatusServiceUnavailable
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// json turns a handler into one of net/http.
func (a *API) json(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		value, err := h(r)
		if err != nil {
			a.logFault(r, err)
			writeError(w, err)
			return
		}
		a.respond(w, r, value)
	})
}

// logFault logs what is redpoll's fault; what clients do wrong they are told.
// A request that was given up is nobody's.
func (a *API) logFault(r *http.Request, err error) {
	if statusOf(err) == http.StatusInternalServerError {
		a.logger.Error("request failed", "method", r.Method, "path", r.URL.Path, "err", err)
	}
}

func (a *API) respond(w http.ResponseWriter, r *http.Request, value any) {
	status := http.StatusOK
	switch v := value.(type) {
	case nil:
		w.WriteHeader(http.StatusNoContent)
		return
	case streamed:
		a.writeStream(w, r, v)
		return
	case encoded:
		writeEncoded(w, r, v)
		return
	case created:
		status, value = http.StatusCreated, v.value
	case withStatus:
		status, value = v.status, v.value
	}
	if err := writeJSON(w, status, value); err != nil {
		a.logger.Error("answer not encoded", "path", r.URL.Path, "err", err)
		writeError(w, err)
	}
}

// writeJSON writes nothing if value cannot be encoded. That writing fails
// because the client has gone is no error here.
func writeJSON(w http.ResponseWriter, status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
	return nil
}

// writeError answers {"error": …} with the status that statusOf says.
func writeError(w http.ResponseWriter, err error) {
	status := statusOf(err)
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	_ = writeJSON(w, status, wireError{Error: strings.ToValidUTF8(err.Error(), "\uFFFD")})
}

func writeEncoded(w http.ResponseWriter, r *http.Request, e encoded) {
	h := w.Header()
	h.Set("Content-Type", e.contentType)
	if e.etag != "" {
		h.Set("ETag", e.etag)
		if hasETag(r.Header.Values("If-None-Match"), e.etag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	_, _ = w.Write(e.body)
}

// hasETag compares weakly, as RFC 9110 section 13.1.2 asks. redpoll's tags
// contain no comma, so splitting there is enough.
func hasETag(headers []string, etag string) bool {
	want := strings.TrimPrefix(etag, "W/")
	for _, line := range headers {
		for tag := range strings.SplitSeq(line, ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" || strings.TrimPrefix(tag, "W/") == want {
				return true
			}
		}
	}
	return false
}
