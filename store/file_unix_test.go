//go:build unix

package store

import (
	"errors"
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
