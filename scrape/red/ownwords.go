package red

import (
	"fmt"
	"slices"
	"strings"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// maxTold bounds the words and statuses that an advice names.
const maxTold = 8

// ownWords are words of the job's errors that only the application can know, so
// that a word that is misspelled looks like one. They are told apart by whether
// some status has matched them.
type ownWords struct {
	unmatched []string
	seen      []string // statuses, while a word is unmatched: the first of them
	more      bool     // than seen
}

func newOwnWords(errors Statuses) (w ownWords) {
	for _, pattern := range errors {
		if st := readStatus(pattern, false); st.class == 0 && !isGRPC(st.word) && len(w.unmatched) < maxTold {
			w.unmatched = append(w.unmatched, pattern)
		}
	}
	return w
}

// told is how much of the statuses an advice would say.
func (w *ownWords) told() int {
	if w.more {
		return len(w.seen) + 1
	}
	return len(w.seen)
}

// observe takes notice of a status of the target, which is written as text.
func (w *ownWords) observe(text string, st status) {
	if len(w.unmatched) == 0 || text == "" {
		return
	}
	w.unmatched = slices.DeleteFunc(w.unmatched, st.matches)
	text = fmt.Sprintf("%.40s", text)
	switch {
	case slices.Contains(w.seen, text):
	case len(w.seen) == maxTold:
		w.more = true
	default:
		w.seen = append(w.seen, text)
	}
}

// advice says which words have matched nothing; its text is empty if all have,
// or if there are no statuses that they could match.
func (w *ownWords) advice() redpoll.Advice {
	if len(w.unmatched) == 0 || len(w.seen) == 0 {
		return redpoll.Advice{}
	}
	words := make([]string, len(w.unmatched))
	for i, word := range w.unmatched {
		words[i] = fmt.Sprintf("%.40q", word)
	}
	seen := strings.Join(slices.Sorted(slices.Values(w.seen)), ", ")
	if w.more {
		seen += ", …"
	}
	return redpoll.Advice{Text: fmt.Sprintf(
		"errors: %s matched no status that the target exposes (seen: %s). If the application has such a status, it has not occurred yet; if not, correct it.",
		strings.Join(words, ", "), seen)}
}
