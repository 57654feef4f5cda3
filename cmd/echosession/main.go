// Echosession looks after the sessions of an application: it makes their table,
// says what is wrong with a setup and how to mend it, counts, cleans up, lists and
// ends sessions. It reads the same environment as the application; docs/cli.md
// shows each command.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/mattn/go-isatty"
	"github.com/redis/go-redis/v9"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	quiet()
	t := &tool{
		lookup: os.LookupEnv, in: os.Stdin, out: os.Stdout, err: os.Stderr,
		asks:   isatty.IsTerminal(os.Stdin.Fd()),
		shows:  isatty.IsTerminal(os.Stderr.Fd()),
		tables: isatty.IsTerminal(os.Stdout.Fd()),
	}
	os.Exit(t.run(ctx, os.Args[1:]))
}

// quiet ends what packages log on their way: it comes back as errors, or is a
// finding of doctor's.
func quiet() {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	redis.SetLogger(silence{})
}

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}
