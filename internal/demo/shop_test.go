package demo

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// startShop opens a shop that is closed when the test ends.
func startShop(t *testing.T, o Options) *Shop {
	t.Helper()
	shop, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := shop.Close(); err != nil {
			t.Error(err)
		}
	})
	return shop
}

// scrape reads the shop's exposition once.
func scrape(ctx context.Context, address string) (map[string]*dto.MetricFamily, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(bytes.NewReader(body))
}

func mustScrape(t *testing.T, shop *Shop) map[string]*dto.MetricFamily {
	t.Helper()
	families, err := scrape(t.Context(), shop.Address())
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// requests sums the requests of an endpoint over all status codes that begin
// with prefix.
func requests(families map[string]*dto.MetricFamily, method, path, prefix string) (n uint64) {
	for _, m := range families["http_request_duration_seconds"].GetMetric() {
		labels := map[string]string{}
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		if labels["method"] == method && labels["route"] == path && strings.HasPrefix(labels["code"], prefix) {
			n += m.GetHistogram().GetSampleCount()
		}
	}
	return n
}

func processStart(families map[string]*dto.MetricFamily) float64 {
	return families["process_start_time_seconds"].GetMetric()[0].GetGauge().GetValue()
}

func TestCanaryShopMetricsNameEveryRouteAndCountTraffic(t *testing.T) {
	before := time.Now()
	shop := startShop(t, Options{Seed: 1})

	families := mustScrape(t, shop)
	known := map[string]bool{}
	for _, m := range families["http_request_duration_seconds"].GetMetric() {
		var method, path string
		for _, l := range m.GetLabel() {
			switch l.GetName() {
			case "method":
				method = l.GetValue()
			case "route":
				path = l.GetValue()
			}
		}
		known[method+" "+path] = true
	}
	for _, r := range routes {
		if !known[r.method+" "+r.path] {
			t.Errorf("%s %s is missing from the exposition", r.method, r.path)
		}
	}
	started := time.UnixMilli(int64(processStart(families) * 1000))
	if started.Before(before.Truncate(time.Second)) || started.After(time.Now()) {
		t.Errorf("process_start_time_seconds says %v, the shop started after %v", started, before)
	}
	for requests(mustScrape(t, shop), "GET", "/products/{id}", "2") < 5 {
		time.Sleep(10 * time.Millisecond)
	}
}

func TestCanaryErrorBurstShowsAsServerErrors(t *testing.T) {
	burst := schedule[0]
	shop := startShop(t, Options{Seed: 1, Offset: burst.Begin})

	const visits, parallel = 400, 40
	var wg sync.WaitGroup
	for range parallel {
		wg.Go(func() {
			for range visits / parallel {
				shop.traffic.visit(t.Context(), &route{method: burst.Method, path: burst.Route})
			}
		})
	}
	wg.Wait()

	families := mustScrape(t, shop)
	all := requests(families, burst.Method, burst.Route, "")
	failed := requests(families, burst.Method, burst.Route, "5")
	// Five standard deviations of 400 draws with probability 0.25.
	if share := float64(failed) / float64(all); share < 0.14 || share > 0.36 || all < visits {
		t.Errorf("%d of %d checkouts failed, want about a quarter", failed, all)
	}
	for _, r := range routes {
		if n := requests(families, r.method, r.path, "5"); n > 0 && r.path != burst.Route {
			t.Errorf("%s %s failed %d times without an incident", r.method, r.path, n)
		}
	}
}

func TestRestartResetsCountersAtTheSameAddress(t *testing.T) {
	restart := schedule[len(schedule)-1]
	const pace = 10
	shop := startShop(t, Options{Seed: 1, Speed: pace, Offset: restart.Begin - 2*pace*time.Second})

	// Two seconds of traffic are left before the restart; then no answer
	// comes; then counters are lower than they were.
	var before map[string]*dto.MetricFamily
	for {
		families, err := scrape(t.Context(), shop.Address())
		if err != nil {
			break
		}
		before = families
		time.Sleep(5 * time.Millisecond)
	}
	if before == nil {
		t.Fatal("the shop was away before it could be scraped")
	}
	var after map[string]*dto.MetricFamily
	for after == nil {
		var err error
		if after, err = scrape(t.Context(), shop.Address()); err != nil {
			time.Sleep(5 * time.Millisecond)
		}
	}
	was, is := requests(before, "GET", "/products/{id}", ""), requests(after, "GET", "/products/{id}", "")
	if is >= was {
		t.Errorf("the counter went from %d to %d, want it to begin at zero", was, is)
	}
	if was, is := version(before), version(after); was != "1.4.1" || is != "1.4.2" {
		t.Errorf("the version went from %q to %q", was, is)
	}
	if processStart(after) <= processStart(before) {
		t.Errorf("process_start_time_seconds went from %v to %v", processStart(before), processStart(after))
	}
	for requests(mustScrape(t, shop), "GET", "/products/{id}", "2") <= is {
		time.Sleep(10 * time.Millisecond)
	}
}

func TestIncidentsAreLoggedAsTheyBeginAndEnd(t *testing.T) {
	lines := make(logLines, 100)
	burst := schedule[0]
	startShop(t, Options{
		Logger: slog.New(slog.NewTextHandler(lines, nil)),
		Speed:  1000,
		Offset: burst.Begin - 10*time.Second,
	})
	for _, want := range []string{"incident: " + burst.Story, "incident over: " + burst.Story} {
		if got := <-lines; !strings.Contains(got, want) || !strings.Contains(got, `endpoint="POST /checkout"`) {
			t.Errorf("the log says %q, want %q", got, want)
		}
	}
}

func version(families map[string]*dto.MetricFamily) string {
	return families["shop_build_info"].GetMetric()[0].GetLabel()[0].GetValue()
}

// logLines receives each line of a log.
type logLines chan string

func (l logLines) Write(p []byte) (int, error) {
	select {
	case l <- string(p):
	default: // the test has seen enough
	}
	return len(p), nil
}

func TestShopStartedDuringItsRestartComesBack(t *testing.T) {
	restart := schedule[len(schedule)-1]
	shop := startShop(t, Options{Speed: 10, Offset: restart.Begin + restart.Length/2})
	for {
		if _, err := scrape(t.Context(), shop.Address()); err == nil && shop.elapsed() > restart.Begin+restart.Length {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestCloseIsFinalAndMayBeRepeated(t *testing.T) {
	shop, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := shop.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := scrape(t.Context(), shop.Address()); err == nil {
		t.Error("the shop answers after Close")
	}
}

func TestShopRefusesAddressesBeyondLoopbackAndTakenOnes(t *testing.T) {
	if shop, err := Start(t.Context(), Options{Address: "0.0.0.0:0"}); err == nil {
		t.Errorf("the shop opened at %s", shop.Address())
	}
	first := startShop(t, Options{})
	if _, err := Start(t.Context(), Options{Address: first.Address()}); err == nil {
		t.Error("two shops opened at one address")
	}
}
