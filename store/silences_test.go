package store

import (
	"testing"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// Databases outlive the program that wrote them.
func TestMatchersKeepTheirFormInTheDatabase(t *testing.T) {
	s := open(t, newPath(t))
	silence := redpoll.Silence{ID: "1", Matchers: []redpoll.Matcher{{Name: "job", Value: "sh*"}}, StartsAt: at(0), EndsAt: at(60)}
	if err := s.PutSilence(t.Context(), silence); err != nil {
		t.Fatal(err)
	}
	var stored string
	if err := s.read.QueryRowContext(t.Context(), "SELECT matchers FROM silences").Scan(&stored); err != nil {
		t.Fatal(err)
	}
	if want := `[{"name":"job","value":"sh*"}]`; stored != want {
		t.Errorf("stored %s, want %s", stored, want)
	}
}
