package red

import (
	"strings"

	"github.com/redpoll/redpoll/scrape/exposition"
)

// Wants reports whether a family of this name may tell anything: about requests
// by some convention or the general rule, about the system or its version.
// Samples of others may be left out of what Derive is given. It may be called
// concurrently.
func (d *Deriver) Wants(family string) bool {
	if systemRoleOf(&exposition.Series{Name: family}) != noRole || d.catalogue.names(family) {
		return true
	}
	_, durations := durationsOf(family)
	return durations && d.exclusive
}

// isInfo reports whether a family is a gauge whose labels tell which version of
// the application runs.
func isInfo(family string) bool {
	return strings.HasSuffix(plain(family), "_build_info") || family == targetInfo
}
