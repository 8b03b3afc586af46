package api

import (
	"math"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// wireRange is where a quantile lies for sure, in milliseconds: above lower and
// not above upper, which may be +Inf. The zero wireRange is that of no quantile.
type wireRange struct {
	lower, upper float64
	known        bool
}

// rangeOf is the bucket that the estimate comes from.
func rangeOf(e *redpoll.Estimate) wireRange {
	if e == nil || math.IsNaN(e.Value) || math.IsInf(e.Value*1000, 0) {
		return wireRange{} // as number has it
	}
	return wireRange{lower: e.Lower * 1000, upper: e.Upper * 1000, known: true}
}

func (r wireRange) lowerNumber() number {
	if !r.known {
		return number{}
	}
	return number{&r.lower}
}

// upperNumber is null for +Inf, too.
func (r wireRange) upperNumber() number {
	if !r.known {
		return number{}
	}
	return number{&r.upper}
}

// MarshalJSON writes [lower, upper], with null for an upper bound of +Inf, or
// null for no quantile.
func (r wireRange) MarshalJSON() ([]byte, error) {
	return r.appendTo(make([]byte, 0, 24)), nil
}

func (r wireRange) appendTo(b []byte) []byte {
	if !r.known {
		return append(b, "null"...)
	}
	b = append(appendNumber(append(b, '['), r.lower), ',')
	if math.IsInf(r.upper, 1) {
		return append(b, "null]"...)
	}
	return append(appendNumber(b, r.upper), ']')
}

// wireRanges are those of p50, p95 and p99.
type wireRanges [3]wireRange

// MarshalJSON writes an array of three.
func (r wireRanges) MarshalJSON() ([]byte, error) {
	return r.appendTo(make([]byte, 0, 64)), nil
}

func (r wireRanges) appendTo(b []byte) []byte {
	b = r[0].appendTo(append(b, '['))
	b = r[1].appendTo(append(b, ','))
	b = r[2].appendTo(append(b, ','))
	return append(b, ']')
}
