package red

// tally adds up what the series of one family say about an endpoint in one
// scrape.
type tally struct {
	requests, errors uint64 // since the last scrape
	total            uint64 // requests since the series began
	known            bool   // some increase is known
	hasStatus        bool   // some series has a status
}

// add takes the state of a series. A request without a status is none that
// failed: a client that hangs up gets no answer, and thus no status.
func (a *tally) add(t *track, hasStatus, failed bool) {
	a.total += t.total
	a.hasStatus = a.hasStatus || hasStatus
	if !t.known {
		return
	}
	a.known = true
	a.requests += t.increase
	if failed {
		a.errors += t.increase
	}
}

// countsAll reports whether a counter counts all the requests whose durations
// are known, and not some only, such as those that failed. It may lag by a
// tenth, as its total is read a moment apart from the other.
func (a *tally) countsAll(timed *tally) bool {
	return float64(a.total) >= 0.9*float64(timed.total)
}
