package scrape

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/semaphore"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func TestFastRoomIsSharedByLargeBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := semaphore.NewWeighted(bodyMemory)
		one, two, three := room{all: all}, room{all: all}, room{all: all}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for _, size := range []int64{1 << 20, bodyMemory / 2, bodyMemory - 1} {
			if err := one.grow(ctx, size); err != nil {
				t.Fatal(err)
			}
		}
		if err := two.grow(ctx, freeBody); err != nil {
			t.Errorf("a small body waits for large ones: %v", err)
		}
		if err := two.grow(ctx, freeBody+1); !errors.Is(err, errNoRoom) {
			t.Errorf("room for more than there is: %v", err)
		}
		two.leave()
		go func() {
			time.Sleep(time.Second)
			one.leave()
		}()
		if err := three.grow(t.Context(), 10*bodyMemory); err != nil {
			t.Errorf("a body that is larger than all room does not get all of it: %v", err)
		}
		three.leave()
		if !all.TryAcquire(bodyMemory) {
			t.Error("room is lost")
		}
	})
}

func TestFastABodyAsksForRoomAsMuchAsItsBeginningMakesBelievable(t *testing.T) {
	f := func(arrives, expected int64, want ...int64) {
		t.Helper()
		a := answer{buffer: takeBuffer(minBuffer), room: room{all: semaphore.NewWeighted(bodyMemory)}}
		body := &growthLog{answer: &a, from: bytes.NewReader(bodyOf(int(arrives / 100)))}
		if err := a.readAll(t.Context(), body, expected, 50<<20); err != nil {
			t.Fatal(err)
		}
		a.release()
		for i := range want {
			want[i] <<= 10
		}
		if diff := cmp.Diff(want, body.sizes); diff != "" {
			t.Errorf("buffers for %d bytes when %d are expected (-want +got):\n%s", arrives, expected, diff)
		}
	}
	f(10_000, 0, 16)
	f(10_000, 10_000_000, 16) // it announces much, and sends little
	f(50_000, 10_000_000, 16, 128)
	f(500_000, 500_000, 16, 128, 1024)
	f(480_000, 480_000, 16, 128, 512)
	f(500_000, 0, 16, 32, 64, 128, 256, 512)
}

// growthLog notes the sizes of an answer's buffer as it is read into.
type growthLog struct {
	answer *answer
	from   io.Reader
	sizes  []int64
}

func (l *growthLog) Read(p []byte) (int, error) {
	if size := int64(cap(*l.answer.buffer)); len(l.sizes) == 0 || l.sizes[len(l.sizes)-1] != size {
		l.sizes = append(l.sizes, size)
	}
	return l.from.Read(p)
}

func TestFastATargetThatThereIsNoRoomForIsDownAndSaysSo(t *testing.T) {
	m := idle(t, jobConfig(t, func(c *JobConfig) { c.ScrapeTimeout = milliseconds(50) }, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bodyOf(10_000))
	})))
	if !m.room.TryAcquire(bodyMemory) {
		t.Fatal("no room to begin with")
	}
	m.jobs[0].targets[0].scrape(t.Context())
	wantContains(t, "the error", m.Targets()[0].Error, "there was no room for the body")
}

func TestFastRoomIsGivenBackHoweverAScrapeEnds(t *testing.T) {
	f := func(name string, want redpoll.Health, change func(*JobConfig), h http.HandlerFunc) {
		t.Run(name, func(t *testing.T) {
			m := idle(t, jobConfig(t, change, serve(t, h)))
			m.jobs[0].targets[0].scrape(t.Context())
			if s := m.Targets()[0]; s.Health != want {
				t.Errorf("%s, %s; want %s", s.Health, s.Error, want)
			}
			if !m.room.TryAcquire(bodyMemory) {
				t.Error("room is lost")
			}
		})
	}
	large := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bodyOf(10_000)) }
	f("read", redpoll.HealthUp, nil, large)
	f("too large", redpoll.HealthDown, func(c *JobConfig) { c.BodySizeLimit = 600 << 10 }, large)
	f("not metrics", redpoll.HealthDown, nil, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bodyOf(10_000))
		_, _ = io.WriteString(w, "b one\n")
	})
	f("cut", redpoll.HealthDown, nil, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bodyOf(10_000))
		panic(http.ErrAbortHandler)
	})
}
