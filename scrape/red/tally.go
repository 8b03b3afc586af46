package red

import "github.com/redpoll/redpoll/internal/redpoll"

// tally adds up what the series of one family say about an endpoint in one
// scrape.
type tally struct {
	requests             uint64 // since the last scrape
	errors, clientErrors uint64 // of these
	total                uint64 // requests since the series began
	hasStatus            bool   // some series has a status

	known   bool // some increase is known
	unknown bool // some increase is not
	resumed bool // some series was away for a moment

	series    int // in this scrape
	before    int // in the one before
	continued int // in both

	last uint64 // the total when it last had series
	base uint64 // the part of total that is not compared with another tally
}

// ledger is what is kept of a tally for the next scrape's.
type ledger struct {
	series     int
	last, base uint64 // as those of the next tally
}

// open begins the tally of another scrape; atOnce tells that it follows the one
// that the ledger is of.
func (l *ledger) open(atOnce bool) tally {
	next := tally{last: l.last, base: l.base}
	if atOnce {
		next.before = l.series
	}
	return next
}

// close keeps what the next tally needs.
func (a *tally) close() ledger {
	l := ledger{series: a.series, last: a.last, base: a.base}
	if a.series > 0 {
		l.last = a.total
	}
	return l
}

// add takes the state of a series. A request without a status is none that
// failed: a client that hangs up gets no answer, and thus no status.
func (a *tally) add(t *track, o outcome) {
	a.series++
	a.total = redpoll.AddCounts(a.total, t.total)
	a.hasStatus = a.hasStatus || o != untold
	switch {
	case t.steady:
		a.continued++
	case t.past == continued:
		a.resumed = true
	}
	if !t.known {
		a.unknown = true
		return
	}
	a.known = true
	a.requests = redpoll.AddCounts(a.requests, t.increase)
	switch o {
	case failed:
		a.errors = redpoll.AddCounts(a.errors, t.increase)
	case clientError:
		a.clientErrors = redpoll.AddCounts(a.clientErrors, t.increase)
	case untold, served:
	}
}

// complete reports whether the increase of every series is known: also of those
// that have vanished since the last scrape, if they are not gone for good
// because the process began anew.
func (a *tally) complete(restarted bool) bool {
	return a.known && !a.unknown && (restarted || a.continued >= a.before)
}

// compareSinceReset leaves of two tallies what they count from this scrape on, if
// one of them began anew: their totals are of different ages then.
func compareSinceReset(a, b *tally) {
	if a.fell() || b.fell() {
		a.rebase()
		b.rebase()
	}
}

// fell reports whether the series have counted less than those when it last had
// some.
func (a *tally) fell() bool { return a.series > 0 && a.total < a.last }

// rebase leaves to be compared what was counted since the last scrape.
func (a *tally) rebase() {
	a.base = a.last
	if a.series > 0 {
		a.base = a.total - min(a.requests, a.total) // buckets may say more than the total
	}
}

// countsAll reports whether a counter counts all the requests whose durations
// are known, and not some only, such as those that failed. It may lag by a
// tenth, as its total is read a moment apart from the other. Both must have
// series.
func (a *tally) countsAll(timed *tally) bool {
	return float64(a.total-a.base) >= 0.9*float64(timed.total-timed.base)
}
