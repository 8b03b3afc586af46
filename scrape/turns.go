package scrape

import (
	"context"

	"golang.org/x/sync/semaphore"

	"github.com/redpoll/redpoll/scrape/exposition"
)

// smallBody is the largest body that counts as small, in bytes. Most are.
const smallBody = 256 << 10

// readMemory bounds the memory that reading large bodies takes at a time, in
// bytes. It is enough for all but the largest that the limits of package
// exposition allow, which are read alone.
const readMemory = 512 << 20

// turns says which bodies are read when: no more at a time than there are
// processors and memory for. Small bodies take turns among themselves, so that
// large ones never hold them up.
type turns struct {
	small chan struct{}       // takes a token for every body
	large *semaphore.Weighted // of readMemory
	share int64               // what a large body takes of it at least
}

func newTurns(processors int) *turns {
	return &turns{
		small: make(chan struct{}, processors),
		large: semaphore.NewWeighted(readMemory),
		share: readMemory / int64(processors),
	}
}

// take waits for the turn of a body and gives what ends it. The error is that
// of ctx, or says why the body is not worth a turn, as exposition.Measure does.
func (t *turns) take(ctx context.Context, body []byte, contentType string) (end func(), err error) {
	if len(body) <= smallBody {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case t.small <- struct{}{}:
			return func() { <-t.small }, nil
		}
	}
	size, err := exposition.Measure(body, contentType)
	if err != nil {
		return nil, err
	}
	memory := min(max(size.Memory(), t.share), readMemory) // the largest have all to themselves
	if err := t.large.Acquire(ctx, memory); err != nil {
		return nil, err
	}
	return func() { t.large.Release(memory) }, nil
}
