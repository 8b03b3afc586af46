package browsertest

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
)

// fewTargets are one of each health in two pools, and dropped ones.
func fewTargets() script {
	now := time.Now()
	warned := target("shop", "10.0.0.3:80", "up", "", now)
	warned["warnings"] = []string{overLimit}
	return script{
		targets: []object{
			target("auth", "10.0.0.1:80", "up", "", now),
			target("shop", "10.0.0.2:80", "down", "connection refused", now),
			warned,
			with(target("shop", "10.0.0.4:80", "unknown", "", now), object{"lastScrape": nil, "lastDuration": nil, "durations": []float64{}}),
		},
		dropped: []object{
			{"pool": "shop", "reason": "dropped by relabel_configs", "discovered": object{"__address__": "10.0.0.9:80", "env": "test"}},
			{"pool": "shop", "reason": "dropped by relabel_configs", "discovered": object{"__address__": "10.0.0.8:80", "env": "<b>test</b>"}},
		},
		droppedCount: map[string]int{"shop": 5, "auth": 0},
		exposition:   exposed(500),
	}
}

// lines are the names in the list of targets, from top to bottom.
func (p *tab) lines() []string {
	p.t.Helper()
	return eval[[]string](p, `[...document.querySelectorAll(".table-rows .row")]
		.sort((a, b) => a.getAttribute("aria-rowindex") - b.getAttribute("aria-rowindex"))
		.map(row => row.querySelector(".pool-name, .target-name b, .dropped-head").innerText.split("\n")[0])`)
}

func TestCanaryTargetsAreGroupedWithTroubleFirst(t *testing.T) {
	p := open(t, serve(t, fewTargets()).URL+"/targets")
	p.shows(".panel-head", "2 of 4 up · 1 warning, 1 not yet scraped, 1 down · 5 dropped")
	p.visible(".row.dropped")
	want := []string{"shop", "10.0.0.2:80", "10.0.0.3:80", "10.0.0.4:80", "5 targets left out", "auth", "10.0.0.1:80"}
	if diff := cmp.Diff(want, p.lines()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	p.shows("#target-row-1", "Down", "http://10.0.0.2:80/metrics", "connection refused", "–")
	p.shows("#target-row-2", "Warning", "sample_limit: 4,240 samples are more than 4,000", "4,240", "482", "12.4")
	p.shows("#target-row-3", "Not yet", "waits for its first scrape", "–")
	p.shows("#target-row-6", "Up", "20 endpoints from http_request_duration_seconds")
	p.visible("#target-row-6 .sparkline path[d^=M]")
}

func TestTargetsCanBeFilteredByHealthAndWords(t *testing.T) {
	p := open(t, serve(t, fewTargets()).URL+"/targets")
	p.visible(".row.dropped")
	p.click(".chip:nth-child(2)")
	p.until(`location.search === "?tst=warn"`)
	p.until(`document.querySelectorAll(".table-rows .row").length === 2`)
	p.click(".chip:nth-child(2)")
	p.press("/")
	p.do(chromedp.KeyEvent("ENV=TEST"))
	p.until(`document.querySelectorAll(".table-rows .row").length === 2`)
	p.shows(".row.dropped", "1 target left out")
	p.do(chromedp.KeyEvent("x"))
	p.shows(".empty", "No target matches")
	p.click(".empty .button")
	p.visible("#target-row-6")
}

func TestTheFilterOfEndpointsIsNotThatOfTargets(t *testing.T) {
	sc := shop()
	sc.targets = fewTargets().targets
	p := open(t, serve(t, sc).URL+"/?q=carts")
	p.visible("#row-0")
	p.click(`.tabs a[href*="/targets"]`)
	p.shows(".targets", "10.0.0.1:80")
	p.click(`.tabs a[href*="/?"]`)
	p.until(`document.querySelectorAll(".table-rows .row").length === 1`)
}

func TestPoolsFoldByMouseAndKeyboard(t *testing.T) {
	p := open(t, serve(t, fewTargets()).URL+"/targets")
	p.visible(".row.dropped")
	p.click("#target-row-0")
	p.until(`document.querySelectorAll(".table-rows .row").length === 3`)
	p.until(`document.querySelector("#target-row-0").ariaExpanded === "false"`)
	p.do(chromedp.Focus(chromedp.CSS(".table")))
	p.press("ArrowRight")
	p.until(`document.querySelectorAll(".table-rows .row").length === 7`)
	p.press("ArrowLeft")
	p.until(`document.querySelectorAll(".table-rows .row").length === 3`)
	p.press("Enter")
	p.until(`document.querySelectorAll(".table-rows .row").length === 7`)
	p.press("ArrowDown")
	p.press("Enter")
	p.shows(".detail h2", "10.0.0.2:80")
	p.press("Escape")
	p.gone(".detail")
}

func TestTargetPanelTellsWhatIsWrong(t *testing.T) {
	now := time.Now()
	up := target("shop", "10.0.0.1:80", "up", "", now)
	up["skipped"], up["skippedReason"] = 3, "le is no number"
	up["warnings"] = []string{overLimit, "label_limit is passed"}
	up["advice"] = []object{{"text": "map its metrics under endpoints", "yaml": ""}}
	up["started"], up["restarts"] = now.Add(-3*time.Hour).UnixMilli(), 2
	s := serve(t, script{targets: []object{up, target("auth", "10.0.0.2:80", "down", "connection refused", now)}})
	p := open(t, s.URL+"/targets")
	p.click("#target-row-1")
	p.shows(".detail", "Down", "pool auth", "connection refused", "–")
	p.click("#target-row-3")
	p.shows(".detail", "Warning", "sample_limit: 4,240", "label_limit is passed", "3 samples skipped: le is no number", "map its metrics",
		"20 endpoints from the histogram http_request_duration_seconds by client_golang", "12.4", "4,240", "4,180", "482", "kB",
		"The last 60 scrapes took", "every 5 s, at most 4 s", "running for 3 h · 2 restarts seen by redpoll")
	p.until(`document.querySelector(".detail a.link").href === "http://10.0.0.1/metrics"`)
	p.do(chromedp.NavigateBack())
	p.shows(".detail", "pool auth")
}

func TestTargetPanelTellsWhatWasMadeOfEveryFamily(t *testing.T) {
	up := target("shop", "10.0.0.1:80", "up", "", time.Now())
	up["recognised"] = []object{
		recognised("", "shop_latency", "native histogram", true, "path is taken from the label handler"),
		recognised("spring_boot", "http_server_requests_seconds", "summary", false, ""),
	}
	up["ignored"] = []object{{"family": "http_requests_total", "reason": "counts the same requests"}}
	p := open(t, serve(t, script{targets: []object{up}}).URL+"/targets?target=shop-10.0.0.1:80")
	p.shows(".recognised li:nth-child(1)", "20 endpoints from the native histogram shop_latency", "by guess", "path is taken from the label handler")
	p.shows(".recognised li:nth-child(2)", "from the summary http_server_requests_seconds by spring_boot")
	p.shows(".findings summary", "1 family ignored")
	p.until(`!document.querySelector(".findings details li").checkVisibility()`)
	p.click(".findings summary")
	p.shows(".findings details", "http_requests_total – counts the same requests")
	p.until(`document.querySelector(".findings details li").checkVisibility()`)
}

func TestTargetPanelShowsWhatRelabellingMade(t *testing.T) {
	relabelled := with(target("gateway", "example.com", "up", "", time.Now()), object{"labels": relabelledLabels, "discovered": discoveredLabels})
	p := open(t, serve(t, script{targets: []object{relabelled}}).URL+"/targets?target=gateway-example.com")
	p.shows(".labels .changed", "env", "changed", "prod-eu", "prod")
	p.shows(".labels .added", "instance", "added", "example.com")
	p.shows(".labels .removed", "tmp", "removed")
	p.shows(".labels .kept", "job", "gateway")
	p.shows(".labels .internal", "__address__", "10.0.4.3:9115")
}

func TestTargetInTheURLMayBeGone(t *testing.T) {
	p := open(t, serve(t, fewTargets()).URL+"/targets?target=gone")
	p.shows(".detail", "redpoll does not scrape this target now")
	p.click(".detail-head .icon-button")
	p.gone(".detail")
	p.until(`location.search === ""`)
}

func TestDroppedTargetsAreListedAsText(t *testing.T) {
	p := open(t, serve(t, fewTargets()).URL+"/targets")
	p.click(".row.dropped")
	p.shows(".detail", "5 targets left out", "keeps the labels of 2 of them: keep_dropped_targets")
	p.until(`!document.querySelector(".label-list").checkVisibility()`)
	p.click(".dropped-targets li:nth-child(2) summary")
	p.shows(".dropped-targets li:nth-child(2)", "10.0.0.8:80", "dropped by relabel_configs", "env", "<b>test</b>")
}

func TestCanaryExpositionIsTextToLookAt(t *testing.T) {
	sc := fewTargets()
	sc.exposition += `hostile{a="<img src=x onerror=alert(1)>"} 1` + "\n"
	s := serve(t, sc)
	p := open(t, s.URL+"/targets?target=shop-10.0.0.3:80")
	p.click(".target-actions .button")
	p.shows(".exposition", "http://10.0.0.3:80/metrics", "1,003 lines", "# TYPE http_requests_total counter")
	p.do(chromedp.Focus(chromedp.CSS(".exposition input")), chromedp.KeyEvent("IMG"))
	p.shows(".exposition", "1 of 1,003 lines", "1003", `hostile{a="<img src=x onerror=alert(1)>"} 1`)
	if eval[bool](p, `!!document.querySelector("img")`) {
		t.Error("what a target exposes became a part of the page")
	}
	eval[bool](p, `navigator.clipboard.writeText = text => (window.copied = text, Promise.resolve()), true`)
	p.click(".exposition .copy")
	p.shows(".exposition .copy", "Copied")
	if got, want := eval[string](p, `window.copied`), `hostile{a="<img src=x onerror=alert(1)>"} 1`; got != want {
		t.Errorf("copied %q, want %q", got, want)
	}
	p.press("Escape")
	p.gone(".exposition")
	p.visible(".detail") // the Escape was for the dialog
}

func TestExpositionThatFailsOrIsCutSaysSo(t *testing.T) {
	sc := fewTargets()
	sc.exposition = ""
	s := serve(t, sc)
	p := newTab(t)
	p.tolerateErrors("status of 502")
	p.navigate(s.URL + "/targets?exposition=1&target=shop-10.0.0.3:80")
	p.shows(".exposition", "It could not be fetched", "connection refused: nothing listens at the target")
	s.update(func(sc *script) { sc.exposition, sc.expositionLimit = exposed(500), 1000 })
	p.click(".exposition .detail-head .button")
	p.shows(".exposition", "redpoll shows the beginning only", "# HELP", "1.00 kB")
	p.do(chromedp.NavigateBack())
	p.until(`location.href === "about:blank"`)
}

func TestLargeExpositionsAreLaidOutWhereTheyAreSeen(t *testing.T) {
	sc := fewTargets()
	sc.exposition = exposed(40_000) // 4 MB
	p := open(t, serve(t, sc).URL+"/targets?exposition=1&target=shop-10.0.0.3:80")
	p.shows(".exposition", "80,002 lines")
	eval[bool](p, `document.querySelector(".exposition-text").scrollTo(0, 1e9), true`)
	p.until(`(e => e.scrollTop + e.clientHeight > e.scrollHeight - 2)(document.querySelector(".exposition-text"))`)
	if high := eval[int](p, `document.querySelector(".exposition-text > div").offsetHeight`); high != 80_002*18+12 {
		t.Errorf("80,002 lines of 18 px are %d px high", high)
	}
}

func TestAThousandTargetsCostNoMoreThanThoseInSight(t *testing.T) {
	sc := script{droppedCount: map[string]int{}}
	now := time.Now()
	for i := range 1000 {
		sc.targets = append(sc.targets, target(jobs[i%len(jobs)], fmt.Sprintf("10.0.%d.%d:8080", i/250, i%250), "up", "", now))
	}
	p := open(t, serve(t, sc).URL+"/targets")
	p.shows(".panel-head", "1,000 of 1,000 up")
	p.visible("#target-row-5")
	if n := eval[int](p, `document.querySelectorAll(".table-rows .row").length`); n > 40 {
		t.Errorf("%d rows are in the document", n)
	}
	p.do(chromedp.Focus(chromedp.CSS(".table")))
	p.press("End")
	p.visible("#target-row-1007")
}

func TestAdviceCanBeCopied(t *testing.T) {
	advised := with(target("shop", "10.0.0.1:80", "up", "", time.Now()), object{"advice": []object{noStatus, noHistogram}})
	s := serve(t, script{targets: []object{advised}})
	p := open(t, s.URL+"/targets")
	p.shows("#target-row-1", "20 endpoints from http_request_duration_seconds · 2 things to mend")
	p.click("#target-row-1")
	p.shows(".findings", "has no label with the status", "family: http_request_duration_seconds", "No histogram")

	eval[bool](p, `navigator.clipboard.writeText = text => (window.copied = text, Promise.resolve()), true`)
	p.do(chromedp.Focus(chromedp.CSS(".copyable .button")))
	p.do(chromedp.KeyEvent(kb.Enter))
	p.shows(".copyable .button", "Copied")
	if got := eval[string](p, `window.copied`); got != noStatus["yaml"] {
		t.Errorf("copied %q", got)
	}
}

// Pages by plain http on another machine have no clipboard.
func TestWithoutAClipboardAdviceIsSelected(t *testing.T) {
	advised := with(target("shop", "10.0.0.1:80", "up", "", time.Now()), object{"advice": []object{noStatus}})
	p := open(t, serve(t, script{targets: []object{advised}}).URL+"/targets?target=shop-10.0.0.1:80")
	p.visible(".copyable")
	eval[bool](p, `delete Navigator.prototype.clipboard && (document.execCommand = () => false, true)`)
	p.click(".copyable .button")
	p.shows(".copyable .button", "Press Ctrl C to copy")
	if got := eval[string](p, `getSelection().toString()`); got != noStatus["yaml"] {
		t.Errorf("selected %q", got)
	}
}

func TestTargetsHaveRoomForFingers(t *testing.T) {
	p := newTab(t)
	p.size(390, 844)
	p.navigate(serve(t, fewTargets()).URL + "/targets")
	p.click("#target-row-2")
	p.visible(".detail")
	p.until(`!document.querySelector(".list").checkVisibility()`)
	p.click(".target-actions .button")
	p.visible(".exposition pre")
	p.checkWidth()
	tooSmall := eval[[]string](p, `[...document.querySelectorAll("main button, .exposition button, .exposition input")]
		.filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 38).map(e => e.outerHTML)`)
	for _, element := range tooSmall {
		t.Errorf("too small for a finger: %s", element)
	}
}
