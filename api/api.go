package api

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// History is where the past and the silences are kept. Its methods may be
// called concurrently. Their errors say what failed; they are passed on.
type History interface {
	// Range gives one endpoint's past. The API asks for 11,000 steps at most,
	// counting every step, aligned to the Unix epoch, that the time touches.
	Range(ctx context.Context, q redpoll.HistoryQuery) (redpoll.History, error)
	// Alerts gives stored alerts, active ones included, newest first.
	Alerts(ctx context.Context, q redpoll.AlertQuery) ([]redpoll.Alert, error)
	// Marks gives what happened to targets, newest first. A zero Start or End
	// does not bound the time.
	Marks(ctx context.Context, q redpoll.MarkQuery) ([]redpoll.Mark, error)
	// PutSilence adds or replaces the silence with that id.
	PutSilence(ctx context.Context, s redpoll.Silence) error
	// DeleteSilence removes a silence that Silences lists.
	DeleteSilence(ctx context.Context, id string) error
	// Silences gives all that are kept, expired ones included.
	Silences(ctx context.Context) ([]redpoll.Silence, error)
}

// Rules judges the snapshots. Its methods may be called concurrently.
type Rules interface {
	// Active gives copies of the alerts that are pending, firing or unknown,
	// the most severe first.
	Active() []redpoll.Alert
	Rules() []redpoll.RuleStatus
	// SetSilences replaces the silences to go by.
	SetSilences(s []redpoll.Silence)
}

// Options are what an API works with. History, Targets, Dropped, Metadata,
// Exposition, Instances, Rules, Config, Reload, Gatherer and Dashboard are
// required.
type Options struct {
	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // for the package's metrics; nil registers none
	Gatherer   prometheus.Gatherer   // what GET /metrics exposes

	History History
	Rules   Rules
	// Targets gives the targets in the order of pool, then instance.
	Targets func() []redpoll.TargetStatus
	// Dropped gives the targets that relabelling, or a limit on their number,
	// left out, and how many they are by pool, every pool included. There may be
	// fewer targets than the counts say.
	Dropped func() (targets []redpoll.DroppedTarget, counts map[string]int)
	// Metadata gives what the target with that id says of its metric families,
	// none if there is no such target.
	Metadata func(id string) []redpoll.Metadata
	// Exposition asks the target with that id for what it exposes now, a few
	// targets at a time. Its errors are ErrNoTarget, ErrBusy, those of the
	// context, or say what is wrong with the target and what to do.
	Exposition func(ctx context.Context, id string) (Exposition, error)
	// Instances gives an endpoint's current figures by instance, in the order
	// of their names; none if there is no such endpoint.
	Instances func(redpoll.EndpointKey) []redpoll.InstanceMetrics
	// Config gives the running configuration as YAML, secrets hidden.
	Config func() []byte
	// Reload reads the configuration file again. An error leaves the old
	// configuration in force; it says so, and is answered as it is.
	Reload func(context.Context) error
	// HistoryError gives the reason why snapshots are not being stored, nil
	// if they are. May itself be nil.
	HistoryError func() error
	// Dashboard answers every path that is not the API's.
	Dashboard http.Handler

	// Hostname is how others reach the machine that redpoll runs on; empty if
	// that is not known.
	Hostname string
	// Version, Revision, Branch, BuildUser and BuildDate are shown.
	Version, Revision, Branch, BuildUser, BuildDate string
}

// API answers HTTP requests and feeds the streams. New makes one, Close ends
// it. All methods may be called concurrently, Publish by one caller at a time.
type API struct {
	config   Config
	options  Options
	logger   *slog.Logger
	metrics  *metrics
	hub      *hub
	trend    *trend
	upgrader *websocket.Upgrader
	handler  http.Handler

	now     func() time.Time
	started time.Time
	ready   atomic.Bool

	// silencing makes a change of the stored silences and telling Rules one
	// step.
	silencing sync.Mutex
}

// New makes an API for a valid c. It starts no goroutine; streams start theirs.
func New(c Config, o Options) *API {
	return newAPI(c, o, defaultLimits(c.MaxClients), time.Now)
}

func newAPI(c Config, o Options, l limits, now func() time.Time) *API {
	logger := cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	m := newMetrics(o.Registerer)
	a := &API{
		config: c, options: o, logger: logger, metrics: m,
		hub:      newHub(l, m, logger),
		trend:    newTrend(),
		upgrader: newUpgrader(c.AllowedOrigins),
		now:      now,
		started:  now(),
	}
	a.handler = a.newHandler()
	return a
}

// Handler answers every path.
func (a *API) Handler() http.Handler { return a.handler }

// Publish makes s the current snapshot and sends it to every stream together
// with the transitions: the alerts that changed state. active are all alerts
// that are pending, firing or unknown now, for those who get a whole snapshot.
// The API keeps what it is given; nobody may write to it afterwards.
//
// Publish encodes once however many clients there are, and waits for none.
func (a *API) Publish(s *redpoll.Snapshot, transitions, active []redpoll.Alert) {
	a.trend.add(s)
	if err := a.hub.publish(s, transitions, active); err != nil {
		a.logger.Error("snapshot not published", "err", err)
	}
}

// SetReady says whether /-/ready answers 200; it answers 503 until then.
func (a *API) SetReady(ready bool) { a.ready.Store(ready) }

// Close ends the streams, WebSockets with close code 1001, and refuses new
// ones. It waits until their goroutines are gone, a few seconds at most, less
// if ctx ends: then connections are broken off.
func (a *API) Close(ctx context.Context) error {
	if err := a.hub.close(ctx); err != nil {
		return fmt.Errorf("close api: %w", err)
	}
	return nil
}
