package redpoll

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"strconv"
	"testing"
)

// testdata/histogram_quantile.jsonl holds random histograms with the quantiles
// that Prometheus 3.16 gives: promql.HistogramQuantile for those with a schema,
// promql.BucketQuantile for those with bounds. Their zero threshold is 2^-128.
func TestFastQuantilesAreThoseOfPrometheus(t *testing.T) {
	f, err := os.Open("testdata/histogram_quantile.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for cases := json.NewDecoder(f); ; n++ {
		var c struct {
			Schema *int8
			First  int
			Zero   uint64
			Bounds []float64
			Counts []uint64
			Want   map[string]float64
		}
		if err := cases.Decode(&c); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		h := hist(c.Bounds, c.Counts...)
		if c.Schema != nil {
			h = native(t, *c.Schema, math.Ldexp(1, -128), c.Zero, c.First, c.Counts...)
		}
		for name, want := range c.Want {
			q, err := strconv.ParseFloat(name, 64)
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := h.Quantile(q); !ok || math.Abs(got.Value-want) > 1e-12*want {
				t.Errorf("histogram %d: the %s-quantile is %v, %v; want %v", n+1, name, got, ok, want)
			}
		}
	}
	if n != 60 {
		t.Errorf("%d histograms were compared, want 60", n)
	}
}
