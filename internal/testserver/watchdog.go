package testserver

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"sync"
)

// The watchdog's script: see watchdog.sh. It learns by a pipe what was started
// and what has ended. When the tests are over, in whatever way, the kernel closes
// the pipe, and the watchdog ends what is left. (A signal at the parent's death
// is no substitute: it is tied to the thread that forked, is not delivered to a
// stopped server, and removes no files.)
//
//go:embed watchdog.sh
var watchdogScript string

var guard watchdog

type watchdog struct {
	mu   sync.Mutex
	pipe *os.File // nil until the first thing to guard
}

// remember tells the watchdog of something to end.
func (w *watchdog) remember(kind, what string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pipe == nil {
		if err := w.start(); err != nil {
			return fmt.Errorf("start the watchdog: %w", err)
		}
	}
	return w.say(kind, what)
}

// forget tells it that the thing has ended.
func (w *watchdog) forget(kind, what string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.say("no-"+kind, what)
}

func (w *watchdog) say(verb, what string) error {
	if _, err := fmt.Fprintln(w.pipe, verb, what); err != nil {
		return fmt.Errorf("tell the watchdog: %w", err)
	}
	return nil
}

func (w *watchdog) start() error {
	if err := checkSupported(); err != nil {
		return err
	}
	r, pipe, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	// No output, or "go test" would wait for it; and in a session of its own, so
	// that what ends the tests does not end the watchdog before.
	cmd := exec.Command("/bin/sh", "-c", watchdogScript, "testserver-watchdog")
	cmd.Dir = "/"
	cmd.Stdin = r
	cmd.SysProcAttr = attributes(nil)
	if err := cmd.Start(); err != nil {
		pipe.Close()
		return err
	}
	w.pipe = pipe
	return nil
}
