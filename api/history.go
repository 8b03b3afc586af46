package api

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/redpoll/redpoll/internal/redpoll"
)

const (
	// defaultPoints is about how many points an answer has unless a step is
	// asked for: about one per two pixels of a chart.
	defaultPoints = 300
	// maxPoints is Prometheus' limit, too.
	maxPoints = 11_000
	// minStep is the shortest interval that targets can be scraped at.
	minStep = 100 * time.Millisecond

	defaultHistory = 30 * time.Minute
)

// niceSteps are the default steps to choose from.
var niceSteps = []time.Duration{
	5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// niceStep is the shortest nice step that divides span into no more than
// points parts, or a whole number of days.
func niceStep(span time.Duration, points int64) time.Duration {
	needed := (span + time.Duration(points) - 1) / time.Duration(points)
	for _, s := range niceSteps {
		if s >= needed {
			return s
		}
	}
	const day = 24 * time.Hour
	return (needed + day - 1) / day * day
}

// endpointHistory answers one endpoint's past as columns.
func (a *API) endpointHistory(r *http.Request) (any, error) {
	q, err := a.historyQuery(r)
	if err != nil {
		return nil, err
	}
	h, err := a.options.History.Range(r.Context(), q)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	if h.Step < q.Step {
		return nil, fmt.Errorf("read history: got steps of %s, shorter than the %s asked for", h.Step, q.Step)
	}
	return toWireHistory(q, h), nil
}

func (a *API) historyQuery(r *http.Request) (redpoll.HistoryQuery, error) {
	p := readParams(r, "job", "method", "path", "start", "end", "step")
	end := p.time("end", a.now())
	q := redpoll.HistoryQuery{
		Key:   redpoll.EndpointKey{Job: p.required("job"), Method: strings.ToUpper(p.text("method")), Path: p.required("path")},
		Start: p.time("start", end.Add(-defaultHistory)),
		End:   end,
		Step:  p.duration("step"),
	}
	if p.err == nil && !q.Start.Before(q.End) {
		p.fail("start", "must be before end")
	}
	if p.err != nil {
		return q, p.err
	}
	span := q.End.Sub(q.Start)
	if q.Step == 0 {
		q.Step = niceStep(span, defaultPoints)
	}
	return q, checkStep(span, q.Step)
}

func checkStep(span, step time.Duration) error {
	if step < minStep {
		return badRequest(`parameter "step" is %s: give at least %s`, model.Duration(step), model.Duration(minStep))
	}
	if span/step >= maxPoints {
		return &statusError{http.StatusUnprocessableEntity, fmt.Sprintf(
			`parameter "step" is %s: that makes more than %d points; give %s or longer, or a shorter time`,
			model.Duration(step), maxPoints, model.Duration(niceStep(span, maxPoints-1)))}
	}
	return nil
}
