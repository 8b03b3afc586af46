package scrape

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
	"gopkg.in/yaml.v3"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// relabelled is a job with settings in YAML.
func relabelled(t *testing.T, text string) func(*JobConfig) {
	t.Helper()
	return func(c *JobConfig) {
		discovered := c.Discovery
		if err := yaml.Unmarshal([]byte("job_name: shop\n"+text), c); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		c.Discovery = discovered
	}
}

// policyOf is that of a target shop, one:80 with one more label.
func policyOf(t *testing.T, settingsText string) *policy {
	t.Helper()
	return policyFor(t, settingsText, &redpoll.Target{Job: "shop", Instance: "one:80", Labels: map[string]string{"env": "prod"}})
}

func policyFor(t *testing.T, settingsText string, target *redpoll.Target) *policy {
	t.Helper()
	m := idle(t, jobConfig(t, relabelled(t, settingsText), "one:80"))
	return m.jobs[0].policies.of(labelsOf(target))
}

// A rule that looks at every label makes a target's labels stand on its series.
const lookAtAll = "metric_relabel_configs: [{action: drop, source_labels: [job, instance, env, exported_job], regex: never}]\n"

func TestFastTheTargetsLabelsStandOnSeriesAsInPrometheus(t *testing.T) {
	f := func(name, settings string, want labels.Labels, exposed ...string) {
		t.Helper()
		p := policyOf(t, settings)
		got, kept := p.relabel(labels.FromStrings(append(exposed, "__name__", "x")...))
		if !kept || !labels.Equal(got, want) {
			t.Errorf("%s: %v %v, want %v", name, got, kept, want)
		}
	}
	own := func(more ...string) labels.Labels {
		b := labels.NewBuilder(labels.FromStrings("__name__", "x", "job", "shop", "instance", "one:80", "env", "prod"))
		for i := 0; i < len(more); i += 2 {
			b.Set(more[i], more[i+1])
		}
		return b.Labels()
	}
	f("nothing in common", lookAtAll, own("path", "/a"), "path", "/a")
	f("the target wins", lookAtAll, own("exported_job", "batch", "exported_env", "dev"), "job", "batch", "env", "dev")
	f("the new name is taken", lookAtAll, own("exported_job", "a", "exported_exported_job", "b"), "exported_job", "a", "job", "b")
	f("the series wins", "honor_labels: true\n"+lookAtAll, own("job", "batch", "instance", "db"), "job", "batch", "instance", "db")
	f("the series has an empty label", "honor_labels: true\n"+lookAtAll,
		labels.FromStrings("__name__", "x", "job", "shop", "env", "prod"), "instance", "")
	unlooked := "metric_relabel_configs: [{action: labeldrop, regex: never}]\n"
	f("labels that nothing looks at are left out", unlooked, labels.FromStrings("__name__", "x", "path", "/a"), "path", "/a")
	f("and rename others nevertheless", unlooked, labels.FromStrings("__name__", "x", "exported_job", "batch"), "job", "batch")
}

func TestFastAJobWithoutRelabellingPaysNothing(t *testing.T) {
	for _, settings := range []string{"", "honor_labels: true", "sample_limit: 10", "label_limit: 30", "honor_timestamps: false"} {
		if policyOf(t, settings).relabelling() != nil {
			t.Errorf("%s: every series is relabelled", settings)
		}
	}
}

func TestFastTargetsShareALibraryAsFarAsTheirSeriesComeOutTheSame(t *testing.T) {
	f := func(settings string, want bool) {
		t.Helper()
		m := idle(t, jobConfig(t, relabelled(t, settings), "one:80", "two:80"))
		one, two := m.jobs[0].targets[0].policy, m.jobs[0].targets[1].policy
		if got := one.library == two.library; got != want {
			t.Errorf("%s: shared is %v", settings, got)
		}
	}
	f("", true)
	f("honor_labels: true", true)
	f("label_limit: 30", true)
	f("metric_relabel_configs: [{action: drop, source_labels: [__name__], regex: go_.*}]", true)
	f("metric_relabel_configs: [{action: labeldrop, regex: instance}]", true)
	f("metric_relabel_configs: [{source_labels: [job], target_label: team}]", true)
	f("metric_relabel_configs: [{source_labels: [instance], target_label: host}]", false)
	f("metric_relabel_configs: [{action: labelmap, regex: inst(.*), replacement: x_$1}]", false)
	f("metric_relabel_configs: [{action: keepequal, source_labels: [host], target_label: instance}]", false)
	f("honor_labels: true\nlabel_value_length_limit: 100", false)
}

// A policy that adds the target's labels to a series only where something looks
// at them keeps the same series, with the same labels but for these, as one that
// adds them all.
func TestFastLabelsThatNothingLooksAtMakeNoDifference(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	target := &redpoll.Target{Job: "shop", Instance: "one:80", Labels: map[string]string{"env": "prod", "exported_env": "e"}}
	for range 3000 {
		rules, honor := randomRules(t, r), r.IntN(2) == 0
		sparing := &policy{honorLabels: honor, rules: rules, names: model.UTF8Validation}
		lavish := &policy{honorLabels: honor, rules: rules, names: model.UTF8Validation}
		looked := lookedAt(rules)
		labelsOf(target).Range(func(l labels.Label) {
			lavish.target = append(lavish.target, targetLabel{l.Name, l.Value})
			if !looked(l.Name) {
				l.Value = ""
			}
			sparing.target = append(sparing.target, targetLabel{l.Name, l.Value})
		})
		exposed := randomSeries(r)
		got, kept := sparing.relabel(exposed)
		want, wantKept := lavish.relabel(exposed)
		if kept != wantKept {
			t.Fatalf("%v honor=%v by %s: kept is %v", exposed, honor, rulesText(t, rules), kept)
		}
		if diff := cmp.Diff(withoutOwn(want, target), withoutOwn(got, target)); diff != "" {
			t.Fatalf("%v honor=%v by %s: %s", exposed, honor, rulesText(t, rules), diff)
		}
	}
}

// withoutOwn are the labels but for those that are the target's.
func withoutOwn(ls labels.Labels, target *redpoll.Target) map[string]string {
	left := ls.Map()
	labelsOf(target).Range(func(l labels.Label) {
		if left[l.Name] == l.Value {
			delete(left, l.Name)
		}
	})
	return left
}

func rulesText(t *testing.T, rules []*relabel.Config) string {
	t.Helper()
	text, err := yaml.Marshal(rules)
	if err != nil {
		t.Fatal(err)
	}
	return "\n" + string(text)
}

// labelNames are of the target, of what clashes with it, and others.
var labelNames = []string{"job", "instance", "env", "exported_job", "exported_env", "path", "team"}

func randomSeries(r *rand.Rand) labels.Labels {
	pairs := []string{"__name__", "x"}
	for _, name := range labelNames {
		if r.IntN(3) == 0 {
			pairs = append(pairs, name, []string{"shop", "one:80", "prod", "b"}[r.IntN(4)])
		}
	}
	return labels.FromStrings(pairs...)
}

func randomRules(t *testing.T, r *rand.Rand) []*relabel.Config {
	t.Helper()
	name := func() string { return labelNames[r.IntN(len(labelNames))] }
	templates := []string{
		"{action: drop, source_labels: [NAME], regex: (shop|b)}",
		"{action: keep, source_labels: [NAME, NAME], regex: '.*[sb].*'}",
		"{action: keepequal, source_labels: [NAME], target_label: NAME}",
		"{action: dropequal, source_labels: [NAME], target_label: NAME}",
		"{source_labels: [NAME, NAME], target_label: NAME}",
		"{source_labels: [NAME], regex: 'p(.*)', target_label: NAME, replacement: 'q$1'}",
		"{target_label: NAME, replacement: fixed}",
		"{action: labelmap, regex: '(e.*)', replacement: 'copy_$1'}",
		"{action: labelmap, regex: 'NAME', replacement: NAME}",
		"{action: labeldrop, regex: NAME}",
		"{action: labelkeep, regex: '__name__|NAME|NAME'}",
		"{action: hashmod, source_labels: [NAME], target_label: NAME, modulus: 4}",
		"{action: uppercase, source_labels: [NAME], target_label: NAME}",
	}
	var list []string
	for range 1 + r.IntN(3) {
		text := templates[r.IntN(len(templates))]
		for strings.Contains(text, "NAME") {
			text = strings.Replace(text, "NAME", name(), 1)
		}
		list = append(list, text)
	}
	var rules []*relabel.Config
	if err := yaml.Unmarshal([]byte("["+strings.Join(list, ",")+"]"), &rules); err != nil {
		t.Fatal(err)
	}
	for _, rule := range rules {
		if err := rule.Validate(model.UTF8Validation); err != nil {
			t.Fatal(err)
		}
	}
	return rules
}

func TestFastSeriesWithoutAValidNameAreLeftOutAndNamed(t *testing.T) {
	p := policyOf(t, "metric_relabel_configs: [{action: labeldrop, regex: __name__}]")
	if _, kept := p.relabel(labels.FromStrings("__name__", "x", "path", "/a")); kept {
		t.Error("a series without a name is kept")
	}
	wantContains(t, "the warning", strings.Join(p.warnings(), "\n"), `{__name__="x", path="/a"}`)

	p = policyOf(t, "metric_name_validation_scheme: legacy")
	if _, kept := p.relabel(labels.FromStrings("__name__", "x", "http.route", "/a")); kept {
		t.Error("a label of a name that is not a legacy one is kept")
	}
	if _, kept := p.relabel(labels.FromStrings("__name__", "x", "path", "/a")); !kept {
		t.Error("a legacy series is left out")
	}
	wantContains(t, "the warning", strings.Join(p.warnings(), "\n"), "metric_name_validation_scheme")
	if p := policyOf(t, lookAtAll); p.warnings() != nil {
		t.Errorf("warnings without reason: %q", p.warnings())
	}
}

func TestFastLimitsOnLabelsCountThoseOfTheTarget(t *testing.T) {
	limits := func(settings string) (int, bool) {
		t.Helper()
		m := idle(t, jobConfig(t, relabelled(t, settings), "one:80"))
		l, everything := m.jobs[0].policies.limitsFor(labels.FromStrings("job", "shop", "instance", "one:80", "env", "prod"))
		return l.Labels, everything
	}
	for settings, want := range map[string]struct {
		labels     int
		everything bool
	}{
		"":                                    {0, false},
		"label_limit: 10":                     {7, false},
		"label_limit: 4":                      {1, false},
		"label_limit: 3":                      {3, true}, // a series has a name, too
		"label_limit: 10\nhonor_labels: true": {10, true},
		"label_value_length_limit: 6":         {0, false},
		"label_value_length_limit: 5":         {0, true}, // one:80 is longer
		"label_name_length_limit: 7":          {0, true},
	} {
		if got, everything := limits(settings); got != want.labels || everything != want.everything {
			t.Errorf("%s: %d, %v", settings, got, everything)
		}
	}
}
