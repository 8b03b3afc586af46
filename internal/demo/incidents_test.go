package demo

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

func TestFastIncidentsNameRoutesAndFitTheCycle(t *testing.T) {
	var last time.Duration
	for _, in := range schedule {
		if in.Begin < last || in.Length <= 0 || in.Begin+in.Length > cycle {
			t.Errorf("%q: %v for %v is out of order, empty or beyond the cycle", in.Story, in.Begin, in.Length)
		}
		last = in.Begin
		known := slices.ContainsFunc(routes, func(r route) bool { return r.method == in.Method && r.path == in.Route })
		if known == in.Restart {
			t.Errorf("%q: want either a restart or a known endpoint, got %q %q", in.Story, in.Method, in.Route)
		}
	}
}

func TestFastFirstIncidentIsSeenWithinTwoMinutes(t *testing.T) {
	first := schedule[0]
	if end := first.Begin + first.Length; end > 2*time.Minute-30*time.Second {
		t.Errorf("the first incident ends after %v: too late to see its alert resolve in two minutes", end)
	}
	if first.Errors < 0.1 || first.Length < 30*time.Second {
		t.Errorf("%+v is too weak for more than 5 %% errors during 10 s", first)
	}
}

func TestFastEffectsOfTheSchedule(t *testing.T) {
	check := func(method, path string, at time.Duration, want effect) {
		t.Helper()
		if got := effectOn(method, path, at); got != want {
			t.Errorf("%s %s at %v: got %+v, want %+v", method, path, at, got, want)
		}
	}
	none := effect{slowdown: 1}
	burst := effect{errors: 0.25, slowdown: 1}

	check("POST", "/checkout", 0, none)
	check("POST", "/checkout", 40*time.Second-1, none)
	check("POST", "/checkout", 40*time.Second, burst)
	check("POST", "/checkout", 80*time.Second-1, burst)
	check("POST", "/checkout", 80*time.Second, none)
	check("POST", "/checkout", cycle+time.Minute, burst)
	check("GET", "/checkout", time.Minute, none)
	check("GET", "/products", time.Minute, none)

	check("GET", "/search", 7*time.Minute, effect{slowdown: 6})
	check("GET", "/search", 8*time.Minute, none)

	check("GET", "/recommendations", 9*time.Minute, none)
	check("GET", "/recommendations", 11*time.Minute, effect{slowdown: 3})
	check("GET", "/recommendations", 13*time.Minute-1, effect{slowdown: 1 + 4*(1-1.0/(4*60e9))})
	check("GET", "/recommendations", 13*time.Minute, none)
}

func TestFastTurnsFollowEachOtherWithoutEnd(t *testing.T) {
	perCycle := 2 * len(schedule)
	for n := range 3 * perCycle {
		now, next := turnNumber(n), turnNumber(n+1)
		if next.at < now.at {
			t.Fatalf("turn %d at %v comes after turn %d at %v", n, now.at, n+1, next.at)
		}
		if later := turnNumber(n + perCycle); later.at != now.at+cycle || later.Story != now.Story || later.begins != now.begins {
			t.Fatalf("turn %d is %+v, a cycle later it is %+v", n, now, later)
		}
	}
}

func TestFastOutcomesFollowTheRoute(t *testing.T) {
	const draws = 20000
	r := route{median: 20 * time.Millisecond, spread: 0.4, rejected: 0.05, rejection: http.StatusNotFound}
	d := newDice(1)
	statuses := map[int]int{}
	var durations []time.Duration
	for range draws {
		takes, status := r.outcome(d, effect{errors: 0.25, slowdown: 2})
		durations = append(durations, takes)
		statuses[status]++
	}
	slices.Sort(durations)
	within := func(what string, got, want, tolerance float64) {
		t.Helper()
		if got < want-tolerance || got > want+tolerance {
			t.Errorf("%s: got %.4f, want %.4f ± %.4f", what, got, want, tolerance)
		}
	}
	within("median in seconds", durations[draws/2].Seconds(), 0.040, 0.001)
	within("share of errors", float64(statuses[http.StatusInternalServerError])/draws, 0.25, 0.02)
	within("share of rejections", float64(statuses[http.StatusNotFound])/draws, 0.05, 0.01)
}

func TestFastAnswersNeverTakeLongerThanTheLimit(t *testing.T) {
	r := route{median: time.Hour, spread: 3}
	d := newDice(1)
	for range 1000 {
		if takes, _ := r.outcome(d, effect{slowdown: 6}); takes < 0 || takes > longest {
			t.Fatalf("an answer takes %v", takes)
		}
	}
}
