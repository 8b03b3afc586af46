package browsertest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
)

// shop is small enough to know by heart.
func shop() script {
	return script{
		endpoints: []endpoint{
			{job: "shop", method: "GET", path: "/orders", p95: 120, errors: 0, throughput: 40},
			{job: "shop", method: "POST", path: "/orders", p95: 300, errors: 0.4, throughput: 10},
			{job: "shop", method: "PUT", path: "/carts/{id}", p95: 1240, errors: 6.384, throughput: 50},
			{job: "auth", method: "GET", path: "/session", p95: 8, errors: 0, throughput: 900},
			{job: "auth", method: "", path: "/logout", noData: "no traffic"},
		},
		targets: []object{{"health": "up"}, {"health": "down"}},
	}
}

func TestCanaryLiveFiguresReachTheTableWS(t *testing.T) {
	s := serve(t, shop())
	p := open(t, s.URL)
	p.shows(".pill", "Live")
	p.visible(".table-rows .row")

	want := []string{"/carts/{id}", "/orders", "/orders", "/session", "/logout"}
	if diff := cmp.Diff(want, p.paths()); diff != "" {
		t.Errorf("rows, the most urgent first (-want +got):\n%s", diff)
	}
	p.shows("#row-0", "Crit", "PUT", "shop", "620", "1.24", "2.48", "6.38", "50.0")
	p.shows("#row-4", "No traffic", "–")
	p.until(`document.querySelector("#row-4").title === "No data: no traffic"`)
	p.shows(".kpis", "5", "1.00", "k/s", "0.32", "2.48", "PUT /carts/{id}", "1", "of 2", "1 down")

	s.update(func(sc *script) { sc.endpoints[2].p95, sc.endpoints[2].errors = 80, 0 })
	p.shows("#row-0", "Warn", "POST", "300")
	p.until(`document.querySelector(".kpis").innerText.includes("600")`)
}

func TestEndpointsComeAndGoWS(t *testing.T) {
	s := serve(t, shop())
	p := open(t, s.URL)
	p.visible("#row-4")
	s.update(func(sc *script) { sc.endpoints = sc.endpoints[1:3] })
	p.gone("#row-2")
	s.update(func(sc *script) {
		sc.endpoints = append(sc.endpoints, endpoint{job: "new", method: "GET", path: "/fresh", p95: 1, throughput: 1})
	})
	p.shows("#row-2", "/fresh")
}

func TestFilterNarrowsTheTable(t *testing.T) {
	p := open(t, serve(t, shop()).URL)
	p.visible(".table-rows .row")
	p.press("/")
	p.do(chromedp.KeyEvent("post ord"))
	p.until(`document.querySelectorAll(".table-rows .row").length === 1`)
	p.shows("#row-0", "POST", "/orders")
	p.until(`location.search === "?q=post+ord"`)

	p.do(chromedp.KeyEvent("x"))
	p.shows(".empty", "No endpoint matches", "post ordx")
	p.click(".empty .button")
	p.until(`document.querySelectorAll(".table-rows .row").length === 5`)
}

func TestChipsShowOneStatus(t *testing.T) {
	p := open(t, serve(t, shop()).URL)
	p.visible(".table-rows .row")
	if got := p.texts(".chip .figure"); !slices.Equal(got, []string{"1", "1", "2", "1"}) {
		t.Errorf("critical, warning, ok, no data: %v", got)
	}
	p.click(".chip:nth-child(4)")
	p.until(`document.querySelectorAll(".table-rows .row").length === 1`)
	p.shows("#row-0", "/logout")
	p.click(".chip:nth-child(1)")
	p.until(`document.querySelectorAll(".table-rows .row").length === 2 && location.search === "?st=crit,none"`)
}

func TestHeadersSort(t *testing.T) {
	p := open(t, serve(t, shop()).URL)
	p.visible(".table-rows .row")
	p.click(".head [aria-sort]:nth-child(8) button") // throughput
	p.shows("#row-0", "/session")
	p.shows("#row-4", "/logout")
	p.click(".head [aria-sort]:nth-child(8) button")
	p.shows("#row-0", "POST")
	p.shows("#row-4", "/logout") // missing figures stay last
	p.until(`document.querySelector("[aria-sort=ascending]").innerText === "Throughput"`)
	p.click(".head [aria-sort]:nth-child(2) button") // name
	if got := strings.Join(p.paths(), " "); got != "/carts/{id} /logout /orders /orders /session" {
		t.Errorf("by name: %s", got)
	}
}

func TestOrderHoldsWhileTheMouseIsOverTheRowsWS(t *testing.T) {
	s := serve(t, shop())
	p := open(t, s.URL)
	p.visible("#row-0")
	p.mouse(input.DispatchMouseEventTypeMouseMoved, 300, 260, input.MouseButtonNone)
	p.until(`document.querySelector(".table-rows").matches(":hover")`)
	s.update(func(sc *script) { sc.endpoints[2].p95, sc.endpoints[2].errors = 80, 0 })
	p.shows("#row-0", "OK", "PUT", "80.0") // new figures in the old place
	p.mouse(input.DispatchMouseEventTypeMouseMoved, 300, 20, input.MouseButtonNone)
	p.shows("#row-0", "Warn", "POST")
}

func TestKeyboardOpensAndClosesAnEndpoint(t *testing.T) {
	p := open(t, serve(t, shop()).URL)
	p.visible("#row-0")
	p.do(chromedp.Focus(chromedp.CSS(".table")))
	p.press("ArrowDown")
	p.until(`document.querySelector(".table").getAttribute("aria-activedescendant") === "row-1"`)
	p.press("Enter")
	p.shows(".detail h2", "POST", "/orders")
	p.until(`location.search === "?ep=shop|POST|/orders"`)
	p.press("Escape")
	p.gone(".detail")
}

func TestClosingAnEndpointFromInsideGoesOnInTheTable(t *testing.T) {
	p := open(t, serve(t, shop()).URL)
	p.visible("#row-0")
	p.do(chromedp.Focus(chromedp.CSS(".table")))
	p.press(" ")
	p.click(".detail .icon-button")
	p.gone(".detail")
	p.until(`document.activeElement === document.querySelector(".table")`)
}

func TestSparklinesTellWhatTimeTheyCover(t *testing.T) {
	s := shop()
	s.interval = 10 * time.Second
	p := open(t, serve(t, s).URL)
	p.shows(".head .cell-trend", "10 min")
}

func TestOnlyRowsInSightAreInTheDocument(t *testing.T) {
	p := open(t, serve(t, script{endpoints: fleet(5000), targets: []object{{"health": "up"}}}).URL)
	p.shows(".kpis", "5,000")
	p.until(`document.querySelectorAll(".table-rows .row").length < 60`)
	p.do(chromedp.Focus(chromedp.CSS(".table")))
	p.press("End")
	p.visible("#row-4999")
	p.until(`document.querySelectorAll(".table-rows .row").length < 60`)
}

// What a target exposes is somebody else's word. It must never become markup,
// whatever it looks like, and not break the page by its length or direction.
func TestHostileLabelsStayText(t *testing.T) {
	hostile := `/<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`
	huge := strings.Repeat("x", 10_000)
	s := shop()
	s.endpoints[2].path = hostile
	s.endpoints[2].job = `<b onclick=alert(1)>job</b>` + huge
	s.endpoints[1].path = "/" + huge
	s.endpoints[0].path = "/\u202egnp.exe"
	s.alerts = []object{alert("h", &s.endpoints[2], "p95", "critical", 1240, 500, s.now)}
	s.targets = []object{target(huge, "localhost:1", "down", hostile+huge, s.now)}
	s.targets[0]["id"] = `<img src=x>/../"` + "\u202e"
	s.targets[0]["url"] = `javascript:alert(1)`
	s.targets[0]["warnings"] = []string{hostile + huge}
	s.targets[0]["labels"] = object{"job": huge, huge: hostile, "\u202e": "\u202e" + huge}
	s.dropped, s.droppedCount = []object{{"pool": huge, "reason": "dropped by relabel_configs", "discovered": object{"__address__": hostile + huge, huge: huge}}}, map[string]int{huge: 1}
	s.exposition = hostile + huge
	s.targets[0]["advice"] = []object{{"text": huge + hostile, "yaml": huge + hostile}}
	s.targets[0]["recognised"] = []object{recognised("", huge, "histogram", true, "\u202e"+huge)}
	s.targets[0]["ignored"] = []object{{"family": huge, "reason": hostile}}
	s.marks = []object{mark(time.Now().Add(-time.Minute), s.endpoints[2].job, "\u202e"+huge, "deploy", hostile+huge)}
	s.instances = 2
	srv := serve(t, s)
	p := open(t, srv.URL)
	p.shows("#row-0", "<img src=x onerror=")
	p.shows(".alert", "<img src=x onerror=")
	p.click("#row-0")
	p.shows(".detail h2", "<script>")
	p.visible(".plot canvas")
	p.shows(".moments", "deploy /<img src=x")
	p.click(".disclosure")
	p.visible(".instances .bar")
	p.checkWidth()
	p.navigate(srv.URL + "/alerts")
	p.shows(".alert-why", "<img src=x onerror=")
	p.checkWidth()
	p.checkHeight(".alert.wide", 150)
	p.navigate(srv.URL + "/targets")
	p.shows(".row.crit", "<img src=x", "javascript:alert(1)")
	p.click(".row.crit")
	p.shows(".target-error", "<img src=x")
	p.shows(".target-warning", "<img src=x")
	p.shows(".labels", "<img src=x")
	p.click(".findings summary")
	p.visible(".copyable pre")
	p.checkWidth()
	p.checkHeight(".findings", 1100)
	p.checkHeight(".labels", 600)
	p.click(".target-actions .button")
	p.shows(".exposition pre:nth-child(2)", "<img src=x", "more characters")
	p.checkWidth()
	p.press("Escape")
	p.gone(".exposition")
	p.click(".row.dropped")
	p.click(".dropped-targets summary")
	p.shows(".dropped-targets", "<img src=x")
	p.checkWidth()
	p.checkHeight(".dropped-targets", 500)
	for _, selector := range []string{"#app img", "#app script", "#app b[onclick]", `#app a[href^="javascript"]`} {
		p.gone(selector)
	}
	if title := eval[string](p, `document.title`); strings.Contains(title, "owned") {
		t.Errorf("the label's script ran: title %q", title)
	}
}
