package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/redpoll/redpoll/internal/config"
	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape"
)

// errFilesMissing ends the check after the report has named them.
var errFilesMissing = errors.New("files that the configuration names cannot be read")

// runCheckConfig is `redpoll check config`: it prints, as comments, who is
// scraped, what is accepted and not used and which files are missing, and then
// the configuration as it is understood, defaults included. It fails as a start
// with the file would, and if files are missing.
func runCheckConfig(path string, stdout io.Writer) error {
	c, warnings, err := config.Load(path)
	if err != nil {
		return usageError{err}
	}
	faults, doubts := c.CheckFiles()
	var report strings.Builder
	fmt.Fprintf(&report, "# %s is valid: %s.\n", path, redpoll.CountOf(len(c.ScrapeConfigs), "job"))
	for i := range c.ScrapeConfigs {
		fmt.Fprintf(&report, "#   %s\n", describeJob(&c.ScrapeConfigs[i]))
	}
	section := func(title string, lines []string) {
		if len(lines) > 0 {
			fmt.Fprintf(&report, "#\n# %s:\n#   %s\n", title, strings.Join(lines, "\n#   "))
		}
	}
	section("Missing", faults)
	section("Look at", append(warnings, doubts...))
	fmt.Fprintf(&report, "#\n# With defaults it reads:\n%s", c.Redacted())
	if _, err := io.WriteString(stdout, report.String()); err != nil {
		return err
	}
	if len(faults) > 0 {
		return fmt.Errorf("%s: %w: %s", path, errFilesMissing, strings.Join(faults, "; "))
	}
	return nil
}

// describeJob says in one line what is scraped and how often.
func describeJob(c *scrape.JobConfig) string {
	var from []string
	static := 0
	for _, s := range c.StaticConfigs {
		static += len(s.Targets)
	}
	if static > 0 {
		from = append(from, redpoll.CountOf(static, "static target"))
	}
	for _, kind := range []struct {
		key   string
		count int
	}{
		{"file_sd_configs", len(c.FileSDConfigs)}, {"http_sd_configs", len(c.HTTPSDConfigs)}, {"dns_sd_configs", len(c.DNSSDConfigs)},
	} {
		if kind.count > 0 {
			from = append(from, fmt.Sprintf("%s (%d)", kind.key, kind.count))
		}
	}
	if len(from) == 0 {
		from = []string{"no targets"}
	}
	var through string
	if n := len(c.RelabelConfigs); n > 0 {
		through = ", through " + redpoll.CountOf(n, "rule") + " of relabel_configs"
	}
	return fmt.Sprintf("%s: %s%s, every %v, timeout %v, %s://…/%s", plainText(c.JobName), strings.Join(from, ", "), through,
		c.ScrapeInterval, c.ScrapeTimeout, c.Scheme, plainText(strings.TrimPrefix(c.MetricsPath, "/")))
}
