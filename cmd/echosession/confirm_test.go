package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

// TestConfirmIsSeen: a question that goes to a file is no question, and no yes.
func TestConfirmIsSeen(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	tl := &tool{in: strings.NewReader("yes\n"), err: &out, asks: true}
	err := tl.confirm(t.Context(), "Really? ")
	var u usage
	if !errors.As(err, &u) || out.Len() != 0 || !strings.Contains(err.Error(), "--yes") {
		t.Errorf("%v, and %q is written", err, out.String())
	}
	tl.asks = false // a script
	if err := tl.confirm(t.Context(), "Really? "); err != nil {
		t.Error("a script:", err)
	}
}

// TestConfirmIsInterrupted: Ctrl-C at the question ends it; nobody has to answer.
func TestConfirmIsInterrupted(t *testing.T) {
	t.Parallel()
	keyboard, fingers := io.Pipe() // nobody types
	t.Cleanup(func() { _ = fingers.Close() })
	ctx, interrupt := context.WithCancel(t.Context())
	tl := &tool{in: keyboard, err: io.Discard, asks: true, shows: true}
	answered := make(chan error, 1)
	go func() { answered <- tl.confirm(ctx, "Really? ") }()
	interrupt()
	if err := <-answered; !errors.Is(err, errNotConfirmed) {
		t.Error(err)
	}
}

// TestInterrupted: who stops the tool is not told that the server is away.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	var errs strings.Builder
	e := environment{"SESSION_STORE": "redis-only", "REDIS_URL": "redis://127.0.0.1:1/0"}
	tl := &tool{lookup: e.lookup, in: strings.NewReader(""), out: io.Discard, err: &errs}
	if code := tl.run(ctx, []string{"stats"}); code != exitWrong || !strings.Contains(errs.String(), "interrupted") || strings.Contains(errs.String(), "unavailable") {
		t.Errorf("%d %s", code, errs.String())
	}
}
