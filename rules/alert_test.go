package rules

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// play turns a script into snapshots and writes down the state after each, as
// letter does. In the script "o" is a latency under the threshold of slow, "X"
// one over it, "-" an endpoint without data, "_" one that the snapshot lacks.
func (d *driver) play(script string) string {
	var states strings.Builder
	for _, c := range strings.ReplaceAll(script, " ", "") {
		var transitions []redpoll.Alert
		switch c {
		case 'o':
			transitions = d.eval(latency(0.1))
		case 'X':
			transitions = d.eval(latency(0.8))
		case '-':
			transitions = d.eval(silent(redpoll.TargetDown))
		case '_':
			transitions = d.eval()
		}
		states.WriteString(letter(transitions, d.engine.Active()))
	}
	return states.String()
}

func slow(wait Value) RuleConfig {
	return RuleConfig{Alert: "Slow", Metric: "p99", Above: "500ms", For: wait, Severity: redpoll.Critical}
}

func TestFastAlertStates(t *testing.T) {
	for _, tc := range []struct {
		name string
		wait Value
		in   string
		want string
	}{
		{"nothing happens while the rule holds", "10s", "ooooo", "....."},
		{"nothing happens without data", "10s", "----", "...."},
		{"without for it fires at once", "", "oXo", ".FR"},
		{"for 0 fires at once", "0", "X", "F"},
		{"it fires when for has passed, not before", "10s", "XXXX", "PPFF"},
		{"for that is no multiple of the interval is rounded up", "7s", "XXX", "PPF"},
		{"for shorter than an interval needs two evaluations", "1s", "XX", "PF"},
		{"pending ends without firing", "10s", "XXo", "PP."},
		{"a pause starts for anew", "10s", "XXoXXX", "PP.PPF"},
		{"firing ends at the first value that is fine", "10s", "XXXo", "PPFR"},
		{"after the end a new alert begins", "", "XoX", "FRF"},
		{"missing data does not resolve", "", "X-----o", "FUUUUUR"},
		{"missing data does not resolve what comes back bad", "", "X--XX", "FUUFF"},
		{"an absent endpoint is missing data", "", "X__X", "FUUF"},
		{"missing data freezes for", "10s", "X----XXX", "PUUUUPPF"},
		{"the gap itself counts towards nothing", "10s", "XX-XX", "PPUPF"},
		{"alternating data does not add up to for", "10s", "X-X-X-X", "PUPUPUP"},
		{"pending without data ends when data is fine", "10s", "X-o", "PU."},
		{"pending may fire as its data returns", "5s", "X-XX", "PUPF"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := newDriver(t, slow(tc.wait)).play(tc.in); got != tc.want {
				t.Errorf("%s gives %s, want %s", tc.in, got, tc.want)
			}
		})
	}
}

func TestFastAValueAtTheThresholdDoesNotCrossIt(t *testing.T) {
	d := newDriver(t, RuleConfig{Alert: "High", Metric: "p99", Above: "500ms"}, RuleConfig{Alert: "Low", Metric: "p99", Below: "500ms"})
	if got := d.eval(latency(0.5)); len(got) != 0 {
		t.Errorf("500 ms gives %v", got)
	}
	if got := one(t, d.eval(latency(0.501))); got.Rule != "High" || !got.Above {
		t.Errorf("501 ms gives %v", got)
	}
	got := d.eval(latency(0.499))
	if len(got) != 2 || got[0].State != redpoll.Resolved || got[1].Rule != "Low" || got[1].Above {
		t.Errorf("499 ms gives %v", got)
	}
}

func TestFastAnAlertKeepsItsIdAndTimes(t *testing.T) {
	d := newDriver(t, slow("5s"))
	pending := one(t, d.eval(latency(0.8)))
	firing := one(t, d.eval(latency(0.9)))
	unknown := one(t, d.eval(silent(redpoll.TargetDown)))
	again := one(t, d.eval(latency(0.7)))
	resolved := one(t, d.eval(latency(0.1)))
	for _, a := range []redpoll.Alert{pending, firing, unknown, again, resolved} {
		if a.ID != pending.ID || a.ID == "" || !a.Since.Equal(start) {
			t.Errorf("%s alert %s since %v, want %s since %v", a.State, a.ID, a.Since, pending.ID, start)
		}
	}
	if !pending.FiredAt.IsZero() || !resolved.FiredAt.Equal(start.Add(interval)) {
		t.Errorf("fired at %v, then %v", pending.FiredAt, resolved.FiredAt)
	}
	if !again.ResolvedAt.IsZero() || !resolved.ResolvedAt.Equal(start.Add(4*interval)) {
		t.Errorf("resolved at %v, then %v", again.ResolvedAt, resolved.ResolvedAt)
	}
	if unknown.Before != redpoll.Firing || unknown.Cause != redpoll.TargetDown || *unknown.Value != 0.9 {
		t.Errorf("unknown is %+v", unknown)
	}
	if again.Before != "" || again.Cause != redpoll.HasData {
		t.Errorf("firing again still has before %q, cause %q", again.Before, again.Cause)
	}
}

func TestFastTheCauseOfMissingDataIsKeptCurrent(t *testing.T) {
	d := newDriver(t, slow(""))
	d.eval(latency(0.8))
	for _, cause := range []redpoll.NoData{redpoll.TargetDown, redpoll.NoTraffic, redpoll.SeriesGone} {
		d.eval(silent(cause))
		if got := one(t, d.engine.Active()); got.Cause != cause {
			t.Errorf("cause is %q, want %q", got.Cause, cause)
		}
	}
}

// Rates in percent of 1000 requests; warning above 1 %, critical above 5 %,
// both for 10 s. Lower case letters are warnings.
func TestFastErrorRateEscalates(t *testing.T) {
	for _, tc := range []struct {
		name string
		in   []uint64
		want string
	}{
		{"a warning", []uint64{0, 2, 2, 2, 2, 0}, ".ppffr"},
		{"critical at once", []uint64{9, 9, 9, 0}, "PPFR"},
		{"escalates after its own for", []uint64{2, 2, 2, 9, 9, 9}, "ppfffF"},
		{"steps down at once and ends as what it was at worst", []uint64{9, 9, 9, 2, 0}, "PPFfR"},
		{"does not flap around the upper threshold", []uint64{9, 9, 9, 2, 9, 2, 9, 9, 9}, "PPFfffffF"},
		{"a burst in a pending warning fires as a warning", []uint64{2, 9, 2}, "pPf"},
		{"time at the upper level counts for the lower", []uint64{9, 2, 9, 9, 9}, "PpffF"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newThresholdDriver(t, DefaultThresholds)
			var got strings.Builder
			ids := map[string]bool{}
			for _, percent := range tc.in {
				transitions := d.eval(failures(percent*10, 1000))
				for _, a := range append(transitions, d.engine.Active()...) {
					ids[a.ID] = true
				}
				got.WriteString(letter(transitions, d.engine.Active()))
			}
			if got.String() != tc.want {
				t.Errorf("%v gives %s, want %s", tc.in, got.String(), tc.want)
			}
			if len(ids) != 1 {
				t.Errorf("there were %d alerts, want one that changes", len(ids))
			}
		})
	}
}

func TestFastAChangeOfSeverityIsATransitionWithItsThreshold(t *testing.T) {
	d := newThresholdDriver(t, DefaultThresholds)
	for range 3 {
		d.eval(failures(90, 1000))
	}
	got := one(t, d.eval(failures(20, 1000)))
	if got.State != redpoll.Firing || got.Severity != redpoll.Warning || got.Threshold != 0.01 || got.Labels["severity"] != "warning" {
		t.Errorf("after stepping down: %+v", got)
	}
	if want := "error rate of POST /checkout was 2 %, above 1 %"; got.Annotations["summary"] != want {
		t.Errorf("summary is %q, want %q", got.Annotations["summary"], want)
	}
}

// modelAlert is the state machine once more, as simple as it can be told: it
// remembers the whole past and works out the state from it.
func modelAlert(past string, wait int) string {
	crossed, fired, lost := -1, false, false // crossed counts steps, -1: none
	for _, c := range past {
		switch c {
		case 'o':
			crossed, fired, lost = -1, false, false
		case '-', '_':
			lost = true
		case 'X':
			if crossed < 0 {
				crossed = 0
			} else if !lost {
				crossed++
			}
			lost = false
			fired = fired || crossed >= wait
		}
	}
	switch {
	case crossed < 0:
		return "inactive"
	case lost:
		return "unknown"
	case fired:
		return "firing"
	}
	return "pending"
}

func TestFastTheStateMachineAgreesWithItsModel(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		wait := random.IntN(5)
		d := newDriver(t, slow(Value((time.Duration(wait) * interval).String())))
		var past strings.Builder
		for range 60 {
			past.WriteByte("oXXX-_"[random.IntN(6)])
			script := past.String()
			d.play(script[len(script)-1:])
			got := "inactive"
			if active := d.engine.Active(); len(active) > 0 {
				got = string(active[0].State)
			}
			if want := modelAlert(script, wait); got != want {
				t.Fatalf("seed %d, for %d steps: after %s it is %s, want %s", seed, wait, script, got, want)
			}
		}
	}
}

func TestFastAnEndpointGoneForAnHourEndsItsAlerts(t *testing.T) {
	d := newDriver(t, slow("10s"), RuleConfig{Alert: "SlowAtOnce", Metric: "p99", Above: "500ms"})
	d.eval(latency(0.8))
	d.eval() // absent since now
	gone := d.now.Add(-interval)
	for d.now.Before(gone.Add(time.Hour)) {
		if got := d.eval(); len(got) != 0 {
			t.Fatalf("%v after it went: %v", d.now.Sub(gone), got)
		}
	}
	got := d.eval()
	if len(got) != 2 || got[0].State != redpoll.Inactive || got[1].State != redpoll.Resolved || got[1].Cause != redpoll.SeriesGone {
		t.Fatalf("after an hour: %v", got)
	}
	if want := "p99 of POST /checkout can be judged no longer: series gone"; got[1].Annotations["summary"] != want {
		t.Errorf("summary is %q, want %q", got[1].Annotations["summary"], want)
	}
	if n := len(d.engine.known) + len(d.engine.byKey) + len(d.engine.byName["Slow"].endpoints); n != 0 {
		t.Errorf("the endpoint is still remembered in %d places", n)
	}
	if active := d.engine.Active(); len(active) != 0 {
		t.Errorf("still active: %v", active)
	}
}

func TestFastAnEndpointWhoseTargetIsDownForLongKeepsItsAlert(t *testing.T) {
	d := newDriver(t, slow(""))
	d.eval(latency(0.8))
	for range 2 * time.Hour / interval {
		d.eval(silent(redpoll.TargetDown))
	}
	if got := one(t, d.engine.Active()); got.State != redpoll.Unknown || got.Before != redpoll.Firing {
		t.Errorf("after two hours: %+v", got)
	}
}

func TestFastSleepingMachinesDoNotMakeAlertsFire(t *testing.T) {
	d := newDriver(t, slow("1m"))
	d.eval(latency(0.8))
	d.now = d.now.Add(8 * time.Hour)
	if got := d.eval(latency(0.8)); len(got) != 0 {
		t.Errorf("after the sleep: %v", got)
	}
	d.now = d.now.Add(-10 * time.Hour)
	if got := d.eval(latency(0.8)); len(got) != 0 {
		t.Errorf("after the clock was put back: %v", got)
	}
}

// The highest of 2 % and 9 % and 7 % is remembered, whatever came last.
func TestFastAnAlertRemembersItsWorst(t *testing.T) {
	d := newThresholdDriver(t, DefaultThresholds)
	var last redpoll.Alert
	for _, percent := range []uint64{2, 9, 9, 9, 7, 2, 0} {
		for _, a := range d.eval(failures(percent*10, 1000)) {
			last = a
		}
	}
	if last.State != redpoll.Resolved || last.Severity != redpoll.Critical || last.Threshold != 0.05 {
		t.Errorf("it ended %s as %s over %g", last.State, last.Severity, last.Threshold)
	}
	if last.Peak == nil || *last.Peak != 0.09 || *last.Value != 0 {
		t.Errorf("its worst is %v", last.Peak)
	}
}
