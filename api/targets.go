package api

import (
	"context"
	"errors"
	"net/http"
)

// Exposition is what a target exposes, for a person to look at.
type Exposition struct {
	Body      []byte // text of any kind, as hostile as the target
	Truncated bool   // Body is only the beginning
}

// Errors of Options.Exposition beside those that say what is wrong with the
// target.
var (
	ErrNoTarget = errors.New("there is no such target: GET /api/targets lists them with their ids")
	ErrBusy     = errors.New("other targets are being looked at: try again in a moment")
)

// truncatedHeader marks an exposition that was cut.
const truncatedHeader = "X-Redpoll-Truncated"

// listTargets answers every target and how its last scrape went.
func (a *API) listTargets(r *http.Request) (any, error) {
	if p := readParams(r); p.err != nil {
		return nil, p.err
	}
	targets := a.options.Targets()
	return streamed(func(s *jsonStream) { streamList(s, each(targets, toWireTarget)) }), nil
}

// listDroppedTargets answers the targets that relabelling or a limit left out.
func (a *API) listDroppedTargets(r *http.Request) (any, error) {
	if p := readParams(r); p.err != nil {
		return nil, p.err
	}
	dropped, counts := a.options.Dropped()
	return streamed(func(s *jsonStream) {
		s.text(`{"targets":`)
		streamList(s, each(dropped, toWireDroppedTarget))
		s.text(`,"counts":`)
		streamObject(s, counts)
		s.text("}")
	}), nil
}

// targetExposition answers what a target exposes now. redpoll asks the target
// for it, so pages of other origins are kept from it as they are from changing
// something; what the target says is shown as plain text and can do nothing.
func (a *API) targetExposition() http.Handler {
	return a.refuseForeignRequests(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e, err := a.look(r)
		if err != nil {
			a.logFault(r, err)
			writeError(w, err)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
		if e.Truncated {
			h.Set(truncatedHeader, "true")
		}
		writeEncoded(w, r, encoded{contentType: textPlain, body: e.Body})
	}))
}

func (a *API) look(r *http.Request) (Exposition, error) {
	if p := readParams(r); p.err != nil {
		return Exposition{}, p.err
	}
	e, err := a.options.Exposition(r.Context(), r.PathValue("id"))
	switch {
	case err == nil:
		return e, nil
	case errors.Is(err, ErrNoTarget):
		return Exposition{}, notFound("%s", err)
	case errors.Is(err, ErrBusy):
		return Exposition{}, &statusError{http.StatusServiceUnavailable, err.Error()}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Exposition{}, err
	default:
		return Exposition{}, &statusError{http.StatusBadGateway, err.Error()}
	}
}
