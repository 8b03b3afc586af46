package api

import (
	"context"
	"net/http"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// historyPatience is how long /health waits for the store.
const historyPatience = 2 * time.Second

// health answers how redpoll itself is doing: 200, or 503 while it starts or
// its history fails. Targets that are down are not its fault.
func (a *API) health(r *http.Request) (any, error) {
	now := a.now()
	uptime := now.Sub(a.started).Seconds()
	h := wireHealth{
		Status: "ok", Version: a.options.Version, Uptime: plain(&uptime),
		Targets: countTargets(a.options.Targets()),
		History: "ok",
	}
	if err := a.checkHistory(r.Context()); err != nil {
		h.Status, h.History = "failing", err.Error()
		return withStatus{http.StatusServiceUnavailable, h}, nil
	}
	if !a.ready.Load() {
		h.Status = "starting"
		return withStatus{http.StatusServiceUnavailable, h}, nil
	}
	return h, nil
}

// checkHistory finds out whether the history is written and can be read.
func (a *API) checkHistory(ctx context.Context) error {
	if a.options.HistoryError != nil {
		if err := a.options.HistoryError(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, historyPatience)
	defer cancel()
	if _, err := a.options.History.Alerts(ctx, redpoll.AlertQuery{Limit: 1}); err != nil {
		return err
	}
	return nil
}

// healthy answers that the process answers.
func (a *API) healthy(*http.Request) (any, error) {
	return encoded{contentType: textPlain, body: []byte("redpoll is healthy.\n")}, nil
}

const textPlain = "text/plain; charset=utf-8"

// isReady answers whether everything has been started.
func (a *API) isReady(*http.Request) (any, error) {
	if !a.ready.Load() {
		return nil, &statusError{http.StatusServiceUnavailable, "redpoll is starting or stopping: ask again in a moment"}
	}
	return encoded{contentType: textPlain, body: []byte("redpoll is ready.\n")}, nil
}

// reload reads the configuration file again.
func (a *API) reload(r *http.Request) (any, error) {
	// A client that hangs up must not leave the reload half done.
	if err := a.options.Reload(context.WithoutCancel(r.Context())); err != nil {
		return nil, badRequest("%s", err)
	}
	return encoded{contentType: textPlain, body: []byte("The new configuration is in force; changes of `storage` and `web` wait for a restart.\n")}, nil
}

// runningConfig answers the configuration in force.
func (a *API) runningConfig(r *http.Request) (any, error) {
	if p := readParams(r); p.err != nil {
		return nil, p.err
	}
	return encoded{contentType: textYAML, body: a.options.Config()}, nil
}
