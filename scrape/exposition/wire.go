package exposition

import (
	"encoding/binary"
	"errors"
	"fmt"
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
	part  part
}

// The messages of io/prometheus/client/metrics.proto that hold others.
var (
	leaf          = &grammar{}
	exemplarShape = &grammar{1: {label, leaf, passed}, 3: {single, leaf, passed}}
	timeShape     = &grammar{1: {other, nil, secondsPart}, 2: {other, nil, nanosPart}}
	valueShape    = &grammar{1: {other, nil, valuePart}}
	counterShape  = &grammar{1: {other, nil, valuePart}, 2: {single, exemplarShape, passed}, 3: {single, timeShape, createdPart}}
	quantileShape = &grammar{1: {other, nil, boundPart}, 2: {other, nil, valuePart}}
	summaryShape  = &grammar{
		1: {other, nil, countPart}, 2: {other, nil, sumPart},
		3: {line, quantileShape, quantilePart}, 4: {single, timeShape, createdPart},
	}
	bucketShape = &grammar{
		1: {other, nil, countPart}, 2: {other, nil, boundPart},
		3: {single, exemplarShape, passed}, 4: {other, nil, floatCountPart},
	}
	histogramShape = &grammar{
		1: {other, nil, countPart}, 2: {other, nil, sumPart}, 4: {other, nil, floatCountPart},
		3: {line, bucketShape, bucketPart}, 15: {single, timeShape, createdPart}, 16: {small, exemplarShape, passed},
		6: {other, nil, nativePart}, 7: {other, nil, nativePart}, 8: {other, nil, nativePart},
		9: {small, leaf, nativePart}, 10: {integers, nil, passed}, 11: {floats, nil, passed},
		12: {small, leaf, nativePart}, 13: {integers, nil, passed}, 14: {floats, nil, passed},
	}
	metricShape = &grammar{
		1: {label, leaf, labelPart}, 2: {single, valueShape, gaugePart}, 3: {single, counterShape, counterPart},
		4: {single, summaryShape, summaryPart}, 5: {single, valueShape, untypedPart}, 6: {other, nil, timestampPart},
		7: {single, histogramShape, histogramPart},
	}
	familyShape = &grammar{
		1: {other, nil, headPart}, 2: {other, nil, headPart}, 3: {other, nil, typePart},
		4: {line, metricShape, metricPart}, 5: {other, nil, headPart},
	}
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
	var once uint32
	for len(message) > 0 {
		f, rest, err := nextField(message)
		if err != nil {
			return err
		}
		message = rest
		if f.number < len(fields) && fields[f.number].kind == label {
			labels++
		}
		if labels > maxLineLabels {
			return overLimit("family %d has a series with more than the %d labels that are read; expose fewer labels", s.family, maxLineLabels)
		}
		if err := s.field(&f, fields, &once); err != nil {
			return err
		}
	}
	return nil
}

// field takes the size of one, of a message that had those fields before of
// which once has the bits.
func (s *surveyor) field(f *field, fields *grammar, once *uint32) error {
	if f.number >= len(fields) {
		return s.check(other, f.value)
	}
	kind, inner := fields[f.number].kind, fields[f.number].inner
	if kind.isOnce() && f.wire == prefix {
		if *once&(1<<f.number) != 0 {
			return errTwice
		}
		*once |= 1 << f.number
	}
	if err := s.count(kind, f); err != nil {
		return err
	}
	if err := s.check(kind, f.value); err != nil {
		return err
	}
	if inner == nil || f.wire != prefix {
		return nil
	}
	return s.walk(f.value, inner)
}

// isOnce reports whether no writer puts two such fields into a message. Reading
// them would be allowed, and take a time that is quadratic in their number: for
// every list of numbers the protobuf library copies all that it has had.
func (k kind) isOnce() bool { return k == single || k == integers || k == floats }

// count adds a field to the size.
func (s *surveyor) count(k kind, f *field) error {
	switch k {
	case line:
		s.size.Lines++
	case label, small, single:
		s.size.Labels++
	case integers:
		if f.wire != prefix && f.wire != varint {
			return nil
		}
		for rest := f.value; len(rest) > 0; s.size.Buckets++ {
			n := 1
			if rest[0] >= 0x80 {
				if _, n = binary.Uvarint(rest); n <= 0 {
					return errWire
				}
			}
			rest = rest[n:]
		}
	case floats:
		if s.size.Buckets += len(f.value) / 8; f.wire == prefix && len(f.value)%8 != 0 {
			return errCut
		}
	}
	return nil
}

// check says which limit a field is over.
func (s *surveyor) check(k kind, value []byte) error {
	switch {
	case s.size.Lines > MaxLines:
		return overLimit("the body has more than the %d metrics and buckets that are read; expose fewer series or split the target", MaxLines)
	case s.size.Labels > MaxLabels:
		return overLimit("the body has more than the %d labels and other small parts that are read; expose fewer series or split the target", MaxLabels)
	case s.size.Buckets > MaxBuckets:
		return overLimit("the body has more than the %d native buckets that are read; expose fewer series, or set a limit of buckets in the application", MaxBuckets)
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
	number int
	wire   uint8
	value  []byte
}

// maxNumber is the greatest that the field of a message may have.
const maxNumber = 1<<29 - 1

// nextField takes the first field of a message. No field has the number 0.
func nextField(message []byte) (f field, rest []byte, err error) {
	tag, n := binary.Uvarint(message)
	if n <= 0 || tag>>3 == 0 || tag>>3 > maxNumber {
		return f, nil, errWire
	}
	f.number, f.wire = int(tag>>3), uint8(tag&7)
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
