package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is the one Chromium of all tests; each has its own tab, and its own
// origin by its server's port.
var browser context.Context

func TestMain(m *testing.M) { os.Exit(withBrowser(m.Run)) }

func withBrowser(run func() int) int {
	if os.Getenv("REDPOLL_SKIP_BROWSER") == "1" {
		fmt.Println("REDPOLL_SKIP_BROWSER=1: the dashboard is not tried in a browser")
		return 0
	}
	chromium := findChromium()
	if chromium == "" {
		fmt.Fprintln(os.Stderr, "browsertest: Chromium is missing. Install it (apt-get install chromium), or name one in REDPOLL_CHROMIUM,\n"+
			"or set REDPOLL_SKIP_BROWSER=1 to do without these tests.")
		return 1
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancel()
	ctx, stop := chromedp.NewContext(allocator)
	defer stop()
	if err := chromedp.Do(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "browsertest: start Chromium:", err)
		return 1
	}
	browser = ctx
	return run()
}

func findChromium() string {
	for _, name := range []string{os.Getenv("REDPOLL_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	return ""
}

// tab is a page of the browser. Whatever it reports as an error fails the
// test, violations of the security policy included.
type tab struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex
	tolerate *regexp.Regexp
}

const patience = 20 * time.Second

func open(t testing.TB, url string) *tab {
	t.Helper()
	p := newTab(t)
	p.navigate(url)
	return p
}

func newTab(t testing.TB) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	ctx, stop := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(func() { stop(); cancel() })
	p := &tab{t: t, ctx: ctx}
	p.do(chromedp.Navigate("about:blank"))
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		t.Fatal(err)
	}
	p.size(1440, 900)
	return p
}

// tolerateErrors lets through what a test provokes.
func (p *tab) tolerateErrors(pattern string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tolerate = regexp.MustCompile(pattern)
}

func (p *tab) hear(event any) {
	var text string
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text = e.ExceptionDetails.Text
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			text += " " + thrown.Description
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			text = fmt.Sprintf("console: %v", e.Args)
		}
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelError {
			text = e.Entry.Text + " " + e.Entry.URL
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if text != "" && (p.tolerate == nil || !p.tolerate.MatchString(text)) {
		p.t.Errorf("the page reports: %s", text)
	}
}

func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

func (p *tab) navigate(url string) {
	p.t.Helper()
	p.do(chromedp.Navigate(url))
}

func (p *tab) click(selector string) {
	p.t.Helper()
	p.visible(selector)
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

func (p *tab) visible(selector string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`!!document.querySelector(%s)?.checkVisibility()`, quote(selector)))
}

func (p *tab) gone(selector string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`!document.querySelector(%s)`, quote(selector)))
}

// shows waits until the element's text contains all of these.
func (p *tab) shows(selector string, texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		p.until(fmt.Sprintf(`document.querySelector(%s)?.innerText.includes(%s)`, quote(selector), quote(text)))
	}
}

// until waits for a JavaScript expression to be true.
func (p *tab) until(expression string) {
	p.t.Helper()
	poll := chromedp.Poll[chromedp.Void]("!!("+expression+")",
		chromedp.WithPollingInterval(30*time.Millisecond), chromedp.WithPollingTimeout(patience))
	_, err := chromedp.Run(p.ctx, poll)
	for deadline := time.Now().Add(patience); isBetweenPages(err) && time.Now().Before(deadline); {
		_, err = chromedp.Run(p.ctx, poll)
	}
	if err != nil {
		page := eval[string](p, `location.href + "\n" + document.body.innerText.slice(0, 600)`)
		p.t.Fatalf("never true: %s: %v\n%s", expression, err, page)
	}
}

// isBetweenPages reports an expression that was asked of a page which a
// navigation replaced at that moment.
func isBetweenPages(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "Cannot find context") ||
		strings.Contains(err.Error(), "navigated or closed"))
}

func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// texts are the texts of all elements that match.
func (p *tab) texts(selector string) []string {
	p.t.Helper()
	return eval[[]string](p, fmt.Sprintf(`[...document.querySelectorAll(%s)].map(e => e.innerText.trim())`, quote(selector)))
}

// paths are the endpoints in the table, from top to bottom.
func (p *tab) paths() []string {
	p.t.Helper()
	return eval[[]string](p, `[...document.querySelectorAll(".table-rows .row")]
		.sort((a, b) => a.getAttribute("aria-rowindex") - b.getAttribute("aria-rowindex"))
		.map(row => row.querySelector(".path").innerText)`)
}

// press sends a key as a keyboard does: chromedp.KeyEvent adds an event for
// the character that preventDefault cannot stop.
func (p *tab) press(key string) {
	p.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		params := input.DispatchKeyEventParams{Type: kind, Key: key, WindowsVirtualKeyCode: virtualKeys[key]}
		_, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, params)
		if err != nil {
			p.t.Fatal(err)
		}
	}
}

// virtualKeys are the codes of keys by which the browser itself acts.
var virtualKeys = map[string]int64{"Escape": 27}

func (p *tab) mouse(kind input.DispatchMouseEventType, x, y float64, button input.MouseButton) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: button, ClickCount: 1})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *tab) size(width, height int64) {
	p.t.Helper()
	phone := width < 720
	_, err := chromedp.Call(p.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 1, Mobile: phone,
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// scheme sets what the system prefers: light or dark.
func (p *tab) scheme(name string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has JSON
	}
	return strings.ReplaceAll(string(b), "\u2028", `\u2028`)
}
