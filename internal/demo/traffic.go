package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// clients is how many requests the traffic has in flight at most. About
	// ten are, on average; the rest is for slow moments.
	clients = 64
	// patience is how long a client waits for an answer.
	patience = 10 * time.Second
	// products is how many ids the customers ask for.
	products = 500
)

// traffic is the shop's customers: requests with exponential gaps (a Poisson
// process), as independent visitors cause them, over keep-alive connections.
type traffic struct {
	base   string // URL of the shop without a final slash
	dice   *dice
	client *http.Client
	// unanswered counts requests that met a restart or the end of the shop,
	// dropped those for which no client was free.
	answered, unanswered, dropped atomic.Uint64
}

func newTraffic(address string, d *dice) *traffic {
	return &traffic{
		base: "http://" + address,
		dice: d,
		client: &http.Client{
			Timeout:   patience,
			Transport: &http.Transport{MaxIdleConnsPerHost: clients, MaxConnsPerHost: clients},
		},
	}
}

// run sends requests until ctx ends, and returns when all clients have gone.
func (t *traffic) run(ctx context.Context) {
	orders := make(chan *route)
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for r := range orders {
				t.visit(ctx, r)
			}
		})
	}
	t.arrive(ctx, orders)
	close(orders)
	wg.Wait()
	t.client.CloseIdleConnections()
}

// arrive hands out one route per arrival to whichever client is free, until
// ctx ends. The times of arrival are absolute, so that late wake-ups do not
// lower the rate; after a long pause (a machine asleep) it starts afresh
// instead of catching up in a burst.
func (t *traffic) arrive(ctx context.Context, orders chan<- *route) {
	const longPause = time.Second
	meanGap := float64(time.Second) / arrivalsPerSecond()
	next := time.Now()
	for {
		next = next.Add(time.Duration(meanGap * t.dice.exponential()))
		if late := time.Since(next); late > longPause {
			next = next.Add(late)
		}
		if !wait(ctx, time.Until(next)) {
			return
		}
		select {
		case orders <- pick(t.dice.uniform()):
		default:
			t.dropped.Add(1)
		}
	}
}

// visit sends one request and reads the answer.
func (t *traffic) visit(ctx context.Context, r *route) {
	id := strconv.Itoa(1 + int(t.dice.uniform()*products))
	if err := t.request(ctx, r.method, strings.ReplaceAll(r.path, "{id}", id)); err != nil {
		t.unanswered.Add(1)
		return
	}
	t.answered.Add(1)
}

// request sends a request and reads the whole answer, so that the connection
// can be used again.
func (t *traffic) request(ctx context.Context, method, path string) error {
	req, err := http.NewRequestWithContext(ctx, method, t.base+path, nil)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	resp, err := t.client.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if closeErr := resp.Body.Close(); err == nil {
		err = closeErr
	}
	return err
}

// arrivalsPerSecond is the mean number of requests per second over all routes.
func arrivalsPerSecond() float64 {
	var sum float64
	for _, r := range routes {
		sum += r.perSecond
	}
	return sum
}

// pick finds the route for a draw from [0, 1), each as often as its share of
// the arrivals.
func pick(draw float64) *route {
	left := draw * arrivalsPerSecond()
	for i := range routes {
		if left < routes[i].perSecond {
			return &routes[i]
		}
		left -= routes[i].perSecond
	}
	return &routes[len(routes)-1] // rounding, for draws next to 1
}

// wait reports whether d passed before ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
