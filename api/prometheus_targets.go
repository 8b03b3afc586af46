package api

import (
	"cmp"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/redpoll/redpoll/internal/redpoll"
)

type prometheusTarget struct {
	DiscoveredLabels   map[string]string `json:"discoveredLabels"`
	Labels             map[string]string `json:"labels"`
	ScrapePool         string            `json:"scrapePool"`
	ScrapeURL          string            `json:"scrapeUrl"`
	GlobalURL          string            `json:"globalUrl"`
	LastError          string            `json:"lastError"`
	LastScrape         time.Time         `json:"lastScrape"`
	LastScrapeDuration float64           `json:"lastScrapeDuration"`
	Health             redpoll.Health    `json:"health"`
	ScrapeInterval     string            `json:"scrapeInterval"`
	ScrapeTimeout      string            `json:"scrapeTimeout"`
}

type prometheusDroppedTarget struct {
	DiscoveredLabels map[string]string `json:"discoveredLabels"`
	ScrapePool       string            `json:"scrapePool"`
}

// prometheusTargets answers /api/v1/targets with its parameters state and
// scrapePool. As in Prometheus, other parameters do no harm, there are no
// targets in a state that there is not, and the counts are those of every pool,
// or null where dropped targets are not asked for.
func (a *API) prometheusTargets(r *http.Request) (any, error) {
	query := r.URL.Query()
	state, pool := strings.ToLower(query.Get("state")), query.Get("scrapePool")
	shown := func(of string) bool { return state == "" || state == "any" || state == of }
	var active []redpoll.TargetStatus
	if shown("active") {
		active = ofPool(a.options.Targets(), pool, func(t *redpoll.TargetStatus) string { return t.Pool })
	}
	var dropped []redpoll.DroppedTarget
	var counts map[string]int
	if shown("dropped") {
		dropped, counts = a.options.Dropped()
		dropped = ofPool(dropped, pool, func(t *redpoll.DroppedTarget) string { return t.Pool })
	}
	return streamed(func(s *jsonStream) {
		s.text(`{"activeTargets":`)
		streamList(s, each(active, a.toPrometheusTarget))
		s.text(`,"droppedTargets":`)
		streamList(s, each(dropped, toPrometheusDroppedTarget))
		s.text(`,"droppedTargetCounts":`)
		s.value(counts)
		s.text("}")
	}), nil
}

// ofPool gives the targets of a pool, or, where it is empty, all of them in the
// order of their pools.
func ofPool[T any](targets []T, pool string, poolOf func(*T) string) []T {
	var of []T
	for i := range targets {
		if pool == "" || poolOf(&targets[i]) == pool {
			of = append(of, targets[i])
		}
	}
	slices.SortStableFunc(of, func(a, b T) int { return cmp.Compare(poolOf(&a), poolOf(&b)) })
	return of
}

func (a *API) toPrometheusTarget(t *redpoll.TargetStatus) prometheusTarget {
	return prometheusTarget{
		DiscoveredLabels: orEmpty(t.Discovered), Labels: orEmpty(t.Labels),
		ScrapePool: t.Pool, ScrapeURL: t.URL, GlobalURL: globalURL(t.URL, a.options.Hostname),
		LastError: t.Error, LastScrape: t.LastScrape, LastScrapeDuration: t.LastDuration.Seconds(),
		Health:         t.Health,
		ScrapeInterval: model.Duration(t.Interval).String(), ScrapeTimeout: model.Duration(t.Timeout).String(),
	}
}

func toPrometheusDroppedTarget(t *redpoll.DroppedTarget) prometheusDroppedTarget {
	return prometheusDroppedTarget{orEmpty(t.Discovered), t.Pool}
}

// globalURL puts a host's name where a URL says localhost: that is somewhere
// else for whoever follows it.
func globalURL(target, hostname string) string {
	u, err := url.Parse(target)
	if err != nil || hostname == "" || !slices.Contains([]string{"127.0.0.1", "localhost", "::1"}, u.Hostname()) {
		return target
	}
	port := u.Port()
	u.Host = hostname
	if port != "" {
		u.Host = net.JoinHostPort(hostname, port)
	}
	return u.String()
}

type prometheusScrapePools struct {
	ScrapePools []string `json:"scrapePools"`
}

// prometheusScrapePools answers /api/v1/scrape_pools.
func (a *API) prometheusScrapePools(*http.Request) (any, error) {
	_, counts := a.options.Dropped()
	return prometheusScrapePools{append([]string{}, slices.Sorted(maps.Keys(counts))...)}, nil
}
