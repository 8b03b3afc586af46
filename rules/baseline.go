package rules

import (
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

const (
	// baselineMinutes is how much of the past an endpoint's usual latency is
	// taken from, baselineMin how much must be known before there is one.
	baselineMinutes = 60
	baselineMin     = 5
	// minuteSlots bounds what is kept of the minute under way: the newest
	// sample of every four seconds.
	minuteSlots = 15
	slotSeconds = 60 / minuteSlots
	// maxPause bounds how long a spike keeps its endpoint from learning, from
	// the alert's onset. What lasts longer is the new normal: it is learned,
	// and the alert resolves once it fills more than half of the baseline.
	maxPause = time.Hour
)

// baseline learns an endpoint's usual latency: the median of the medians of
// the last 60 minutes that had requests and no spike. Minutes without either
// push nothing out, so neither a quiet night nor a long incident makes an
// endpoint forget.
//
// A median needs more than half of its minutes to be unusual before it moves,
// so the start of a slow degradation does not hide the rest of it.
type baseline struct {
	// usual is in seconds, 0 until it is known.
	usual float64
	// minutes are the medians of the learned minutes, a ring of which known
	// are filled and next is overwritten next.
	minutes     [baselineMinutes]float32
	known, next int
	// minute is the one under way, in minutes since the Unix epoch; slots are
	// its samples, 0 where there is none.
	minute int64
	slots  [minuteSlots]float32
}

// learn takes one median latency in seconds. A latency of 0 is no usable
// comparison and is left out.
func (b *baseline) learn(t time.Time, p50 float64) {
	if minute := t.Unix() / 60; minute != b.minute {
		b.finishMinute()
		b.minute = minute
	}
	b.slots[t.Unix()%60/slotSeconds] = float32(p50)
}

func (b *baseline) finishMinute() {
	if median, ok := medianOf(b.slots[:]); ok {
		b.add(median)
	}
	b.slots = [minuteSlots]float32{}
}

// add takes the median of one whole minute, in seconds.
func (b *baseline) add(median float64) {
	b.minutes[b.next] = float32(median)
	b.next = (b.next + 1) % baselineMinutes
	b.known = min(b.known+1, baselineMinutes)
	if b.known >= baselineMin {
		b.usual, _ = medianOf(b.minutes[:])
	}
}

// medianOf is the median of the samples that are not 0.
func medianOf(samples []float32) (float64, bool) {
	var buf [baselineMinutes]float64
	n := 0
	for _, s := range samples {
		if s > 0 {
			buf[n] = float64(s)
			n++
		}
	}
	return redpoll.Median(buf[:n])
}
