package main

import (
	"testing"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func TestFastMinutesOfASpikeAreLeftOut(t *testing.T) {
	minute := func(m float64) time.Time { return time.Unix(0, 0).Add(time.Duration(m * float64(time.Minute))) }
	over := redpoll.Alert{Since: minute(2.5), ResolvedAt: minute(4)}
	firing := redpoll.Alert{Since: minute(8)}
	f := func(m float64, want bool) {
		t.Helper()
		if got := duringAny([]redpoll.Alert{over, firing}, minute(m)); got != want {
			t.Errorf("minute %g: %v, want %v", m, got, want)
		}
	}
	f(1, false)
	f(2, true) // it begins in the middle of it
	f(3, true)
	f(4, false)
	f(7, false)
	f(8, true)
	f(20, true) // not over yet
}
