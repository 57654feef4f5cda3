package testserver

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"testing"
)

// childMode makes the test binary one that starts servers and is then ended in a
// certain way; see cleanup_test.go.
const childMode = "ECHOSESSION_TESTSERVER_CHILD"

func TestMain(m *testing.M) {
	if mode := os.Getenv(childMode); mode != "" {
		child(mode)
	}
	Main(m)
}

// must ends the test over an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// holds waits until something is so.
func holds(t testing.TB, what string, so func() bool) {
	t.Helper()
	must(t, await(patience, what, func() (bool, error) { return so(), nil }))
}

// listening is a listener that is closed with the test.
func listening(t *testing.T) net.Listener {
	t.Helper()
	ln, err := listen()
	must(t, err)
	t.Cleanup(func() { ln.Close() })
	return ln
}

// want fails the test if a value is not what it should be.
func want[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// sql is what a database answers, as text, or the error.
func sql(url, query string, args ...any) string {
	text, err := (&Postgres{}).value(url, query, args...)
	if err != nil {
		return "error: " + err.Error()
	}
	return text
}

func run(t testing.TB, url string, statements ...string) {
	t.Helper()
	must(t, (&Postgres{}).exec(url, statements...))
}

func do(t testing.TB, r *Redis, args ...string) string {
	t.Helper()
	answer, err := r.Do(args...)
	must(t, err)
	return answer
}

// gone says that a process is no more, or that only its parent has not
// noticed yet.
func gone(pid int) bool {
	_, state, ok := stat(pid)
	return !ok || state == 'Z' || state == 'X'
}

// A fakeTB stands for another test, and keeps what that is told.
type fakeTB struct {
	testing.TB
	skipped, failed string
	logged          string
	cleanups        []func()
}

func (f *fakeTB) Helper()      {}
func (f *fakeTB) Failed() bool { return f.failed != "" }
func (f *fakeTB) Logf(format string, args ...any) {
	f.logged += fmt.Sprintf(format, args...)
}
func (f *fakeTB) Cleanup(do func()) { f.cleanups = append(f.cleanups, do) }
func (f *fakeTB) Skip(args ...any)  { f.skipped += fmt.Sprint(args...); runtime.Goexit() }
func (f *fakeTB) Fatal(args ...any) { f.failed += fmt.Sprint(args...); runtime.Goexit() }
func (f *fakeTB) Errorf(format string, args ...any) {
	f.failed += fmt.Sprintf(format, args...)
}
func (f *fakeTB) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

// run does what the other test does, up to its end.
func (f *fakeTB) run(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for i := len(f.cleanups) - 1; i >= 0; i-- {
				f.cleanups[i]()
			}
		}()
		do()
	}()
	<-done
}
