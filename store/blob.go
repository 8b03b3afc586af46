package store

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
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
//	body    = flags (1 byte) elapsed [requests] [errors] [latency]
//	latency = [layout] sum runs
//	runs    = run (0 run)*
//	run     = gap count*                      skip gap buckets, then counts above 0
//
// Everything but the two bytes is a varint: interval and elapsed milliseconds,
// sum zigzag nanoseconds. The runs end where the record does. A reader of one
// endpoint steps over the others by their length.
const blobVersion = 1

// The flags of a record.
const (
	hasErrors   = 1 << iota // errors are known
	hasLatency              // the latency part is there
	hasLayout               // the histogram is not of the endpoint's own layout
	hasRequests             // requests differ from the number of observed durations
	knownFlags  = 1<<iota - 1
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

// add appends a record. Ids must ascend from 1 to maxEndpointID. layout tells
// in.Latency's bounds, ownLayout if it is the endpoint's own.
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
	if flags&hasLatency == 0 {
		return b
	}
	if flags&hasLayout != 0 {
		b = binary.AppendUvarint(b, uint64(layout))
	}
	b = binary.AppendVarint(b, nanoseconds(in.Latency.Sum))
	return appendRuns(b, in.Latency.Counts)
}

func bodyFlags(in *redpoll.Increase, layout int64) byte {
	var flags byte
	if in.ErrorsKnown {
		flags |= hasErrors
	}
	if in.Latency == nil {
		return flags | hasRequests
	}
	flags |= hasLatency
	if layout != ownLayout {
		flags |= hasLayout
	}
	if in.Latency.Count() != in.Requests {
		flags |= hasRequests
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

// blobReader walks over a blob's records in ascending order of endpoint id.
type blobReader struct {
	rest []byte
	// id and body are the record that next has reached.
	id   int64
	body []byte
}

// openBlob reads a blob's head. The reader refers to data.
func openBlob(data []byte) (r blobReader, interval time.Duration, err error) {
	if len(data) == 0 || data[0] != blobVersion {
		return r, 0, fmt.Errorf("%w: unknown version", errCorrupt)
	}
	ms, n := binary.Uvarint(data[1:])
	interval, ok := milliseconds(ms)
	if n <= 0 || !ok {
		return r, 0, fmt.Errorf("%w: interval", errCorrupt)
	}
	return blobReader{rest: data[1+n:]}, interval, nil
}

// next goes to the following record; ok is false behind the last one.
func (r *blobReader) next() (ok bool, err error) {
	if len(r.rest) == 0 {
		return false, nil
	}
	delta, n := binary.Uvarint(r.rest)
	if n <= 0 || delta == 0 || delta > uint64(maxEndpointID-r.id) {
		return false, fmt.Errorf("%w: endpoint id", errCorrupt)
	}
	length, m := binary.Uvarint(r.rest[n:])
	if m <= 0 || length > uint64(len(r.rest)-n-m) {
		return false, fmt.Errorf("%w: length", errCorrupt)
	}
	end := n + m + int(length)
	r.id += int64(delta)
	r.body, r.rest = r.rest[n+m:end], r.rest[end:]
	return true, nil
}

// seek goes to the record of one endpoint; ok is false if it has none.
func (r *blobReader) seek(id int64) (ok bool, err error) {
	for r.id < id {
		if ok, err := r.next(); !ok {
			return false, err
		}
	}
	return r.id == id, nil
}

// decoder turns record bodies into increases.
type decoder struct {
	// layout finds the bounds of an endpoint's histogram: of its own layout or
	// of the one named; ok is false if there is none.
	layout func(endpoint, layout int64) (bounds []float64, ok bool)

	histogram redpoll.Histogram
	b         []byte
	bad       bool
}

// decode reads the body of an endpoint's record. The increase's Latency is
// good until the next call, which reuses it.
func (d *decoder) decode(endpoint int64, body []byte) (redpoll.Increase, error) {
	d.b, d.bad = body, len(body) == 0
	if d.bad {
		return redpoll.Increase{}, fmt.Errorf("%w: no flags", errCorrupt)
	}
	flags := body[0]
	d.b = body[1:]
	var in redpoll.Increase
	elapsed, ok := milliseconds(d.uvarint())
	in.Elapsed = elapsed
	if flags&hasRequests != 0 {
		in.Requests = d.uvarint()
	}
	if flags&hasErrors != 0 {
		in.Errors, in.ErrorsKnown = d.uvarint(), true
	}
	if flags > knownFlags || !ok || d.bad {
		return redpoll.Increase{}, fmt.Errorf("%w: counters of endpoint %d", errCorrupt, endpoint)
	}
	if flags&hasLatency == 0 {
		return in, d.finish(endpoint)
	}
	if err := d.latency(endpoint, flags); err != nil {
		return redpoll.Increase{}, err
	}
	in.Latency = &d.histogram
	if flags&hasRequests == 0 {
		in.Requests = d.histogram.Count()
	}
	return in, nil
}

func (d *decoder) latency(endpoint int64, flags byte) error {
	layout := uint64(ownLayout)
	if flags&hasLayout != 0 {
		layout = d.uvarint()
	}
	bounds, ok := d.layout(endpoint, int64(layout))
	if !ok {
		return fmt.Errorf("%w: endpoint %d has no bucket layout %d", errCorrupt, endpoint, layout)
	}
	d.reset(bounds)
	d.histogram.Sum = float64(d.varint()) / 1e9
	return d.runs(endpoint)
}

func (d *decoder) reset(bounds []float64) {
	n := len(bounds) + 1
	if cap(d.histogram.Counts) < n {
		d.histogram.Counts = make([]uint64, n)
	}
	d.histogram.Bounds, d.histogram.Counts = bounds, d.histogram.Counts[:n]
	clear(d.histogram.Counts)
}

func (d *decoder) runs(endpoint int64) error {
	counts := d.histogram.Counts
	i, gap := uint64(0), true
	for len(d.b) > 0 && !d.bad {
		v := d.uvarint()
		switch {
		case gap:
			i, gap = i+min(v, uint64(len(counts))), false
		case v == 0:
			gap = true
		case i < uint64(len(counts)):
			counts[i] = v
			i++
		default:
			d.bad = true
		}
	}
	return d.finish(endpoint)
}

func (d *decoder) finish(endpoint int64) error {
	if d.bad || len(d.b) > 0 {
		return fmt.Errorf("%w: buckets of endpoint %d", errCorrupt, endpoint)
	}
	return nil
}

// uvarint is 0 and marks the record as bad where there is none.
func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad, n = true, 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad, n = true, 0
	}
	d.b = d.b[n:]
	return v
}

// milliseconds makes a duration of stored milliseconds; ok is false if it does
// not fit.
func milliseconds(ms uint64) (d time.Duration, ok bool) {
	if ms > math.MaxInt64/uint64(time.Millisecond) {
		return 0, false
	}
	return time.Duration(ms) * time.Millisecond, true
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
