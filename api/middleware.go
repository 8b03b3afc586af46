package api

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"
)

// secured sets what every answer but the dashboard's has. Answers change with
// every evaluation: nobody keeps them without asking again.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// compressed gzips bodies of 1 KiB and more for clients that accept it.
func compressed(next http.Handler) http.Handler {
	return gzhttp.GzipHandler(next)
}

// refuseForeignChanges keeps pages of other origins, which a browser would let
// send requests here, from changing anything: it looks at Sec-Fetch-Site, or
// compares Origin with Host where that is missing. Programs send neither.
func (a *API) refuseForeignChanges(next http.Handler) http.Handler {
	protection := a.crossOriginProtection()
	protection.SetDenyHandler(secured(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, errForeignOrigin)
	})))
	return protection.Handler(next)
}

// refuseForeignRequests does so on a path where reading, too, has an effect
// elsewhere: no page of another origin shall make redpoll send requests.
func (a *API) refuseForeignRequests(next http.Handler) http.Handler {
	protection := a.crossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		change := r.WithContext(r.Context()) // a copy: Check lets every GET pass
		change.Method = http.MethodPost
		if protection.Check(change) != nil {
			writeError(w, errForeignOrigin)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (a *API) crossOriginProtection() *http.CrossOriginProtection {
	protection := http.NewCrossOriginProtection()
	for _, origin := range a.config.AllowedOrigins {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			a.logger.Error("origin not allowed", "err", err)
		}
	}
	return protection
}

// refuseForeignHosts answers requests that reach a loopback address only under
// a name of this machine. A web page whose name has been made to resolve to
// 127.0.0.1 (DNS rebinding) would otherwise be same-origin with redpoll, and
// could read and change everything. A proxy in front that passes its own name
// on is to be listed under allowed_origins.
func (a *API) refuseForeignHosts(next http.Handler) http.Handler {
	known := map[string]bool{"localhost": true}
	for _, origin := range a.config.AllowedOrigins {
		if u, err := url.Parse(origin); err == nil {
			known[strings.ToLower(u.Hostname())] = true
		}
	}
	refuse := secured(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeError(w, &statusError{http.StatusMisdirectedRequest, fmt.Sprintf(
			"this redpoll does not answer to the name %s: use its address, or list http://%[1]s under web.allowed_origins",
			cut(strings.ToValidUTF8(r.Host, "\uFFFD"), 200))})
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !arrivedAtLoopback(r) || isAddress(r.Host) || known[strings.ToLower(hostname(r.Host))] {
			next.ServeHTTP(w, r)
			return
		}
		refuse.ServeHTTP(w, r)
	})
}

func arrivedAtLoopback(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && local.IP.IsLoopback()
}

func isAddress(host string) bool { return net.ParseIP(hostname(host)) != nil }

// hostname is the host of a Host header, without port and brackets.
func hostname(host string) string { return (&url.URL{Host: host}).Hostname() }

// timed observes how long answers take, under the route's pattern rather than
// the path asked for: clients cannot make up label values.
func (a *API) timed(route string, next http.Handler) http.Handler {
	requests := a.metrics.requests.MustCurryWith(map[string]string{"route": route})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		sw := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(sw, r)
		requests.WithLabelValues(methodLabel(r.Method), strconv.Itoa(sw.status)).
			Observe(time.Since(start).Seconds())
	})
}

func methodLabel(method string) string {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return method
	}
	return "other"
}

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
