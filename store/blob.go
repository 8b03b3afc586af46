package store

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// A blob holds what happened at many endpoints during one stretch of time, a
// snapshot's or a minute's:
//
//	blob    = version (1 byte) interval record*
//	record  = id-delta length body            ids ascend; the first delta is the id
//	body    = flags (1 byte) elapsed [requests] [errors [client-errors]] [latency]
//	latency = [layout | native] sum runs
//	native  = schema threshold first buckets  a redpoll.ExponentialLayout
//	runs    = run (0 run)*
//	run     = gap count*                      skip gap buckets, then counts above 0
//
// Everything but the two bytes is a varint: interval and elapsed milliseconds,
// sum zigzag nanoseconds, schema and first zigzag, threshold 0 for none, else
// zigzag and 1 more. The runs end where the record does. A reader of one
// endpoint steps over the others by their length.
//
// Version 1 had the flags up to hasRequests, and client errors were not
// counted. It is read, but written no more.
const (
	blobVersion  = 2
	blobVersion1 = 1
)

// The flags of a record.
const (
	hasErrors          = 1 << iota // errors are known
	hasLatency                     // the latency part is there
	hasLayout                      // the histogram is not of the endpoint's own layout
	hasRequests                    // requests differ from the number of observed durations
	hasClientErrors                // errors are known and some are the client's
	lacksClientErrors              // errors are known, client errors are not
	hasExponential                 // the histogram is a native one
	lacksSum                       // the sum of the durations is not known
	knownFlagsVersion1 = hasRequests<<1 - 1
)

// maxEndpointID leaves 40 bits for the time in keys made of both.
const maxEndpointID = 1<<24 - 1

// errCorrupt is wrapped by every error of reading a blob.
var errCorrupt = errors.New("corrupt journal record")

// ownLayout stands for the layout that the endpoint's row names.
const ownLayout = 0

// blobWriter builds a blob. Elapsed times are rounded to milliseconds, sums to
// nanoseconds; every other number is kept as it is.
type blobWriter struct {
	buf  []byte
	body []byte
	last int64
}

func newBlob(interval time.Duration) *blobWriter {
	return &blobWriter{buf: binary.AppendUvarint([]byte{blobVersion}, uint64(max(0, interval.Milliseconds())))}
}

// add appends a record. Ids must ascend from 1 to maxEndpointID. layout is what
// catalog.internLayout has said of in.Latency.
func (w *blobWriter) add(id int64, in *redpoll.Increase, layout int64) {
	w.body = appendBody(w.body[:0], in, layout)
	w.buf = binary.AppendUvarint(w.buf, uint64(id-w.last))
	w.buf = binary.AppendUvarint(w.buf, uint64(len(w.body)))
	w.buf = append(w.buf, w.body...)
	w.last = id
}

func appendBody(b []byte, in *redpoll.Increase, layout int64) []byte {
	flags := bodyFlags(in, layout)
	b = append(b, flags)
	b = binary.AppendUvarint(b, uint64(max(0, in.Elapsed.Round(time.Millisecond).Milliseconds())))
	if flags&hasRequests != 0 {
		b = binary.AppendUvarint(b, in.Requests)
	}
	if flags&hasErrors != 0 {
		b = binary.AppendUvarint(b, in.Errors)
	}
	if flags&hasClientErrors != 0 {
		b = binary.AppendUvarint(b, in.ClientErrors)
	}
	switch {
	case flags&hasLatency == 0:
		return b
	case flags&hasExponential != 0:
		b = appendExponential(b, in.Latency.ExponentialLayout())
	case flags&hasLayout != 0:
		b = binary.AppendUvarint(b, uint64(layout))
	}
	b = binary.AppendVarint(b, nanoseconds(in.Latency.Sum))
	return appendRuns(b, in.Latency.Counts)
}

func appendExponential(b []byte, l redpoll.ExponentialLayout) []byte {
	b = binary.AppendVarint(b, int64(l.Schema))
	if l.Threshold == redpoll.NoThreshold {
		b = binary.AppendUvarint(b, 0)
	} else {
		b = binary.AppendUvarint(b, 1+zigzag(int64(l.Threshold)))
	}
	b = binary.AppendVarint(b, int64(l.First))
	return binary.AppendUvarint(b, uint64(l.Buckets))
}

// zigzag makes small numbers of those near 0, as binary.AppendVarint does.
func zigzag(v int64) uint64 { return uint64(v<<1) ^ uint64(v>>63) }

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

func bodyFlags(in *redpoll.Increase, layout int64) byte {
	flags := errorFlags(in)
	if in.Latency == nil {
		return flags | hasRequests
	}
	flags |= hasLatency
	switch {
	case in.Latency.Scale == redpoll.Exponential:
		flags |= hasExponential
	case layout != ownLayout:
		flags |= hasLayout
	}
	if in.Latency.SumUnknown {
		flags |= lacksSum
	}
	if in.Latency.Count() != in.Requests {
		flags |= hasRequests
	}
	return flags
}

func errorFlags(in *redpoll.Increase) byte {
	if !in.ErrorsKnown {
		return 0
	}
	var flags byte = hasErrors
	if in.ClientErrors > 0 {
		flags |= hasClientErrors
	}
	if in.ClientErrorsUnknown {
		flags |= lacksClientErrors
	}
	return flags
}

// nanoseconds clamps to the 292 years that fit; NaN, which no producer should
// hand over, is 0.
func nanoseconds(seconds float64) int64 {
	ns := math.Round(seconds * 1e9)
	switch {
	case ns >= math.MaxInt64:
		return math.MaxInt64
	case ns <= math.MinInt64:
		return math.MinInt64
	case ns != ns:
		return 0
	}
	return int64(ns)
}

func appendRuns(b []byte, counts []uint64) []byte {
	next, open := 0, false // the bucket that the next count would be for
	for i, c := range counts {
		if c == 0 {
			continue
		}
		if !open || i != next {
			if open {
				b = append(b, 0)
			}
			b = binary.AppendUvarint(b, uint64(i-next))
			open = true
		}
		b = binary.AppendUvarint(b, c)
		next = i + 1
	}
	return b
}

// record is an endpoint's part of a blob.
type record struct {
	id, layout int64
	increase   redpoll.Increase
}

// encodeRecords makes a blob, which needs ascending ids, of records in any
// order; nil if there are none.
func encodeRecords(interval time.Duration, records []record) []byte {
	if len(records) == 0 {
		return nil
	}
	slices.SortFunc(records, func(a, b record) int { return cmp.Compare(a.id, b.id) })
	w := newBlob(interval)
	for i := range records {
		w.add(records[i].id, &records[i].increase, records[i].layout)
	}
	return w.buf
}
