package exposition

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// manyLabels are n labels with different names and the value x.
func manyLabels(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `l%d="x",`, i)
	}
	return b.String()
}

func TestFastBodiesOverALimitAreRefusedBeforeTheyAreParsed(t *testing.T) {
	f := func(body, want string) {
		t.Helper()
		_, err := readBody(newReader(nil), []byte(body), "")
		var limit *LimitError
		if !errors.As(err, &limit) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: error %v, want a LimitError that says %q", body, err, want)
		}
	}
	f(strings.Repeat("a 1\n", MaxLines+1), "has 250001 lines, more than the 250000 that are read")
	f("a 1\nb{"+manyLabels(maxLineLabels+1)+"} 1\n", "line 2 has 129 labels, more than the 128 that are read")
	f("b{"+manyLabels(60_000)+"} 1", "line 1 has 60000 labels")
	wide := "b{" + manyLabels(maxLineLabels) + "} 1\n"
	f(strings.Repeat(wide, MaxLabels/maxLineLabels+1), "has more than the 2500000 labels that are read")
	f("a 1\n\n# HELP a "+strings.Repeat("x", maxLine)+"\n", "line 3 is longer than the 1048576 bytes that are read")
}

func TestFastHonestBodiesAreWithinTheLimits(t *testing.T) {
	f := func(body string) {
		t.Helper()
		if s := read(t, body); s.Taken != 1 || s.Skipped.Count != 0 {
			t.Errorf("%.60q: %d samples, %d skipped; want 1, 0", body, s.Taken, s.Skipped.Count)
		}
	}
	equals := strings.Repeat("a=b&", 1000)
	f("a{" + manyLabels(maxLineLabels) + "} 1\n")
	f(`a{query="` + equals + `"} 1` + "\n")
	f(`a{query="\"` + equals + `\\",le="1"} 1` + "\n")
	f(`{"a` + equals + `","label` + equals + `"="x"} 1` + "\n")
	f("# HELP a " + equals + "\n \t# a comment " + equals + "\na 1\n")
	f(`a{path="/` + strings.Repeat("x", 1_000_000) + `"} 1` + "\n")
	f(strings.Repeat("\n", MaxLines-1) + "a 1\n")
	f(strings.Repeat("# "+equals+equals+"\n", MaxLabels/len(equals)*3) + "a 1\n")
}

// endsAfter is a context that ends when it has been asked n times.
type endsAfter struct {
	context.Context
	n int
}

func (c *endsAfter) Err() error {
	if c.n--; c.n < 0 {
		return context.Canceled
	}
	return nil
}

// TestFastReadingEndsWithItsContext ends the context at every look at it that
// the reading of a body takes.
func TestFastReadingEndsWithItsContext(t *testing.T) {
	f := func(body []byte, contentType string) {
		t.Helper()
		whole := &endsAfter{context.Background(), 1 << 30}
		r := newReader(nil)
		want, err := r.Read(whole, Body{Bytes: body, ContentType: contentType, Complete: true})
		if err != nil {
			t.Fatal(err)
		}
		looks := 1<<30 - whole.n
		if least := len(body) / 4096; looks < least {
			t.Fatalf("a body of %d bytes is read with %d looks at the context, want at least %d", len(body), looks, least)
		}
		for n := range looks {
			if _, err := r.Read(&endsAfter{context.Background(), n}, Body{Bytes: body, ContentType: contentType, Complete: true}); !errors.Is(err, context.Canceled) {
				t.Fatalf("the context ended after %d of %d looks, and the error is %v", n, looks, err)
			}
		}
		again, err := readBody(r, body, contentType)
		if err != nil || again.Taken != want.Taken || again.Samples[0].Series != want.Samples[0].Series {
			t.Errorf("after reading was cancelled, the body reads differently: %v", err)
		}
	}
	f(fleetBody(30, 1), "")
	f(exposed(t, instrumented(30, prometheus.HistogramOpts{Buckets: prometheus.DefBuckets}), acceptProtobuf))
}

// FuzzCountLabelsIsExact compares with what expfmt makes of a line.
func FuzzCountLabelsIsExact(f *testing.F) {
	f.Add(`a{b="c=d",e="\"=\\"} 1`)
	f.Add(`{"a=b","c"="d",} 1 2`)
	f.Add(`# a="b"`)
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Contains(line, "\n") {
			return
		}
		families, err := parseText(t.Context(), []byte(line+"\n"))
		if err != nil {
			return
		}
		if most := mayBeLabels([]byte(line)); countLabels([]byte(line)) > most {
			t.Errorf("%q: %d labels, but at most %d", line, countLabels([]byte(line)), most)
		}
		for _, family := range families {
			for _, m := range family.GetMetric() {
				if got, want := countLabels([]byte(line)), len(m.GetLabel()); got != want {
					t.Errorf("%q: %d labels counted, %d parsed", line, got, want)
				}
			}
		}
	})
}
