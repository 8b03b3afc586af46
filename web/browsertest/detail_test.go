package browsertest

import (
	"fmt"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

func TestCanaryDetailShowsHistory(t *testing.T) {
	s := serve(t, shop())
	p := open(t, s.URL)
	p.click("#row-0")
	p.shows(".detail h2", "PUT", "/carts/{id}")
	p.shows(".detail-figures", "620", "1.24", "2.48", "6.38", "50.0")
	p.until(`document.querySelectorAll(".plot canvas").length === 3`)

	q := lastHistory(t, s)
	if q.Get("job") != "shop" || q.Get("method") != "PUT" || q.Get("path") != "/carts/{id}" {
		t.Errorf("history of the wrong endpoint: %v", q)
	}
	if start, end := millis(t, q, "start"), millis(t, q, "end"); end-start != 15*60*1000 {
		t.Errorf("15 minutes were asked for as %d ms", end-start)
	}
	p.do(chromedp.NavigateBack())
	p.gone(".detail")
	p.do(chromedp.NavigateForward())
	p.visible(".plot canvas")
}

func TestRowsBesideTheDetailTellTheirJobsApart(t *testing.T) {
	sc := shop()
	p := open(t, serve(t, sc).URL+"/?ep=shop|PUT|/carts/{id}")
	p.visible(".detail")
	p.visible("#row-0 .job")
	p.size(1024, 768)
	p.visible("#row-0 .job")

	sc.endpoints = sc.endpoints[:3] // those of one job
	p = open(t, serve(t, sc).URL+"/?ep=shop|PUT|/carts/{id}")
	p.visible(".detail")
	p.until(`!document.querySelector("#row-0 .job").checkVisibility()`)
}

// lastHistory is the newest query of /api/history.
func lastHistory(t *testing.T, s *server) url.Values {
	t.Helper()
	asked := s.wasAsked()
	for i := len(asked) - 1; i >= 0; i-- {
		u, err := url.Parse(asked[i])
		if err != nil {
			t.Fatal(err)
		}
		if u.Path == "/api/history" {
			return u.Query()
		}
	}
	t.Fatal("history was not asked for")
	return nil
}

func millis(t *testing.T, q url.Values, name string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(q.Get(name), 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func TestChartsGrowWithTheStreamWS(t *testing.T) {
	s := serve(t, shop())
	p := open(t, s.URL+"/?ep=shop|PUT|/carts/{id}")
	p.visible(".plot canvas")
	s.update(func(sc *script) { sc.endpoints[2].p95 = 777 })
	p.shows(".legend", "p95 777 ms")
}

func TestLegendsAgreeWithTheFiguresAtOnce(t *testing.T) {
	sc := shop()
	sc.historyLag = 2 * time.Minute
	p := open(t, serve(t, sc).URL+"/?ep=shop|PUT|/carts/{id}")
	p.shows(".legend", "p95 1.24 s")
	p.click(".range button:nth-child(3)")
	p.until(`location.search.includes("range=30m")`)
	p.shows(".legend", "p95 1.24 s")
}

func TestChartsStayWhileCutOffWS(t *testing.T) {
	s := serve(t, shop())
	p := newTab(t)
	p.tolerateErrors("WebSocket|503")
	p.navigate(s.URL + "/?ep=shop|PUT|/carts/{id}")
	p.visible(".plot canvas")
	asked := len(s.wasAsked())
	s.update(func(sc *script) { sc.historyError = "closing" })
	s.refuse(true)
	s.drop()
	p.shows(".banner", "attempt 2")
	p.visible(".plot canvas")
	if len(s.wasAsked()) == asked {
		t.Error("nothing was asked for, so nothing was tried")
	}
}

func TestRangeIsAskedForAndShared(t *testing.T) {
	s := serve(t, shop())
	p := open(t, s.URL+"/?range=6h&ep=shop|PUT|/carts/{id}")
	p.visible(".plot canvas")
	if q := lastHistory(t, s); millis(t, q, "end")-millis(t, q, "start") != (6 * time.Hour).Milliseconds() {
		t.Errorf("asked for %v", q)
	}
	p.click(".range button:nth-child(7)")
	p.until(`location.search.includes("range=7d")`)
	p.until(`document.querySelector(".range [aria-pressed=true]").innerText === "7d"`)
}

func TestDraggingZoomsAndThereIsAWayBack(t *testing.T) {
	s := serve(t, shop())
	p := open(t, s.URL+"/?ep=shop|PUT|/carts/{id}")
	p.visible(".plot canvas")
	box := eval[[]float64](p, `(r => [r.left, r.top, r.width, r.height])(document.querySelector(".u-over").getBoundingClientRect())`)
	y := box[1] + box[3]/2
	p.mouse(input.DispatchMouseEventTypeMouseMoved, box[0]+box[2]/4, y, input.MouseButtonNone)
	p.mouse(input.DispatchMouseEventTypeMousePressed, box[0]+box[2]/4, y, input.MouseButtonLeft)
	p.mouse(input.DispatchMouseEventTypeMouseMoved, box[0]+box[2]/2, y, input.MouseButtonLeft)
	p.mouse(input.DispatchMouseEventTypeMouseReleased, box[0]+box[2]/2, y, input.MouseButtonLeft)
	p.until(`location.search.includes("from=")`)
	p.shows(".range", "Back to 15m")

	u, err := url.Parse(eval[string](p, `location.href`))
	if err != nil {
		t.Fatal(err)
	}
	zoomed := time.Duration(millis(t, u.Query(), "to")-millis(t, u.Query(), "from")) * time.Millisecond
	if zoomed < 210*time.Second || zoomed > 240*time.Second {
		t.Errorf("a quarter of 15 minutes became %v", zoomed)
	}
	p.click(".range .button")
	p.until(`!location.search.includes("from=")`)
	p.do(chromedp.NavigateBack())
	p.shows(".range", "Back to 15m")
}

func TestChartsFollowTheWindow(t *testing.T) {
	sc := shop()
	sc.endpoints[2].clientErrors, sc.endpoints[2].throughput = 16.2, 12_345
	p := open(t, serve(t, sc).URL+"/?ep=shop|PUT|/carts/{id}")
	p.visible(".plot canvas")
	margin := `document.querySelector(".plot").getBoundingClientRect().right - document.querySelector(".u-over").getBoundingClientRect().right`
	p.until(margin + " > 60") // the limits' names
	p.size(768, 900)
	p.until(margin + " < 20")
	p.until(`[...document.querySelectorAll(".legend")].every(legend => legend.scrollWidth <= legend.clientWidth)`)
	p.until(`(figures => figures.scrollWidth <= figures.clientWidth)(document.querySelector(".detail-figures"))`)
}

func TestMissingHistoryIsExplained(t *testing.T) {
	sc := shop()
	sc.historyError = "the database is locked by another redpoll: stop it, then reload"
	p := newTab(t)
	p.tolerateErrors("status of 503")
	p.navigate(serve(t, sc).URL + "/?ep=shop|PUT|/carts/{id}")
	p.shows(".detail", "History is not available", "locked by another redpoll")
	p.shows(".detail-figures", "1.24")
}

func TestUnknownEndpointInTheURL(t *testing.T) {
	p := open(t, serve(t, shop()).URL+"/?ep=shop|GET|/gone")
	p.shows(".detail", "/gone", "redpoll does not see this endpoint now")
	p.click(".detail-head .icon-button")
	p.gone(".detail")
}

func TestDetailTellsItsOwnAlertsWS(t *testing.T) {
	s := serve(t, shop())
	p := open(t, s.URL+"/?ep=shop|GET|/orders")
	p.visible(".plot canvas")
	const asked = `performance.getEntriesByType("resource").filter(entry => entry.name.includes("/api/alerts")).length`
	before := eval[int](p, asked)
	sc := shop()
	s.update(nil, alert("a1", &sc.endpoints[0], "p95", "critical", 120, 100, time.Now()))
	p.shows(".detail-alerts", "p95 latency", "limit 100 ms")
	p.shows(".detail .facts", "Critical")
	p.until(fmt.Sprintf("%s > %d", asked, before)) // for the bands
}

func TestCanaryQuantilesSayHowSureTheyAreWS(t *testing.T) {
	sc := shop()
	sc.endpoints[2].p95 = 12_000 // above the highest bucket, and p99 with it
	sc.historyLag = 2 * time.Minute
	s := serve(t, sc)
	p := open(t, s.URL)
	p.shows("#row-0", "6.00", "≥ 10", "s")
	p.until(`document.querySelector("#row-0 .cell-figure:nth-of-type(3)").title === "6.00 s, between 5 and 10 s"`)
	p.until(`document.querySelector("#row-0 .cell-figure:nth-of-type(4)").title === "≥ 10 s, above the highest bucket"`)
	p.shows(".kpi:nth-child(4)", "≥ 10")
	s.update(nil, alert("a1", &sc.endpoints[2], "p95", "critical", 10_000, 500, time.Now()))
	p.shows(".firing", "p95 latency ≥ 10 s")

	p.click("#row-0")
	p.shows(".detail-figures", "6.00", "5–10 s", "≥ 10", "no upper bound")
	p.shows(".detail-alerts", "p95 latency ≥ 10 s")
	p.shows(".legend", "p95 ≥ 10 s (no upper bound)")
	p.click(".legend button:nth-of-type(1)")
	p.until(`document.querySelector(".legend [aria-pressed=true]").innerText.includes("p50")`)
	p.shows(".legend", "p50 6.00 s (5–10 s)")
}

func TestQuantilesOfTheApplicationsOwnAreToldApart(t *testing.T) {
	sc := shop()
	sc.endpoints[2].own = true
	p := open(t, serve(t, sc).URL+"/?ep=shop|PUT|/carts/{id}")
	p.shows(".detail", "The quantiles are the application's own, over its own window.")
	p.until(`document.querySelector("#row-0 .cell-figure:nth-of-type(4)").title.includes("the application's own quantile")`)
	if got := p.texts(".detail-range"); len(got) != 3 || got[1] != "" {
		t.Errorf("bounds of quantiles that have none: %q", got)
	}
}

func TestTheMeanStandsInWhereThereAreNoQuantiles(t *testing.T) {
	sc := shop()
	sc.endpoints[2].meanOnly = true
	sc.historyLag = 2 * time.Minute
	sc.instances = 2
	p := open(t, serve(t, sc).URL)
	p.shows("#row-0", "/carts/{id}", "–")
	p.until(`document.querySelector("#row-0").title === "No quantiles: mean 775 ms"`)
	p.click("#row-0")
	p.shows(".detail-figures", "mean", "775")
	p.shows(".legend", "Latency", "mean 775 ms")
	if got := p.texts(".legend:first-child button"); len(got) != 0 {
		t.Errorf("the chart has lines of quantiles that there are not: %q", got)
	}
	p.click(".disclosure")
	p.shows(".instances thead", "mean")
	p.shows(".instances tbody tr:nth-child(1)", "10.0.4.2:8080", "5.42")
}

func TestTheMeanStandsInForPastQuantilesOfTheApplicationsOwn(t *testing.T) {
	sc := shop()
	sc.endpoints[2].own = true
	sc.historyLag = 2 * time.Minute
	p := open(t, serve(t, sc).URL+"/?ep=shop|PUT|/carts/{id}")
	p.shows(".legend", "p95", "1.24 s", "mean 775 ms")
}

func TestClientErrorsAreShownApart(t *testing.T) {
	sc := shop()
	sc.endpoints[2].clientErrors = 21.4
	p := newTab(t)
	p.size(1700, 900)
	p.navigate(serve(t, sc).URL)
	p.shows("#row-0 .widest-only", "21.4")
	p.click(".head .widest-only button")
	p.until(`location.search === "?sort=-client"`)
	p.size(1440, 900)
	p.until(`!document.querySelector("#row-0 .widest-only").checkVisibility()`)
	p.until(`document.querySelector("#row-0 [title*='21.4 % client errors']").innerText.includes("6.38")`)
	p.click("#row-0")
	p.shows(".detail-figures", "4xx", "21.4")
	p.until(`document.querySelectorAll(".plot canvas").length === 4`)
	p.until(`[...document.querySelectorAll(".legend h3")].map(h => h.innerText).includes("Client errors")`)
}

func TestRestartsAndDeploysAreMarkedWS(t *testing.T) {
	now := time.Now().Truncate(time.Minute) // a step of history, so that the cursor falls on the restart
	sc := shop()
	sc.now = now
	sc.marks = []object{
		mark(now.Add(-10*time.Minute), "shop", "shop-1", "restart", ""),
		mark(now.Add(-9*time.Minute), "auth", "auth-1", "restart", ""),
	}
	s := serve(t, sc)
	p := open(t, s.URL+"/?ep=shop|PUT|/carts/{id}")
	p.shows(".moments", "restart of shop-1")
	p.until(`[...document.querySelectorAll(".plot")].every(plot => plot.ariaLabel.includes("restart of shop-1 at "))`)

	s.update(func(sc *script) {
		sc.fresh = []object{mark(sc.now, "shop", "shop-1", "deploy", "1.4.1 → 1.4.2")}
	})
	p.shows(".moments li:nth-child(1)", "deploy 1.4.1 → 1.4.2")
	p.shows(".moments li:nth-child(2)", "restart of shop-1")
	if got := p.texts(".moments li"); len(got) != 2 {
		t.Errorf("the marks of another job are among them: %q", got)
	}
	over := `document.querySelector(".u-over").getBoundingClientRect()`
	x := eval[float64](p, over+`.left + `+over+`.width * 4 / 15`) // eleven of fifteen minutes ago: an update came since
	y := eval[float64](p, over+`.top + 60`)
	p.mouse(input.DispatchMouseEventTypeMouseMoved, x, y, input.MouseButtonNone)
	p.shows(".legend-when", "restart of shop-1")
}

func TestInstancesAreComparedOnRequest(t *testing.T) {
	sc := shop()
	sc.instances = 4
	s := serve(t, sc)
	p := open(t, s.URL+"/?ep=shop|PUT|/carts/{id}")
	p.shows(".disclosure", "Instances", "4")
	p.gone(".instances table")
	p.click(".disclosure")
	p.until(`location.search.includes("instances=1")`)
	p.shows(".instances", "10.0.4.2:8080 is slow: 7.0 times the p95 that is usual here.")
	p.shows(".instances tbody tr:nth-child(1)", "10.0.4.2:8080", "8.68")
	p.shows(".instances tbody tr:nth-child(2)", "10.0.4.1:8080", "1.24")
	wide := eval[float64](p, `document.querySelector(".instances tr:nth-child(1) .bar").offsetWidth / document.querySelector(".instances tr:nth-child(2) .bar").offsetWidth`)
	if wide < 5 {
		t.Errorf("the bar of the slow instance is %.1f times as long as the others'", wide)
	}
	p.click(".disclosure")
	p.gone(".instances table")
}
