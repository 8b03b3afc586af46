package store

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func restart(job, instance string, seconds int) redpoll.Mark {
	return redpoll.Mark{Time: at(seconds).Local(), Job: job, Instance: instance, Kind: redpoll.Restart}
}

func deploy(job, instance string, seconds int) redpoll.Mark {
	return redpoll.Mark{Time: at(seconds).Local(), Job: job, Instance: instance, Kind: redpoll.Deploy, Text: "1.4.1 → 1.4.2"}
}

func withMarks(at time.Time, marks ...redpoll.Mark) *redpoll.Snapshot {
	snap := snapshot(at)
	snap.Marks = marks
	return snap
}

func wantMarks(t *testing.T, s *Store, q redpoll.MarkQuery, want ...redpoll.Mark) {
	t.Helper()
	got, err := s.Marks(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%+v (-want +got):\n%s", q, diff)
	}
}

func TestCanaryMarksAreFoundNewestFirstAfterARestart(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	strange := redpoll.Mark{Time: at(3).Local(), Job: hostile, Instance: hostile, Kind: redpoll.Deploy, Text: hostile}
	appendAll(t, s,
		withMarks(at(10), restart("shop", "b:80", 7), restart("shop", "a:80", 7), deploy("shop", "b:80", 7)),
		withMarks(at(15), strange, restart("pay", "p:80", 12), deploy("shop", "a:80", 15)))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	all := []redpoll.Mark{
		deploy("shop", "a:80", 15), restart("pay", "p:80", 12),
		restart("shop", "a:80", 7), deploy("shop", "b:80", 7), restart("shop", "b:80", 7), strange,
	}
	wantMarks(t, s, redpoll.MarkQuery{}, all...)
	wantMarks(t, s, redpoll.MarkQuery{Limit: 2}, all[:2]...)
	wantMarks(t, s, redpoll.MarkQuery{Start: at(7), End: at(15)}, all[1:5]...)
	wantMarks(t, s, redpoll.MarkQuery{Start: at(7).Add(1), End: at(12)})
	wantMarks(t, s, redpoll.MarkQuery{Job: "pay"}, all[1])
	wantMarks(t, s, redpoll.MarkQuery{Job: hostile}, strange)
}

func TestMarksAreStoredOnce(t *testing.T) {
	s := open(t, newPath(t))
	m := deploy("shop", "a:80", 1)
	appendAll(t, s, withMarks(at(5), m, m), withMarks(at(10), m))
	wantMarks(t, s, redpoll.MarkQuery{}, m)
}

func TestMarksComeWithTheSnapshotThatCouldNotBeWritten(t *testing.T) {
	s := open(t, newPath(t))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Append(cancelled, withMarks(at(5), restart("shop", "a:80", 4)), nil); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	appendAll(t, s, withMarks(at(10), restart("shop", "b:80", 4)))
	wantMarks(t, s, redpoll.MarkQuery{}, restart("shop", "a:80", 4), restart("shop", "b:80", 4))
}

// A clock that is ahead must not make a mark that stays for ever.
func TestMarksAreNotInTheFuture(t *testing.T) {
	s := open(t, newPath(t))
	appendAll(t, s, withMarks(at(5), restart("shop", "a:80", 1e9)))
	wantMarks(t, s, redpoll.MarkQuery{}, restart("shop", "a:80", 5))
}

func TestMarksAreKeptAsLongAsMinutes(t *testing.T) {
	s := open(t, newPath(t)) // 7 d
	day := func(n int) int { return n * 24 * 3600 }
	appendAll(t, s, withMarks(at(0), restart("shop", "a:80", day(-1)), restart("shop", "a:80", 0)))
	appendAll(t, s, snapshot(at(day(7))))
	wantMarks(t, s, redpoll.MarkQuery{}, restart("shop", "a:80", 0))
	appendAll(t, s, snapshot(at(day(7)+60)))
	wantMarks(t, s, redpoll.MarkQuery{})
}

func TestOnlyTheNewestMarksAreKept(t *testing.T) {
	s := open(t, newPath(t))
	old, newest, other := restart("shop", "a:80", -9), restart("shop", "a:80", 0), restart("shop", "b:80", 0)
	appendAll(t, s, withMarks(noon, old, newest, other))
	limit := func(n int) {
		t.Helper()
		tx, err := s.begin(t.Context())
		if err == nil {
			err = errors.Join(tx.limitMarks(n), tx.Commit())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	limit(4)
	limit(3)
	wantMarks(t, s, redpoll.MarkQuery{}, newest, other, old)
	limit(2)
	wantMarks(t, s, redpoll.MarkQuery{}, newest, other)
	limit(1)
	wantMarks(t, s, redpoll.MarkQuery{}, other)
}

func TestMarksAreBoundedByDefault(t *testing.T) {
	s := open(t, newPath(t))
	snap := withMarks(noon)
	for i := range defaultMarkLimit + 5 {
		snap.Marks = append(snap.Marks, restart("shop", fmt.Sprint(i), -i))
	}
	appendAll(t, s, snap)
	wantMarks(t, s, redpoll.MarkQuery{}, snap.Marks[:defaultMarkLimit]...)
	wantMarks(t, s, redpoll.MarkQuery{Limit: len(snap.Marks)}, snap.Marks...)
}
