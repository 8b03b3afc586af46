// Package browsertest tries the dashboard in a real browser: Chromium, driven
// over its debugging protocol, against a server that speaks redpoll's
// protocol by script. It holds tests only.
package browsertest
