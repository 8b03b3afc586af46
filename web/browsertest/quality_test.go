package browsertest

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
)

// TestAccessibility runs axe-core (WCAG 2.2 A and AA, best practices) over
// every page and state, in both themes and at both widths.
func TestAccessibility(t *testing.T) {
	axe, err := os.ReadFile("../node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("axe-core is missing: run `npm ci` in web (%v)", err)
	}
	lost := func(s *server, p *tab) {
		p.tolerateErrors("WebSocket")
		s.refuse(true)
		s.drop()
		p.visible(".banner")
	}
	for _, c := range []struct {
		name, path, ready string
		script            func() script
		before            func(*server, *tab)
	}{
		{"endpoints", "/", ".sparkline path[d^=M]", troubled, nil},
		{"detail", "/?ep=payments|PUT|/api/v1/carts/{id}", ".plot canvas", troubled, nil},
		{"instances", "/?instances=1&ep=payments|PUT|/api/v1/carts/{id}", ".instances .bar", troubled, nil},
		{"alerts", "/alerts", ".rule-advice", troubled, func(_ *server, p *tab) {
			p.visible(".alert.quiet")
			p.click(".rule-advice summary")
		}},
		{"targets", "/targets", ".targets .row.crit", troubled, nil},
		{"target", "/targets?target=gateway-10.0.4.3:8080", ".labels", troubled, nil},
		{"target with findings", "/targets?target=catalog-10.0.4.1:8080", ".findings", troubled, func(_ *server, p *tab) { p.click(".findings summary") }},
		{"target down", "/targets?target=search-10.0.4.23:8080", ".target-error", troubled, nil},
		{"target with warnings", "/targets?target=search-10.0.4.6:8080", ".target-warning", troubled, nil},
		{"dropped", "/targets?dropped=gateway", ".dropped-targets", troubled, func(_ *server, p *tab) { p.click(".dropped-targets summary") }},
		{"exposition", "/targets?exposition=1&target=gateway-10.0.4.3:8080", ".exposition pre", troubled, nil},
		{"no target matches", "/targets?tq=nothing+like+it", ".empty .button", troubled, nil},
		{"lost", "/", ".table-rows .row", troubled, lost},
		{"not judged", "/", ".caveat", unjudged, nil},
		{"no targets", "/", ".empty pre", func() script { return script{} }, nil},
		{"no match", "/?q=nothing+like+it", ".empty .button", troubled, nil},
	} {
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{1440, 390} {
				t.Run(fmt.Sprintf("%s/%s/%d", c.name, scheme, width), func(t *testing.T) {
					s := serve(t, c.script())
					p := newTab(t)
					p.scheme(scheme)
					p.size(width, 860)
					p.navigate(s.URL + c.path)
					p.visibleOrHidden(c.ready)
					if c.before != nil {
						c.before(s, p)
					}
					p.checkWidth()
					p.checkAxe(string(axe))
				})
			}
		}
	}
}

// troubled is incidentAt with an interval that outlasts the test.
func troubled() script {
	s := incidentAt(time.Now())
	s.interval = time.Hour
	return s
}

// unjudged has an alert without data at a target that is down.
func unjudged() script {
	s := shop()
	s.alerts = []object{with(alert("a1", &s.endpoints[2], "p95", "info", 9, 5, time.Now()), object{"state": "unknown", "noData": "target down"})}
	return s
}

// visibleOrHidden waits for an element that a narrow page may hide.
func (p *tab) visibleOrHidden(selector string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`!!document.querySelector(%s)`, quote(selector)))
}

func (p *tab) checkWidth() {
	p.t.Helper()
	if over := eval[int](p, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
		p.t.Errorf("the page is %d px wider than the window", over)
	}
}

// checkHeight fails where an element is higher than so many pixels.
func (p *tab) checkHeight(selector string, limit int) {
	p.t.Helper()
	if high := eval[int](p, fmt.Sprintf(`document.querySelector(%s).offsetHeight`, quote(selector))); high > limit {
		p.t.Errorf("%s is %d px high, more than %d", selector, high, limit)
	}
}

func (p *tab) checkAxe(axe string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](axe + ";void 0"))
	violations := eval[[]string](p, `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
		.then(result => result.violations.flatMap(v => v.nodes.slice(0, 3).map(node =>
			v.id + ": " + node.html.slice(0, 200) + "\n" + node.failureSummary.slice(0, 300))))`)
	for _, violation := range violations {
		p.t.Errorf("axe: %s", violation)
	}
}

// TestLayoutStaysPut measures the cumulative layout shift while figures come
// in. 0.1 is what the Web Vitals call good.
func TestLayoutStaysPut(t *testing.T) {
	s := serve(t, troubled())
	p := newTab(t)
	p.navigate(s.URL)
	p.visible(".sparkline path[d^=M]")
	for range 5 {
		s.update(nil)
	}
	shift := eval[float64](p, `new Promise(done => {
		let sum = 0;
		new PerformanceObserver(list => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value; })
			.observe({type: "layout-shift", buffered: true});
		requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
	})`)
	t.Logf("cumulative layout shift: %.4f", shift)
	if shift > 0.05 {
		t.Errorf("the layout shifts by %.4f", shift)
	}
}

// BenchmarkUpdateMetrics measures the main thread's time for one update.
//
//	go test ./web/browsertest -run - -bench Update -benchtime 100x
func BenchmarkUpdateMetrics(b *testing.B) {
	for _, rows := range []int{1000, 10_000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) { benchmarkUpdate(b, rows) })
	}
}

func benchmarkUpdate(b *testing.B, rows int) {
	sc := troubled()
	sc.endpoints = append(sc.endpoints, fleet(rows)...)[:rows]
	s := serve(b, sc)
	p := newTab(b)
	if _, err := chromedp.Call(p.ctx, performance.Enable, performance.EnableParams{}); err != nil {
		b.Fatal(err)
	}
	p.navigate(s.URL)
	p.visible(".sparkline path[d^=M]")
	before := p.busy()
	for b.Loop() {
		shown := eval[string](p, `document.querySelector(".pill-time").innerText`)
		s.update(nil)
		p.until(fmt.Sprintf(`document.querySelector(".pill-time").innerText !== %s`, quote(shown)))
	}
	b.ReportMetric((p.busy()-before)*1000/float64(b.N), "main-thread-ms/op")
}

// busy is how long the main thread has worked so far, in seconds. The polling
// of until is part of it, so a benchmark is an upper limit.
func (p *tab) busy() float64 {
	p.t.Helper()
	result, err := chromedp.Call(p.ctx, performance.GetMetrics, cdp.Empty{})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, metric := range result.Metrics {
		if metric.Name == "TaskDuration" {
			return metric.Value
		}
	}
	p.t.Fatal("Chromium reports no TaskDuration")
	return 0
}
