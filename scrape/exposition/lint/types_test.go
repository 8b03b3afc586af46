package lint

import (
	"strings"
	"testing"
)

// typed makes a body of one family called a; lines leave out the "a".
func typed(kind string, lines ...string) string {
	return "# TYPE a " + kind + "\na" + strings.Join(lines, "\na") + "\n# EOF\n"
}

func TestNamesOfSamplesFitTheType(t *testing.T) {
	breaks(t, OpenMetrics, typed("counter", " 1"), `line 2: "a" has the type counter, which has no sample of that name; write "a_total", "a_created"`)
	breaks(t, OpenMetrics, typed("info", " 1"), `line 2: "a" has the type info, which`)
	breaks(t, OpenMetrics, typed("histogram", " 1"), `line 2: "a" has the type histogram, which`)
	breaks(t, OpenMetrics, typed("gaugehistogram", " 1"), `line 2: "a" has the type gaugehistogram, which`)
	breaks(t, OpenMetrics, open("# TYPE a_total counter", `a_total{b="1"} 1`, `a_total{b="2"} 1`), `line 2: "a_total" has the type counter; in its metadata leave _total out of the name`)
	keeps(t, Text, typed("counter", " 1", `{b="c"} 1`))
}

func TestCounters(t *testing.T) {
	keeps(t, OpenMetrics, typed("counter", "_total 0", `_total{b="c"} +Inf`), typed("counter", "_created 1.5", "_total 1"))
	breaks(t, OpenMetrics, typed("counter", "_total NaN"), "line 2: the total is NaN")
	breaks(t, OpenMetrics, typed("counter", "_total -1"), "line 2: the total is -1")
	breaks(t, OpenMetrics, typed("counter", "_created 1"), `line 2: the counter "a" has no total`)
	breaks(t, OpenMetrics, typed("counter", "_total 1 1", "_created 1 2"), `line 3: the counter "a" has no total`)
	breaks(t, OpenMetrics, typed("counter", "_total 1", "_created NaN"), "line 3: NaN is no time")
	breaks(t, OpenMetrics, typed("counter", "_total 1", "_created +Inf"), "line 3: +Inf is no time")
	keeps(t, Text, typed("counter", " NaN"), typed("counter", " -1"))
}

func TestInfos(t *testing.T) {
	keeps(t, OpenMetrics, typed("info", `_info{b="c"} 1`, `_info{b="d"} 1.0`))
	breaks(t, OpenMetrics, typed("info", "_info 2"), "line 2: an info has the value 2")
	breaks(t, OpenMetrics, typed("info", "_info NaN"), "line 2: an info has the value NaN")
}

func TestStateSets(t *testing.T) {
	keeps(t, OpenMetrics, typed("stateset", `{a="on"} 1`, `{a="off"} 0.0`, `{a="on",b="c"} 1`, `{a="off",b="c"} 1`))
	breaks(t, OpenMetrics, typed("stateset", `{a="on"} 2`), "line 2: a state has the value 2")
	breaks(t, OpenMetrics, typed("stateset", `{b="on"} 1`), `line 2: the state has no label "a"`)
	breaks(t, OpenMetrics, typed("stateset", `{a="on",b="c"} 1`, `{a="on",b="d"} 1`, `{a="off",b="c"} 1`), "line 4: the samples of")
}

func TestSummaries(t *testing.T) {
	for _, format := range []Format{Text, OpenMetrics} {
		keeps(t, format, typed("summary", "_count 1", "_sum 1"), typed("summary", `{quantile="0"} NaN`, `{quantile="1"} 1`))
		for _, quantile := range []string{"-0.1", "1.01", "NaN", "x", ""} {
			breaks(t, format, typed("summary", `{quantile="`+quantile+`"} 1`), `line 2: quantile="`+quantile+`" is not between 0 and 1`)
		}
		breaks(t, format, typed("summary", " 1"), `line 2: "a" has the type summary, and this sample no label "quantile"`)
		breaks(t, format, typed("summary", `_count{quantile="1"} 1`), `line 2: "a_count" has a label "quantile"`)
	}
	keeps(t, OpenMetrics, typed("summary", `{quantile="1"} 1`, `{quantile="0"} 1`))
	breaks(t, OpenMetrics, typed("summary", `{quantile="1"} -1`), "line 2: a quantile has the value -1")
	breaks(t, OpenMetrics, typed("summary", "_sum NaN", "_count NaN"), "line 2: the sum is NaN", "line 3: the count is NaN")
	breaks(t, OpenMetrics, typed("summary", "_sum -1", "_count 1.5"), "line 2: the sum is -1", "line 3: the count is 1.5")
	breaks(t, Text, typed("summary", `{quantile="1"} 1`, `{quantile="0"} 1`), "line 3: quantile 0 comes after 1")
	breaks(t, Text, typed("summary", `{quantile="0.5"} 1`, `{quantile="0.50"} 1`), "line 3: quantile 0.5 comes after 0.5")
	keeps(t, Text, typed("summary", `{quantile="1"} -1`, "_sum -1", "_count 1"))
}

func TestBuckets(t *testing.T) {
	for _, format := range []Format{Text, OpenMetrics} {
		f := func(lines []string, want ...string) {
			t.Helper()
			breaks(t, format, typed("histogram", lines...), want...)
		}
		f([]string{`_bucket{le="-1e-4"} 1`, `_bucket{le="1.1e-4"} 1`, `_bucket{le="+Inf"} 1`})
		f([]string{`_bucket{le="1"} 1`, `_bucket{le="1.0"} 1`, `_bucket{le="+Inf"} 1`}, "line 3: a second bucket with the bound 1")
		f([]string{`_bucket{le="2"} 1`, `_bucket{le="1"} 1`, `_bucket{le="+Inf"} 1`}, "line 3: the bucket with the bound 1 comes after that of 2")
		f([]string{`_bucket{le="1"} 2`, `_bucket{le="2"} 1`, `_bucket{le="+Inf"} 2`}, "line 3: the bucket with the bound 2 holds 1 and the one below it 2")
		f([]string{`_bucket{le="NaN"} 1`}, "line 2: a bucket has the bound NaN")
		f([]string{`_bucket{le="x"} 1`}, `line 2: le="x" is no bound`)
		f([]string{`_bucket{le=""} 1`}, `line 2: le="" is no bound`)
		f([]string{`_bucket{le="+INF"} 1`}, `line 2: le="+INF" has to be spelled`)
		f([]string{`_bucket{le="Inf"} 1`}, `line 2: le="Inf" has to be spelled`)
		f([]string{`_bucket 1`}, `line 2: the bucket has no label "le"`)
		f([]string{`_bucket{le="+Inf"} NaN`}, "line 2: the bucket is NaN")
		f([]string{`_bucket{le="+Inf"} -1`}, "line 2: the bucket is -1")
		f([]string{`_bucket{le="1"} 1`}, `line 2: the histogram "a" has no bucket with le="+Inf"`)
		f([]string{`_bucket{le="1",b="c"} 1`, `_bucket{le="+Inf",b="d"} 1`}, `line 2: the histogram "a" has no bucket with le="+Inf"`)
		f([]string{`_sum 1`, `_count 1`}, `line 2: the histogram "a" has no buckets`)
		f([]string{`_bucket{le="+Inf"} 1`, `_sum 1`, `_count 2`}, `line 2: the count of "a" is 2, but its bucket +Inf holds 1`)
		f([]string{`_bucket{le="+Inf"} 1`, `_sum{le="1"} 1`, `_count 1`, `_sum 1`}, `line 3: "a_sum" has a label "le"`)
	}
}

func TestHistogramsInOpenMetrics(t *testing.T) {
	infinite := `_bucket{le="+Inf"} 1`
	keeps(t, OpenMetrics, typed("histogram", infinite), typed("histogram", infinite, "_sum 1", "_count 1", "_created 1"))
	keeps(t, OpenMetrics, typed("histogram", infinite+" 1", "_count 1 1", "_sum 1 1", `_bucket{le="+Inf"} 2 2`, "_count 2 2", "_sum 1 2"))
	breaks(t, OpenMetrics, typed("histogram", infinite+" 1", "_count 1 1", "_sum 1 1", "_count 2 2", "_sum 1 2"), `line 5: the histogram "a" has no buckets`)
	breaks(t, OpenMetrics, typed("histogram", infinite, "_sum 1"), `line 2: "a" has a sum and no count`)
	breaks(t, OpenMetrics, typed("histogram", infinite, "_count 1"), `line 2: "a" has a count and no sum`)
	breaks(t, OpenMetrics, typed("histogram", infinite, "_sum NaN", "_count 1"), "line 3: the sum is NaN")
	breaks(t, OpenMetrics, typed("histogram", infinite, "_sum -1", "_count 1"), "line 3: the sum is -1")
	breaks(t, OpenMetrics, typed("histogram", `_bucket{le="-1"} 0`, infinite, "_sum 1", "_count 1"), `line 2: "a" has buckets below zero and a sum`)
	breaks(t, OpenMetrics, typed("histogram", `_bucket{le="1"} 0.5`, infinite), "line 2: the bucket is 0.5")
	breaks(t, OpenMetrics, typed("histogram", infinite, "_gsum 1"))
	keeps(t, Text, typed("histogram", `_bucket{le="-1"} 0.5`, infinite, "_sum -1"))
}

func TestGaugeHistograms(t *testing.T) {
	infinite := `_bucket{le="+Inf"} 1`
	keeps(t, OpenMetrics, typed("gaugehistogram", infinite), typed("gaugehistogram", `_bucket{le="-1"} 1`, infinite, "_gsum -1", "_gcount 1"))
	breaks(t, OpenMetrics, typed("gaugehistogram", infinite, "_gsum -1", "_gcount 1"), `line 2: the sum of "a" is -1, but it has no buckets below zero`)
	breaks(t, OpenMetrics, typed("gaugehistogram", infinite, "_gsum NaN", "_gcount 1"), "line 3: the sum is NaN")
	breaks(t, OpenMetrics, typed("gaugehistogram", infinite, "_gsum 1"), `line 2: "a" has a sum and no count`)
	breaks(t, OpenMetrics, typed("gaugehistogram", infinite, "_gcount 1"), `line 2: "a" has a count and no sum`)
	breaks(t, OpenMetrics, typed("gaugehistogram", infinite, "_gsum 1", "_gcount 2"), `line 2: the count of "a" is 2`)
}

// Libraries expose quantiles beside the buckets, which nothing forbids.
func TestTextHistogramsMayHaveQuantiles(t *testing.T) {
	keeps(t, Text, typed("histogram", `{quantile="0.9"} 1`, `{quantile="0.99"} 1`, `_bucket{le="0.1"} 1`, `_bucket{le="+Inf"} 1`))
	breaks(t, Text, typed("histogram", " 1", `_bucket{le="+Inf",b="c"} 1`), `line 2: "a" has the type histogram, and this sample no label "quantile"`)
}

func TestExemplars(t *testing.T) {
	f := func(exemplar string, want ...string) {
		t.Helper()
		for _, timestamp := range []string{"", " 1"} {
			breaks(t, OpenMetrics, typed("counter", "_total 1"+timestamp+exemplar), want...)
		}
	}
	f(` # {} 1`)
	f(` # {b="c"} 1 1.5`)
	f(` # {b="} # {","c.d"="e"} NaN -1`)
	f(` #`, `line 2: "#" after the sample is no exemplar`)
	f(` # `, `line 2: "# " after the sample is no exemplar`)
	f(` # {}`, `line 2: the end of the line instead of a space before the value`)
	f(` # {} `, `line 2: value of the exemplar: a number is missing`)
	f(` #{} 1`, `line 2: "#{} 1" after the sample is no exemplar`)
	f(` # {}1`, `line 2: "1" instead of a space before the value`)
	f(` # {}  1`, `line 2: more than one space before the value of the exemplar`)
	f(` # {} 1 `, `line 2: a space at the end of the line`)
	f(` # {} 1 2 `, `line 2: " " after the exemplar`)
	f(` # {} 1 2 3`, `line 2: " 3" after the exemplar`)
	f(` # {} x`, `line 2: value of the exemplar: "x" is no number`)
	f(` # {} 1 NaN`, `line 2: exemplar: timestamp "NaN"`)
	f(` # {b=c} 1`, `line 2: exemplar: "c" where the value of label "b"`)
	f(` # {b="c",} 1`, `line 2: a comma after the last label`)
	f(` # {b="c",b="d"} 1`, `line 2: label "b" is there twice`)
	f(` # {b="` + strings.Repeat("€", 127) + `"} 1`)
	f(` # {b="`+strings.Repeat("€", 128)+`"} 1`, `line 2: the labels of the exemplar have 129 characters`)
	f(` # {b="` + strings.Repeat(`\n`, 127) + `"} 1`)
}

func TestExemplarsStandAtBucketsAndTotalsOnly(t *testing.T) {
	const exemplar = " # {} 1"
	keeps(t, OpenMetrics, typed("histogram", `_bucket{le="1"} 1`+exemplar, `_bucket{le="+Inf"} 1`+exemplar), typed("gaugehistogram", `_bucket{le="+Inf"} 1`+exemplar))
	breaks(t, OpenMetrics, typed("histogram", `_bucket{le="0.5"} 1`+exemplar, `_bucket{le="+Inf"} 1`), "line 2: the exemplar's value 1 is above the bound 0.5")
	f := func(body string) {
		t.Helper()
		found := check(t, OpenMetrics, body)
		if len(found) == 0 || !strings.Contains(strings.Join(found, "\n"), "only buckets and the totals of counters may have one") {
			t.Errorf("%q: %q", body, found)
		}
	}
	f(typed("gauge", " 1"+exemplar))
	f(typed("unknown", " 1"+exemplar))
	f(typed("info", "_info 1"+exemplar))
	f(typed("stateset", `{a="b"} 1`+exemplar))
	f(typed("counter", "_total 1", "_created 1"+exemplar))
	f(typed("summary", "_count 1"+exemplar))
	f(typed("summary", `{quantile="1"} 1`+exemplar))
	f(typed("histogram", `_bucket{le="+Inf"} 1`, "_sum 1", "_count 1"+exemplar))
	f(typed("gauge", "_bucket 1"+exemplar))
}
