package store

import (
	"testing"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func TestMinutesVisitsEveryWholeMinuteOfEveryEndpoint(t *testing.T) {
	s, err := Open(t.Context(), Config{Path: t.TempDir() + "/redpoll.db"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := s.LastSnapshot(); !got.IsZero() {
		t.Errorf("an empty store has a last snapshot at %v", got)
	}

	start := time.Unix(1_800_000_000, 0).Truncate(time.Minute)
	keys := []redpoll.EndpointKey{{Job: "a", Method: "GET", Path: "/x"}, {Job: "a", Method: "GET", Path: "/y"}}
	last := start
	for i := range 31 { // two and a half minutes of 5 s, both endpoints, one request each
		last = start.Add(time.Duration(i) * 5 * time.Second)
		snap := &redpoll.Snapshot{Time: last, Interval: 5 * time.Second}
		for _, k := range keys {
			in := redpoll.Increase{Elapsed: 5 * time.Second, Requests: 1}
			snap.Endpoints = append(snap.Endpoints, redpoll.EndpointMetrics{Key: k, New: &in})
		}
		if err := s.Append(t.Context(), snap, nil); err != nil {
			t.Fatal(err)
		}
	}

	if got := s.LastSnapshot(); !got.Equal(last) {
		t.Errorf("last snapshot at %v, want %v", got, last)
	}
	type visited struct {
		key redpoll.EndpointKey
		at  int64
	}
	f := func(from time.Time, minutes int) {
		t.Helper()
		got := map[visited]uint64{}
		err := s.Minutes(t.Context(), from, func(k redpoll.EndpointKey, p redpoll.HistoryPoint) {
			got[visited{k, p.Time.Unix()}] += p.Requests
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != minutes*len(keys) {
			t.Errorf("%d minutes visited from %v on, want %d of %d endpoints: %v", len(got), from, minutes, len(keys), got)
		}
		for v, n := range got {
			if n != 12 {
				t.Errorf("%v has %d requests, want 12", v, n)
			}
		}
	}
	f(start, 2)
	f(start.Add(time.Minute), 1)
	f(start.Add(time.Second), 1)
	f(start.Add(time.Hour), 0)
}
