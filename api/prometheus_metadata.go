package api

import (
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/redpoll/redpoll/internal/redpoll"
)

type prometheusMetadata struct {
	Type string `json:"type"`
	Help string `json:"help"`
	Unit string `json:"unit"`
}

// prometheusTargetMetadata is what one target says of one family, whose name is
// left out where it was asked for.
type prometheusTargetMetadata struct {
	Target json.RawMessage `json:"target"` // the labels
	Metric string          `json:"metric,omitempty"`
	prometheusMetadata
}

// prometheusTargetsMetadata answers /api/v1/targets/metadata: of the targets
// that match_target selects, `limit` at most, every family, or the one that
// `metric` names. A target that says nothing of it does not count.
func (a *API) prometheusTargetsMetadata(r *http.Request) (any, error) {
	query := r.URL.Query()
	limit, err := prometheusLimit(query, "limit")
	if err != nil {
		return nil, err
	}
	var match selector
	if text := query.Get("match_target"); text != "" {
		if match, err = parseSelector(text); err != nil {
			return nil, badRequest("invalid parameter %q: %s", "match_target", cut(err.Error(), 300))
		}
	}
	told := a.targetsMetadata(match, query.Get("metric"), limit)
	return streamed(func(s *jsonStream) { streamList(s, told) }), nil
}

// targetsMetadata asks for a target's metadata when its turn has come: that of
// all together can be more than fits into memory.
func (a *API) targetsMetadata(match selector, family string, limit int) iter.Seq[prometheusTargetMetadata] {
	targets := a.options.Targets()
	return func(yield func(prometheusTargetMetadata) bool) {
		for i := 0; i < len(targets) && limit != 0; i++ {
			if !match.matches(targets[i].Labels) {
				continue
			}
			families := a.metadataOf(&targets[i], family)
			if len(families) > 0 {
				limit--
			}
			labels, _ := json.Marshal(orEmpty(targets[i].Labels)) // of a map of strings it cannot fail
			for _, f := range families {
				m := prometheusTargetMetadata{Target: labels, prometheusMetadata: toPrometheusMetadata(f)}
				if family == "" {
					m.Metric = f.Family
				}
				if !yield(m) {
					return
				}
			}
		}
	}
}

// prometheusMetricMetadata answers /api/v1/metadata: what the targets say of
// each family, `limit` families at most, or of the one that `metric` names.
// Targets that say the same are told once, and limit_per_metric bounds how much
// is told of one family.
func (a *API) prometheusMetricMetadata(r *http.Request) (any, error) {
	query := r.URL.Query()
	limit, err := prometheusLimit(query, "limit")
	if err != nil {
		return nil, err
	}
	perMetric, err := prometheusLimit(query, "limit_per_metric")
	if err != nil {
		return nil, err
	}
	told := a.metricMetadata(query.Get("metric"), limit, perMetric)
	return streamed(func(s *jsonStream) { streamObject(s, told) }), nil
}

func (a *API) metricMetadata(family string, limit, perMetric int) map[string][]prometheusMetadata {
	told := make(map[string][]prometheusMetadata)
	seen := make(map[redpoll.Metadata]bool)
	targets := a.options.Targets()
	for i := range targets {
		for _, f := range a.metadataOf(&targets[i], family) {
			before := told[f.Family]
			full := before == nil && limit >= 0 && len(told) >= limit || perMetric > 0 && len(before) >= perMetric
			if !full && !seen[f] {
				seen[f] = true
				told[f.Family] = append(before, toPrometheusMetadata(f))
			}
		}
	}
	return told
}

// metadataOf is what a target says of every family, or of the one with the
// name, if it is not empty.
func (a *API) metadataOf(t *redpoll.TargetStatus, family string) []redpoll.Metadata {
	families := a.options.Metadata(t.ID)
	if family == "" {
		return families
	}
	i := slices.IndexFunc(families, func(m redpoll.Metadata) bool { return m.Family == family })
	if i < 0 {
		return nil
	}
	return families[i : i+1]
}

func toPrometheusMetadata(m redpoll.Metadata) prometheusMetadata {
	return prometheusMetadata{Type: m.Type, Help: m.Help, Unit: m.Unit}
}

// prometheusLimit is negative where nothing is limited, which is also what
// negative limits say.
func prometheusLimit(query url.Values, name string) (int, error) {
	text := query.Get(name)
	if text == "" {
		return -1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, badRequest("%s must be a number", name)
	}
	return max(n, -1), nil
}
