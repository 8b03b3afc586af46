package exposition

// origin is what a layout was made of, as the builder had it: with it the
// layout of a body that differs a little is made without looking at what does
// not differ. It is immutable.
//
// It takes as much memory as the text or less, and most targets never change,
// so that only layouts have one that took the place of another.
type origin struct {
	slots    []slot
	groups   []group
	births   []birth
	metadata map[string]*metadata
	labelled int // as of the builder
	helped   int
}

// mostRepaired is the largest body, in lines, whose layout has an origin: beyond
// it there is no memory for two of them at a time.
const mostRepaired = 250_000

// origin keeps what a layout is made of, nil if that is not the sum of what its
// lines mean one by one.
func (b *builder) origin() *origin {
	if len(b.lines) > mostRepaired || b.format == protobuf || b.ambiguous || len(b.limited) > 0 || b.helped > maxHelps {
		return nil
	}
	for i := range b.groups {
		if b.groups[i].fault == appearsTwice {
			return nil
		}
	}
	o := &origin{labelled: b.labelled, helped: b.helped}
	o.slots, o.groups, o.births = clone(b.slots), clone(b.groups), clone(b.births)
	if b.repaired != nil {
		o.metadata = b.repaired.origin.metadata
	} else {
		o.metadata = make(map[string]*metadata, len(b.metadata))
		texts := 0
		for name, m := range b.metadata {
			if texts += len(m.help) + len(m.unit); texts > maxHelps {
				return nil // a patch would not leave out the same
			}
			kept := *m
			kept.help, kept.unit = clip(m.help), clip(m.unit)
			o.metadata[b.library.keepName(name)] = &kept
		}
	}
	return o
}

// clone copies a list into just as much room.
func clone[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return append(make([]T, 0, len(list)), list...)
}
