// Package demo is a small shop to watch with redpoll: a real HTTP service on
// loopback, instrumented with client_golang as applications usually are, with
// customers of its own and incidents on a schedule.
//
// Nothing in it is simulated for the reader of its metrics: answers take
// their time by waiting, errors are answered as errors, and a restart really
// closes the port.
package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"
)

// Options configure a Shop. The zero value is the demonstration.
type Options struct {
	Logger *slog.Logger // nil discards
	// Address is where the shop listens; empty means a free port on 127.0.0.1.
	Address string
	// Seed seeds every random draw; 0 takes another seed at each start.
	Seed uint64
	// Speed is how much faster than the clock the schedule of incidents runs;
	// 0 means 1. The traffic keeps its pace.
	Speed float64
	// Offset is how far into the schedule the shop starts; not negative.
	Offset time.Duration
}

// Shop is a running demo shop: its service, its customers and its incidents.
// Its methods may be called concurrently.
type Shop struct {
	log     *slog.Logger
	address string
	dice    *dice
	speed   float64
	offset  time.Duration
	started time.Time
	traffic *traffic

	cancel context.CancelFunc
	// running counts the goroutines of the traffic and of the incidents.
	running sync.WaitGroup

	mu      sync.Mutex // guards what follows
	life    *life      // nil while the shop is away
	release int        // counts lives: every restart brings a new version
}

// Start opens the shop and lets its customers in. When ctx ends, the customers
// leave and the incidents stop; the shop itself stays open until Close, which
// must be called in any case.
func Start(ctx context.Context, o Options) (*Shop, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	if o.Speed <= 0 {
		o.Speed = 1
	}
	listener, err := listen(ctx, o.Address)
	if err != nil {
		return nil, fmt.Errorf("start the demo shop: %w", err)
	}
	s := &Shop{
		log:     o.Logger,
		address: listener.Addr().String(),
		dice:    newDice(o.Seed),
		speed:   o.Speed,
		offset:  o.Offset,
		started: time.Now(),
	}
	s.traffic = newTraffic(s.address, s.dice)
	s.open(listener)
	ctx, s.cancel = context.WithCancel(ctx)
	s.running.Go(func() { s.traffic.run(ctx) })
	s.running.Go(func() { s.followSchedule(ctx) })
	return s, nil
}

// Address is the shop's host:port. It stays the same over restarts.
func (s *Shop) Address() string { return s.address }

// Close sends the customers home, closes the shop and waits for both. Calling
// it again does nothing.
func (s *Shop) Close() error {
	s.cancel()
	s.running.Wait()
	if err := s.shut(); err != nil {
		return fmt.Errorf("close the demo shop: %w", err)
	}
	s.log.Debug("demo: closed", "answered", s.traffic.answered.Load(),
		"unanswered", s.traffic.unanswered.Load(), "dropped", s.traffic.dropped.Load())
	return nil
}

// elapsed is the time on the schedule.
func (s *Shop) elapsed() time.Duration {
	return s.offset + time.Duration(float64(time.Since(s.started))*s.speed)
}

// followSchedule tells of incidents as they begin and end, and carries out the
// restarts, until ctx ends. What incidents do to single requests is effectOn's
// matter.
func (s *Shop) followSchedule(ctx context.Context) {
	for n := 0; ; n++ {
		t := turnNumber(n)
		if t.incidentEnd() <= s.offset {
			continue // over before the shop started
		}
		ahead := float64(t.at-s.elapsed()) / s.speed
		if !wait(ctx, time.Duration(ahead)) {
			return
		}
		s.carryOut(ctx, t)
	}
}

func (s *Shop) carryOut(ctx context.Context, t turn) {
	endpoint := slog.Attr{}
	if t.Route != "" {
		endpoint = slog.String("endpoint", t.Method+" "+t.Route)
	}
	if t.begins {
		s.log.Info("demo: incident: "+t.Story, endpoint, slog.Duration("for", t.Length))
	}
	if t.Restart {
		s.restartTurn(ctx, t.begins)
	}
	if !t.begins {
		s.log.Info("demo: incident over: "+t.Story, endpoint)
	}
}

// restartTurn closes the shop when a restart begins and reopens it at its end.
func (s *Shop) restartTurn(ctx context.Context, begins bool) {
	if !begins {
		s.reopen(ctx)
		return
	}
	if err := s.shut(); err != nil {
		s.log.Warn("demo: closing the shop for a restart failed", "err", err)
	}
}

// reopen listens at the shop's address again. While the shop was away another
// process may have been given the port; then it tries until that one is gone.
func (s *Shop) reopen(ctx context.Context) {
	const retry = 500 * time.Millisecond
	for warned := false; ; warned = true {
		listener, err := listen(ctx, s.address)
		if err == nil {
			s.open(listener)
			return
		}
		if ctx.Err() != nil {
			return
		}
		if !warned {
			s.log.Warn("demo: cannot reopen the shop yet, still trying", "address", s.address, "err", err)
		}
		if !wait(ctx, retry) {
			return
		}
	}
}

// open begins a new life of the shop.
func (s *Shop) open(listener net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.release++
	s.life = begin(listener, s)
}

// shut ends the shop's life, if it has one, and waits for its end.
func (s *Shop) shut() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life == nil {
		return nil
	}
	l := s.life
	s.life = nil
	return l.end()
}

// listen opens a port on loopback, and on no other interface.
func listen(ctx context.Context, address string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if bound, ok := l.Addr().(*net.TCPAddr); !ok || !bound.IP.IsLoopback() {
		err := fmt.Errorf("%s is not a loopback address, as 127.0.0.1:0 is, and the shop is for this machine only", address)
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}
