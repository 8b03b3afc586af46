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
	f(strings.Repeat("a 1\n", MaxTextLines+1), "has 1200001 lines, more than the 1200000 that are read")
	f("a 1\nb{"+manyLabels(maxLineLabels+1)+"} 1\n", "line 2 has 129 labels, more than the 128 that are read")
	f("b{"+manyLabels(60_000)+"} 1", "line 1 has 60000 labels")
	wide := "b{" + manyLabels(maxLineLabels) + "} 1\n"
	f(strings.Repeat(wide, MaxTextLabels/maxLineLabels+1), "has more than the 12000000 labels that are read")
	var families, comments strings.Builder
	for i := range MaxFamilies + 1 {
		fmt.Fprintf(&families, "a%d 1\n", i)
		fmt.Fprintf(&comments, "# HELP a%d A.\n", i)
	}
	f(families.String(), "more than the 100000 metric families")
	f(comments.String(), "more than the 100000 metric families")
	f(string(numbered(0, freeSeries+sharedSeries+1)), "more series that redpoll would follow than the 402000")
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
	f(strings.Repeat("\n", MaxTextLines-1) + "a 1\n")
	f(strings.Repeat("# "+equals+equals+"\n", MaxTextLabels/len(equals)*3) + "a 1\n")
}

func TestFastAMillionLinesOfNoInterestAreRead(t *testing.T) {
	r := newReader(func(string) bool { return false })
	body := numbered(0, 1_000_000)
	for range 2 {
		s, err := readBody(r, body, "")
		if err != nil {
			t.Fatal(err)
		}
		if s.Taken != 1_000_000 || s.Unused.Series != 1_000_000 || s.Unused.Bytes < 10_000_000 {
			t.Errorf("%d samples are read, %+v unused", s.Taken, s.Unused)
		}
	}
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
		read := func(r *Reader, looks int) (Scrape, int, error) {
			ctx := &endsAfter{context.Background(), looks}
			s, err := r.Read(ctx, Body{Bytes: body, ContentType: contentType, Complete: true})
			return s, looks - ctx.n, err
		}
		r := newReader(nil)
		for _, path := range []string{"plain", "known"} {
			want, looks, err := read(r, 1<<30)
			if err != nil {
				t.Fatal(err)
			}
			if least := len(body) / 16384; looks < least {
				t.Fatalf("%s: a body of %d bytes is read with %d looks at the context, want at least %d", path, len(body), looks, least)
			}
			for n := range looks {
				stopped := r
				if path == "plain" {
					stopped = newReader(nil)
				}
				if _, _, err := read(stopped, n); !errors.Is(err, context.Canceled) {
					t.Fatalf("%s: the context ended after %d of %d looks, and the error is %v", path, n, looks, err)
				}
				again, _, err := read(stopped, 1<<30)
				if err != nil || again.Taken != want.Taken || again.Samples[0].Ref != 0 {
					t.Fatalf("%s: after reading was cancelled, the body reads differently: %v", path, err)
				}
			}
		}
	}
	f(fleetBody(30, 1), "")
	f(exposed(t, instrumented(30, prometheus.HistogramOpts{Buckets: prometheus.DefBuckets}), acceptProtobuf))
}
