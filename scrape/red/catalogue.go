package red

import (
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// Catalogue is a list of conventions, the preferred ones first, that is quick
// to search by the name of a family. It does not change and may be shared.
type Catalogue struct {
	conventions []Convention
	named       map[string]mentions // by plain name
	globs       []globbed
}

// mentions are the places in the list of the conventions that name a family.
type mentions struct {
	readers []int // that make endpoints of it
	linkers []int // that take errors from it
}

// globbed is one that names families by a pattern.
type globbed struct {
	pattern string
	mentions
}

// NewCatalogue puts own, which must be valid, before redpoll's conventions.
func NewCatalogue(own []Convention) *Catalogue {
	if len(own) == 0 {
		return builtInCatalogue()
	}
	return newCatalogue(slices.Concat(own, builtIn().conventions))
}

var builtInCatalogue = sync.OnceValue(func() *Catalogue { return newCatalogue(builtIn().conventions) })

func newCatalogue(list []Convention) *Catalogue {
	c := &Catalogue{conventions: list, named: make(map[string]mentions)}
	for i := range list {
		c.mention(list[i].Family, func(m *mentions) { m.readers = append(m.readers, i) })
		if e := list[i].ErrorsFrom; e != nil {
			c.mention(e.Family, func(m *mentions) { m.linkers = append(m.linkers, i) })
		}
	}
	return c
}

func (c *Catalogue) mention(name string, add func(*mentions)) {
	name = plainPattern(name)
	if strings.Contains(name, "*") {
		c.globs = append(c.globs, globbed{pattern: name})
		add(&c.globs[len(c.globs)-1].mentions)
		return
	}
	m := c.named[name]
	add(&m)
	c.named[name] = m
}

// each calls f with everything that names a family.
func (c *Catalogue) each(family string, f func(mentions)) {
	family = plain(family)
	if m, ok := c.named[family]; ok {
		f(m)
	}
	for i := range c.globs {
		if redpoll.Glob(c.globs[i].pattern, family) {
			f(c.globs[i].mentions)
		}
	}
}

// names reports whether some convention reads the family or takes errors from
// it.
func (c *Catalogue) names(family string) (yes bool) {
	c.each(family, func(mentions) { yes = true })
	return yes
}

// rank is how much a convention is preferred; lower is better. Guesses come
// after what is named, and what only counts the scrapes themselves after all.
func (c *Catalogue) rank(place int) int {
	if c.conventions[place].PathIsMetricsPath {
		return math.MaxInt
	}
	return place
}
