// Package api is redpoll's face: the REST API, the live streams, the part of
// Prometheus' HTTP API that other tools speak, and redpoll's own exposition.
//
// Publish takes one snapshot per evaluation and encodes it once. What clients
// get is that encoding: an answer of /api/metrics, a WebSocket message, framed
// and compressed once, or a server-sent event. Publish never waits for a
// client: everyone has a short queue of their own (see mailbox), and who falls
// behind loses messages and is brought up to date by a fresh snapshot.
//
// # What the HTTP server must provide
//
// Handler sets no limits on connections; the http.Server around it should have
// ReadHeaderTimeout, IdleTimeout and MaxHeaderBytes. ReadTimeout and
// WriteTimeout do not harm the streams, which replace them by deadlines of
// their own. http.Server.Shutdown neither ends server-sent events nor knows of
// WebSockets: call API.Close first, or at the same time.
package api
