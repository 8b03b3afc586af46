package exposition

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// differently compares what two readers make of a body, but for what they know
// of the time before.
func differently(t *testing.T, want Scrape, wantErr error, got Scrape, gotErr error) string {
	t.Helper()
	if wantErr != nil || gotErr != nil {
		if fmt.Sprint(wantErr) != fmt.Sprint(gotErr) {
			return fmt.Sprintf("error %v, want %v", gotErr, wantErr)
		}
		return ""
	}
	return cmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.EquateEmpty(),
		cmpopts.IgnoreFields(Scrape{}, "Read", "Added", "Forgotten"), cmpopts.IgnoreFields(Sample{}, "Ref", "Before"))
}

// edit changes a body in one place.
func edit(r *rand.Rand, lines []string) []string {
	i := r.IntN(len(lines))
	j := r.IntN(len(lines))
	switch r.IntN(13) {
	case 0: // another value
		if at := strings.LastIndexByte(lines[i], ' '); at > 0 && lines[i][0] != '#' {
			values := []string{"0", "17", "-1", "NaN", "1e400", "+Inf", "1.5e-3", "x", "12345678901234567890", "3 1763899200000", "3 1", "4 ", ""}
			lines[i] = lines[i][:at+1] + values[r.IntN(len(values))]
		}
	case 1: // a line less
		lines = append(lines[:i:i], lines[i+1:]...)
	case 2: // a line twice
		lines = append(lines[:i:i], append([]string{lines[j]}, lines[i:]...)...)
	case 3: // moved
		lines[i], lines[j] = lines[j], lines[i]
	case 4: // another text
		if len(lines[i]) > 0 {
			at := r.IntN(len(lines[i]))
			lines[i] = lines[i][:at] + string(`x"{}= #,\_`[r.IntN(10)]) + lines[i][at+1:]
		}
	case 5: // a new series
		lines = append(lines[:i:i], append([]string{fmt.Sprintf(`a_total{path="/%d"} 1`, r.IntN(99))}, lines[i:]...)...)
	case 6: // cut
		if r.IntN(3) == 0 {
			lines = lines[:i+1]
		}
	case 8: // a stretch moved
		n := min(1+r.IntN(12), len(lines)-i)
		moved := slices.Clone(lines[i : i+n])
		lines = slices.Delete(lines, i, i+n)
		lines = slices.Insert(lines, min(j, len(lines)), moved...)
	case 9: // a stretch twice, or a stretch less
		n := min(1+r.IntN(12), len(lines)-i)
		if r.IntN(2) == 0 {
			lines = slices.Delete(lines, i, i+n)
		} else {
			lines = slices.Insert(lines, j, slices.Clone(lines[i:i+n])...)
		}
	case 10: // many new series
		for n := range r.IntN(20) {
			lines = slices.Insert(lines, i, fmt.Sprintf(`h_bucket{code="%d",le="%d"} 1`, r.IntN(3), n))
		}
	case 11: // mixed with others
		for k := range min(i, j) {
			if r.IntN(4) == 0 {
				lines[k], lines[max(i, j)] = lines[max(i, j)], lines[k]
			}
		}
	case 7: // a comment
		comments := []string{"# a comment", "", "# HELP a_total Another.", "# TYPE h_bucket gauge", "# TYPE u counter", "# EOF", "# TYPE a counter", "# HELP b Of none.", "# TYPE h gauge"}
		lines = append(lines[:i:i], append([]string{comments[r.IntN(len(comments))]}, lines[i:]...)...)
	}
	if len(lines) == 0 {
		return []string{"a 1"}
	}
	return lines
}

const everything = `# HELP a_total What is counted.
# TYPE a_total counter
a_total{path="/1"} 1
a_total{path="/2"} 2
# TYPE g gauge
g NaN
g{x="y"} 5 1763899200000
# TYPE h histogram
h_bucket{code="200",le="0.1"} 1
h_bucket{code="200",le="1"} 2
h_bucket{code="200",le="+Inf"} 3
h_sum{code="200"} 4.5
h_count{code="200"} 3
h_bucket{code="500",le="0.1"} 1
h_bucket{code="500",le="1"} 2
h_bucket{code="500",le="+Inf"} 3
h_sum{code="500"} 4.5
h_count{code="500"} 3
# TYPE s summary
s{quantile="0.5"} 9
s{quantile="0.9"} NaN
s_sum 10
s_count 4
s_created 1.7638e+09
u 5
a_created{path="/1"} 1.7638e+09
{"utf-8.name",label="a \"quoted\" \\ one"} 1e3
`

// TestCanaryAKnownBodyReadsAsANewOne changes a body again and again: a reader
// that knows what came before reads the same as one that knows nothing.
func TestCanaryAKnownBodyReadsAsANewOne(t *testing.T) {
	wanted := func(family string) bool { return family != "g" && family != "u" }
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 1))
		o := Options{HonorTimestamps: seed%2 == 0}
		if seed%3 == 0 {
			o.Wanted = wanted
		}
		if seed%5 == 1 {
			o.Relabel = func(l labels.Labels) (labels.Labels, bool) {
				changed := labels.NewBuilder(l)
				if l.Get("code") == "500" {
					changed.Set(model.MetricNameLabel, strings.Replace(l.Get(model.MetricNameLabel), "h", "a_total", 1))
				}
				return changed.Labels(), l.Get("le") != "0.1"
			}
		}
		if seed%7 == 2 {
			o.Limits = Limits{Samples: 25, Labels: 3, Fail: seed%2 == 0}
		}
		contentType, body := "text/plain", everything
		if seed%4 == 3 {
			contentType, body = "application/openmetrics-text", strings.ReplaceAll(strings.ReplaceAll(everything, "a_total counter", "a counter"), "1763899200000", "1763899200.000")+"# EOF\n"
		}
		lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
		known := NewLibrary(o).NewReader()
		for step := range 60 {
			b := []byte(strings.Join(lines, "\n") + "\n")
			got, gotErr := readBody(known, b, contentType)
			want, wantErr := readBody(NewLibrary(o).NewReader(), b, contentType)
			if diff := differently(t, want, wantErr, got, gotErr); diff != "" {
				t.Fatalf("seed %d, step %d: %s\n%s", seed, step, diff, b)
			}
			if next := edit(r, append([]string(nil), lines...)); gotErr == nil || r.IntN(3) > 0 {
				lines = next
			}
			if gotErr != nil {
				lines = strings.Split(strings.TrimSuffix(body, "\n"), "\n")
			}
		}
	}
}

// FuzzAKnownBodyReadsAsANewOne has a reader read two bodies by turns, so that it
// makes each layout of the other.
func FuzzAKnownBodyReadsAsANewOne(f *testing.F) {
	f.Add([]byte(everything), []byte(strings.Replace(everything, "u 5\n", "u 5\nv 6\n", 1)), false)
	f.Add([]byte("a+1\n"), []byte("a1\n"), false)
	f.Add([]byte("# TYPE a counter\na_total 1\n# EOF\n"), []byte("# TYPE a counter\na_total 1 # {} 2\n# EOF"), true)
	f.Add([]byte("a{b=\"c\"} 1\n"), []byte("a{b=\"c\"} 1\na{b=\"d\"} 1\na{b=\"c\"} 1\n"), false)
	f.Add([]byte("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n"), []byte("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"2\"} 1\nh_count 1\n"), false)
	f.Fuzz(func(t *testing.T, a, b []byte, strict bool) {
		contentType := "text/plain"
		if strict {
			contentType = "application/openmetrics-text"
		}
		o := Options{HonorTimestamps: true}
		known := NewLibrary(o).NewReader()
		for _, body := range [][]byte{a, b, a, b, slices.Concat(a, b), a} {
			got, gotErr := readBody(known, body, contentType)
			want, wantErr := readBody(NewLibrary(o).NewReader(), body, contentType)
			if diff := differently(t, want, wantErr, got, gotErr); diff != "" {
				t.Fatalf("%s\n%q", diff, body)
			}
		}
	})
}
