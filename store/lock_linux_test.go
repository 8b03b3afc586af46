package store

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestLockOutlivesItsFile(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	appendAll(t, s, snapshot(noon, endpointMetrics(checkout, increase(0, 1))))
	for range 2 { // the second one finds the lock file of the first
		if err := os.Remove(path + ".lock"); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), Config{Path: path}, Options{})
		if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "redpoll.db.lock was removed") {
			t.Errorf("got %v, want ErrLocked and the reason", err)
		}
	}
	appendAll(t, s, snapshot(at(5), endpointMetrics(checkout, increase(0, 1))))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}
