package red

import (
	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

// Wants reports whether a family of this name may tell anything: about requests
// by some convention, or about the system. Samples of others may be left out of
// what Derive is given. It may be called concurrently.
func (d *Deriver) Wants(family string) bool {
	if systemRoleOf(&exposition.Series{Name: family}) != noRole {
		return true
	}
	for i := range d.options.Conventions {
		c := &d.options.Conventions[i]
		if redpoll.Glob(c.Family, family) || c.ErrorsFrom != nil && redpoll.Glob(c.ErrorsFrom.Family, family) {
			return true
		}
	}
	return false
}
