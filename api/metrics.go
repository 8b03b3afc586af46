package api

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// The transports of a stream, as label values.
const (
	transportWS  = "websocket"
	transportSSE = "sse"
)

// Why the server ended a stream, as label values.
const (
	droppedSlow     = "slow"            // a write took longer than allowed
	droppedIdle     = "idle"            // no sign of life within the idle limit
	droppedTooBig   = "message too big" // a message over maxClientMessage
	droppedShutdown = "shutdown"
)

// metrics are the package's own. Every label has few values: routes are the
// mux's patterns, methods the known ones, codes those the handlers answer.
type metrics struct {
	requests       *prometheus.HistogramVec
	clients        *prometheus.GaugeVec
	sent           *prometheus.CounterVec
	lost           *prometheus.CounterVec
	clientsDropped *prometheus.CounterVec
	messageBytes   prometheus.Histogram
}

// newMetrics registers the metrics unless r is nil.
func newMetrics(r prometheus.Registerer) *metrics {
	f := promauto.With(r)
	m := &metrics{
		requests: f.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "redpoll_http_request_duration_seconds",
			Help:    "Time to answer HTTP requests, streams excluded.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method", "code"}),
		clients: f.NewGaugeVec(prometheus.GaugeOpts{
			Name: "redpoll_stream_clients",
			Help: "Open streams.",
		}, []string{"transport"}),
		sent: f.NewCounterVec(prometheus.CounterOpts{
			Name: "redpoll_stream_messages_sent_total",
			Help: "Messages written to clients.",
		}, []string{"transport"}),
		lost: f.NewCounterVec(prometheus.CounterOpts{
			Name: "redpoll_stream_messages_dropped_total",
			Help: "Messages that clients lost because they did not keep up.",
		}, []string{"transport"}),
		clientsDropped: f.NewCounterVec(prometheus.CounterOpts{
			Name: "redpoll_stream_clients_dropped_total",
			Help: "Streams that were ended by redpoll, by reason.",
		}, []string{"reason"}),
		messageBytes: f.NewHistogram(prometheus.HistogramOpts{
			Name:    "redpoll_stream_message_bytes",
			Help:    "Size of the distinct messages before compression.",
			Buckets: prometheus.ExponentialBuckets(256, 4, 9),
		}),
	}
	for _, transport := range []string{transportWS, transportSSE} {
		m.clients.WithLabelValues(transport)
		m.sent.WithLabelValues(transport)
		m.lost.WithLabelValues(transport)
	}
	for _, reason := range []string{droppedSlow, droppedIdle, droppedTooBig, droppedShutdown} {
		m.clientsDropped.WithLabelValues(reason)
	}
	return m
}
