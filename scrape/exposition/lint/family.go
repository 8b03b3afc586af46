package lint

import (
	"bytes"
)

// family is what is known of the metric family that the lines are about.
type family struct {
	open      bool
	name      []byte
	line      int // its first
	kind      kind
	described []keyword
	unit      []byte
	unitLine  int
	sampled   bool // a sample was seen: metadata may not follow
	settled   bool // its kind and the names of its samples are known
	misnamed  bool // its name has the suffix that its samples should have
	// spoilt is set where a line of it could not be read or stands elsewhere:
	// what it seems to lack may be there.
	spoilt bool

	metrics []metric
	places  map[key]int // of a metric, by the key of its labels
	current key         // of the metric of the last sample
}

// open begins a family that was not seen before.
func (c *checker) open(name []byte) {
	k := c.hash.name(name)
	o, taken := c.known[k]
	if taken && c.openMetrics {
		c.complain("%s may be a sample of the %v at line %d, too; rename one of them", show(name), o.kind, o.line)
	}
	c.known[k] = owner{line: c.line, isFamily: true}
	c.enterFamily(name, c.line)
}

// reopen goes back to a family whose lines are not all together.
func (c *checker) reopen(name []byte, o owner) {
	c.enterFamily(name[:len(name)-int(o.suffix)], o.line)
	f := &c.family
	f.kind, f.sampled, f.settled, f.spoilt = o.kind, true, true, true
}

// maxKept is up to how many metrics of a family the memory is used again. A map
// that has once been large takes long to clear, for every small family anew.
const maxKept = 1024

// enterFamily makes a family the current one.
func (c *checker) enterFamily(name []byte, line int) {
	f := &c.family
	if f.places == nil || len(f.metrics) > maxKept {
		f.places, f.metrics = map[key]int{}, nil
	}
	clear(f.places)
	*f = family{
		open: true, name: append(f.name[:0], name...), line: line,
		described: f.described[:0], unit: f.unit[:0], metrics: f.metrics[:0], places: f.places,
	}
}

// leave ends the current family, if there is one.
func (c *checker) leave() {
	f := &c.family
	if !f.open {
		return
	}
	c.settle()
	for i := range f.metrics {
		c.endPoint(&f.metrics[i].point)
	}
	f.open = false
}

// enter finds the family of a sample and what the sample is in it. It is false
// if the family cannot have such a sample.
func (c *checker) enter(name []byte) (role, bool) {
	f := &c.family
	if f.open {
		r, ok := c.grammar.roleOf(f.kind, f.name, name)
		if ok || bytes.Equal(name, f.name) {
			c.settle()
			f.sampled = true
			if !ok {
				c.misnamed()
			}
			return r, ok
		}
	}
	c.leave()
	if o, ok := c.known[c.hash.name(name)]; ok {
		c.complain("%s is apart from the lines of its metric, which began at line %d; keep all lines of a metric together", show(name), o.line)
		c.reopen(name, o)
	} else {
		c.open(name)
	}
	c.settle()
	f.sampled = true
	return c.grammar.roleOf(f.kind, f.name, name)
}

// misnamed says how a sample that bears the family's own name has to be called.
func (c *checker) misnamed() {
	f := &c.family
	suffix := c.grammar.samples[f.kind][0].suffix
	if bytes.HasSuffix(f.name, []byte(suffix)) {
		if f.misnamed { // one fault, however many samples
			return
		}
		f.misnamed = true
		c.complain("%s has the type %v; in its metadata leave %s out of the name: only its samples have it", show(f.name), f.kind, suffix)
		return
	}
	c.complain("%s has the type %v, which has no sample of that name; write %s", show(f.name), f.kind, c.grammar.namesOf(f.kind, f.name))
}

// settle notes which names the samples of the current family may have, once
// its type is known for sure.
func (c *checker) settle() {
	f := &c.family
	if f.settled {
		return
	}
	f.settled = true
	c.known[c.hash.name(f.name)] = owner{line: f.line, kind: f.kind, isFamily: true}
	for _, s := range c.grammar.samples[f.kind] {
		if s.suffix == "" {
			continue
		}
		name := append(bytes.Clone(f.name), s.suffix...)
		k := c.hash.name(name)
		if o, taken := c.known[k]; !taken {
			c.known[k] = owner{line: f.line, kind: f.kind, suffix: uint8(len(s.suffix))}
		} else if c.openMetrics {
			c.findings.add(f.line, "the %v %s may have a sample %s, which belongs to the %v at line %d, too; rename one of them", f.kind, show(f.name), show(name), o.kind, o.line)
		}
	}
	c.checkUnit()
	c.checkReserved()
}

// checkUnit checks the unit against the type and the name.
func (c *checker) checkUnit() {
	f := &c.family
	if len(f.unit) == 0 {
		return
	}
	for i, char := range f.unit {
		if !isNameChar(char, false, true) {
			c.findings.add(f.unitLine, "%s in the unit %s; a unit is made of letters, digits, _ and :", show(f.unit[i:i+1]), show(f.unit))
			return
		}
	}
	switch {
	case f.kind == info || f.kind == stateSet:
		c.findings.add(f.unitLine, "UNIT of %s, which has the type %v and no unit; take the line away", show(f.name), f.kind)
	case !bytes.HasSuffix(f.name, append([]byte{'_'}, f.unit...)):
		c.findings.add(f.unitLine, "the unit %s is not the end of the name %s; rename the metric to %s, or take the line away",
			show(f.unit), show(f.name), show(append(append(bytes.Clone(f.name), '_'), f.unit...)))
	}
}

// checkReserved checks for names that OpenMetrics keeps for itself.
func (c *checker) checkReserved() {
	if f := &c.family; c.openMetrics && f.name[0] == '_' {
		c.findings.add(f.line, "the name %s begins with an underscore, which is reserved; rename the metric", show(f.name))
	}
}
