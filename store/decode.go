package store

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// blobReader walks over a blob's records in ascending order of endpoint id.
type blobReader struct {
	version byte
	rest    []byte
	// id and body are the record that next has reached.
	id   int64
	body []byte
}

// openBlob reads a blob's head. The reader refers to data.
func openBlob(data []byte) (r blobReader, interval time.Duration, err error) {
	if len(data) == 0 || data[0] < blobVersion1 || data[0] > blobVersion {
		return r, 0, fmt.Errorf("%w: unknown version", errCorrupt)
	}
	ms, n := binary.Uvarint(data[1:])
	interval, ok := milliseconds(ms)
	if n <= 0 || !ok {
		return r, 0, fmt.Errorf("%w: interval", errCorrupt)
	}
	return blobReader{version: data[0], rest: data[1+n:]}, interval, nil
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

// flags are the first byte of the record that next has reached, as version 2
// would have written it; ok is false for a record without one, or one of
// flags that nobody wrote.
func (r *blobReader) flags() (flags byte, ok bool) {
	if len(r.body) == 0 {
		return 0, false
	}
	flags = r.body[0]
	if r.version == blobVersion1 {
		return flags | lacksClientErrors, flags <= knownFlagsVersion1
	}
	return flags, flags&(hasLatency|lacksSum) != lacksSum
}

// decoder turns records into increases.
type decoder struct {
	// layout finds the buckets of an endpoint's histogram, of its own layout or
	// of the one named, exponential those of a native histogram. What they
	// give has no counts; ok is false if there is none.
	layout      func(endpoint, layout int64) (buckets *redpoll.Histogram, ok bool)
	exponential func(redpoll.ExponentialLayout) (buckets *redpoll.Histogram, ok bool)

	histogram redpoll.Histogram
	b         []byte
	bad       bool
}

// decode reads the record that r has reached. The increase's Latency is good
// until the next call, which reuses it.
func (d *decoder) decode(r *blobReader) (redpoll.Increase, error) {
	flags, ok := r.flags()
	if !ok {
		return redpoll.Increase{}, fmt.Errorf("%w: flags of endpoint %d", errCorrupt, r.id)
	}
	d.b, d.bad = r.body[1:], false
	in, ok := d.counters(flags)
	if !ok {
		return redpoll.Increase{}, fmt.Errorf("%w: counters of endpoint %d", errCorrupt, r.id)
	}
	if flags&hasLatency == 0 {
		return in, d.finish(r.id)
	}
	if err := d.latency(r.id, flags); err != nil {
		return redpoll.Increase{}, err
	}
	in.Latency = &d.histogram
	if flags&hasRequests == 0 {
		in.Requests = d.histogram.Count()
	}
	return in, nil
}

func (d *decoder) counters(flags byte) (in redpoll.Increase, ok bool) {
	in.Elapsed, ok = milliseconds(d.uvarint())
	if flags&hasRequests != 0 {
		in.Requests = d.uvarint()
	}
	if flags&hasErrors != 0 {
		in.Errors, in.ErrorsKnown = d.uvarint(), true
		in.ClientErrorsUnknown = flags&lacksClientErrors != 0
	}
	if flags&hasErrors != 0 && flags&hasClientErrors != 0 {
		in.ClientErrors = d.uvarint()
	}
	return in, ok && !d.bad
}

func (d *decoder) latency(endpoint int64, flags byte) error {
	buckets, ok := d.buckets(endpoint, flags)
	if !ok {
		return fmt.Errorf("%w: endpoint %d has no such bucket layout", errCorrupt, endpoint)
	}
	d.reset(buckets)
	d.histogram.Sum, d.histogram.SumUnknown = float64(d.varint())/1e9, flags&lacksSum != 0
	return d.runs(endpoint)
}

func (d *decoder) buckets(endpoint int64, flags byte) (*redpoll.Histogram, bool) {
	switch {
	case flags&hasExponential != 0:
		l, ok := d.exponentialLayout()
		if !ok {
			return nil, false
		}
		return d.exponential(l)
	case flags&hasLayout != 0:
		return d.layout(endpoint, int64(d.uvarint()))
	default:
		return d.layout(endpoint, ownLayout)
	}
}

func (d *decoder) exponentialLayout() (l redpoll.ExponentialLayout, ok bool) {
	schema, threshold := d.varint(), int64(redpoll.NoThreshold)
	if v := d.uvarint(); v > 0 {
		threshold = unzigzag(v - 1)
	}
	first, buckets := d.varint(), d.uvarint()
	small := func(v int64) bool { return v == int64(int32(v)) }
	if schema != int64(int8(schema)) || !small(threshold) || !small(first) || buckets > math.MaxInt32 {
		return l, false
	}
	return redpoll.ExponentialLayout{Schema: int8(schema), Threshold: int(threshold), First: int(first), Buckets: int(buckets)}, true
}

// reset makes the histogram an empty one with the given buckets.
func (d *decoder) reset(buckets *redpoll.Histogram) {
	counts, n := d.histogram.Counts, len(buckets.Bounds)+1
	if cap(counts) < n {
		counts = make([]uint64, n)
	}
	d.histogram = *buckets
	d.histogram.Counts = counts[:n]
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
