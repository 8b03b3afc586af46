package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/sync/errgroup"
)

// listen binds the address, so that a taken port is known before anything
// else happens.
func (a *app) listen(ctx context.Context, address string) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("listen on %s: the address is in use, perhaps by another redpoll; stop it or choose another with --web.listen-address", address)
	case err != nil:
		return fmt.Errorf("listen on %s: %w; choose another address with --web.listen-address", address, err)
	}
	a.listener = l
	a.onStop("listener", func() error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	return nil
}

// serve answers requests and runs the pipeline until ctx ends.
func (a *app) serve(ctx context.Context) error {
	server := &http.Server{
		Handler: a.api.Handler(),
		// Slow senders and readers are cut off. Streams, which have no end, set
		// their own deadlines.
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	a.announce() // connections wait in the listener until they are answered
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.serveHTTP(server) })
	g.Go(func() error { return a.pipeline.run(ctx) })
	g.Go(func() error { a.reloadOnHangup(ctx); return nil })
	g.Go(func() error {
		<-ctx.Done()
		a.logger.Info("stopping")
		return a.shutdown(server)
	})
	a.api.SetReady(true)
	return g.Wait()
}

func (a *app) serveHTTP(server *http.Server) error {
	systemd := false
	addresses := []string{a.listener.Addr().String()}
	err := toolkit.Serve(a.listener, server, &toolkit.FlagConfig{
		WebListenAddresses: &addresses,
		WebSystemdSocket:   &systemd,
		WebConfigFile:      &a.webConfigFile,
	}, a.logger.With("stage", "web"))
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve on %s: %w", a.listener.Addr(), err)
	}
	return nil
}

// shutdown ends the streams, which http.Server.Shutdown would leave open, and
// then the requests.
func (a *app) shutdown(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout/2)
	defer cancel()
	a.api.SetReady(false)
	err := a.api.Close(ctx)
	if serr := server.Shutdown(ctx); serr != nil {
		err = errors.Join(err, server.Close())
	}
	return err
}

// announce tells a person at a terminal where to look.
func (a *app) announce() {
	scheme := "http"
	if a.webFile.TLS {
		scheme = "https"
	}
	fmt.Fprintf(a.stdout, "redpoll is at %s://%s (configuration: %s; history: %s)\n",
		scheme, reachable(a.listener.Addr()), a.configSource(), a.running.Storage.Path)
	if a.ready != nil {
		a.ready(a.listener.Addr())
	}
}

// reachable turns a bound address into one that can be dialled: a wildcard
// becomes loopback.
func reachable(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
