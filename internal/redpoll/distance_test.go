package redpoll

import "testing"

func TestFastEditDistance(t *testing.T) {
	f := func(a, b string, want int) {
		t.Helper()
		if got := EditDistance(a, b); got != want {
			t.Errorf("from %q to %q: %d, want %d", a, b, got, want)
		}
	}
	f("", "", 0)
	f("", "abc", 3)
	f("abc", "", 3)
	f("kitten", "sitting", 3)
	f("requests", "request", 1)
	f("ab", "ba", 2)
}
