package exposition

import "slices"

// sources say where the values of a protobuf body come from, by places among the
// numbers that a walker finds in it.
type sources struct {
	from   []int32   // of every slot; 0 if it has no number, or one made of others
	births []instant // when series began
	stamps []stamp   // timestamps of metrics, if they matter
	size   Size      // of the body but for what a walker passes
}

// instant is a slot that has a time of seconds and nanoseconds.
type instant struct{ slot, seconds, nanos int32 }

// stamp is a timestamp and the slots that have it, up to, but not including, the
// last.
type stamp struct{ at, first, end int32 }

// fill sets the values of a body whose numbers have been found. It reports false
// if the numbers make them mean something else than in the body that the sources
// are of.
func (o *sources) fill(values, numbers []float64, w window) (ok bool) {
	for i, at := range o.from {
		values[i] = numbers[at]
	}
	for _, b := range o.births {
		v := numbers[b.seconds] + numbers[b.nanos]/1e9
		if v == 0 {
			return false // the series does not say when it began
		}
		values[b.slot] = v
	}
	for _, s := range o.stamps {
		if w.has(int64(numbers[s.at])) {
			continue
		}
		for i := s.first; i < s.end; i++ {
			values[i] = absent
		}
	}
	return true
}

func (o *sources) clone() sources {
	return sources{slices.Clone(o.from), slices.Clone(o.births), slices.Clone(o.stamps), o.size}
}

// empty is one of nothing, with the memory of o.
func (o *sources) empty() sources { return sources{o.from[:0], o.births[:0], o.stamps[:0], Size{}} }
