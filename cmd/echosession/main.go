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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	// What the packages log on their way comes back as errors, or is a finding.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	t := &tool{
		lookup: os.LookupEnv, in: os.Stdin, out: os.Stdout, err: os.Stderr,
		asks:   isatty.IsTerminal(os.Stdin.Fd()) && isatty.IsTerminal(os.Stderr.Fd()),
		shows:  isatty.IsTerminal(os.Stderr.Fd()),
		tables: isatty.IsTerminal(os.Stdout.Fd()),
	}
	os.Exit(t.run(ctx, os.Args[1:]))
}
