package scrape

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/redpoll/redpoll/scrape/exposition"
)

// RawExposition is what a target answers, for a person to look at.
type RawExposition struct {
	// Body is text, decompressed, and as hostile as the target: it may be of any
	// kind but protobuf, and need not be UTF-8.
	Body []byte
	// Truncated tells that Body is only the beginning, up to the end of a line
	// where there is one.
	Truncated bool
}

const (
	maxRaw   = 4 << 20 // of a RawExposition's Body, in bytes
	maxLooks = 4       // at a time
)

// Errors of Exposition beside those that say why a target cannot be looked at.
var (
	ErrNoTarget = errors.New("there is no such target; it may have gone with a change of the configuration or of its discovery")
	ErrBusy     = fmt.Errorf("%d targets are being looked at already; try again in a moment", maxLooks)
)

// Exposition asks the target with this ID for its metrics as text, as a scrape
// of its job would, credentials and scrape_timeout included, and waits for the
// answer. It is no scrape: it leaves no trace in the target's state and
// figures. Four may go on at a time, others get ErrBusy; a target that is not
// there is ErrNoTarget.
//
// Neither the result nor an error shows anything of the request. An error is
// that of ctx, or says what a person can do about it, as TargetStatus.Error.
func (m *Manager) Exposition(ctx context.Context, id string) (RawExposition, error) {
	t := m.target(id)
	if t == nil {
		return RawExposition{}, ErrNoTarget
	}
	select {
	case m.looks <- struct{}{}:
		defer func() { <-m.looks }()
	default:
		return RawExposition{}, ErrBusy
	}
	fetching, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	raw, err := t.look(fetching)
	switch {
	case err == nil:
		return raw, nil
	case ctx.Err() != nil:
		return RawExposition{}, ctx.Err()
	default:
		_, text := explain(err, t)
		return RawExposition{}, errors.New(text)
	}
}

// target is the one with this ID, nil if there is none.
func (m *Manager) target(id string) *target {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.byID[id]
}

// errNoText says that a target answers protobuf, whatever it is asked for.
var errNoText = errors.New("the target answers protobuf although it is asked for text, so there is nothing to read for a person; its scrapes are not affected")

// look fetches the beginning of a body.
func (t *target) look(ctx context.Context) (RawExposition, error) {
	response, err := t.ask(ctx, t.job.accepts.look)
	if err != nil {
		return RawExposition{}, err
	}
	defer closeBody(response.Body)
	if exposition.IsProtobuf(response.Header.Get("Content-Type")) {
		return RawExposition{}, errNoText
	}
	text, release, err := decompress(response)
	if err != nil {
		return RawExposition{}, err
	}
	defer release()
	body, err := io.ReadAll(io.LimitReader(text, maxRaw+1))
	if err != nil && len(body) <= maxRaw {
		return RawExposition{}, err
	}
	raw := RawExposition{Body: body}
	if len(body) > maxRaw {
		raw.Truncated = true
		raw.Body = body[:maxRaw]
		if end := bytes.LastIndexByte(raw.Body, '\n'); end >= 0 {
			raw.Body = raw.Body[:end+1]
		}
	}
	return raw, nil
}
