package testserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"
)

// A missing server is not the test's fault: giveUp tells it from others.
type missing struct {
	what    string
	install string // how to get it
	cause   error  // nil where it is just not there
}

func (m *missing) Error() string {
	if m.cause != nil {
		return fmt.Sprintf("%s is missing (%v): %s", m.what, m.cause, m.install)
	}
	return fmt.Sprintf("%s is missing: %s", m.what, m.install)
}

func (m *missing) Unwrap() error { return m.cause }

func checkSupported() error {
	if supported {
		return nil
	}
	return &missing{what: "a way to run private servers on " + runtime.GOOS, install: "use Linux or macOS"}
}

// giveUp ends the test. A missing server skips it on a laptop; a CI that skips
// would be green for nothing.
func giveUp(t testing.TB, err error) {
	t.Helper()
	if m, ok := errors.AsType[*missing](err); ok && os.Getenv("CI") == "" {
		t.Skip(m)
	}
	t.Fatal(err)
}

// Need is the path of a program that a test runs beside its servers: of the first of
// these names that is there. Without it the test ends as it does without a server.
func Need(t testing.TB, debianPackage string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	giveUp(t, &missing{what: names[0], install: "install Debian's package " + debianPackage})
	return ""
}

// patience is how long a server may take for anything. No test waits for it
// unless something is wrong.
const patience = time.Minute

// await calls done until it is, and fails after the time given.
func await(limit time.Duration, what string, done func() (bool, error)) error {
	end := time.Now().Add(limit)
	for pause := time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s: not in %v", what, limit)
		}
		time.Sleep(pause)
	}
}
