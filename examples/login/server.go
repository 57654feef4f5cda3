package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

const (
	maxBody = 16 << 20 // the largest document a session may be allowed
	// drainTimeout is how long requests in flight get to finish.
	drainTimeout = longestWait + 10*time.Second
)

// newServer bounds what a client may take its time with. There is no write
// timeout, since streams write for as long as they live.
func newServer(h http.Handler) *http.Server {
	// In front of everything: a page of another site changes nothing here.
	h = http.NewCrossOriginProtection().Handler(h)
	return &http.Server{
		Handler:           http.MaxBytesHandler(h, maxBody),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelError),
	}
}

// serve answers until ctx ends. Then it takes no more requests, and lets those in
// flight finish.
func serve(ctx context.Context, addr string, h http.Handler) error {
	listener, err := listen(addr)
	if err != nil {
		return err
	}
	slog.Info("Listening", "url", "http://"+listener.Addr().String())
	server := newServer(h)
	var fresh arrivals
	fresh.watch(server)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	slog.Info("Stopping: requests in flight finish")
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	listener.stop()
	fresh.wait(drain)
	return server.Shutdown(drain)
}
