package store

import (
	"slices"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

const (
	minuteMS = int64(time.Minute / time.Millisecond)
	hourMS   = int64(time.Hour / time.Millisecond)
)

// floor rounds ts down to a multiple of step, also before 1970.
func floor(ts, step int64) int64 {
	r := ts % step
	if r < 0 {
		r += step
	}
	return ts - r
}

// minute is the sum of the ticks of one minute. The zero value is no minute.
type minute struct {
	start     int64 // Unix ms
	increases map[int64]*redpoll.Increase
}

// newMinute is the minute that ts lies in, empty.
func newMinute(ts int64) minute {
	return minute{start: floor(ts, minuteMS), increases: map[int64]*redpoll.Increase{}}
}

// endsBefore reports whether a tick at ts ends the minute.
func (m minute) endsBefore(ts int64) bool {
	return m.increases != nil && ts >= m.start+minuteMS
}

// endsHourBefore reports whether a tick at ts ends the minute and the hour that
// it belongs to.
func (m minute) endsHourBefore(ts int64) bool {
	return m.endsBefore(ts) && floor(m.start, hourMS) != floor(ts, hourMS)
}

// add appends a tick's increases. What follows an unreadable record is left
// out.
func (m minute) add(blob []byte, c *catalog) error {
	return eachRecord(blob, c, func(id int64, in redpoll.Increase) {
		sum, ok := m.increases[id]
		if !ok {
			sum = new(redpoll.Increase)
			m.increases[id] = sum
		}
		sum.Append(in)
	})
}

// eachRecord calls f for every record of a blob in the order of endpoint ids.
// The increase is good during the call.
func eachRecord(blob []byte, c *catalog, f func(id int64, in redpoll.Increase)) error {
	if blob == nil {
		return nil
	}
	r, _, err := openBlob(blob)
	if err != nil {
		return err
	}
	d := c.decoder()
	for {
		ok, err := r.next()
		if !ok {
			return err
		}
		in, err := d.decode(&r)
		if err != nil {
			return err
		}
		f(r.id, in)
	}
}

// ids are those of the minute's endpoints, ascending.
func (m minute) ids() []int64 {
	ids := make([]int64, 0, len(m.increases))
	for id := range m.increases {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// rows are the minute's figures for the minute table.
func (m minute) rows() []minuteRow {
	rows := make([]minuteRow, 0, len(m.increases))
	for _, id := range m.ids() {
		rows = append(rows, minuteRow{ts: m.start, id: id, increase: m.increases[id]})
	}
	return rows
}

// minuteRow is a row of the minute table to be.
type minuteRow struct {
	ts, id   int64
	increase *redpoll.Increase
}

// rowsAtOnce is how many minute rows may go with one tick. More endpoints than
// that have theirs spread over the ticks of the following minute, so that no
// commit takes much longer than the others.
const rowsAtOnce = 2000

// dueRows are the rows of a closed minute that are not written yet. It is
// never changed in place: take gives out what remains as a new one.
type dueRows struct {
	rows []minuteRow
	size int // how many there were at first
}

func newDueRows(rows []minuteRow) dueRows { return dueRows{rows: rows, size: len(rows)} }

// take splits off the rows to write with one of the ticks, interval apart.
func (d dueRows) take(interval time.Duration) (now []minuteRow, rest dueRows) {
	n := len(d.rows)
	if d.size > rowsAtOnce && interval > 0 {
		ticks := max(1, int(time.Minute/interval))
		n = min(n, (d.size+ticks-1)/ticks)
	}
	return d.rows[:n], dueRows{rows: d.rows[n:], size: d.size}
}
