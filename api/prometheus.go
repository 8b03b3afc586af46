package api

import (
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// This file and the other prometheus_*.go speak the part of Prometheus' HTTP API
// that tools ask a server for its targets, alerts and rules by. Shapes, names
// and units are Prometheus' own (seconds, RFC 3339):
// https://prometheus.io/docs/prometheus/latest/querying/api/

// prometheusAnswer is the envelope of every answer.
type prometheusAnswer struct {
	Status    string `json:"status"` // success or error
	Data      any    `json:"data,omitempty"`
	ErrorType string `json:"errorType,omitempty"`
	Error     string `json:"error,omitempty"`
}

// prometheus puts what h returns into the envelope.
func (a *API) prometheus(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, answer := http.StatusOK, prometheusAnswer{Status: "success"}
		data, err := h(r)
		if value, ok := data.(streamed); ok && err == nil {
			a.writeStream(w, r, func(s *jsonStream) {
				s.text(`{"status":"success","data":`)
				value(s)
				s.text("}")
			})
			return
		}
		if err != nil {
			a.logFault(r, err)
			status = statusOf(err)
			answer = prometheusAnswer{Status: "error", ErrorType: prometheusErrorType(status), Error: err.Error()}
		}
		answer.Data = data
		if err := writeJSON(w, status, answer); err != nil {
			a.logger.Error("answer not encoded", "path", r.URL.Path, "err", err)
		}
	})
}

func prometheusErrorType(status int) string {
	switch status {
	case http.StatusNotFound:
		return "not_found"
	case http.StatusServiceUnavailable:
		return "unavailable"
	case http.StatusInternalServerError:
		return "internal"
	default:
		return "bad_data"
	}
}

func prometheusNotFound(*http.Request) (any, error) {
	return nil, notFound("redpoll does not have this part of Prometheus' API: it has targets, targets/metadata, metadata, scrape_pools, alerts, rules and status/buildinfo")
}

type prometheusAlertList struct {
	Alerts []prometheusAlert `json:"alerts"`
}

type prometheusAlert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	State       string            `json:"state"`
	ActiveAt    *time.Time        `json:"activeAt,omitempty"`
	Value       string            `json:"value"`
}

// prometheusAlerts answers /api/v1/alerts.
func (a *API) prometheusAlerts(*http.Request) (any, error) {
	list := prometheusAlertList{Alerts: []prometheusAlert{}}
	active := a.options.Rules.Active()
	for i := range active {
		list.Alerts = append(list.Alerts, toPrometheusAlert(&active[i]))
	}
	return list, nil
}

// toPrometheusAlert names the endpoint in labels. Prometheus has no state for
// alerts whose data was lost: they are given in the state before.
func toPrometheusAlert(a *redpoll.Alert) prometheusAlert {
	labels := map[string]string{"alertname": a.Rule, "severity": string(a.Severity)}
	if a.Endpoint != (redpoll.EndpointKey{}) {
		labels["job"], labels["method"], labels["path"] = a.Endpoint.Job, a.Endpoint.Method, a.Endpoint.Path
	}
	for name, value := range a.Labels {
		labels[name] = value
	}
	p := prometheusAlert{
		Labels: labels, Annotations: orEmpty(a.Annotations),
		State: string(prometheusState(a)), Value: "NaN",
	}
	if a.Value != nil {
		p.Value = strconv.FormatFloat(*a.Value, 'e', -1, 64)
	}
	if !a.Since.IsZero() {
		p.ActiveAt = &a.Since
	}
	return p
}

func prometheusState(a *redpoll.Alert) redpoll.AlertState {
	if a.State == redpoll.Unknown {
		return a.Before
	}
	return a.State
}

type prometheusBuild struct {
	Version   string `json:"version"`
	Revision  string `json:"revision"`
	Branch    string `json:"branch"`
	BuildUser string `json:"buildUser"`
	BuildDate string `json:"buildDate"`
	GoVersion string `json:"goVersion"`
}

// prometheusBuildInfo answers /api/v1/status/buildinfo.
func (a *API) prometheusBuildInfo(*http.Request) (any, error) {
	o := &a.options
	return prometheusBuild{o.Version, o.Revision, o.Branch, o.BuildUser, o.BuildDate, runtime.Version()}, nil
}
