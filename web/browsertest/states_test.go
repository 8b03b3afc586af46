package browsertest

import (
	"strings"
	"testing"
	"time"
)

func TestWithoutTargetsThePageSaysWhatToDo(t *testing.T) {
	s := serve(t, script{})
	p := open(t, s.URL)
	p.shows(".empty", "No targets yet", "scrape_configs:", "127.0.0.1:8080")
	p.click(`.tabs a[href$="/targets"]`)
	p.shows(".empty", "No targets yet")
}

func TestWithoutEndpointsThePageSaysWhyNot(t *testing.T) {
	now := time.Now()
	s := serve(t, script{targets: []object{target("shop", "localhost:1", "up", "", now)}})
	p := open(t, s.URL)
	p.shows(".empty", "No endpoint recognised yet")
	p.click(".empty .button")
	p.shows(".targets", "shop", "Up")

	s.update(func(sc *script) { sc.targets[0] = target("shop", "localhost:1", "down", "connection refused", now) })
	p.click(`.tabs a[href$="/"]`)
	p.shows(".empty", "No target has answered yet")
}

func TestBeforeTheFirstFiguresThePageSaysSo(t *testing.T) {
	s := serve(t, shop())
	s.refuse(true)
	p := newTab(t)
	p.tolerateErrors(`WebSocket`)
	p.navigate(s.URL)
	p.shows(".main", "Waiting for the first figures")
	p.shows(".banner", "No data received yet.")
	s.refuse(false)
	p.visible(".table-rows .row")
}

func TestTargetsNotYetScrapedAreNoAlarmWS(t *testing.T) {
	now := time.Now()
	sc := shop()
	endpoints := sc.endpoints
	sc.endpoints = nil
	sc.targets = []object{target("shop", "10.0.0.1:80", "unknown", "", now), target("auth", "10.0.0.2:80", "unknown", "", now)}
	s := serve(t, sc)
	p := open(t, s.URL)
	p.shows(".main", "Waiting for the first figures")

	s.update(func(sc *script) { sc.targets[0]["health"], sc.endpoints = "up", endpoints })
	p.shows(".kpi:last-child .kpi-note.none", "1 waiting")
	s.update(func(sc *script) { sc.targets[1]["health"] = "down" })
	p.shows(".kpi:last-child .kpi-note.crit", "1 down")
}

func TestAlertsPageTellsOfBucketsThatAreTooCoarse(t *testing.T) {
	sc := shop()
	sc.rules = []object{rule("slow", noBucket), rule("fine"), rule("very-slow", noBucket)}
	sc.alerts = []object{
		alert("a1", &sc.endpoints[2], "p95", "critical", 1240, 1100, time.Now()),
		alert("a2", &sc.endpoints[1], "p95", "warning", 300, 250, time.Now()),
	}
	p := open(t, serve(t, sc).URL+"/alerts")
	p.shows(".alert.crit .alert-why", "the limit is inside a bucket: 1–2.5 s")
	if got := p.texts(".alert.warn .alert-why")[0]; strings.Contains(got, "bucket") {
		t.Errorf("a limit at a bucket's bound is no doubt: %q", got)
	}
	p.shows(".rule-advice summary", "The buckets are too coarse for 2 rules")
	p.click(".rule-advice summary")
	p.shows(".rule-advice", "slow, very-slow", "Add 0.25 to the application's buckets", "buckets: [0.005")
	if got := p.texts(".rule-advice section"); len(got) != 1 {
		t.Errorf("the same advice is given more than once: %q", got)
	}
}

func TestLowWindowsHaveRoomForAlerts(t *testing.T) {
	sc := shop()
	sc.alerts = []object{alert("a1", &sc.endpoints[2], "p95", "critical", 1240, 500, time.Now())}
	p := newTab(t)
	p.size(844, 390)
	p.navigate(serve(t, sc).URL)
	p.shows(".firing", "p95 latency")
	p.until(`document.querySelector(".firing").offsetHeight >= 160`)
	p.until(`document.querySelector("#row-0 .path").scrollWidth <= document.querySelector("#row-0 .path").clientWidth`)
	p.until(`document.querySelector(".side").scrollHeight > document.querySelector(".side").clientHeight`)
}

func TestPhoneShowsOneThingAtATime(t *testing.T) {
	p := newTab(t)
	p.size(390, 844)
	p.navigate(serve(t, shop()).URL)
	p.visible(".bottom-tabs")
	p.click("#row-0")
	p.visible(".plot canvas")
	p.until(`!document.querySelector(".list").checkVisibility()`)
	p.click(".detail-head .icon-button")
	p.until(`document.querySelector(".list").checkVisibility()`)
	if small := p.texts(`button`); len(small) == 0 {
		t.Fatal("no buttons")
	}
	tooSmall := eval[[]string](p, `[...document.querySelectorAll("main button, .bottom-tabs a")]
		.filter(e => e.checkVisibility() && !e.closest(".head") && e.getBoundingClientRect().height < 40).map(e => e.outerHTML)`)
	for _, element := range tooSmall {
		t.Errorf("less than 40 px for a finger: %s", element)
	}
}
