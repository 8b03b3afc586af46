package exposition

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
)

// patched reports whether the layout of one body is made for another without
// reading all of it.
func patched(t *testing.T, before, after string) bool {
	t.Helper()
	l := NewLibrary(Options{})
	r := l.NewReader()
	for _, body := range []string{"a 1\n", before} { // it has changed once
		if _, err := readBody(r, []byte(body), ""); err != nil {
			t.Fatal(err)
		}
	}
	own := r.plan.layout
	if own.origin == nil {
		return false
	}
	values := make([]float64, own.values)
	m, err := own.read(context.Background(), after, window{}, match{}, values)
	if err != nil || m.whole {
		t.Fatalf("whole: %v, %v", m.whole, err)
	}
	b := newBuilder(l)
	b.begin(plainText, window{}, 100, len(after))
	ok, err := b.repair(context.Background(), own, after, m, values)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func TestFastWhatChangesInABodyIsReadAlone(t *testing.T) {
	f := func(what string, want bool, change func(string) string) {
		t.Helper()
		if after := change(everything); patched(t, everything, after) != want {
			t.Errorf("%s: patched is not %v", what, want)
		}
	}
	replace := func(before, after string) func(string) string {
		return func(body string) string { return strings.Replace(body, before, after, 1) }
	}
	f("another line", true, replace(`a_total{path="/2"}`, `a_total{path="/3"}`))
	f("the first of a family", true, replace(`a_total{path="/1"} 1`, `a_total{path="/0"} 1`))
	f("a line more", true, replace("u 5\n", "u 5\nv 6\n"))
	f("a line more before all of its family", true, replace(`a_total{path="/1"} 1`, "a_total{path=\"/0\"} 1\na_total{path=\"/1\"} 1"))
	f("a line more at the end", true, func(body string) string { return body + "v 6\n" })
	f("a line less", true, replace("a_total{path=\"/1\"} 1\n", ""))
	f("a line less at the end", true, replace("{\"utf-8.name\",label=\"a \\\"quoted\\\" \\\\ one\"} 1e3\n", ""))
	f("a bucket more", true, replace(`h_bucket{code="200",le="1"} 2`, "h_bucket{code=\"200\",le=\"0.5\"} 1\nh_bucket{code=\"200\",le=\"1\"} 2"))
	f("a bucket written otherwise", true, replace(`le="1"`, `le="1.0"`))
	f("two lines swapped", true, replace("s_sum 10\ns_count 4\n", "s_count 4\ns_sum 10\n"))
	f("a bucket of another series", true, replace(`code="200"`, `code="201"`))
	f("a comment more", false, replace("u 5\n", "# TYPE u gauge\nu 5\n"))
	f("another help", false, replace("What is counted", "What counts"))
	f("a line twice", false, replace("u 5\n", "u 5\na_total{path=\"/1\"} 1\n"))
	f("a line that is none", false, replace("u 5\n", "u 5\nv x\n"))
}

func TestFastABodyThatIsAnotherIsNotLookedThroughForLong(t *testing.T) {
	var other bytes.Buffer
	for i := range 3 * lookahead {
		fmt.Fprintf(&other, "m{i=\"%d\"} 1\n", i)
	}
	if patched(t, string(numbered(0, 3*lookahead)), other.String()) {
		t.Error("a body of other lines is a patch")
	}
	if !patched(t, string(numbered(0, 3*lookahead)), string(numbered(lookahead-10, 3*lookahead))) {
		t.Error("a body without some lines at the beginning is no patch")
	}
}
