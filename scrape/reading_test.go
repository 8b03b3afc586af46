package scrape

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// stuckReader reads until its context ends. It sends to begun when it begins.
type stuckReader struct{ begun chan struct{} }

var _ reader = stuckReader{}

func (r stuckReader) Read(ctx context.Context, _ exposition.Body) (exposition.Scrape, error) {
	r.begun <- struct{}{}
	<-ctx.Done()
	return exposition.Scrape{}, ctx.Err()
}

func (stuckReader) Release() {}
func (stuckReader) Close()   {}

// readsForever starts a target whose reader is stuck and waits until it reads.
func readsForever(t *testing.T) (*Manager, *target) {
	t.Helper()
	m := idle(t, jobConfig(t, nil, "one:80"))
	m.jobs[0].client.Transport = roundTripper(func(*http.Request) (*http.Response, error) { return ok("a 1\n"), nil })
	target, begun := m.jobs[0].targets[0], make(chan struct{}, 100)
	target.reader = stuckReader{begun}
	target.start()
	t.Cleanup(m.Stop)
	<-begun
	return m, target
}

func TestFastStopEndsTheReadingOfABody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, target := readsForever(t)
		stopping := time.Now()
		m.Stop()
		if took := time.Since(stopping); took != 0 {
			t.Errorf("stopping took %v", took)
		}
		if s := target.currentStatus(); s.Health != redpoll.HealthUnknown || s.Error != "" {
			t.Errorf("an interrupted reading made the target %s: %s", s.Health, s.Error)
		}
	})
}

func TestFastATargetWhoseBodyTakesTooLongToReadIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, target := readsForever(t)
		time.Sleep(readTimeout)
		synctest.Wait()
		s := target.currentStatus()
		if s.Health != redpoll.HealthDown {
			t.Errorf("health is %s", s.Health)
		}
		wantContains(t, "the error", s.Error, "it took too long to read the body, more than 10s; expose fewer series or split the target")
	})
}

func TestFastALimitIsNamedAsItIs(t *testing.T) {
	status := scrapeOnce(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("a 1\nb{" + strings.Repeat(`l="",`, 60_000) + "} 1\n"))
	}), nil)
	if want := "line 2 has 60000 labels, more than the 128 that are read; expose fewer labels"; status.Error != want {
		t.Errorf("the error is %q, want %q", status.Error, want)
	}
}

// bodyOf has n lines of 100 bytes.
func bodyOf(n int) []byte {
	return []byte(strings.Repeat("a{b=\""+strings.Repeat("x", 90)+"\"} 1\n", n))
}

// waits reports whether the turn of a body is not yet there; it ends the turn
// if it is, and otherwise does so as soon as it comes.
func waits(t *testing.T, turns *turns, body []byte) bool {
	t.Helper()
	had := make(chan struct{})
	go func() {
		defer close(had)
		if end, err := turns.take(t.Context(), body, ""); err == nil {
			end()
		}
	}()
	synctest.Wait()
	select {
	case <-had:
		return false
	default:
		return true
	}
}

func TestFastLargeBodiesDoNotHoldUpSmallOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(2)
		for range 2 {
			end, err := turns.take(t.Context(), bodyOf(100_000), "")
			if err != nil {
				t.Fatal(err)
			}
			defer end()
		}
		if !waits(t, turns, bodyOf(3_000)) {
			t.Error("two processors read three large bodies")
		}
		if waits(t, turns, bodyOf(2_000)) {
			t.Error("a small body waits for large ones")
		}
	})
}

func TestFastTurnsAreBoundedByMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(64)
		line := []byte("a{" + strings.Repeat("l=\"\",", 60) + "} 1\n")
		end, err := turns.take(t.Context(), bytes.Repeat(line, 40_000), "")
		if err != nil {
			t.Fatal(err)
		}
		if waits(t, turns, bytes.Repeat(line, 1_000)) {
			t.Error("a body waits that there is memory for")
		}
		if !waits(t, turns, bytes.Repeat(line, 20_000)) {
			t.Error("bodies with 3,600,000 labels are read at a time")
		}
		end()
	})
}

func TestFastTheLargestBodyThatIsReadHasItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(2)
		line := []byte("a{" + strings.Repeat("l=\"\",", 8) + "} 1\n")
		largest := bytes.Repeat(line, exposition.MaxTextLines)
		if waits(t, turns, largest) {
			t.Error("its turn never comes")
		}
		end, err := turns.take(t.Context(), largest, "")
		if err != nil {
			t.Fatal(err)
		}
		if !waits(t, turns, bodyOf(3_000)) {
			t.Error("another large one is read beside it")
		}
		end()
	})
}
