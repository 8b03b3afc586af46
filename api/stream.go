package api

import (
	"bufio"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
)

// streamed is an answer that writes itself as one JSON value, piece by piece,
// so that a long list takes the memory of one of its elements. Part of it may
// have been sent when the rest is written: whatever can be wrong with a request
// is found before.
type streamed func(s *jsonStream)

// jsonStream writes JSON. After an error it writes nothing more; err also says
// when the client is gone.
type jsonStream struct {
	w   *bufio.Writer
	err error
}

// text writes JSON as it is.
func (s *jsonStream) text(json string) {
	if s.err == nil {
		_, s.err = s.w.WriteString(json)
	}
}

// value encodes v.
func (s *jsonStream) value(v any) {
	if s.err != nil {
		return
	}
	b, err := json.Marshal(v)
	if err != nil {
		s.err = fmt.Errorf("encode a part of the answer: %w", err)
		return
	}
	_, s.err = s.w.Write(b)
}

// streamList writes an array. It stops taking elements after an error.
func streamList[T any](s *jsonStream, elements iter.Seq[T]) {
	s.text("[")
	first := true
	for e := range elements {
		if !first {
			s.text(",")
		}
		first = false
		if s.value(e); s.err != nil {
			return
		}
	}
	s.text("]")
}

// streamObject writes an object, its members in the order of their names.
func streamObject[T any](s *jsonStream, members map[string]T) {
	s.text("{")
	for i, name := range slices.Sorted(maps.Keys(members)) {
		if i > 0 {
			s.text(",")
		}
		s.value(name)
		s.text(":")
		if s.value(members[name]); s.err != nil {
			return
		}
	}
	s.text("}")
}

// each gives what convert makes of the elements, one after the other.
func each[T, W any](elements []T, convert func(*T) W) iter.Seq[W] {
	return func(yield func(W) bool) {
		for i := range elements {
			if !yield(convert(&elements[i])) {
				return
			}
		}
	}
}

// writeStream answers 200. An answer that could not be finished is no valid
// JSON, so that no client takes it for a whole one; that the client has gone is
// no error here.
func (a *API) writeStream(w http.ResponseWriter, r *http.Request, answer streamed) {
	w.Header().Set("Content-Type", "application/json")
	s := &jsonStream{w: bufio.NewWriterSize(w, 32<<10)}
	answer(s)
	if s.err == nil {
		_ = s.w.Flush()
	} else if r.Context().Err() == nil {
		a.logger.Error("answer not finished", "path", r.URL.Path, "err", s.err)
	}
}
