package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/echosession/session/internal/testserver"
)

// The tests run the program as an operator does: a process, its environment, its
// exit code and what it writes to stderr.

var program string // with the race detector

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // for the tests that serve in this process
	var err error
	if program, err = testserver.Build(".", "-race"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	testserver.Main(m)
}

const secret = "mR4vT9xk2WqLz7bYc0PfJh5sNd8gUa3eXo6iVt1r"

// patience is how long a test waits for what has to come. Nothing is measured
// with it.
const patience = 30 * time.Second

// echoes are the values of ECHO.
var echoes = []string{"4", "5"}

// A process is the running program.
type process struct {
	url string

	cmd    *exec.Cmd
	ended  chan struct{}
	killed bool         // the test has ended it by force
	stdout bytes.Buffer // whole, and to be read, once it has ended

	mu     sync.Mutex
	stderr strings.Builder
	said   chan struct{} // closed and replaced with every line
}

// launch starts the program with this environment and no other.
func launch(t *testing.T, env ...string) *process {
	t.Helper()
	p := &process{cmd: exec.CommandContext(t.Context(), program), ended: make(chan struct{}), said: make(chan struct{})}
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = patience
	p.cmd.Env = slices.Concat([]string{"SESSION_STORE=memory", "APP_ENV=development", "SESSION_SECRET=" + secret, "PORT=0", "GORACE=atexit_sleep_ms=0"}, env)
	p.cmd.Stdout = &p.stdout
	pipe, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			p.mu.Lock()
			p.stderr.WriteString(lines.Text() + "\n")
			close(p.said)
			p.said = make(chan struct{})
			p.mu.Unlock()
		}
		_ = p.cmd.Wait() // the code is asked for later
	}()
	t.Cleanup(func() { p.checkEnd(t) })
	return p
}

// startProgram is launch for a program that is to serve.
func startProgram(t *testing.T, env ...string) *process {
	t.Helper()
	p := launch(t, env...)
	p.url = p.await(t, `msg=Listening url=(\S+)`)
	return p
}

// await waits for a line of stderr, and returns what its group matches.
func (p *process) await(t *testing.T, pattern string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for expr, over := regexp.MustCompile(pattern), false; ; {
		p.mu.Lock()
		text, said := p.stderr.String(), p.said
		p.mu.Unlock()
		if match := expr.FindStringSubmatch(text); match != nil {
			return match[len(match)-1]
		}
		if over {
			t.Fatalf("the program does not say %q:\n%s", pattern, text)
		}
		select {
		case <-said:
		case <-p.ended:
			over = true
		case <-ctx.Done():
			over = true
		}
	}
}

// signal sends a signal to this process and no other.
func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
}

// exitCode waits for the end.
func (p *process) exitCode(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatalf("the program does not end:\n%s", p.text())
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}

// checkEnd stops a program that still runs, and looks at what it wrote. The
// test's context has ended by now, and with it, on SIGTERM, the program.
func (p *process) checkEnd(t *testing.T) {
	code := p.exitCode(t)
	text := p.text() + p.stdout.String()
	if p.url != "" && !p.killed && code != exitOK {
		t.Errorf("it exits with %d after SIGTERM:\n%s", code, text)
	}
	if strings.Contains(text, "DATA RACE") || strings.Contains(text, "panic") {
		t.Errorf("it races or panics:\n%s", text)
	}
	if what := hidden.in(text, true); what != "" {
		t.Errorf("%s is in the log:\n%s", what, text)
	}
}
