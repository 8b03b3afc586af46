//go:build unix

package store

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
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
