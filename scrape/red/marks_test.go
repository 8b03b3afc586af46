package red

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redpoll/redpoll/internal/redpoll"
	"github.com/redpoll/redpoll/scrape/exposition"
)

func TestFastMarksTellRestartsAndDeploys(t *testing.T) {
	build := func(labels string) string { return "# TYPE shop_build_info gauge\nshop_build_info{" + labels + "} 1\n" }
	otel := func(version string) string {
		return fmt.Sprintf("# TYPE target_info gauge\ntarget_info{service_name=\"shop\",service_instance_id=\"%s\",service_version=%q} 1\n", version+"x", version)
	}
	f := func(name string, bodies []string, want ...redpoll.Mark) {
		t.Run(name, func(t *testing.T) {
			s := newTarget(t, Options{})
			var got []redpoll.Mark
			for _, body := range bodies {
				got = append(got, s.scrape(body).Marks...)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	mark := func(kind redpoll.MarkKind, after time.Duration, text string) redpoll.Mark {
		return redpoll.Mark{Time: epoch.Add(after), Kind: kind, Text: text}
	}
	f("what is there at first is none", []string{started(-9) + build(`version="1.0"`), started(-9) + build(`version="1.0"`)})
	f("a restart is at the start that the process states",
		[]string{started(-90), started(3), started(3)}, mark(redpoll.Restart, 3*time.Second, ""))
	f("but of a clock that differs, at the scrape",
		[]string{started(-90), started(-1.5)}, mark(redpoll.Restart, 5*time.Second, ""))
	f("a deploy says the version",
		[]string{build(`version="1.4.1",revision="abc"`), build(`version="1.4.2",revision="def"`), build(`version="1.4.2",revision="def"`)},
		mark(redpoll.Deploy, 5*time.Second, "1.4.1 → 1.4.2"))
	f("or the revision if that is all",
		[]string{build(`version="main",revision="abc"`), build(`version="main",revision="def"`)},
		mark(redpoll.Deploy, 5*time.Second, "revision abc → def"))
	f("or another label, bounded",
		[]string{build(`a="1"`), build(`a="2",b="` + strings.Repeat("é", 99) + `"`), build(`b="` + strings.Repeat("é", 99) + `"`)},
		mark(redpoll.Deploy, 5*time.Second, "a 1 → 2"), mark(redpoll.Deploy, 10*time.Second, "a 2 → (none)"))
	f("another pod is no deploy", []string{build(`version="1",pod="a"`), build(`version="1",pod="b"`)})
	f("with a restart, both are at the same time",
		[]string{started(-90) + build(`version="1"`), started(3) + build(`version="2"`)},
		mark(redpoll.Restart, 3*time.Second, ""), mark(redpoll.Deploy, 3*time.Second, "1 → 2"))
	f("a version that was away for a while is compared with itself",
		[]string{build(`version="1"`), "up 1\n", build(`version="1"`), "up 1\n", build(`version="2"`)},
		mark(redpoll.Deploy, 20*time.Second, "1 → 2"))
	f("several versions at once say nothing",
		[]string{build(`version="1"`), build(`version="1"`) + "shop_build_info{version=\"2\"} 1\n", build(`version="2"`), build(`version="2"`)})
	f("OpenTelemetry's resource tells the service's version", []string{otel("1"), otel("2")}, mark(redpoll.Deploy, 5*time.Second, "1 → 2"))
	f("what the application says is preferred to the runtime's",
		[]string{
			"go_build_info{version=\"v1\"} 1\n" + build(`version="1"`),
			"go_build_info{version=\"v2\"} 1\n" + build(`version="2"`),
		},
		mark(redpoll.Deploy, 5*time.Second, "1 → 2"))
}

// Two processes answer in turn behind one address.
func TestFastMarksAreBounded(t *testing.T) {
	s := newTarget(t, Options{})
	count := func(scrapes int) (n int) {
		for i := range scrapes {
			n += len(s.scrape(fmt.Sprintf("shop_build_info{version=\"%d\"} 1\n", i%2)).Marks)
		}
		return n
	}
	if n := count(50); n != marksAtOnce {
		t.Errorf("%d marks at once, want %d", n, marksAtOnce)
	}
	s.at = s.at.Add(2 * markEvery) // after 250 s, and 100 s are to come
	if n := count(20); n != 3 {
		t.Errorf("%d marks in more than three times as long as one takes, want 3", n)
	}
}

func TestFastOfBuildsThatAreGoneOthersTakeThePlace(t *testing.T) {
	b := make(builds)
	for i := range maxBuilds {
		b.observe(&exposition.Series{Name: fmt.Sprintf("old%d_build_info", i)}, 1)
	}
	late := &exposition.Series{Name: "late_build_info"}
	if b.observe(late, 1+shortAbsence); b[late.Name] != nil {
		t.Error("a family that missed a few scrapes had to go")
	}
	if b.observe(late, 2+shortAbsence); b[late.Name] == nil || len(b) != maxBuilds {
		t.Errorf("the new one is among %d: %t", len(b), b[late.Name] != nil)
	}
}
