package exposition

import (
	"encoding/binary"
	"math"
)

// exponential is a native histogram as exposed.
type exponential struct {
	schema             int
	threshold          float64
	zero, count, sum   float64
	negative, positive run
}

// bucketSpan are neighbours; offset is the distance from the end of the last.
type bucketSpan struct {
	offset int32
	length uint32
}

// read takes a histogram message that a walker went through, reusing memory.
// Numbers that are not there are 0: writers of the newer syntax of protobuf
// leave them out, and Prometheus reads it so.
func (x *exponential) read(message []byte) {
	*x = exponential{negative: x.negative.empty(), positive: x.positive.empty()}
	var count, zero uint64
	for len(message) > 0 {
		f, rest, err := nextField(message)
		if err != nil {
			return
		}
		message = rest
		switch {
		case f.number >= 9 && f.number <= 11:
			x.negative.add(f.number-9, &f)
		case f.number >= 12 && f.number <= 14:
			x.positive.add(f.number-12, &f)
		case f.wire == varint && f.number == 1:
			count = f.varint()
		case f.wire == varint && f.number == 5:
			x.schema = int(f.zigZag32())
		case f.wire == varint && f.number == 7:
			zero = f.varint()
		case f.wire != fixed8:
		case f.number == 2:
			x.sum = f.float()
		case f.number == 4:
			x.count = f.float()
		case f.number == 6:
			x.threshold = f.float()
		case f.number == 8:
			x.zero = f.float()
		}
	}
	if x.count == 0 {
		x.count = float64(count)
	}
	if x.zero == 0 {
		x.zero = float64(zero)
	}
}

// add takes a field of spans, deltas or counts, which are 0, 1 and 2.
func (r *run) add(what int, f *field) {
	switch {
	case what == 0 && f.wire == prefix:
		r.spans = append(r.spans, spanOf(f.value))
	case what == 1 && (f.wire == prefix || f.wire == varint):
		for rest := f.value; len(rest) > 0; {
			v, n := uint64(rest[0]), 1
			if v >= 0x80 {
				if v, n = binary.Uvarint(rest); n <= 0 {
					return
				}
			}
			r.deltas = append(r.deltas, int64(v>>1)^-int64(v&1))
			rest = rest[n:]
		}
	case what == 2 && (f.wire == prefix || f.wire == fixed8):
		for rest := f.value; len(rest) >= 8; rest = rest[8:] {
			r.counts = append(r.counts, math.Float64frombits(binary.LittleEndian.Uint64(rest)))
		}
	}
}

func spanOf(message []byte) (s bucketSpan) {
	for len(message) > 0 {
		f, rest, err := nextField(message)
		if err != nil {
			return s
		}
		message = rest
		switch {
		case f.wire == varint && f.number == 1:
			s.offset = f.zigZag32()
		case f.wire == varint && f.number == 2:
			s.length = uint32(f.varint())
		}
	}
	return s
}

// mostRunKept is how many buckets there is memory kept for, which is more than
// applications have in a histogram.
const mostRunKept = 10_000

// empty is one without buckets that has the memory of r, unless that is large.
func (r *run) empty() run {
	if cap(r.spans)+cap(r.deltas)+cap(r.counts) > mostRunKept {
		return run{}
	}
	return run{r.spans[:0], r.deltas[:0], r.counts[:0]}
}

// varint is the value of a field that is written as one.
func (f *field) varint() uint64 {
	v, _ := binary.Uvarint(f.value)
	return v
}

// float is the value of a field of 8 bytes.
func (f *field) float() float64 { return math.Float64frombits(binary.LittleEndian.Uint64(f.value)) }

// zigZag32 is the value of a sint32, which has its sign in the lowest bit.
func (f *field) zigZag32() int32 {
	v := uint32(f.varint())
	return int32(v>>1) ^ -int32(v&1)
}
