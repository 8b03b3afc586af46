package rules

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// spikeOnly has the default spike rule: above 50 % for 10 s.
var spikeOnly = Thresholds{LatencySpike: "50%", ErrorRateCritical: off, ErrorRateWarning: off, CacheHitMin: off, StorageMax: off}

// runFor evaluates a latency in seconds for a while and collects transitions.
func (d *driver) runFor(span time.Duration, p50 float64) (transitions []redpoll.Alert) {
	for range span / interval {
		transitions = append(transitions, d.eval(latency(p50))...)
	}
	return transitions
}

func (d *driver) usual() float64 { return d.engine.endpoint(checkout).baseline.usual }

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6*math.Abs(b) }

func TestCanaryALatencySpikeFiresAndResolves(t *testing.T) {
	d := newThresholdDriver(t, spikeOnly)
	if got := d.runFor(10*time.Minute, 0.030); len(got) != 0 {
		t.Fatalf("alerts in normal times: %v", got)
	}
	got := d.runFor(15*time.Second, 0.063)
	if len(got) != 2 || got[0].State != redpoll.Pending || got[1].State != redpoll.Firing {
		t.Fatalf("the spike gives %v", got)
	}
	a := got[1]
	if a.Rule != "EndpointLatencySpike" || a.Severity != redpoll.Critical || !near(*a.Value, 1.1) || !near(*a.Baseline, 0.030) {
		t.Errorf("alert is %+v", a)
	}
	if want := "latency of POST /checkout was 63 ms (p50), 110 % over its usual 30 ms"; a.Annotations["summary"] != want {
		t.Errorf("summary is %q, want %q", a.Annotations["summary"], want)
	}
	resolved := one(t, d.runFor(time.Minute, 0.027))
	if want := "latency of POST /checkout is back at 27 ms (p50), 10 % under its usual 30 ms; at worst it was 110 % over"; resolved.Annotations["summary"] != want {
		t.Errorf("summary is %q, want %q", resolved.Annotations["summary"], want)
	}
}

// Endpoints that are gone are remembered for a while, but a reader cannot count
// them.
func TestFastNotesCountTheEndpointsThatAreThere(t *testing.T) {
	d := newThresholdDriver(t, spikeOnly)
	other := latency(0.030)
	other.Key.Path = "/gone"
	d.eval(latency(0.030), other)
	d.eval(latency(0.030))
	const learning = "still learning the usual latency of 1 of 1 endpoints: 5 minutes with requests are needed"
	if got := d.engine.Rules()[0].Note; got != learning {
		t.Errorf("note is %q, want %q", got, learning)
	}
}

func TestFastNothingIsASpikeUntilFiveMinutesAreKnown(t *testing.T) {
	d := newThresholdDriver(t, spikeOnly)
	d.runFor(4*time.Minute, 0.030)
	if got := d.runFor(time.Minute, 9); len(got) != 0 {
		t.Errorf("alerts without a baseline: %v", got)
	}
	want := "still learning the usual latency of 1 of 1 endpoints: 5 minutes with requests are needed"
	if got := d.engine.Rules()[0].Note; got != want {
		t.Errorf("note is %q, want %q", got, want)
	}
	d.runFor(interval, 0.030)
	d.runFor(interval, 0.030)
	if got := d.engine.Rules()[0].Note; got != "" {
		t.Errorf("after five minutes the note is %q", got)
	}
	if !near(d.usual(), 0.030) {
		t.Errorf("usual is %v, want the median 0.030", d.usual())
	}
}

func TestFastASpikeOfAFewMillisecondsIsNone(t *testing.T) {
	d := newThresholdDriver(t, spikeOnly)
	d.runFor(6*time.Minute, 0.0002)
	if got := d.runFor(time.Minute, 0.0051); len(got) != 0 {
		t.Errorf("4.9 ms more gives %v", got)
	}
	if got := d.runFor(time.Minute, 0.0053); len(got) != 2 {
		t.Errorf("5.1 ms more gives %v", got)
	}
}

func TestFastASpikeIsNotLearned(t *testing.T) {
	d := newThresholdDriver(t, spikeOnly)
	d.runFor(6*time.Minute, 0.030)
	d.runFor(50*time.Minute, 0.300)
	if got := one(t, d.engine.Active()); got.State != redpoll.Firing || !near(*got.Baseline, 0.030) {
		t.Errorf("after 50 minutes: %+v", got)
	}
	for range 12 {
		d.eval(silent(redpoll.TargetDown))
	}
	if !near(d.usual(), 0.030) {
		t.Errorf("usual is %v, want 0.030", d.usual())
	}
}

func TestFastWhatLastsOverAnHourBecomesUsual(t *testing.T) {
	d := newThresholdDriver(t, spikeOnly)
	d.runFor(time.Hour, 0.030)
	if got := d.runFor(time.Hour, 0.300); len(got) != 2 {
		t.Fatalf("in the first hour: %v", got)
	}
	if got := d.runFor(25*time.Minute, 0.300); len(got) != 0 {
		t.Fatalf("while less than half of the baseline is new: %v", got)
	}
	if got := one(t, d.runFor(15*time.Minute, 0.300)); got.State != redpoll.Resolved {
		t.Errorf("once more than half is new: %+v", got)
	}
}

func TestFastQuietTimesAreNotForgotten(t *testing.T) {
	d := newThresholdDriver(t, spikeOnly)
	d.runFor(6*time.Minute, 0.030)
	for range 8 * time.Hour / interval {
		d.eval(silent(redpoll.NoTraffic))
	}
	if !near(d.usual(), 0.030) {
		t.Errorf("usual is %v after a quiet night, want 0.030", d.usual())
	}
}

func TestFastOnlyTheLastHourCounts(t *testing.T) {
	var b baseline
	for minute := range 200 {
		b.add(float64(minute + 1))
	}
	if want := 170.5; b.usual != want { // the median of 141…200
		t.Errorf("usual is %v, want %v", b.usual, want)
	}
}

func TestFastRepeatedSnapshotsTeachNothing(t *testing.T) {
	d := newThresholdDriver(t, spikeOnly)
	for range 10 * time.Minute / interval {
		e := latency(0.030)
		e.New = nil
		d.eval(e)
	}
	if d.usual() != 0 {
		t.Errorf("usual is %v though nothing new was seen", d.usual())
	}
}

func TestFastShortIntervalsKeepTheBaselineSmall(t *testing.T) {
	var b baseline
	at := start
	for range 10 * 60 * 10 { // ten minutes at 100 ms
		b.learn(at, 0.030)
		at = at.Add(100 * time.Millisecond)
	}
	if b.known != 9 || !near(b.usual, 0.030) {
		t.Errorf("knows %d minutes, usual %v", b.known, b.usual)
	}
}

// minutes makes history points whose p50 is v seconds, one a minute up to end.
func minutes(end time.Time, values ...float64) []redpoll.HistoryPoint {
	var points []redpoll.HistoryPoint
	for i, v := range values {
		p := redpoll.HistoryPoint{Time: end.Add(time.Duration(i-len(values)) * time.Minute)}
		if v > 0 {
			p.Requests = 10
			p.Latency = redpoll.NewHistogram([]float64{v, 2 * v}) // the median is the first bound
			p.Latency.Counts[0], p.Latency.Counts[1] = 5, 5
		}
		points = append(points, p)
	}
	return points
}

func TestFastABaselineIsLearnedFromHistory(t *testing.T) {
	d := newThresholdDriver(t, spikeOnly)
	d.engine.Learn(checkout, minutes(start, 0.03, 0, 0.03, 0.03, 0.5, 0.03))
	if got := d.runFor(15*time.Second, 0.063); len(got) != 2 || got[1].State != redpoll.Firing {
		t.Errorf("a spike right after the start gives %v", got)
	}
	d.engine.Learn(redpoll.EndpointKey{Job: "a"}, minutes(start, 0.03, 0, 0.03, 0.03, 0, 0.03))
	if got := d.engine.byKey[redpoll.EndpointKey{Job: "a"}].baseline; got.usual != 0 || got.known != 4 {
		t.Errorf("four minutes make a baseline: %+v", got)
	}
}

func TestFastARestoredSpikeIsNotLearnedFromHistory(t *testing.T) {
	before := newThresholdDriver(t, spikeOnly)
	before.runFor(10*time.Minute, 0.030)
	before.runFor(time.Minute, 0.300)
	stored := before.engine.Active()

	after := newThresholdDriver(t, spikeOnly)
	after.now = before.now
	after.engine.Restore(stored, before.now)
	after.engine.Learn(checkout, minutes(before.now, 0.03, 0.03, 0.03, 0.03, 0.03, 0.3))
	if got := after.engine.byKey[checkout].baseline.known; got != 5 {
		t.Errorf("%d minutes were learned, want the 5 before the spike", got)
	}
	after.runFor(interval, 0.300)
	if got := one(t, after.engine.Active()); got.State != redpoll.Firing || !near(*got.Baseline, 0.030) {
		t.Errorf("after the restart: %+v", got)
	}
}

func TestFastARuleWithoutAnyDataSaysWhy(t *testing.T) {
	d := newThresholdDriver(t, DefaultThresholds, RuleConfig{Alert: "Nowhere", Metric: "p99", Above: "1s", Match: Match{Path: "/no*"}})
	e := latency(0.030)
	e.Window.ErrorsKnown = false
	d.eval(e)
	got := map[string]string{}
	for _, r := range d.engine.Rules() {
		got[r.Name] = r.Note
	}
	want := map[string]string{
		"EndpointLatencySpike": "still learning the usual latency of 1 of 1 endpoints: 5 minutes with requests are needed",
		"EndpointErrorRate":    "none of 1 endpoints can be judged now: no status",
		"CacheHitRatioLow":     "nothing feeds the signal cdn_cache_hit_ratio",
		"StorageFull":          "nothing feeds the signal cdn_storage",
		"Nowhere":              "no endpoint matches",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("notes are %q, want %q", got, want)
	}
}
