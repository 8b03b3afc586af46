package api

import (
	"fmt"
	"net/http"
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
	needed := (span-1)/time.Duration(points) + 1 // rounded up; span may be the longest there is
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
		return nil, err
	}
	if h.Step < q.Step {
		return nil, fmt.Errorf("read history: got steps of %s, shorter than the %s asked for", h.Step, q.Step)
	}
	return toWireHistory(q, h), nil
}

func (a *API) historyQuery(r *http.Request) (redpoll.HistoryQuery, error) {
	p := readParams(r, "job", "method", "path", "start", "end", "step")
	end := p.time("end", a.now().Truncate(time.Millisecond))
	q := redpoll.HistoryQuery{
		Key:   p.endpoint(),
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
	if q.Step == 0 {
		q.Step = niceStep(q.End.Sub(q.Start), defaultPoints)
	}
	return q, checkStep(q.Start, q.End, q.Step)
}

// checkStep refuses steps that are too short. The one that it suggests leaves
// room for the two points that widening the time to whole steps may add.
func checkStep(start, end time.Time, step time.Duration) error {
	if step < minStep {
		return badRequest(`parameter "step" is %s: give at least %s`, model.Duration(step), model.Duration(minStep))
	}
	if _, n := wholeSteps(start, end, step); n > maxPoints {
		return &statusError{http.StatusUnprocessableEntity, fmt.Sprintf(
			`parameter "step" is %s: that makes more than %d points; give %s or longer, or a shorter time`,
			model.Duration(step), maxPoints, model.Duration(niceStep(end.Sub(start), maxPoints-2)))}
	}
	return nil
}

// wholeSteps are the steps, aligned to the Unix epoch, that the time from start
// to end touches: where the first begins, in Unix ms, and how many there are.
func wholeSteps(start, end time.Time, step time.Duration) (first int64, n int) {
	ms := step.Milliseconds()
	first = start.UnixMilli() / ms * ms
	return first, int((end.UnixMilli() - first + ms - 1) / ms)
}
