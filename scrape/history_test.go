package scrape

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// chronicle adds up an endpoint's news over snapshots, as history does.
type chronicle struct {
	total            redpoll.Increase
	slowest, fastest float64 // throughput of single snapshots
}

func (c *chronicle) add(s *redpoll.Snapshot) {
	for i := range s.Endpoints {
		if in := s.Endpoints[i].New; in != nil {
			c.total.Append(*in)
			if v := in.Throughput(); v != nil {
				c.fastest = max(c.fastest, *v)
				if c.slowest == 0 {
					c.slowest = *v
				}
				c.slowest = min(c.slowest, *v)
			}
		}
	}
}

// served exposes n requests.
func (t *target) served(n int, at time.Time) { t.exposed(expose("/a", [3]int{n, 0, 0}, 0), at) }

// 100 requests come in each second, so that n seconds of history are 100 n
// requests in n seconds whatever the two intervals are: 2 s and 5 s make
// snapshots with two scrapes (4 s) and with three (6 s), all of 100 a second.
func TestFastHistoryTellsTheThroughputForAnyIntervals(t *testing.T) {
	f := func(scrape, evaluate time.Duration) {
		t.Helper()
		m := idle(t, jobConfig(t, nil, "one:80"))
		one := m.jobs[0].targets[0]
		one.status.Interval = scrape
		var c chronicle
		begun, tick := start.Add(30*time.Millisecond), start.Add(evaluate)
		first := begun
		for ; begun.Before(start.Add(100 * max(scrape, evaluate))); begun = begun.Add(scrape) {
			for ; tick.Before(begun); tick = tick.Add(evaluate) {
				c.add(m.Snapshot(tick, evaluate))
			}
			one.served(int(begun.Sub(first)/(10*time.Millisecond)), begun)
		}
		c.add(m.Snapshot(begun, evaluate))
		if covered := begun.Add(-scrape).Sub(first); c.total.Elapsed != covered {
			t.Errorf("scrapes every %v, snapshots every %v: history covers %v of %v", scrape, evaluate, c.total.Elapsed, covered)
		}
		for _, v := range []float64{*c.total.Throughput(), c.slowest, c.fastest} {
			if math.Abs(v-100) > 1e-6 {
				t.Errorf("scrapes every %v, snapshots every %v: %v requests a second", scrape, evaluate, v)
			}
		}
	}
	const s = time.Second
	f(100*time.Millisecond, 5*s)
	f(s, 5*s)
	f(2*s, 5*s)
	f(3*s, 5*s)
	f(5*s, 5*s)
	f(7*s, 5*s)
	f(12*s, 5*s)
	f(15*s, 10*s)
	f(30*s, 5*s)
}

// Two instances serve 100 requests a second each. The first is scraped just
// after each snapshot. The second is scraped just before, and every few scrapes
// its answer comes just after instead, so that a snapshot has 5 s of the first
// alone and the next one also 10 s of the second: 500 requests in 5/2 s, then
// 1,500 in (5 + 10)/2 s.
func TestFastHistoryTellsTheThroughputWhenScrapesStraddleSnapshots(t *testing.T) {
	f := func(name string, instances int) {
		t.Helper()
		addresses := []string{"late:80", "early:80"}[:instances]
		m := idle(t, jobConfig(t, nil, addresses...))
		targets := map[string]*target{}
		for _, target := range m.jobs[0].targets {
			targets[target.Instance] = target
		}
		var c chronicle
		for i := range 600 {
			tick := after(5 * float64(i+1))
			if early := targets["early:80"]; early != nil {
				early.served(500*i, tick.Add(-4900*time.Millisecond))
			}
			isLate := i%7 > 3
			if !isLate {
				targets["late:80"].served(500*i, tick.Add(-50*time.Millisecond))
			}
			c.add(m.Snapshot(tick, every))
			if isLate {
				targets["late:80"].served(500*i, tick.Add(-50*time.Millisecond))
			}
		}
		want := 100 * float64(instances)
		for _, v := range []float64{*c.total.Throughput(), c.slowest, c.fastest} {
			if math.Abs(v-want) > 1e-6 {
				t.Errorf("%s: %v requests a second, want %v", name, v, want)
			}
		}
	}
	f("one instance", 1)
	f("two instances", 2)
}

// Two instances that serve 100 requests a second each are scraped every 30 s, a
// second apart; snapshots are made every 5 s. Each brings 3,000 requests in the
// average of its 30 s and none of the other's: 15 s. At first it is 15.5 s, for
// the first instance is seen a second before the second: 193.5 a second.
func TestFastHistoryTellsTheThroughputOfInstancesScrapedSeldom(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "one:80", "two:80"))
	one, two := m.jobs[0].targets[0], m.jobs[0].targets[1]
	one.status.Interval, two.status.Interval = 30*time.Second, 30*time.Second
	var c chronicle
	for i := range 600 {
		at := after(float64(i))
		switch i % 30 {
		case 4:
			one.served(100*i, at)
		case 5:
			two.served(100*i, at)
		}
		if i%5 == 4 {
			c.add(m.Snapshot(at.Add(time.Millisecond), every))
		}
	}
	for _, v := range []float64{*c.total.Throughput(), c.slowest, c.fastest} {
		if math.Abs(v-200) > 6.5 {
			t.Errorf("%v requests a second, want about 200", v)
		}
	}
}

// Of two instances that serve 100 requests a second each, one cannot be
// scraped from the 10th second to the 60th. Its 5,500 requests from the fifth
// second on come in at the 60th: all of history is exact, 12,000 in 60 s.
func TestFastHistoryKeepsWhatAnInstanceServedInAGap(t *testing.T) {
	m := idle(t, jobConfig(t, nil, "one:80", "two:80"))
	one, two := m.jobs[0].targets[0], m.jobs[0].targets[1]
	var c chronicle
	for i := range 13 {
		at := after(5 * float64(i))
		one.served(500*i, at)
		if i < 2 || i == 12 {
			two.served(500*i, at)
		} else {
			two.failed(at)
		}
		c.add(m.Snapshot(at.Add(time.Second), every))
	}
	got := fmt.Sprintf("%d in %v", c.total.Requests, c.total.Elapsed)
	if want := "12000 in 1m0s"; got != want {
		t.Errorf("history tells %s, want %s", got, want)
	}
}
