package browsertest

import (
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
	p.shows("table", "shop")

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

func TestTargetsPageTellsWhatIsWrong(t *testing.T) {
	now := time.Now()
	up := target("shop", "10.0.0.1:80", "up", "", now)
	up["skipped"], up["skippedReason"] = 3, "le is no number"
	up["advice"] = []object{{"text": "map its metrics under endpoints", "yaml": ""}}
	s := serve(t, script{targets: []object{up, target("auth", "10.0.0.2:80", "down", "connection refused", now)}})
	p := open(t, s.URL+"/targets")
	p.shows("tbody tr:nth-child(1)", "Down", "auth", "connection refused")
	p.shows("tbody tr:nth-child(2)", "Up", "shop", "3 samples skipped: le is no number", "map its metrics",
		"20 endpoints", "client_golang", "http_request_duration_seconds", "12.4", "4,240", "482", "kB")
	p.shows(".panel-head", "1 of 2 up")
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
