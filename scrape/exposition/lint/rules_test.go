package lint

import (
	"strings"
	"testing"
)

func TestTheEndOfABody(t *testing.T) {
	breaks(t, Text, "a 1", "line 1: the last line does not end with a line feed")
	breaks(t, OpenMetrics, "", "line 1: the body does not end with # EOF")
	breaks(t, OpenMetrics, "a 1\n", "line 1: the body does not end with # EOF")
	breaks(t, OpenMetrics, "a 1\n# EOF\nb 1\nc 1\n", `line 3: "b 1" after # EOF`)
	breaks(t, OpenMetrics, "# EOF\n\n", `line 2: "" after # EOF`)
	breaks(t, OpenMetrics, "# EOF \n", `line 1: " " after # EOF; that`, "line 1: the body does not end")
	breaks(t, OpenMetrics, "# EOFa\n", `line 1: "EOFa" after #`, "line 1: the body does not end")
}

func TestLinesAndTheirEncoding(t *testing.T) {
	breaks(t, OpenMetrics, open("a 1", "", "b 1"), "line 2: the line is blank")
	breaks(t, OpenMetrics, open("a 1\r"), "line 1: the line ends with a carriage return")
	breaks(t, Text, "a 1\r\n", "line 1: the line ends with a carriage return")
	breaks(t, Text, "# TYPE a gauge\r\n", "line 1: the line ends with a carriage return")
	keeps(t, Text, "# a comment\r\n", "# HELP a b\r\n")
	for _, format := range []Format{Text, OpenMetrics} {
		breaks(t, format, "\ufeffa 1\n# EOF\n", "line 1: the body begins with a byte order mark")
		breaks(t, format, "a{b=\"\xff\"} 1\n# EOF\n", `line 1: byte 6, "\xff", is no UTF-8`)
		breaks(t, format, "a{b=\"\xe2\x82\"} 1\n# EOF\n", `line 1: byte 6, "\xe2", is no UTF-8`)
		keeps(t, format, "a{b=\"\x00\ufeff€\"} 1\n# EOF\n")
	}
}

func TestBlanksBetweenTokens(t *testing.T) {
	keeps(t, Text, "\t a \t{ b = \"c\" , d=\"e\" , } \t 1 \t 2 \n", "a{}1\n", "a{b=\"c\"}1\n", "#HELP a b\n#\n#\t\n")
	f := func(line, want string) {
		t.Helper()
		breaks(t, OpenMetrics, open(line), "line 1: "+want)
	}
	f(" a 1", `" " where the name of a metric has to begin`)
	f("a  1", "more than one space before the value")
	f("a\t1", `"\t" in`)
	f("a {} 1", "value")
	f(`a{b="c"}1`, `"1" instead of a space before the value`)
	f(`a{ b="c"} 1`, `" " where the name of a label has to begin`)
	f(`a{b ="c"} 1`, `" " after the name of the label "b"`)
	f(`a{b= "c"} 1`, `" " where the value of label "b"`)
	f("a 1 ", "a space at the end of the line")
	f("a 1  2", "more than one space before the timestamp")
	f("a 1 2 ", `"" after the sample is no exemplar`)
	f("#TYPE a gauge", "# without a space after it")
	f("#  TYPE a gauge", `"" after #`)
	f("# TYPE  a gauge", "TYPE: more than one space before the name")
	f("# TYPE a  gauge", `" gauge" is no type`)
	f("# TYPE a gauge ", `"gauge " is no type`)
}

func TestNames(t *testing.T) {
	for _, format := range []Format{Text, OpenMetrics} {
		f := func(line string, want ...string) {
			t.Helper()
			breaks(t, format, line+"\n# EOF\n", want...)
		}
		f(`a:b_1{c_1="d"} 1`)
		f(`{"a.b"} 1`)
		f(`{"a\"\\\n"} 1`)
		f(`{"a.b","c.d"="e",f="g"} 1`)
		f(`a{"c.d"="e"} 1`)
		f("# TYPE \"a.b\" gauge\n{\"a.b\"} 1")
		f(`0a 1`, `line 1: "0" where the name of a metric has to begin`)
		f(`a.b 1`, `line 1: "." in the name of the metric "a"`)
		f(`ä 1`, `line 1: "ä" where the name of a metric`)
		f("a\x00 1", `line 1: "\x00" in the name of the metric "a"`)
		f("\x00 1", `line 1: "\x00" where the name of a metric`)
		f(`{} 1`, "line 1: the metric has no name")
		f(`{a="b"} 1`, "line 1: the metric has no name")
		f(`{a="b","c"} 1`, "line 1: the metric has no name")
		f(`{""} 1`, "line 1: the name of a metric is empty")
		f(`{"a} 1`, "line 1: the name of the metric has no closing quote")
		f(`{"a"b="c"} 1`, `line 1: "b" after the quoted name of the metric`)
		f(`{"a","b"} 1`, `line 1: "}" after the name of the label "b"`)
		f(`a{a:b="c"} 1`, `line 1: ":" after the name of the label "a"`)
		f(`a{1="b"} 1`, `line 1: "1" where the name of a label`)
		f(`a{""="b"} 1`, "line 1: the name of a label is empty")
		f("# TYPE a.b gauge", `line 1: TYPE: "." in the name of the metric "a"`)
		f("# TYPE \"\" gauge", `line 1: TYPE: the name of a metric is empty`)
		f("# HELP", "line 1: HELP: the end of the line")
		f("# TYPE ", "line 1: TYPE: the end of the line")
	}
	breaks(t, OpenMetrics, open("_a 1"), `line 1: the name "_a" begins with an underscore`)
	breaks(t, OpenMetrics, open(`a{_b="c"} 1`), `line 1: label "_b" begins with an underscore`)
	keeps(t, Text, "_a{_b=\"c\",__d=\"e\"} 1\n")
	breaks(t, Text, "a{__name__=\"b\"} 1\n", `line 1: label "__name__" is reserved`)
}

func TestLabels(t *testing.T) {
	for _, format := range []Format{Text, OpenMetrics} {
		f := func(labels string, want ...string) {
			t.Helper()
			breaks(t, format, "a"+labels+" 1\n# EOF\n", want...)
		}
		f(`{}`)
		f(`{b="} # {",c=","}`)
		f(`{b="c",b="d"}`, `line 1: label "b" is there twice`)
		f(`{b="c",c="",b="",b="d"}`, `line 1: label "b" is there twice`, `line 1: label "b" is there twice`)
		f(`{b="c","b"="d"}`, `line 1: label "b" is there twice`)
		f(`{b="c"d="e"}`, `line 1: "d" after label "b"`)
		f(`{b="c",,d="e"}`, `line 1: "," where the name of a label`)
		f(`{,}`, `line 1: "," where the name of a label`)
		f(`{b}`, `line 1: "}" after the name of the label "b"`)
		f(`{b=}`, `line 1: "}" where the value of label "b"`)
		f(`{b=c}`, `line 1: "c" where the value of label "b"`)
		f(`{b='c'}`, `line 1: "'" where the value of label "b"`)
		f(`{b="c}`, `line 1: the value of the label "b" has no closing quote`)
		f(`{b="c\"}`, `line 1: the value of the label "b" has no closing quote`)
		f(`{b="c"`, `line 1: `)
	}
	breaks(t, OpenMetrics, open(`a{b="c",} 1`), "line 1: a comma after the last label")
	breaks(t, OpenMetrics, open(`{"a",} 1`), "line 1: a comma after the last label")
	keeps(t, Text, "{\"a\",} 1\n")
}

func TestEscapeSequences(t *testing.T) {
	for _, format := range []Format{Text, OpenMetrics} {
		keeps(t, format, `# HELP a b\\c\nd"e"\"`+"\n"+`a{b="\\\"\n"} 1`+"\n# EOF\n")
		breaks(t, format, `# HELP a b\`+"\n# EOF\n", "line 1: HELP has a backslash that is not escaped")
	}
	keeps(t, OpenMetrics, open(`# HELP a \d`, `a{b="\d"} 1`))
	breaks(t, Text, `# HELP a \d`+"\n"+`a{b="\d"} 1`+"\n",
		"line 1: HELP has a backslash that is not escaped",
		`line 2: the value of the label "b" has a backslash that is not escaped`)
	// Two spellings of a value are one series.
	breaks(t, OpenMetrics, open(`a{b="\\d"} 1`, `a{b="\d"} 1`), `line 2: "a" with these labels was there before`)
}

func TestNumbers(t *testing.T) {
	for _, number := range []string{"1", "-1", "+1", "007", "1.", ".5", "1.5", "1e5", "1E+5", "-.5e-5", "NaN", "nan", "Inf", "+inf", "-INFINITY", "18446744073709551615", "1e-999"} {
		keeps(t, Text, "a "+number+"\n")
		keeps(t, OpenMetrics, open("a "+number))
	}
	for _, number := range []string{"a", "1a", "0x1", "0X1p-3", "0x1p-3", "1_000", "0b1", "0o1", "1e", "1e+", ".", "+", "e5", "1.1.1", "--1", "+nan", "infi", "1,5", "١"} {
		breaks(t, Text, "a "+number+"\n", "line 1: value: ")
		breaks(t, OpenMetrics, open("a "+number), "line 1: value: ")
	}
	breaks(t, Text, "a 1e999\n", `line 1: value: "1e999" is more than a 64-bit float holds`)
	breaks(t, OpenMetrics, open("a -1e999"), `line 1: value: "-1e999" is more than a 64-bit float holds`)
	breaks(t, Text, "a\n", "line 1: the sample has no value")
	breaks(t, Text, "a{}\n", "line 1: the sample has no value")
	breaks(t, OpenMetrics, open("a "), "line 1: the sample has no value")
}

func TestTimestamps(t *testing.T) {
	keeps(t, Text, "a 1 -5\n", "a 1 9223372036854775807\n", "a{b=\"1\"} 1 2\na{b=\"2\"} 1 1\na{b=\"3\"} 1\n")
	for _, timestamp := range []string{"1.5", "x", "1e3", "NaN", "9223372036854775808"} {
		breaks(t, Text, "a 1 "+timestamp+"\n", "line 1: timestamp ")
	}
	breaks(t, Text, "a 1 2 3\n", `line 1: "3" after the timestamp`)
	breaks(t, Text, "a 1 # {} 1\n", "line 1: an exemplar, or a comment")
	keeps(t, OpenMetrics, open("a 1 -1.5"), open("a 1 1.5e3"), open("a 1 1", "a 2 1", "a 3 2"), open(`a{b="1"} 1 2`, `a{b="2"} 1 1`))
	for _, timestamp := range []string{"x", "NaN", "Inf", "0x1p-3", "1_2", "1e999"} {
		breaks(t, OpenMetrics, open("a 1 "+timestamp), "line 1: timestamp ")
	}
	breaks(t, OpenMetrics, open("a 1 2", "a 1 1.5", "a 1 1.6"), "line 2: the timestamp 1.5 comes after the later 2")
	breaks(t, OpenMetrics, open("a 1 2", "a 1"), "line 2: of the samples with these labels some have a timestamp")
	breaks(t, OpenMetrics, open("a 1", "a 1 2"), "line 2: of the samples with these labels some have a timestamp")
	breaks(t, OpenMetrics, open("# TYPE a summary", "a_sum 1 2", "a_count 1 2", "a_sum 1 3", "a_count 1 2"), "line 5: the timestamp 2 comes after the later 3")
}

func TestMetadata(t *testing.T) {
	f := func(format Format, body string, want ...string) {
		t.Helper()
		breaks(t, format, body+"\n# EOF\n", want...)
	}
	for _, format := range []Format{Text, OpenMetrics} {
		f(format, "# HELP a b\n# TYPE a gauge")
		f(format, "# TYPE a meh", `line 1: "meh" is no type`)
		f(format, "# TYPE a Gauge", `line 1: "Gauge" is no type`)
		f(format, "# TYPE a gauge\n# TYPE a gauge", `line 2: a second TYPE of "a"`)
		f(format, "# HELP a b\n# TYPE a gauge\n# HELP a b", `line 3: a second HELP of "a"`)
		f(format, "a 1\n# TYPE a gauge", `line 2: TYPE of "a" after its first sample`)
		f(format, "# TYPE a gauge\na 1\n# HELP a b", `line 3: HELP of "a" after its first sample`)
		f(format, "a 1\nb 1\n# HELP a b", `line 3: HELP of "a", whose lines began at line 1`)
	}
	for _, kind := range []string{"counter", "gauge", "histogram", "summary"} {
		f(Text, "# TYPE a "+kind)
		f(OpenMetrics, "# TYPE a "+kind)
	}
	f(Text, "# TYPE a untyped")
	f(Text, "# HELP a\n# TYPE a", `line 2: "" is no type`)
	f(Text, "# TYPE a gauge x", `line 1: "gauge x" is no type`)
	f(Text, "# UNIT a whatever\n# FOO")
	f(OpenMetrics, "# TYPE a untyped", `line 1: "untyped" is no type`)
	f(OpenMetrics, "# FOO a b", `line 1: "FOO" after #`)
	f(OpenMetrics, "#", "line 1: # without a space after it")
	for _, kind := range []string{"gaugehistogram", "stateset", "info", "unknown"} {
		f(Text, "# TYPE a "+kind, `line 1: "`+kind+`" is no type`)
		f(OpenMetrics, "# TYPE a "+kind)
	}
	f(OpenMetrics, "# HELP a", "line 1: HELP: the end of the line after the name")
	f(OpenMetrics, "# HELP a \n# UNIT a ")
}

func TestUnits(t *testing.T) {
	keeps(t, OpenMetrics, open("# UNIT a_seconds seconds", "# TYPE a_seconds counter", "a_seconds_total 1"), open(`# UNIT "a.b_bytes" bytes`))
	breaks(t, OpenMetrics, open("# UNIT a seconds"), `line 1: the unit "seconds" is not the end of the name "a"`)
	breaks(t, OpenMetrics, open("# UNIT seconds seconds"), `line 1: the unit "seconds" is not the end`)
	breaks(t, OpenMetrics, open("# UNIT a_seconds seconds "), `line 1: " " in the unit "seconds "`)
	breaks(t, OpenMetrics, open("# UNIT a_s s", "# UNIT a_s s"), `line 2: a second UNIT`)
	for _, kind := range []string{"info", "stateset"} {
		breaks(t, OpenMetrics, open("# UNIT a_s s", "# TYPE a_s "+kind), `line 1: UNIT of "a_s", which has the type `+kind)
	}
}

func TestLinesOfAFamilyAreTogether(t *testing.T) {
	for _, format := range []Format{Text, OpenMetrics} {
		f := func(body string, want ...string) {
			t.Helper()
			breaks(t, format, body+"\n# EOF\n", want...)
		}
		f("a{b=\"1\"} 1\nb 1\na{b=\"2\"} 1\na{b=\"3\"} 1", `line 3: "a" is apart from the lines of its metric, which began at line 1`)
		f("# TYPE a summary\na_sum 1\nb 1\na_count 1", `line 4: "a_count" is apart from the lines of its metric, which began at line 1`)
		f("# TYPE a gauge\n# TYPE b gauge\na 1\nb 1", `line 3: "a" is apart`, `line 4: "b" is apart`)
		f("# TYPE a gauge\n# TYPE b gauge\n# HELP a b", `line 3: HELP of "a", whose lines began at line 1`)
	}
}

func TestNoSeriesIsThereTwice(t *testing.T) {
	for _, format := range []Format{Text, OpenMetrics} {
		f := func(body string, want ...string) {
			t.Helper()
			breaks(t, format, body+"\n# EOF\n", want...)
		}
		f("a{b=\"c\",d=\"e\"} 1\na{d=\"e\",b=\"c\"} 2", `line 2: "a" with these labels was there before`)
		f("a{b=\"\"} 1\na 2", `line 2: "a" with these labels was there before`)
		f("a{b=\"c\"} 1\n{\"a\",\"b\"=\"c\"} 2", `line 2: "a" with these labels was there before`)
		f("a{b=\"c\",d=\"\"} 1\na{b=\"\",d=\"c\"} 2")
		f("# TYPE a summary\na_sum 1\na_count 1\na_sum 1", `line 4: "a_sum" with these labels was there before`)
	}
	breaks(t, Text, "a 1 1\na 2 2\n", `line 2: "a" with these labels was there before`)
	breaks(t, Text, "# TYPE a summary\na_sum 1\n# TYPE a_sum gauge\na_sum 1\n", `line 4: "a_sum" with these labels was there before`)
}

func TestSamplesOfAMetricAreTogether(t *testing.T) {
	interleaved := "# TYPE a histogram\n" +
		"a_bucket{b=\"1\",le=\"+Inf\"} 1\na_bucket{b=\"2\",le=\"+Inf\"} 1\na_sum{b=\"1\"} 1\na_sum{b=\"2\"} 1\na_count{b=\"1\"} 1\na_count{b=\"2\"} 1\n"
	keeps(t, Text, interleaved)
	found := check(t, OpenMetrics, interleaved+"# EOF\n")
	if len(found) != 4 || !strings.HasPrefix(found[0], `line 4: the samples of "a" with these labels are not all together`) {
		t.Errorf("%q", found)
	}
}

func TestFamiliesDoNotShareNamesOfSamples(t *testing.T) {
	breaks(t, OpenMetrics, open("# TYPE a_created gauge", "# TYPE a counter"), `line 2: the counter "a" may have a sample "a_created"`)
	breaks(t, OpenMetrics, open("# TYPE a counter", "# TYPE a_created gauge"), `line 2: "a_created" may be a sample of the counter at line 1`)
	breaks(t, OpenMetrics, open("# TYPE a summary", "a_sum 1", "# TYPE a histogram"), `line 3: a second TYPE of "a"`)
	breaks(t, OpenMetrics, open("# TYPE a histogram", "# TYPE b gauge", "# TYPE a info"), `line 3: TYPE of "a", whose lines began at line 1`)
	keeps(t, OpenMetrics, open("# TYPE a gauge", "# TYPE a_total gauge", "# TYPE a_sum gauge", "# TYPE a_info counter"))
	keeps(t, Text, "# TYPE a summary\na_sum 1\n# TYPE a_count gauge\na_count 1\n", "# TYPE a counter\na 1\na_total 1\na_created 1\n")
}

// A body whose family cannot be read is not blamed for what it may have had.
func TestAnUnreadableLineIsOneViolation(t *testing.T) {
	breaks(t, OpenMetrics, open("# TYPE a histogram", `a_bucket{le="1"} 1`, `a_bucket{le="+Inf"}1`, "a_count 1", "a_sum 1"), `line 3: "1" instead of a space`)
	breaks(t, OpenMetrics, open("# TYPE a histogram", `a_bucket{le="x"} 1`, `a_bucket{} 1`), `line 2: le="x" is no bound`, `line 3: the bucket has no label "le"`)
}
