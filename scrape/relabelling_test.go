package scrape

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// scrapedBy are the snapshot after two scrapes of a job with these settings, of
// 10 requests to each of /a and /b.
func scrapedBy(t *testing.T, settings string, exposed func(n int) string) *redpoll.Snapshot {
	t.Helper()
	m := idle(t, jobConfig(t, relabelled(t, settings), "one:80"))
	for i := range 2 {
		m.jobs[0].targets[0].exposed(exposed(10*i), after(float64(5*i)))
	}
	s := m.Snapshot(after(6), every)
	if target := s.Targets[0]; target.Health != redpoll.HealthUp {
		t.Fatalf("%s: %s", settings, target.Error)
	}
	return s
}

func twoHistograms(n int) string {
	b := expose("/b", [3]int{n, 0, 0}, 0)
	return expose("/a", [3]int{n, 0, 0}, 0) + b[strings.IndexByte(b, '\n')+1:]
}

func TestFastMetricRelabelConfigsDecideWhatFiguresAreMadeOf(t *testing.T) {
	f := func(name, rule string, exposed func(int) string, want map[string]uint64) {
		t.Helper()
		s := scrapedBy(t, "metric_relabel_configs: ["+rule+"]", exposed)
		if diff := cmp.Diff(want, served(s)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	both := map[string]uint64{"/a": 10, "/b": 10}
	f("a family is dropped", "{action: drop, source_labels: [__name__], regex: http_.*}", twoHistograms, map[string]uint64{})
	f("one is kept", "{action: keep, source_labels: [__name__], regex: http_.*}", twoHistograms, both)
	f("by a label", "{action: drop, source_labels: [path], regex: /b}", twoHistograms, map[string]uint64{"/a": 10})
	f("by a target's label", "{action: keep, source_labels: [instance], regex: two:80}", twoHistograms, map[string]uint64{})
	f("a path is replaced", "{source_labels: [path], regex: /(b), target_label: path, replacement: /x/$1}", twoHistograms,
		map[string]uint64{"/a": 10, "/x/b": 10})
	f("upper case", "{action: uppercase, source_labels: [path], target_label: path}", twoHistograms, map[string]uint64{"/A": 10, "/B": 10})
	f("a label is dropped", "{action: labeldrop, regex: code}", twoHistograms, both)
	f("labels are kept", "{action: labelkeep, regex: __name__|le|path}", twoHistograms, both)
	f("hashmod", "{action: hashmod, source_labels: [path], modulus: 1, target_label: path}", twoHistograms, map[string]uint64{"0": 10})
	own := func(n int) string { return strings.ReplaceAll(twoHistograms(n), "http_request_duration", "acme_thing") }
	f("unknown names", "{action: keep, regex: .*}", own, map[string]uint64{})
	f("are recognised when renamed", "{source_labels: [__name__], regex: acme_thing(_seconds.*), target_label: __name__, replacement: http_request_duration$1}", own, both)
}

func TestFastDroppedBucketsAreAsIfNotExposed(t *testing.T) {
	s := scrapedBy(t, "metric_relabel_configs: [{action: drop, source_labels: [le], regex: '0[.]1'}]", twoHistograms)
	if e := s.Endpoint(keyA); e == nil || e.P50 == nil || e.P50.Value != .25 {
		t.Errorf("p50 is %v, want the middle of 0 and 0.5", e)
	}
}

func TestFastSeriesThatRelabellingMakesOneAreSkippedAndSaid(t *testing.T) {
	s := scrapedBy(t, "metric_relabel_configs: [{target_label: path, replacement: /all}]", twoHistograms)
	target := s.Targets[0]
	if target.Skipped != 10 || !strings.Contains(target.SkippedReason, "twice") {
		t.Errorf("%d skipped: %s", target.Skipped, target.SkippedReason)
	}
}

func TestFastRelabellingMayNameAnotherJob(t *testing.T) {
	s := scrapedBy(t, "metric_relabel_configs: [{source_labels: [path], regex: /b, target_label: job, replacement: back}]", twoHistograms)
	var keys []string
	for _, e := range s.Endpoints {
		keys = append(keys, e.Key.Job+" "+e.Key.Path)
	}
	slices.Sort(keys)
	if diff := cmp.Diff([]string{"back /b", "shop /a"}, keys); diff != "" {
		t.Error(diff)
	}
}

func TestFastExcessIsLeftOutAndSaidOrFailsTheScrape(t *testing.T) {
	f := func(limit string, left int, want string) {
		t.Helper()
		s := scrapedBy(t, limit, twoHistograms)
		target := s.Targets[0]
		if target.Relabelled != left || len(target.Warnings) != 1 {
			t.Fatalf("%s: %d samples left, warnings %q", limit, target.Relabelled, target.Warnings)
		}
		wantContains(t, limit, target.Warnings[0], want)
		wantContains(t, limit, target.Warnings[0], `of job "shop"`)

		m := idle(t, jobConfig(t, relabelled(t, limit+"\non_limit: fail"), "one:80"))
		m.jobs[0].targets[0].exposed(twoHistograms(1), start)
		if target := m.Targets()[0]; target.Health != redpoll.HealthDown || !strings.Contains(target.Error, strings.Split(limit, ":")[0]) {
			t.Errorf("%s, fail: %s %q", limit, target.Health, target.Error)
		}
	}
	f("sample_limit: 12", 12, "sample_limit: 8 of 20 samples left out, e.g. http_request_duration_seconds")
	f("label_limit: 6", 8, "label_limit: 12 of 20 samples left out") // with job and instance a bucket has 7
	f("label_value_length_limit: 35", 8, "label_value_length_limit: 12 of 20 samples left out")
	f("label_name_length_limit: 7", 0, "label_name_length_limit: 20 of 20 samples left out")
	if s := scrapedBy(t, "sample_limit: 20\nlabel_limit: 7", twoHistograms); len(s.Targets[0].Warnings) != 0 {
		t.Errorf("at the limit: %q", s.Targets[0].Warnings)
	}
}

func TestFastSamplesAreThoseExposedWhateverRulesAndLimitsLeave(t *testing.T) {
	f := func(settings string, left int) {
		t.Helper()
		target := scrapedBy(t, settings, twoHistograms).Targets[0]
		if target.Samples != 20 || target.Relabelled != left {
			t.Errorf("%s: %d samples and %d after relabelling, want 20 and %d", settings, target.Samples, target.Relabelled, left)
		}
	}
	const withoutB = "metric_relabel_configs: [{action: drop, source_labels: [path], regex: /b}]"
	f("", 20)
	f(withoutB, 10)
	f("sample_limit: 15", 15)
	f(withoutB+"\nsample_limit: 7", 7)
	f(withoutB+"\nsample_limit: 15", 10)
}

func TestFastTimestampsFarFromNowAreHonoredUnlessSaidOtherwise(t *testing.T) {
	stamped := func(n int) string {
		return fmt.Sprintf("# TYPE http_requests_total counter\nhttp_requests_total{path=\"/a\",method=\"GET\",code=\"200\"} %d 1000\n", n)
	}
	if s := scrapedBy(t, "", stamped); len(s.Endpoints) != 0 || s.Targets[0].Skipped != 1 {
		t.Errorf("honored: %d endpoints, %d skipped", len(s.Endpoints), s.Targets[0].Skipped)
	}
	s := scrapedBy(t, "honor_timestamps: false", stamped)
	if diff := cmp.Diff(map[string]uint64{"/a": 10}, served(s)); diff != "" {
		t.Errorf("ignored: %s", diff)
	}
}
