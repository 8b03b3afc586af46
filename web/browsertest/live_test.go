package browsertest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func TestCanaryAlertsAppearAndLeaveWS(t *testing.T) {
	sc := shop()
	sc.targets[1]["health"] = "up"
	s := serve(t, sc)
	p := open(t, s.URL)
	p.shows(".firing", "Nothing is firing")
	fire := alert("018f0000-0000-7000-8000-000000000001", &sc.endpoints[3], "p95", "critical", 8, 5, time.Now())
	s.update(nil, fire)
	p.shows(".firing", "p95 latency 8.00 ms", "limit 5.00 ms", "GET", "/session", "Critical", "auth")
	p.shows(".tabs .badge", "1")
	p.until(`document.title.startsWith("(1) ")`)
	p.shows("#row-0", "Crit", "/carts/{id}")
	p.shows("#row-1", "Crit", "/session") // redpoll's alert colours the row, too

	s.update(nil, with(fire, object{"state": "resolved", "resolvedAt": time.Now().UnixMilli()}))
	p.shows(".firing", "Nothing is firing")
	p.gone(".badge")
}

func TestDismissedAlertsStayDismissedUntilTheyFireAgainWS(t *testing.T) {
	sc := shop()
	fire := alert("a1", &sc.endpoints[2], "p95", "critical", 1240, 500, time.UnixMilli(1_763_900_000_000))
	sc.alerts = []object{fire}
	s := serve(t, sc)
	p := open(t, s.URL)
	p.click(".firing .icon-button")
	p.shows(".firing", "1 firing alert is dismissed in this browser", "1 more")
	p.do(chromedp.Reload())
	p.shows(".firing", "1 firing alert is dismissed in this browser")
	if text := p.texts(".firing")[0]; strings.Contains(text, "Nothing is firing") {
		t.Errorf("something fires: %s", text)
	}

	p.click(".firing .caveat")
	p.shows(".alerts-page", "dismissed in this browser")
	p.click(`[aria-label^="Show again"]`)
	p.visible(`[aria-label^="Dismiss"]`)
	p.click(`[aria-label^="Dismiss"]`)
	s.update(nil, with(fire, object{"since": time.Now().UnixMilli()}))
	p.shows(".tabs .badge", "1")
}

func TestDismissedAlertsThatGetWorseShowAgainWS(t *testing.T) {
	sc := shop()
	fire := alert("a1", &sc.endpoints[2], "p95", "warning", 300, 250, time.Now())
	sc.alerts = []object{fire}
	s := serve(t, sc)
	p := open(t, s.URL)
	p.click(".firing .icon-button")
	p.gone(".badge")
	s.update(nil, with(fire, object{"severity": "critical", "value": 900}))
	p.shows(".tabs .badge", "1")
	p.shows(".firing .alert.crit", "p95 latency")
}

func TestInformationIsNeitherAllWellNorAlarmWS(t *testing.T) {
	sc := shop()
	inform := alert("a1", &sc.endpoints[2], "p95", "info", 12, 5, time.Now())
	sc.alerts = []object{inform}
	s := serve(t, sc)
	p := open(t, s.URL)
	p.shows(".firing .alert.info", "Info")
	p.shows(".tabs .badge.info", "1")
	s.update(nil, alert("a2", &sc.endpoints[2], "p95", "warning", 12, 5, time.Now()))
	p.shows(".tabs .badge.warn", "2")
}

func TestSilenceOfTheDeadIsNoGoodNewsWS(t *testing.T) {
	now := time.Now()
	sc := shop()
	fire := alert("a1", &sc.endpoints[2], "p95", "critical", 1240, 500, now)
	sc.alerts = []object{fire}
	sc.targets = []object{target("shop", "10.0.0.1:80", "up", "", now), target("auth", "10.0.0.2:80", "up", "", now)}
	s := serve(t, sc)
	p := open(t, s.URL)
	p.shows(".firing", "p95 latency")
	s.update(func(sc *script) { sc.targets[0]["health"] = "down" }, with(fire, object{"state": "unknown", "noData": "target down"}))
	p.shows(".firing", "1 of 2 targets is down: nothing can be judged there", "1 alert is unknown: no data to judge by")
	p.shows(".tabs .badge", "1")
	p.gone(".firing .status.ok")
	p.click(".firing .caveat")
	p.shows(".targets", "Down")
	p.click(`.tabs a[href$="/alerts"]`)
	p.click(`[aria-label^="Dismiss"]`)
	p.gone(".badge")
}

func TestAlertsPageTellsWhatIsAndWhatWas(t *testing.T) {
	now := time.Now()
	sc := shop()
	e := &sc.endpoints[2]
	sc.alerts = []object{
		alert("a", e, "p95", "critical", 1240, 500, now),
		with(alert("b", e, "error_rate", "warning", 6, 1, now), object{"state": "pending", "firedAt": nil}),
		with(alert("c", e, "p99", "warning", 6, 1, now), object{"state": "unknown", "noData": "target down"}),
	}
	sc.past = []object{with(alert("d", e, "p50", "warning", 300, 200, now.Add(-10*time.Minute)),
		object{"state": "resolved", "firedAt": now.Add(-8 * time.Minute).UnixMilli(), "resolvedAt": now.Add(-3 * time.Minute).UnixMilli()})}
	p := open(t, serve(t, sc).URL+"/alerts")
	p.shows(".alert-section:nth-of-type(4)", "Resolved", "p50 latency 300 ms at worst", "limit 200 ms", "(7 min)")
	p.shows(".alert-section:nth-of-type(1)", "Firing", "p95 latency 1.24 s", "PUT /carts/{id} is over its limit")
	p.shows(".alert-section:nth-of-type(2)", "Pending", "Error rate 6.38 %")
	p.shows(".alert-section:nth-of-type(3)", "Unknown", "target down")
	p.click(".alert-section:nth-of-type(4) .alert-body")
	p.shows(".detail h2", "/carts/{id}")
}

func TestCanaryLostConnectionIsToldAndMendedWS(t *testing.T) {
	s := serve(t, shop())
	p := newTab(t)
	p.tolerateErrors(`WebSocket`)
	p.navigate(s.URL)
	p.shows(".pill", "Live")
	s.refuse(true)
	s.drop()
	p.shows(".pill", "Offline")
	p.shows(".banner", "Connection lost.", "Showing data from", "ago", "attempt 1")
	p.visible(".app.stale")
	p.shows(".banner", "attempt 2") // it tries by itself
	p.shows("#row-0", "/carts/{id}")

	s.refuse(false)
	p.click(".banner .button")
	p.gone(".banner")
	p.shows(".pill", "Live")
	s.update(func(sc *script) { sc.endpoints[2].p95 = 2222 })
	p.shows("#row-0", "2.22")
}

func TestConnectionComesBackByItselfWS(t *testing.T) {
	s := serve(t, shop())
	p := newTab(t)
	p.tolerateErrors(`WebSocket`)
	p.navigate(s.URL)
	p.shows(".pill", "Live")
	s.drop()
	p.visible(".banner")
	p.gone(".banner")
	p.shows(".pill", "Live")
}

func TestPagesNeverOpenedBeforeAreThereWhileCutOffWS(t *testing.T) {
	s := serve(t, shop())
	p := newTab(t)
	p.tolerateErrors(`WebSocket|REFUSED`)
	p.navigate(s.URL)
	p.shows(".pill", "Live")
	p.until(`performance.getEntriesByType("resource").filter(entry => /assets.(detail|pages)-.*js$/.test(entry.name)).length === 2`)
	s.drop()
	s.Close()
	p.shows(".pill", "Offline")
	p.click(`.tabs a[href$="/alerts"]`)
	p.shows(".alerts-page", "Nothing is firing.")
}

// Whether by fetching it again or, where the browser would not, by a reload.
func TestPartsThatCouldNotBeFetchedAreTriedAgainWS(t *testing.T) {
	s := serve(t, shop())
	s.withhold("/assets/pages-")
	p := newTab(t)
	p.tolerateErrors(`WebSocket|503`)
	p.navigate(s.URL + "/alerts")
	p.shows(".main", "This part of the page could not be loaded")
	s.withhold("")
	s.drop()
	p.shows(".alerts-page", "Nothing is firing.")
}

func TestLostMessagesLeadToASnapshotWS(t *testing.T) {
	sc := shop()
	sc.alerts = []object{alert("a1", &sc.endpoints[2], "p95", "critical", 1240, 500, time.Now())}
	s := serve(t, sc)
	p := open(t, s.URL)
	p.shows(".tabs .badge", "1")
	s.lose()
	s.update(func(sc *script) { sc.alerts = []object{} })
	select {
	case sent := <-s.subscribe:
		if sent["type"] != "subscribe" {
			t.Errorf("the page sent %v", sent)
		}
	case <-p.ctx.Done():
		t.Fatal("the page did not ask for a snapshot")
	}
	p.gone(".badge")
}

func TestServerComplaintsAreShownWS(t *testing.T) {
	s := serve(t, shop())
	p := open(t, s.URL)
	p.shows(".pill", "Live")
	s.complain("history is not being written: disk full")
	p.shows(".notice[role=alert]", "disk full")
	p.click(".notice .icon-button")
	p.gone(".notice")
}

func TestThresholdsArePersonalAndKept(t *testing.T) {
	p := open(t, serve(t, shop()).URL)
	p.shows(".side .panel:last-child .panel-head", "Row colours", "this browser only; alerts follow the server's rules")
	p.shows("#row-3", "OK")
	p.do(chromedp.Focus(chromedp.CSS("#limit-p95Warn")), chromedp.KeyEvent(kb.Home))
	p.shows("#row-0", "Crit")
	p.until(`[...document.querySelectorAll(".table-rows .row")].filter(row => row.innerText.includes("Warn")).length === 3`)
	p.do(chromedp.Reload())
	p.until(`document.querySelector("#limit-p95Warn")?.value === "0"`)

	p.do(chromedp.SetValue(chromedp.CSS(".slider:nth-child(2) [type=number]"), "2000"))
	eval[bool](p, `document.querySelector(".slider:nth-child(2) [type=number]").dispatchEvent(new Event("change", {bubbles: true}))`)
	p.until(`JSON.parse(localStorage["redpoll.thresholds"]).p95Crit === 2000`)
	p.click(".panel-head .link")
	p.until(`document.querySelector(".slider:nth-child(1) [type=number]").value === "250"`)
	p.gone(".panel-head .link")
}

func TestForeignContentInStorageIsTolerated(t *testing.T) {
	s := serve(t, shop())
	p := open(t, s.URL)
	p.visible("#row-0")
	for _, garbage := range []string{`{`, `null`, `[]`, `{"p95Warn":"<b>"}`, `1e999`, `"dark; DROP TABLE"`} {
		eval[bool](p, fmt.Sprintf(`["thresholds", "dismissed", "theme", "zone"].every(name => (localStorage["redpoll." + name] = %s, true))`, quote(garbage)))
		p.do(chromedp.Reload())
		p.shows("#row-0", "Crit")
		p.until(`document.querySelector(".slider:nth-child(1) [type=number]").value === "250"`)
	}
}

func TestThemeAndZoneAreKept(t *testing.T) {
	p := newTab(t)
	p.scheme("light")
	p.navigate(serve(t, shop()).URL)
	p.click(`[title="Dark"]`)
	p.until(`getComputedStyle(document.body).backgroundColor === "rgb(13, 16, 20)"`)
	p.click(`[title^="Universal"]`)
	p.do(chromedp.Reload())
	p.until(`getComputedStyle(document.body).backgroundColor === "rgb(13, 16, 20)"`)
	p.until(`document.querySelector('[title^="Universal"]').ariaPressed === "true"`)
}
