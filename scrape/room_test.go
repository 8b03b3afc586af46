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

	"golang.org/x/sync/semaphore"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func TestFastRoomIsSharedByLargeBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := semaphore.NewWeighted(bodyMemory)
		one, two, three := room{all: all}, room{all: all}, room{all: all}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for _, size := range []int64{1 << 20, 100 << 20, bodyMemory - 1} {
			if err := one.grow(ctx, size); err != nil {
				t.Fatal(err)
			}
		}
		if err := two.grow(ctx, smallBody); err != nil {
			t.Errorf("a small body waits for large ones: %v", err)
		}
		if err := two.grow(ctx, smallBody+1); !errors.Is(err, errNoRoom) {
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

func TestFastALargeBodyAsksForAllItsRoomAtOnce(t *testing.T) {
	f := func(expected int64, want error) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			buffer := make([]byte, 0, smallBody)
			a := answer{buffer: &buffer, room: room{all: semaphore.NewWeighted(2 << 20)}}
			if err := a.readAll(ctx, bytes.NewReader(bodyOf(5_000)), expected, 50<<20); !errors.Is(err, want) {
				t.Errorf("of 2 MiB for a body that is expected to have %d bytes and has 500,000: %v", expected, err)
			}
		})
	}
	f(0, nil)
	f(500_000, nil)
	f(2_000_000, errNoRoom)
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
