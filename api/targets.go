package api

import "net/http"

// listTargets answers every target and how its last scrape went.
func (a *API) listTargets(r *http.Request) (any, error) {
	if p := readParams(r); p.err != nil {
		return nil, p.err
	}
	targets := a.options.Targets()
	list := make([]wireTarget, len(targets))
	for i := range targets {
		list[i] = toWireTarget(&targets[i])
	}
	return list, nil
}
