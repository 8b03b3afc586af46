package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// The bounds of what an operator may send.
const (
	maxBody     = 64 << 10 // bytes
	maxMatchers = 20
	maxText     = 1000 // bytes of each text
	// maxSilences is more than people can keep track of; every change reads
	// them all.
	maxSilences = 1000
	// maxSilence is how far ahead a silence may end: one that nobody will live
	// to see end is a rule to be switched off.
	maxSilence = 366 * 24 * time.Hour
)

// listSilences answers the silences that are kept, the last to end first.
func (a *API) listSilences(r *http.Request) (any, error) {
	if p := readParams(r); p.err != nil {
		return nil, p.err
	}
	silences, err := a.options.History.Silences(r.Context())
	if err != nil {
		return nil, err
	}
	now := a.now()
	list := make([]wireSilence, len(silences))
	for i := range silences {
		list[i] = toWireSilence(&silences[i], now)
	}
	return list, nil
}

// createSilence stores what the body says and puts it in force.
func (a *API) createSilence(r *http.Request) (any, error) {
	if p := readParams(r); p.err != nil {
		return nil, p.err
	}
	var n newSilence
	if err := readJSON(r, &n); err != nil {
		return nil, err
	}
	now := a.now()
	s, err := n.silence(now)
	if err != nil {
		return nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make a silence id: %w", err)
	}
	s.ID = id.String()
	err = a.changeSilences(r.Context(), func(ctx context.Context) error {
		if err := a.requireRoom(ctx); err != nil {
			return err
		}
		return a.options.History.PutSilence(ctx, s)
	})
	if err != nil {
		return nil, err
	}
	a.logger.Info("silence created", "id", s.ID, "by", s.CreatedBy, "until", s.EndsAt, "comment", s.Comment)
	return created{toWireSilence(&s, now)}, nil
}

// deleteSilence removes a silence, and with it its effect.
func (a *API) deleteSilence(r *http.Request) (any, error) {
	if p := readParams(r); p.err != nil {
		return nil, p.err
	}
	id := r.PathValue("id")
	err := a.changeSilences(r.Context(), func(ctx context.Context) error {
		if err := a.requireSilence(ctx, id); err != nil {
			return err
		}
		return a.options.History.DeleteSilence(ctx, id)
	})
	if err != nil {
		return nil, err
	}
	a.logger.Info("silence deleted", "id", id)
	return nil, nil
}

func (a *API) requireRoom(ctx context.Context) error {
	silences, err := a.options.History.Silences(ctx)
	if err == nil && len(silences) >= maxSilences {
		return &statusError{http.StatusUnprocessableEntity,
			fmt.Sprintf("there are %d silences already: delete some, or match more with one", len(silences))}
	}
	return err
}

func (a *API) requireSilence(ctx context.Context, id string) error {
	silences, err := a.options.History.Silences(ctx)
	if err != nil {
		return err
	}
	for i := range silences {
		if silences[i].ID == id {
			return nil
		}
	}
	return notFound("there is no silence %s: /api/silences lists those that there are", quote(id))
}

// changeSilences changes what is stored and tells Rules all that have not
// expired. A client that goes away in between must not leave the two apart, so
// its leaving does not cancel the change.
func (a *API) changeSilences(ctx context.Context, change func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	a.silencing.Lock()
	defer a.silencing.Unlock()
	if err := change(ctx); err != nil {
		return err
	}
	silences, err := a.options.History.Silences(ctx)
	if err != nil {
		return err
	}
	now := a.now()
	var inForce []redpoll.Silence
	for _, s := range silences {
		if now.Before(s.EndsAt) {
			inForce = append(inForce, s)
		}
	}
	a.options.Rules.SetSilences(inForce)
	return nil
}

// newSilence is the body of POST /api/silences. Exactly one of EndsAt and
// Duration is given; StartsAt is now if missing.
type newSilence struct {
	Matchers  []wireMatcher `json:"matchers"`
	StartsAt  timestamp     `json:"startsAt"`
	EndsAt    timestamp     `json:"endsAt"`
	Duration  string        `json:"duration"`
	CreatedBy string        `json:"createdBy"`
	Comment   string        `json:"comment"`
}

// silence checks every field; the id is the caller's.
func (n *newSilence) silence(now time.Time) (redpoll.Silence, error) {
	s := redpoll.Silence{
		Matchers: fromWireMatchers(n.Matchers), StartsAt: n.StartsAt.Time, EndsAt: n.EndsAt.Time,
		CreatedBy: n.CreatedBy, Comment: n.Comment,
	}
	if s.StartsAt.IsZero() {
		s.StartsAt = now
	}
	if n.Duration != "" {
		d, ok := parseDuration(n.Duration)
		if !ok || !s.EndsAt.IsZero() {
			return s, badRequest(`field "duration" is %s: give a duration such as 2h, and no endsAt beside it`, quote(n.Duration))
		}
		s.EndsAt = s.StartsAt.Add(d)
	}
	switch {
	case s.EndsAt.IsZero():
		return s, badRequest(`field "endsAt" is missing: give it, or a duration such as 2h`)
	case !s.EndsAt.After(s.StartsAt) || !s.EndsAt.After(now):
		return s, badRequest(`field "endsAt" must be in the future and after startsAt`)
	case s.EndsAt.After(now.Add(maxSilence)):
		return s, badRequest(`field "endsAt" is more than a year ahead: change the rule instead`)
	}
	return s, checkSilenceTexts(&s)
}

func checkSilenceTexts(s *redpoll.Silence) error {
	if n := len(s.Matchers); n == 0 || n > maxMatchers {
		return badRequest(`field "matchers" has %d entries: give 1 to %d, e.g. {"name":"job","value":"shop"}`, n, maxMatchers)
	}
	for i, m := range s.Matchers {
		if m.Name == "" || !isText(m.Name) || !isText(m.Value) {
			return badRequest(`field "matchers[%d]" needs a name and a value of at most %d bytes each`, i, maxText)
		}
	}
	for field, text := range map[string]string{"createdBy": s.CreatedBy, "comment": s.Comment} {
		if strings.TrimSpace(text) == "" || !isText(text) {
			return badRequest("field %q must be a text of at most %d bytes: others need to know who silenced this, and why", field, maxText)
		}
	}
	return nil
}

func isText(s string) bool { return len(s) <= maxText && utf8.ValidString(s) }

// timestamp reads Unix milliseconds or RFC 3339.
type timestamp struct{ time.Time }

// UnmarshalJSON takes a number or a string.
func (t *timestamp) UnmarshalJSON(b []byte) error {
	text := string(b)
	if text == "null" {
		return nil
	}
	if b[0] == '"' {
		if err := json.Unmarshal(b, &text); err != nil {
			return err
		}
	}
	at, ok := parseTime(text)
	if !ok {
		return fmt.Errorf("time %s is neither Unix milliseconds nor RFC 3339", quote(text))
	}
	t.Time = at
	return nil
}

// readJSON reads a body of one JSON object that has v's fields and no others.
// It asks for the media type because a page of another origin cannot send that
// one without asking the browser first.
func readJSON(r *http.Request, v any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &statusError{http.StatusUnsupportedMediaType, "the body must be JSON: send Content-Type: application/json"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if tooBig := (*http.MaxBytesError)(nil); errors.As(err, &tooBig) {
		return &statusError{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is over %d bytes", maxBody)}
	}
	if err != nil {
		return badRequest("the body could not be read: %s", err)
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return badRequest("the body cannot be understood: %s", cut(err.Error(), 200))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return badRequest("the body has more than one JSON value")
	}
	return nil
}
