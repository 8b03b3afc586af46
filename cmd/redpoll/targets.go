package main

import (
	"context"
	"errors"
	"os"

	"github.com/redpoll/redpoll/api"
	"github.com/redpoll/redpoll/scrape"
)

// exposition is what a target exposes now, with errors as the API knows them.
func (a *app) exposition(ctx context.Context, id string) (api.Exposition, error) {
	raw, err := a.manager.Exposition(ctx, id)
	switch {
	case errors.Is(err, scrape.ErrNoTarget):
		err = api.ErrNoTarget
	case errors.Is(err, scrape.ErrBusy):
		err = api.ErrBusy
	}
	return api.Exposition{Body: raw.Body, Truncated: raw.Truncated}, err
}

// hostname is this machine's; empty if it does not know.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}
