package scrape

import (
	"context"
	"fmt"

	"golang.org/x/sync/semaphore"
)

const (
	// bodyMemory bounds the memory of all bodies beyond freeBody that arrive, or
	// have arrived and wait for their turn, in bytes.
	bodyMemory = 128 << 20
	// freeBody is what any body may have, so that large ones never keep small
	// ones out. A thousand targets that stop in the middle of one hold 64 MiB.
	freeBody = 64 << 10
)

// errNoRoom says that there was no memory for a body until its scrape's time
// was over.
var errNoRoom = fmt.Errorf("there was no room for the body: other targets' bodies fill the %v kept for them; scrape large targets less often, or expose fewer series", ByteSize(bodyMemory))

// room is what one body holds of bodyMemory.
type room struct {
	all  *semaphore.Weighted
	held int64
}

// grow makes it enough for size bytes, and waits until ctx ends if others have
// to leave first. Bodies that each wait for the others part when their scrapes'
// times are over.
func (r *room) grow(ctx context.Context, size int64) error {
	size = min(size, bodyMemory) // a larger one, if the configuration allows it, has all to itself
	if size <= freeBody || size <= r.held {
		return nil
	}
	if err := r.all.Acquire(ctx, size-r.held); err != nil {
		return errNoRoom
	}
	r.held = size
	return nil
}

// leave gives everything back.
func (r *room) leave() {
	if r.held > 0 {
		r.all.Release(r.held)
		r.held = 0
	}
}
