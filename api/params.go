package api

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// params reads query parameters. Its methods return the default where a
// parameter is missing; the first mistake is kept in err, which handlers look
// at once they have read everything.
type params struct {
	values url.Values
	err    error
}

// readParams refuses parameters other than those known, so that a mistyped one
// does not go unnoticed, and any that is given twice. It names the first such
// by alphabet.
func readParams(r *http.Request, known ...string) *params {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return &params{err: badRequest("the query string cannot be read (%s): escape special characters with %%", err)}
	}
	p := &params{values: values}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch {
		case len(known) == 0:
			p.fail(name, "is unknown: this path takes no parameters")
		case !slices.Contains(known, name):
			p.fail(name, "is unknown: this path knows %s", strings.Join(known, ", "))
		case len(values[name]) > 1:
			p.fail(name, "is given twice: give it once")
		}
	}
	return p
}

func (p *params) fail(name, format string, args ...any) {
	if p.err == nil {
		p.err = badRequest("parameter %s %s", quote(name), fmt.Sprintf(format, args...))
	}
}

func (p *params) has(name string) bool { return p.values.Has(name) }

func (p *params) text(name string) string { return p.values.Get(name) }

// required is text that must not be empty.
func (p *params) required(name string) string {
	v := p.text(name)
	if v == "" {
		p.fail(name, "is required")
	}
	return v
}

// endpoint names one by job, method and path. The method is empty where the
// application exposes none.
func (p *params) endpoint() redpoll.EndpointKey {
	return redpoll.EndpointKey{
		Job: p.required("job"), Method: strings.ToUpper(p.text("method")), Path: p.required("path"),
	}
}

// glob is a pattern; everything matches a missing one.
func (p *params) glob(name string) string {
	if !p.has(name) {
		return "*"
	}
	return p.text(name)
}

// oneOf takes the first of choices as the default.
func (p *params) oneOf(name string, choices ...string) string {
	v := p.text(name)
	if v == "" {
		return choices[0]
	}
	if !slices.Contains(choices, v) {
		p.fail(name, "is %s: choose one of %s", quote(v), strings.Join(choices, ", "))
	}
	return v
}

func (p *params) integer(name string, otherwise, least, most int) int {
	v := p.text(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most {
		p.fail(name, "is %s: give a whole number from %d to %d", quote(v), least, most)
		return otherwise
	}
	return n
}

// time takes Unix milliseconds or RFC 3339.
func (p *params) time(name string, otherwise time.Time) time.Time {
	v := p.text(name)
	if v == "" {
		return otherwise
	}
	t, ok := parseTime(v)
	if !ok {
		p.fail(name, "is %s: give Unix milliseconds or RFC 3339, e.g. 2026-01-02T15:04:05Z", quote(v))
	}
	return t
}

// duration takes milliseconds or Prometheus' durations; it is 0 where missing.
func (p *params) duration(name string) time.Duration {
	v := p.text(name)
	if v == "" {
		return 0
	}
	d, ok := parseDuration(v)
	if !ok {
		p.fail(name, "is %s: give a duration such as 15s or 5m, or milliseconds", quote(v))
	}
	return d
}

// The times and durations that are accepted: years 1970 to 9999, and up to a
// hundred years, so that sums of them cannot overflow.
const (
	maxUnixMilli = 253_402_300_799_999
	maxDuration  = 100 * 365 * 24 * time.Hour
)

// parseTime drops what is finer than a millisecond.
func parseTime(s string) (time.Time, bool) {
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.UnixMilli(ms), ms >= 0 && ms <= maxUnixMilli
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, false
	}
	ms := t.UnixMilli()
	return time.UnixMilli(ms), ms >= 0 && ms <= maxUnixMilli
}

func parseDuration(s string) (time.Duration, bool) {
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Duration(ms) * time.Millisecond, ms > 0 && ms <= maxDuration.Milliseconds()
	}
	d, err := model.ParseDuration(s)
	return time.Duration(d), err == nil && d > 0 && time.Duration(d) <= maxDuration
}
