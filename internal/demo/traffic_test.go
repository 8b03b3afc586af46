package demo

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestFastPickFollowsTheSharesOfTheRoutes(t *testing.T) {
	const draws = 100_000
	picked := map[*route]int{}
	for i := range draws {
		picked[pick(float64(i)/draws)]++
	}
	for i := range routes {
		r := &routes[i]
		want := r.perSecond / arrivalsPerSecond()
		if got := float64(picked[r]) / draws; got < want-0.001 || got > want+0.001 {
			t.Errorf("%s %s: share %.4f, want %.4f", r.method, r.path, got, want)
		}
	}
}

func TestFastTheTrafficIsModest(t *testing.T) {
	if n := arrivalsPerSecond(); n < 150 || n > 300 {
		t.Errorf("%v requests/s, want 150 to 300", n)
	}
	if len(routes) < 20 {
		t.Errorf("%d routes, want about 20", len(routes))
	}
}

func TestTrafficFillsInIdsAndCountsAnswers(t *testing.T) {
	paths := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		paths <- r.Method + " " + r.URL.Path
	}))
	defer server.Close()
	traffic := newTraffic(strings.TrimPrefix(server.URL, "http://"), newDice(1))
	defer traffic.client.CloseIdleConnections()

	traffic.visit(t.Context(), &route{method: "PUT", path: "/cart/items/{id}"})

	if got := <-paths; !strings.HasPrefix(got, "PUT /cart/items/") || strings.Contains(got, "{") {
		t.Errorf("the request was %q", got)
	}
	if answered, unanswered := traffic.answered.Load(), traffic.unanswered.Load(); answered != 1 || unanswered != 0 {
		t.Errorf("%d answered and %d unanswered, want 1 and 0", answered, unanswered)
	}
}

func TestTrafficDropsWhatExceedsItsClients(t *testing.T) {
	arrived := make(chan struct{}, 10*clients)
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(release)
	traffic := newTraffic(strings.TrimPrefix(server.URL, "http://"), newDice(1))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		traffic.run(ctx)
		close(ended)
	}()

	for range clients {
		<-arrived
	}
	for traffic.dropped.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	if len(arrived) > 0 {
		t.Errorf("more than %d requests were in flight", clients)
	}
	cancel()
	<-ended
}
