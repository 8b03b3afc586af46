//go:build unix

package store

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/redpoll/redpoll/internal/redpoll"
)

func TestOpenRefusesANamedPipeInsteadOfWaitingForIt(t *testing.T) {
	path := newPath(t)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Config{Path: path}, Options{})
	if !errors.Is(err, ErrNotADatabase) || !strings.Contains(err.Error(), "storage.path") {
		t.Errorf("got %v, want ErrNotADatabase and a way out", err)
	}
}

func TestOpenRefusesADatabaseWithHardLinks(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	other := newPath(t)
	if err := os.Link(path, other); err != nil {
		t.Fatal(err)
	}
	check := func() {
		t.Helper()
		_, err := Open(t.Context(), Config{Path: other}, Options{})
		if err == nil || !strings.Contains(err.Error(), "hard links") || !strings.Contains(err.Error(), "storage.path") {
			t.Errorf("got %v, want a refusal of hard links and a way out", err)
		}
	}
	check()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	check()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	open(t, other)
}

func TestDeletedOrReplacedDatabaseIsTold(t *testing.T) {
	const want = "deleted or replaced"
	path := newPath(t)
	s, err := Open(t.Context(), Config{Path: path}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, s, snapshot(noon, endpointMetrics(checkout, increase(0, 1))))
	aside := newPath(t)
	if err := os.Rename(path, aside); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		err := s.Append(t.Context(), snapshot(at(5+5*i), endpointMetrics(checkout, increase(0, 1))), nil)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("Append: %v, want it to contain %q and the path", err, want)
		}
		if err := s.PutSilence(t.Context(), redpoll.Silence{ID: "a"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("PutSilence: %v, want it to contain %q", err, want)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil { // once missing, once another one
			t.Fatal(err)
		}
	}
	// Put back, it gets what it missed.
	if err := os.Rename(aside, path); err != nil {
		t.Fatal(err)
	}
	appendAll(t, s, snapshot(at(15), endpointMetrics(checkout, increase(0, 1))))
	wantRequests(t, s, checkout, 4)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Close: %v, want it to contain %q", err, want)
	}
}
