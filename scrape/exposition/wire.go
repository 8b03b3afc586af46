package exposition

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// kind says what a field of a protobuf message adds to the size of a body.
type kind uint8

const (
	other    kind = iota // a number, a text, or a field that is not known
	line                 // a message that stands for a line of text
	label                // a label
	small                // another message that is no larger
	single               // the same, of which there is but one
	integers             // native buckets, in varints
	floats               // native buckets, in float64s
)

// grammar are the fields of a kind of message, by their numbers; inner is nil for
// what is no message.
type grammar [17]struct {
	kind  kind
	inner *grammar
}

// The messages of io/prometheus/client/metrics.proto that hold others.
var (
	leaf           = &grammar{}
	exemplarShape  = &grammar{1: {label, leaf}, 3: {single, leaf}}
	bucketShape    = &grammar{3: {single, exemplarShape}}
	counterShape   = &grammar{2: {single, exemplarShape}, 3: {single, leaf}}
	summaryShape   = &grammar{3: {line, leaf}, 4: {single, leaf}}
	histogramShape = &grammar{
		3: {line, bucketShape}, 15: {single, leaf}, 16: {small, exemplarShape},
		9: {small, leaf}, 10: {integers, nil}, 11: {floats, nil},
		12: {small, leaf}, 13: {integers, nil}, 14: {floats, nil},
	}
	metricShape = &grammar{
		1: {label, leaf}, 2: {single, leaf}, 3: {single, counterShape},
		4: {single, summaryShape}, 5: {single, leaf}, 7: {single, histogramShape},
	}
	familyShape = &grammar{4: {line, metricShape}}
)

// surveyor takes the size of a protobuf body without making anything of it.
type surveyor struct {
	size   Size
	family int // number of the current one, from 1
}

func measureProtobuf(body []byte) (Size, error) {
	var s surveyor
	for len(body) > 0 {
		s.family++
		message, rest, err := prefixed(body)
		if err == nil {
			s.size.Lines++
			err = s.walk(message, familyShape)
		}
		if err != nil {
			return s.size, fmt.Errorf("family %d of the protobuf body: %w", s.family, err)
		}
		body = rest
	}
	return s.size, nil
}

// walk takes the size of a message's fields.
func (s *surveyor) walk(message []byte, fields *grammar) error {
	labels := 0
	var once [len(fields)]bool
	for len(message) > 0 {
		f, rest, err := nextField(message)
		if err != nil {
			return err
		}
		message = rest
		if f.number >= len(fields) {
			f.number = 0 // which no field has
		}
		kind, inner := fields[f.number].kind, fields[f.number].inner
		if kind.isOnce() && f.wire == prefix {
			if once[f.number] {
				return errTwice
			}
			once[f.number] = true
		}
		if kind == label {
			labels++
		}
		s.count(kind, f.value)
		if err := s.check(labels, kind, f.value); err != nil {
			return err
		}
		if inner == nil || f.wire != prefix {
			continue
		}
		if err := s.walk(f.value, inner); err != nil {
			return err
		}
	}
	return nil
}

// isOnce reports whether no writer puts two such fields into a message. Reading
// them would be allowed, and take a time that is quadratic in their number: for
// every list of numbers the protobuf library copies all that it has had.
func (k kind) isOnce() bool { return k == single || k == integers || k == floats }

// count adds a field to the size.
func (s *surveyor) count(k kind, value []byte) {
	switch k {
	case line:
		s.size.Lines++
	case label, small, single:
		s.size.Labels++
	case integers:
		for _, b := range value {
			if b < 0x80 { // the last byte of a number
				s.size.Buckets++
			}
		}
	case floats:
		s.size.Buckets += len(value) / 8
	}
}

// check says which limit a field is over.
func (s *surveyor) check(labels int, k kind, value []byte) error {
	switch {
	case s.size.Lines > MaxLines:
		return overLimit("the body has more than the %d metrics and buckets that are read; expose fewer series or split the target", MaxLines)
	case s.size.Labels > MaxLabels:
		return overLimit("the body has more than the %d labels and other small parts that are read; expose fewer series or split the target", MaxLabels)
	case s.size.Buckets > MaxBuckets:
		return overLimit("the body has more than the %d native buckets that are read; expose fewer series, or set a limit of buckets in the application", MaxBuckets)
	case labels > maxLineLabels:
		return overLimit("family %d has a series with more than the %d labels that are read; expose fewer labels", s.family, maxLineLabels)
	case k == other && len(value) > maxLine:
		return overLimit("family %d has a text longer than the %d bytes that are read; leave out the label or the comment that is so long", s.family, maxLine)
	}
	return nil
}

var (
	errCut   = errors.New("it ends in the middle")
	errWire  = errors.New("it is damaged")
	errTwice = errors.New("it has a part twice that can be there but once")
)

// The ways to write a value (https://protobuf.dev/programming-guides/encoding/).
const (
	varint = 0
	fixed8 = 1
	prefix = 2 // with the length before it
	fixed4 = 5
)

// field is a number with what was written for it, of a prefix without the
// length.
type field struct {
	number int // at most math.MaxInt32
	wire   int
	value  []byte
}

// nextField takes the first field of a message.
func nextField(message []byte) (f field, rest []byte, err error) {
	tag, n := binary.Uvarint(message)
	if n <= 0 {
		return f, nil, errWire
	}
	f.number, f.wire = int(min(tag>>3, math.MaxInt32)), int(tag&7)
	message = message[n:]
	switch f.wire {
	case varint:
		_, n = binary.Uvarint(message)
	case fixed8:
		n = 8
	case fixed4:
		n = 4
	case prefix:
		f.value, rest, err = prefixed(message)
		return f, rest, err
	default:
		return f, nil, errWire
	}
	if n <= 0 || n > len(message) {
		return f, nil, errCut
	}
	f.value = message[:n]
	return f, message[n:], nil
}

// prefixed takes what has its length before it.
func prefixed(b []byte) (value, rest []byte, err error) {
	length, n := binary.Uvarint(b)
	switch {
	case n <= 0:
		return nil, nil, errWire
	case length > uint64(len(b)-n):
		return nil, nil, errCut
	}
	end := n + int(length)
	return b[n:end], b[end:], nil
}
