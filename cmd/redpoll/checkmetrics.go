package main

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kingpin/v2"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition/lint"
)

// checkMetrics is `redpoll check metrics`: it prints each violation of the
// format that a page of metrics has.
type checkMetrics struct {
	command string // as kingpin names it
	file    string // - for the standard input; so is empty, which kingpin makes of -
	format  string
}

func newCheckMetrics(check *kingpin.CmdClause) *checkMetrics {
	c := &checkMetrics{}
	k := check.Command("metrics", "Check that a page of metrics keeps to its format, such as curl http://127.0.0.1:9100/metrics | redpoll check metrics. Prints a line for each violation, and fails if there is one.")
	k.Arg("file", "File with the page; - is the standard input.").Default("-").StringVar(&c.file)
	k.Flag("format", "Format that the page is held to: text or openmetrics. Without it: OpenMetrics if the page ends with # EOF, else text.").EnumVar(&c.format, lint.Text.String(), lint.OpenMetrics.String())
	c.command = k.FullCommand()
	return c
}

func (c *checkMetrics) run(stdin io.Reader, stdout io.Writer) error {
	name, body := "standard input", stdin
	if c.file != "-" && c.file != "" {
		file, err := os.Open(c.file)
		if err != nil {
			return usageError{err}
		}
		defer file.Close()
		name, body = c.file, file
	}
	report, err := lint.Check(body, c.chosenFormat())
	found, printErr := printViolations(report, stdout)
	switch {
	case printErr != nil:
		return printErr
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case found > 0:
		return fmt.Errorf("%s: %s of the %v format", name, redpoll.CountOf(found, "violation"), report.Format)
	}
	_, err = fmt.Fprintf(stdout, "%s: %s, %v: no violation\n", name, redpoll.CountOf(report.Samples, "sample"), report.Format)
	return err
}

func (c *checkMetrics) chosenFormat() lint.Format {
	switch c.format {
	case lint.Text.String():
		return lint.Text
	case lint.OpenMetrics.String():
		return lint.OpenMetrics
	default:
		return lint.Auto
	}
}

// printViolations prints a line for each and gives their number, with those
// that are but counted.
func printViolations(report lint.Report, stdout io.Writer) (found int, err error) {
	w := bufio.NewWriter(stdout)
	for _, v := range report.Violations {
		fmt.Fprintln(w, v)
	}
	if report.More > 0 {
		fmt.Fprintf(w, "… and %s\n", redpoll.CountOf(report.More, "more violation"))
	}
	return len(report.Violations) + report.More, w.Flush()
}
