package demo

import (
	"math"
	"net/http"
	"time"
)

// route is one endpoint of the shop: how it usually behaves and how much of
// the traffic it gets.
//
// A healthy route never answers 5xx: at ten requests in an interval a single
// one would be an error rate of 10 %, and the shop would look broken at rest.
type route struct {
	method string
	path   string // http.ServeMux's pattern, which is also the label `route`
	// Durations are log-normal: median × e^(spread × N(0,1)).
	median time.Duration
	spread float64
	// perSecond is the mean number of requests that the traffic sends.
	perSecond float64
	// rejected is the share of requests that end in rejection, a 4xx that is
	// the customer's doing and no fault of the shop.
	rejected  float64
	rejection int
}

// longest bounds a single answer, so that the tail of the distribution under
// an incident's slowdown cannot hold a client for minutes.
const longest = 8 * time.Second

var routes = []route{
	{method: "GET", path: "/products", median: 18 * time.Millisecond, spread: 0.40, perSecond: 20},
	{method: "GET", path: "/products/{id}", median: 9 * time.Millisecond, spread: 0.45, perSecond: 32, rejected: 0.01, rejection: http.StatusNotFound},
	{method: "GET", path: "/products/{id}/reviews", median: 22 * time.Millisecond, spread: 0.40, perSecond: 9},
	{method: "POST", path: "/products/{id}/reviews", median: 30 * time.Millisecond, spread: 0.30, perSecond: 3, rejected: 0.02, rejection: http.StatusUnprocessableEntity},
	{method: "GET", path: "/products/{id}/availability", median: 4 * time.Millisecond, spread: 0.35, perSecond: 14},
	{method: "GET", path: "/categories", median: 5 * time.Millisecond, spread: 0.35, perSecond: 8},
	{method: "GET", path: "/categories/{id}", median: 15 * time.Millisecond, spread: 0.40, perSecond: 10},
	{method: "GET", path: "/search", median: 45 * time.Millisecond, spread: 0.40, perSecond: 16},
	{method: "GET", path: "/search/suggestions", median: 7 * time.Millisecond, spread: 0.35, perSecond: 18},
	{method: "GET", path: "/recommendations", median: 60 * time.Millisecond, spread: 0.35, perSecond: 10},
	{method: "GET", path: "/cart", median: 6 * time.Millisecond, spread: 0.35, perSecond: 12},
	{method: "POST", path: "/cart/items", median: 14 * time.Millisecond, spread: 0.40, perSecond: 8, rejected: 0.01, rejection: http.StatusConflict},
	{method: "PUT", path: "/cart/items/{id}", median: 12 * time.Millisecond, spread: 0.35, perSecond: 4},
	{method: "DELETE", path: "/cart/items/{id}", median: 10 * time.Millisecond, spread: 0.35, perSecond: 3},
	{method: "POST", path: "/checkout", median: 85 * time.Millisecond, spread: 0.35, perSecond: 6},
	{method: "POST", path: "/payments", median: 90 * time.Millisecond, spread: 0.30, perSecond: 5, rejected: 0.03, rejection: http.StatusPaymentRequired},
	{method: "GET", path: "/shipping/quotes", median: 80 * time.Millisecond, spread: 0.30, perSecond: 4},
	{method: "GET", path: "/orders", median: 28 * time.Millisecond, spread: 0.40, perSecond: 4},
	{method: "GET", path: "/orders/{id}", median: 16 * time.Millisecond, spread: 0.40, perSecond: 5, rejected: 0.01, rejection: http.StatusNotFound},
	{method: "POST", path: "/login", median: 70 * time.Millisecond, spread: 0.25, perSecond: 4, rejected: 0.05, rejection: http.StatusUnauthorized},
	{method: "GET", path: "/account", median: 8 * time.Millisecond, spread: 0.35, perSecond: 5},
	{method: "GET", path: "/banners", median: 2 * time.Millisecond, spread: 0.30, perSecond: 8},
}

// outcome decides how one request to the route ends: after how long and with
// which status. effect is what the incidents do to the route at that moment.
func (r *route) outcome(d *dice, e effect) (time.Duration, int) {
	status := http.StatusOK
	switch roll := d.uniform(); {
	case roll < e.errors:
		status = http.StatusInternalServerError
	case roll < e.errors+r.rejected:
		status = r.rejection
	}
	seconds := r.median.Seconds() * e.slowdown * math.Exp(r.spread*d.normal())
	return min(longest, time.Duration(seconds*float64(time.Second))), status
}
