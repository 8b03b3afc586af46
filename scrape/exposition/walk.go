package exposition

import (
	"context"
	"encoding/binary"
	"math"
)

// walker goes through a protobuf body once, from its first byte to the last. What
// metrics are told by it either compares with a layout, which is the plan path,
// or has a recorder take, which makes one. So both find the same numbers in the
// same order.
//
// The text of a layout is, in the order of the body, the tag of every field of a
// known part, with all that it has if it is compared as it is written, and a mark
// where a message ends. No tag is like a mark, since no field has the number 0.
// Lengths of messages are not in it: they differ with the numbers inside.
type walker struct {
	ctx      context.Context
	body     []byte
	recorder *recorder // nil on the plan path
	text     string    // of the layout
	at       int       // in text

	numbers []float64 // the first is 0, for those that are not there
	natives [][]byte  // native histograms, as messages
	survey  surveyor  // of what is passed
	metrics int
	err     error // of ctx or the recorder
}

// The marks of where a message ends.
const (
	endMark    = 0
	nativeMark = 1 // of a histogram with native buckets
)

// scope is the message that a walker is in.
type scope struct {
	fields *grammar
	end    int
	once   uint32 // see surveyor.field
	native uint32 // a bit for every field that makes a histogram a native one
}

// walk goes through the whole body. ok is false if it is not as the layout says,
// or err is not nil.
func (w *walker) walk() (ok bool) {
	for at := 0; at < len(w.body); {
		end, begin := w.length(at, len(w.body))
		w.survey.family++
		if w.recorder != nil {
			w.recorder.next()
		}
		if begin < 0 {
			return false
		}
		if mark, ok := w.message(begin, end, familyShape); !ok || !w.mark(mark) {
			return false
		}
		at = end
	}
	return true
}

// length reads one that ends before some byte, and gives where what it is of
// begins and ends; begin is negative if it is not sound.
func (w *walker) length(at, before int) (end, begin int) {
	if at < before && w.body[at] < 0x80 {
		begin = at + 1
		end = begin + int(w.body[at])
	} else {
		length, n := binary.Uvarint(w.body[at:before])
		if n <= 0 || length > uint64(before) {
			return 0, -1
		}
		begin = at + n
		end = begin + int(length)
	}
	if end > before {
		return 0, -1
	}
	return end, begin
}

// message goes through one but for the mark of its end, which a histogram with
// native buckets has one of its own for.
func (w *walker) message(at, end int, fields *grammar) (mark byte, ok bool) {
	s := scope{fields: fields, end: end}
	for at < end && at >= 0 {
		at = w.field(at, &s)
	}
	if s.native != 0 {
		return nativeMark, at >= 0
	}
	return endMark, at >= 0
}

// field goes through one and gives where the next begins, negative if the walk
// is over.
func (w *walker) field(begin int, s *scope) (next int) {
	at := begin + 1
	tag := uint64(w.body[begin])
	if tag >= 0x80 {
		var n int
		if tag, n = binary.Uvarint(w.body[begin:s.end]); n <= 0 {
			return -1
		}
		at = begin + n
	}
	number, wire := tag>>3, uint8(tag&7)
	if number >= uint64(len(s.fields)) {
		return w.pass(begin, s)
	}
	f := &s.fields[number]
	if p := f.part; p == passed || p == nativePart || wires[p] != wire {
		return w.pass(begin, s)
	}
	switch p := f.part; {
	case p <= boundPart:
		return w.fixed(begin, at, p, int(number), s)
	case !w.same(begin, at):
		return -1
	case p >= valuePart:
		return w.number(at, s.end, p)
	default:
		return w.inside(at, s.end, p, f.inner)
	}
}

// same compares a part of the body, or records it.
func (w *walker) same(from, to int) bool {
	if w.recorder != nil {
		w.recorder.prefixes.Write(w.body[from:to])
		return true
	}
	next := w.at + to - from
	if next > len(w.text) {
		return false
	}
	if to-from == 1 {
		if w.text[w.at] != w.body[from] {
			return false
		}
	} else if string(w.body[from:to]) != w.text[w.at:next] {
		return false
	}
	w.at = next
	return true
}

// mark is same for a mark.
func (w *walker) mark(m byte) bool {
	if w.recorder != nil {
		w.recorder.prefixes.WriteByte(m)
		return true
	}
	if w.at == len(w.text) || w.text[w.at] != m {
		return false
	}
	w.at++
	return true
}

// fixed goes through a field that is compared as it is written.
func (w *walker) fixed(begin, at int, p part, number int, s *scope) (next int) {
	from, to := at, at+8
	switch wires[p] {
	case prefix:
		to, from = w.length(at, s.end)
		if from < 0 {
			return -1
		}
	case varint:
		_, n := binary.Uvarint(w.body[at:s.end])
		if n <= 0 {
			return -1
		}
		to = at + n
	}
	if to > s.end || !w.same(begin, to) {
		return -1
	}
	if w.recorder != nil {
		if w.err = w.recorder.fixed(p, w.body[from:to]); w.err != nil {
			return -1
		}
	}
	return to
}

// number reads one.
func (w *walker) number(at, end int, p part) (next int) {
	var v float64
	if wires[p] == fixed8 {
		if end-at < 8 {
			return -1
		}
		v = math.Float64frombits(binary.LittleEndian.Uint64(w.body[at:]))
		if isAbsent(v) {
			v = math.NaN() // absent is another one
		}
		next = at + 8
	} else {
		whole, n := binary.Uvarint(w.body[at:end])
		if n <= 0 {
			return -1
		}
		next = at + n
		switch p {
		case countPart:
			v = float64(whole)
		case nanosPart:
			v = float64(int32(whole))
		default:
			v = float64(int64(whole))
		}
	}
	w.numbers = append(w.numbers, v)
	if w.recorder != nil {
		w.recorder.number(p, number{v, int32(len(w.numbers) - 1)})
	}
	return next
}

// metricsBetween is how many are read between two looks at whether ctx has ended.
const metricsBetween = 64

// inside goes through a message.
func (w *walker) inside(at, before int, p part, fields *grammar) (next int) {
	end, begin := w.length(at, before)
	if begin < 0 {
		return -1
	}
	if p == metricPart {
		if w.metrics++; w.metrics%metricsBetween == 0 {
			if w.err = w.ctx.Err(); w.err != nil {
				return -1
			}
		}
	}
	if w.recorder != nil {
		w.recorder.open(p)
	}
	mark, ok := w.message(begin, end, fields)
	if !ok || !w.mark(mark) {
		return -1
	}
	if mark == nativeMark {
		w.numbers = append(w.numbers, float64(len(w.natives)))
		w.natives = append(w.natives, w.body[begin:end])
	}
	if w.recorder != nil {
		if w.err = w.recorder.close(p, mark, w); w.err != nil {
			return -1
		}
	}
	return end
}

// pass goes past a field that is none of a known part, or of native buckets.
func (w *walker) pass(begin int, s *scope) (next int) {
	f, rest, err := nextField(w.body[begin:s.end])
	if err != nil || w.survey.field(&f, s.fields, &s.once) != nil {
		return -1
	}
	if f.number < len(s.fields) && s.fields[f.number].part == nativePart {
		s.tellNative(&f)
	}
	return s.end - len(rest)
}

// tellNative notes what a field says of whether a histogram has native buckets.
// The specification makes the difference from a classic one this way: a native
// histogram without observations has a zero threshold or a span of no buckets at
// all. Of a number that comes twice the last counts.
func (s *scope) tellNative(f *field) {
	switch bit := uint32(1) << f.number; {
	case f.wire == prefix && f.number >= 9: // spans
		s.native |= bit
	case f.wire == fixed8 && f.number != 7 && f.number < 9: // zero_threshold, zero_count_float
		s.set(bit, math.Float64frombits(binary.LittleEndian.Uint64(f.value)) > 0)
	case f.wire == varint && f.number == 7: // zero_count
		count, _ := binary.Uvarint(f.value)
		s.set(bit, count > 0)
	}
}

func (s *scope) set(bit uint32, to bool) {
	if s.native &^= bit; to {
		s.native |= bit
	}
}
