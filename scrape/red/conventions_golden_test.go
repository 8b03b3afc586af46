package red

import (
	"bytes"
	"cmp"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// golden is a want.yaml: what follows, by hand, from two bodies of one target
// that a library or proxy prints five seconds apart. Each file says how its figures
// were worked out.
type golden struct {
	Source     string           `yaml:"source"`
	Convention string           `yaml:"convention"`
	Family     string           `yaml:"family"`
	Endpoints  []goldenEndpoint `yaml:"endpoints"`
	// Ignored are families that look like requests and must not be used.
	Ignored []string `yaml:"ignored"`
}

// goldenEndpoint is one endpoint; what must not be known is nil.
type goldenEndpoint struct {
	Method       string   `yaml:"method"`
	Path         string   `yaml:"path"`
	Requests     uint64   `yaml:"requests"`
	Errors       *uint64  `yaml:"errors"`
	ClientErrors *uint64  `yaml:"client_errors"`
	P50          *float64 `yaml:"p50"`
	P95          *float64 `yaml:"p95"`
	P99          *float64 `yaml:"p99"`
	Mean         *float64 `yaml:"mean"`
	// P99AtLeast is true if p99 lies in the +Inf bucket.
	P99AtLeast bool `yaml:"p99_at_least"`
	// Quantiles is "summary" if they are the application's own.
	Quantiles string `yaml:"quantiles"`
}

func TestCanaryConventionsGiveTheFiguresWorkedOutByHand(t *testing.T) {
	for name, want := range goldens(t) {
		t.Run(name, func(t *testing.T) {
			derived, exposed := deriveGolden(t, name)
			checkEndpoints(t, want.Endpoints, derived.Endpoints)
			checkReport(t, &want, derived, exposed)
		})
	}
}

const goldenFolder = "testdata/conventions"

// goldens are all cases, by the names of their folders.
func goldens(t *testing.T) map[string]golden {
	t.Helper()
	folders, err := os.ReadDir(goldenFolder)
	if err != nil {
		t.Fatal(err)
	}
	cases := make(map[string]golden)
	for _, folder := range folders {
		text, err := os.ReadFile(filepath.Join(goldenFolder, folder.Name(), "want.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		decoder.KnownFields(true)
		var want golden
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("%s: %v", folder.Name(), err)
		}
		cases[folder.Name()] = want
	}
	return cases
}

// deriveGolden reads both bodies as a target's loop does. exposed are the
// families of the second.
func deriveGolden(t *testing.T, name string) (derived *Derived, exposed map[string]bool) {
	t.Helper()
	d := NewDeriver(Options{MetricsPath: "/metrics", MaxEndpoints: 2000})
	reader := newReader(d.Wants)
	folder := filepath.Join(goldenFolder, name)
	read := func(which string, at time.Time) *Derived {
		contentType := "text/plain; version=0.0.4"
		body, err := os.ReadFile(filepath.Join(folder, which+".txt"))
		if os.IsNotExist(err) {
			contentType = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
			body, err = os.ReadFile(filepath.Join(folder, which+".pb"))
		}
		if err != nil {
			t.Fatal(err)
		}
		scraped, err := readBody(reader, body, contentType)
		if err != nil {
			t.Fatal(err)
		}
		exposed = make(map[string]bool)
		for _, f := range scraped.Families {
			exposed[f.Name] = true
		}
		return d.Derive(scraped, at)
	}
	for _, e := range read("first", epoch).Endpoints {
		if e.Known {
			t.Errorf("the first scrape has figures of %s %s", e.Method, e.Path)
		}
	}
	return read("second", epoch.Add(5*time.Second)), exposed
}

func checkEndpoints(t *testing.T, want []goldenEndpoint, derived []*Endpoint) {
	t.Helper()
	got := make([]goldenEndpoint, len(derived))
	for i, e := range derived {
		got[i] = figuresOf(t, e)
	}
	byKey := func(a, b goldenEndpoint) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	}
	slices.SortFunc(want, byKey)
	slices.SortFunc(got, byKey)
	if diff := gocmp.Diff(want, got, gocmp.Comparer(nearlyEqual)); diff != "" {
		t.Errorf("endpoints differ (-want +got):\n%s", diff)
	}
}

// nearlyEqual: equal but for the last digits.
func nearlyEqual(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b)) }

func figuresOf(t *testing.T, e *Endpoint) goldenEndpoint {
	t.Helper()
	if !e.Known || e.Increase.Elapsed != 5*time.Second {
		t.Errorf("%s %s is known: %v, over %v", e.Method, e.Path, e.Known, e.Increase.Elapsed)
	}
	in := &e.Increase
	g := goldenEndpoint{Method: e.Method, Path: e.Path, Requests: in.Requests, Mean: in.Mean()}
	if in.ErrorsKnown {
		g.Errors, g.ClientErrors = &in.Errors, &in.ClientErrors
	}
	quantile := in.Quantile
	if in.Requests > 0 && len(e.Own) > 0 {
		g.Quantiles = "summary"
		quantile = func(q float64) *redpoll.Estimate { return own(e.Own, q) }
	}
	g.P50, g.P95 = quantile(.5).Seconds(), quantile(.95).Seconds()
	if p99 := quantile(.99); p99 != nil {
		g.P99, g.P99AtLeast = p99.Seconds(), math.IsInf(p99.Upper, 1)
	}
	return g
}

// own is the application's own q-quantile, nil if it states none.
func own(list []redpoll.OwnQuantile, q float64) *redpoll.Estimate {
	for _, o := range list {
		if o.Q == q {
			return redpoll.Exactly(o.Value)
		}
	}
	return nil
}

// checkReport: one family is used, by the convention that is named, and what
// must not be used is not. A reader who misses a family that speaks of requests
// or responses finds the reason.
func checkReport(t *testing.T, want *golden, d *Derived, exposed map[string]bool) {
	t.Helper()
	if len(d.Recognised) != 1 || d.Recognised[0].Convention != want.Convention || d.Recognised[0].Family != want.Family {
		t.Errorf("recognised %+v, want %s by %s", d.Recognised, want.Family, want.Convention)
	}
	reasons := make(map[string]string)
	for _, ignored := range d.Ignored {
		reasons[ignored.Family] = ignored.Reason
	}
	for _, name := range want.Ignored {
		for _, r := range d.Recognised {
			if r.Family == name {
				t.Errorf("%s is used", name)
			}
		}
		speaks := strings.Contains(name, "request") || strings.Contains(name, "response")
		if speaks && exposed[name] && reasons[name] == "" {
			t.Errorf("nothing says why %s is ignored", name)
		}
	}
	if why := reasons[want.Family]; why != "" {
		t.Errorf("%s is used, and ignored: %s", want.Family, why)
	}
}
