package exposition

import (
	"fmt"
	"math"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// Schemas of native histograms that may be exposed. Finer ones than
// redpoll.MaxSchema are made coarser, which the specification allows.
const (
	finestSchema = 52
	customSchema = -53 // bounds that are listed, for which the format has no field
)

// native reads native buckets.
func (w *workspace) native(s *step, out *Sample) (why string) {
	place := w.value(s, s.shape.native)
	if isAbsent(place) {
		return badlyStamped
	}
	if len(w.natives) < cap(w.natives) {
		w.natives = w.natives[:len(w.natives)+1] // with memory for counts
	} else {
		w.natives = append(w.natives, Native{})
	}
	n := &w.natives[len(w.natives)-1]
	exposed := &w.exponential
	exposed.read(w.exposed[int(place)])
	finest, _ := exposed.coarseEnough(w.finest, w.most)
	why = n.set(exposed, finest)
	if width := len(n.Buckets.Counts); why == "" && s.series != nil {
		if width > w.buckets {
			why = fmt.Sprintf("is left out, because the body has more than %d native buckets, with the empty ones between them", MaxBuckets)
		} else {
			w.buckets -= width
		}
	}
	if why == "" && s.series != nil {
		out.Native = n
	} else {
		w.natives = w.natives[:len(w.natives)-1]
	}
	return why
}

// schemaOf is the finest schema whose buckets grow by the factor at least; as
// fine as there is if that is 1 or less.
func schemaOf(factor float64) int {
	if factor <= 1 {
		return finestSchema
	}
	return int(max(redpoll.MinSchema, min(math.Floor(-math.Log2(math.Log2(factor))), finestSchema)))
}

// coarseEnough is the finest schema, but none above finest, at which the buckets
// of a histogram are as many as most, 0 being no limit; ok is false if they are
// more even at the coarsest.
func (x *exponential) coarseEnough(finest, most int) (schema int, ok bool) {
	if most == 0 || x.positive.size()+x.negative.size() <= most {
		return finest, true
	}
	for _, r := range [...]*run{&x.positive, &x.negative} {
		if _, why := r.total(); why != "" {
			return finest, true // set says why it cannot be used
		}
	}
	for schema = min(x.schema, finest, redpoll.MaxSchema); schema >= redpoll.MinSchema; schema-- {
		if x.positive.sizeAt(x.schema-schema)+x.negative.sizeAt(x.schema-schema) <= most {
			return schema, true
		}
	}
	return finest, false
}

// isWithin reports whether the limits let a histogram have its buckets, with
// some resolution.
func (x *exponential) isWithin(message []byte, limits *Limits) bool {
	x.read(message)
	_, ok := x.coarseEnough(schemaOf(limits.NativeFactor), limits.NativeBuckets)
	return ok
}

// set takes over an exposed native histogram, reusing the memory for the counts.
// Buckets are merged where the schema is finer than finest. why is not empty if
// it cannot be used. Of a schema that it does not know Prometheus takes nothing
// of the whole body; here the other series are read.
func (n *Native) set(exposed *exponential, finest int) (why string) {
	schema := exposed.schema
	n.ExposedSchema = schema
	switch {
	case schema == customSchema:
		return "has custom buckets (schema -53), whose bounds the protobuf format cannot tell"
	case schema < redpoll.MinSchema || schema > finestSchema:
		return fmt.Sprintf("has native buckets of schema %d, which is none of the exponential ones", schema)
	case !(exposed.threshold >= 0) || math.IsInf(exposed.threshold, 1):
		return "has a zero bucket that is not finite"
	case !plausible(exposed.count) || !plausible(exposed.zero):
		return "has no sound count of its observations"
	}
	n.Count, n.Sum = exposed.count, exposed.sum
	n.Buckets = redpoll.Exponents{Threshold: exposed.threshold, Zero: redpoll.WholeCount(exposed.zero), Counts: n.Buckets.Counts[:0]}
	below, why := exposed.negative.total()
	if why != "" {
		return why
	}
	if below > 0 {
		return "has observations below zero, which no duration is"
	}
	return n.setBuckets(schema, finest, &exposed.positive)
}

// setBuckets fills in the positive buckets.
func (n *Native) setBuckets(schema, finest int, positive *run) (why string) {
	if _, why := positive.total(); why != "" {
		return why
	}
	x := &n.Buckets
	first, last, ok := positive.bounds()
	if !ok {
		x.Schema = int8(min(schema, finest, redpoll.MaxSchema))
		return ""
	}
	if !redpoll.CanBound(schema, first, last) {
		return "has native buckets beyond any duration"
	}
	x.Schema = min(redpoll.FittingSchema(schema, first, last), int8(finest))
	shift := schema - int(x.Schema)
	x.Cover(redpoll.Coarser(first, shift), redpoll.Coarser(last, shift))
	positive.each(func(number int, count float64) {
		at := redpoll.Coarser(number, shift) - x.First
		x.Counts[at] = redpoll.AddCounts(x.Counts[at], redpoll.WholeCount(count))
	})
	return ""
}

// run are native buckets as exposed: spans of neighbours, and their counts
// either as differences from the one before or as they are.
type run struct {
	spans  []bucketSpan
	deltas []int64
	counts []float64
}

// total adds the counts up. why is not empty if they cannot be used: when it is
// empty, each of them has its place in a span, and they are plausible even
// together.
func (r *run) total() (sum float64, why string) {
	if len(r.deltas) > 0 && len(r.counts) > 0 {
		return 0, "has native buckets with whole and with float counts"
	}
	var places int64
	for i, s := range r.spans {
		if i > 0 && s.offset < 0 {
			return 0, "has native buckets that overlap"
		}
		places += int64(s.length)
	}
	if places != int64(len(r.deltas)+len(r.counts)) {
		return 0, "has more or fewer native buckets than counts of them"
	}
	var count int64
	for _, delta := range r.deltas {
		count += delta // beyond the greatest it becomes negative
		sum += float64(count)
		if count < 0 || !plausible(sum) {
			return 0, "has a native bucket without a sound count"
		}
	}
	for _, count := range r.counts {
		sum += count
		if !plausible(count) || !plausible(sum) {
			return 0, "has a native bucket without a sound count"
		}
	}
	return sum, ""
}

// size is how many buckets there are.
func (r *run) size() int { return len(r.deltas) + len(r.counts) }

// sizeAt is how many there are where the schema is coarser by shift. It needs a
// total without a why.
func (r *run) sizeAt(shift int) (n int) {
	last := 0
	r.each(func(number int, _ float64) {
		if at := redpoll.Coarser(number, shift); n == 0 || at != last {
			n, last = n+1, at
		}
	})
	return n
}

// bounds are the numbers of the first and the last bucket; ok is false if there
// is none.
func (r *run) bounds() (first, last int, ok bool) {
	next := 0
	for _, s := range r.spans {
		next += int(s.offset)
		if s.length == 0 {
			continue
		}
		if !ok {
			first, ok = next, true
		}
		next += int(s.length)
		last = next - 1
	}
	return first, last, ok
}

// each calls f with the number and the count of every bucket. It needs a total
// without a why.
func (r *run) each(f func(number int, count float64)) {
	next, read, running := 0, 0, int64(0)
	for _, s := range r.spans {
		next += int(s.offset)
		for range s.length {
			if len(r.counts) > 0 {
				f(next, r.counts[read])
			} else {
				running += r.deltas[read]
				f(next, float64(running))
			}
			next, read = next+1, read+1
		}
	}
}
