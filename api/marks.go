package api

import (
	"net/http"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// listMarks answers what happened to the targets, newest first.
func (a *API) listMarks(r *http.Request) (any, error) {
	p := readParams(r, "job", "start", "end", "limit")
	q := redpoll.MarkQuery{
		Job:   p.text("job"),
		Start: p.time("start", time.Time{}), End: p.time("end", time.Time{}),
		Limit: p.integer("limit", 1000, 1, 10_000),
	}
	if !q.Start.IsZero() && !q.End.IsZero() && !q.Start.Before(q.End) {
		p.fail("start", "must be before end")
	}
	if p.err != nil {
		return nil, p.err
	}
	marks, err := a.options.History.Marks(r.Context(), q)
	if err != nil {
		return nil, err
	}
	return wireMarkList{toWireMarks(marks)}, nil
}
