package api

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// alertParams are what /api/alerts is asked for.
type alertParams struct {
	state string // "all", or a state; "active" is every state but resolved
	query redpoll.AlertQuery
}

// listAlerts answers the active alerts, all of them on the first page, then
// those of the past, newest first, limit on each page.
func (a *API) listAlerts(r *http.Request) (any, error) {
	p, err := readAlertParams(r)
	if err != nil {
		return nil, err
	}
	active := a.options.Rules.Active()
	list := wireAlertList{Alerts: []wireAlert{}}
	if p.query.Before == "" {
		for i := range active {
			if p.wants(&active[i]) {
				list.Alerts = append(list.Alerts, toWireAlert(&active[i]))
			}
		}
	}
	if p.state != "all" && p.state != string(redpoll.Resolved) {
		return list, nil
	}
	past, next, err := a.pastAlerts(r, p, active)
	if err != nil {
		return nil, err
	}
	list.Alerts, list.Next = append(list.Alerts, past...), next
	return list, nil
}

func readAlertParams(r *http.Request) (alertParams, error) {
	p := readParams(r, "state", "limit", "before", "job", "method", "path", "start", "end")
	a := alertParams{state: p.oneOf("state", "all", "active", "pending", "firing", "unknown", "resolved")}
	a.query.Limit = p.integer("limit", 100, 1, 1000)
	a.query.Before = p.text("before")
	if a.query.Before != "" && uuid.Validate(a.query.Before) != nil {
		p.fail("before", "is %s: pass on the next of the page before", quote(a.query.Before))
	}
	a.query.Start, a.query.End = p.time("start", time.Time{}), p.time("end", time.Time{})
	if p.has("job") || p.has("method") || p.has("path") {
		key := p.endpoint()
		a.query.Endpoint = &key
	}
	return a, p.err
}

// wants decides about active alerts; the store decides about past ones.
func (p *alertParams) wants(a *redpoll.Alert) bool {
	switch {
	case p.state != "all" && p.state != "active" && p.state != string(a.State):
		return false
	case p.query.Endpoint != nil && *p.query.Endpoint != a.Endpoint:
		return false
	}
	return p.query.End.IsZero() || a.Since.Before(p.query.End)
}

// pastAlerts leaves out what is still active; next is empty on the last page.
func (a *API) pastAlerts(r *http.Request, p alertParams, active []redpoll.Alert) (list []wireAlert, next string, err error) {
	stored, err := a.options.History.Alerts(r.Context(), p.query)
	if err != nil {
		return nil, "", err
	}
	isActive := make(map[string]bool, len(active))
	for i := range active {
		isActive[active[i].ID] = true
	}
	for i := range stored {
		if stored[i].State == redpoll.Resolved && !isActive[stored[i].ID] {
			list = append(list, toWireAlert(&stored[i]))
		}
	}
	if len(stored) == p.query.Limit {
		next = stored[len(stored)-1].ID
	}
	return list, next, nil
}
