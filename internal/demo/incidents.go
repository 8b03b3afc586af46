package demo

import (
	"cmp"
	"slices"
	"time"
)

// Incident is something that goes wrong in the shop at a known time, so that
// there is something to watch. Times are the shop's own, which
// Options.Speed may let run faster than the clock on the wall.
type Incident struct {
	// Story says what happens, as a clause for the log.
	Story string
	// Begin is how long after the start of each cycle it begins, Length how
	// long it lasts. Incidents end within the cycle in which they begin.
	Begin, Length time.Duration
	// Method and Route name the endpoint that suffers; empty for a restart.
	Method, Route string
	// Errors is the share of requests, 0–1, that fail with status 500.
	Errors float64
	// Slowdown multiplies the durations; 0 leaves them as they are.
	Slowdown float64
	// Gradual lets the slowdown grow linearly from 1 over the whole Length;
	// without it, it is there at once.
	Gradual bool
	// Restart takes the whole shop away for Length. It comes back at the same
	// address with its counters at zero.
	Restart bool
}

// cycle is the time after which the schedule repeats.
const cycle = 15 * time.Minute

// schedule is what happens in each cycle, in the order of Begin.
var schedule = []Incident{
	{
		// Soon enough to be seen by someone who tries redpoll for two
		// minutes, and long enough to fire after 10 s over the threshold.
		Story: "a quarter of all checkouts fail",
		Begin: 40 * time.Second, Length: 40 * time.Second,
		Method: "POST", Route: "/checkout", Errors: 0.25,
	},
	{
		// A spike is judged against the endpoint's usual latency, which
		// takes five minutes to learn.
		Story: "search takes six times as long",
		Begin: 6*time.Minute + 30*time.Second, Length: 90 * time.Second,
		Method: "GET", Route: "/search", Slowdown: 6,
	},
	{
		Story: "recommendations get slower and slower",
		Begin: 9 * time.Minute, Length: 4 * time.Minute,
		Method: "GET", Route: "/recommendations", Slowdown: 5, Gradual: true,
	},
	{
		Story: "the shop restarts with a new version, and its counters begin at zero",
		Begin: 14 * time.Minute, Length: 3 * time.Second,
		Restart: true,
	},
}

// effect is what incidents do to an endpoint at one moment.
type effect struct {
	errors   float64 // share that fails, 0–1
	slowdown float64 // factor on durations, 1 for none
}

// effectOn is the effect on an endpoint at a time since the shop's start.
func effectOn(method, path string, elapsed time.Duration) effect {
	e := effect{slowdown: 1}
	for _, in := range schedule {
		since := elapsed%cycle - in.Begin
		if in.Method != method || in.Route != path || since < 0 || since >= in.Length {
			continue
		}
		e.errors += in.Errors
		if in.Slowdown > 0 {
			e.slowdown *= in.slowdownAfter(since)
		}
	}
	return e
}

// slowdownAfter is the factor when the incident has lasted for since.
func (in *Incident) slowdownAfter(since time.Duration) float64 {
	if !in.Gradual {
		return in.Slowdown
	}
	return 1 + (in.Slowdown-1)*float64(since)/float64(in.Length)
}

// turn is a moment at which an incident begins or ends.
type turn struct {
	at time.Duration // since the shop's start
	Incident
	begins bool
}

// incidentEnd is when the incident that this turn belongs to ends.
func (t *turn) incidentEnd() time.Duration {
	if t.begins {
		return t.at + t.Length
	}
	return t.at
}

// turnsOfACycle are the beginnings and ends in the order of time.
var turnsOfACycle = func() []turn {
	var turns []turn
	for _, in := range schedule {
		turns = append(turns,
			turn{at: in.Begin, Incident: in, begins: true},
			turn{at: in.Begin + in.Length, Incident: in})
	}
	slices.SortStableFunc(turns, func(a, b turn) int { return cmp.Compare(a.at, b.at) })
	return turns
}()

// turnNumber is the nth turn since the shop's start, from 0 on and without end.
func turnNumber(n int) turn {
	t := turnsOfACycle[n%len(turnsOfACycle)]
	t.at += time.Duration(n/len(turnsOfACycle)) * cycle
	return t
}
