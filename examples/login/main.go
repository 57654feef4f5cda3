// Login is the reference application: one small app on every store, chosen by
// the environment, on Echo v4 or v5. README.md has the lines to try.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/echosession/session"
	"github.com/echosession/session/admin"
	"github.com/echosession/session/store/open"
	"github.com/echosession/session/telemetry"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.LookupEnv, os.Stdout, os.Stderr))
}

// What the process ends with.
const (
	exitOK = iota
	exitFailed
	exitBadConfig
)

// run serves until ctx ends, and returns the exit code. A bad configuration is
// reported before anything listens, all of it at once.
func run(ctx context.Context, lookup func(string) (string, bool), stdout, stderr io.Writer) int {
	cfg, cfgErr := configFromEnv(lookup)
	if !cfg.traces {
		stdout = nil
	}
	watch, err := newObserver(stdout)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	defer watch.close(context.WithoutCancel(ctx))
	backend, openErr := open.FromEnv(ctx, lookup, open.WithTracer(watch.database()))
	if openErr == nil {
		defer backend.Close()
	}
	if err := errors.Join(cfgErr, openErr); err != nil {
		fmt.Fprintln(stderr, err)
		return exitBadConfig
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(stderr, nil)))
	if err := start(ctx, cfg, backend, watch); err != nil {
		slog.Error("Stopped", "error", err)
		return exitFailed
	}
	return exitOK
}

// start puts the app together: store, manager, background work, server.
func start(ctx context.Context, cfg config, backend *open.Backend, watch *observer) error {
	seen, counted := &counts{}, &admin.Counts{}
	cfg.session.Hook = session.Hooks(seen, counted, watch.Hook(), telemetry.Log(nil))
	sessions, err := session.New(watch.Store(backend.Store, backend.Name), cfg.session)
	if err != nil {
		return err
	}
	if _, err := watch.Observe(sessions); err != nil {
		return err
	}
	a := &app{sessions: sessions, backend: backend, counts: seen, stopping: ctx.Done()}
	if cfg.metrics {
		a.metrics = watch.page
	}
	if cfg.admin != nil {
		if a.admin, err = newAdmin(sessions, cfg.admin, backend, counted); err != nil {
			return err
		}
	}
	routes, err := cfg.router(a)
	if err != nil {
		return err
	}
	if backend.Name == "memory" {
		slog.Warn("Sessions are kept in memory: whoever logged in before this start, or at another process, is not known here and has to log in again; all sessions end with this process", "store", backend.Name)
	}
	var background sync.WaitGroup
	defer background.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	background.Go(func() {
		if err := sessions.Run(ctx); err != nil {
			slog.Error("Session cleanup", "error", err)
		}
	})
	return serve(ctx, cfg.addr, watch.requests(routes))
}
