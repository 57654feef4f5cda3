package testserver

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// A command is a program to run. Its output goes to the end of the log.
type command struct {
	path string
	args []string
	dir  string
	log  string
	as   *account
	soon string // the name of the signal that ends it without delay
}

// A process is a command that runs.
type process struct {
	command
	pid   int
	start int64 // length of the log before it
	ended chan struct{}
	err   error // how it ended
}

// gate holds a new process back until the watchdog knows of it: else it could
// outlive tests that are killed just then. Its number stays the same.
const gate = `read -r go && exec "$0" "$@" </dev/null`

func (c command) run() (*process, error) {
	// Output is appended: of all that run after each other, each knows where its
	// own begins.
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	info, err := log.Stat()
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	defer r.Close()

	cmd := exec.Command("/bin/sh", append([]string{"-c", gate, c.path}, c.args...)...)
	cmd.Dir, cmd.Env = c.dir, environment()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = r, log, log
	cmd.SysProcAttr = attributes(c.as)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{command: c, pid: cmd.Process.Pid, start: info.Size(), ended: make(chan struct{})}
	known := make(chan struct{})
	go func() {
		err := cmd.Wait()
		<-known
		p.err = errors.Join(err, guard.forget("server", p.tag()))
		close(p.ended)
	}()
	err = guard.remember("server", p.tag())
	close(known)
	if err == nil {
		_, err = io.WriteString(w, "go\n")
	}
	if err != nil {
		w.Close()
		<-p.ended
		return nil, err
	}
	return p, nil
}

// environment is ours without what would configure a client or a server of
// Postgres.
func environment() []string {
	var env []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "PG") && !strings.HasPrefix(entry, "LC_") {
			env = append(env, entry)
		}
	}
	return append(env, "LC_ALL=C")
}

func (p *process) tag() string { return fmt.Sprintf("%s:%d", p.soon, p.pid) }

// over says whether it has ended.
func (p *process) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// signal signals the process, and no other one that got its number after it.
func (p *process) signal(sig syscall.Signal) {
	if !p.over() {
		_ = send(p.pid, sig) // it may just have ended
	}
}

// output is what it has written.
func (p *process) output() string {
	f, err := os.Open(p.log)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, _ := io.ReadAll(io.NewSectionReader(f, p.start, 1<<30))
	return string(text)
}

// failed reports that it ended when it should not have.
func (p *process) failed() error {
	return fmt.Errorf("%s ended (%v):\n%s", p.path, p.err, tail(p.output()))
}

// wait waits until it has ended by itself.
func (p *process) wait() error {
	return await(patience, p.path+" to end", func() (bool, error) { return p.over(), nil })
}

// pause stops the process and its children, and returns when they have stopped.
// The parent comes first: from then on there are no new ones.
func (p *process) pause() error {
	p.signal(sigStop)
	if err := awaitState(p.pid, "TtZX"); err != nil {
		return err
	}
	kids := children(p.pid)
	for _, kid := range kids {
		_ = send(kid, sigStop)
	}
	for _, kid := range kids {
		if err := awaitState(kid, "TtZX"); err != nil {
			return err
		}
	}
	return nil
}

func (p *process) resume() {
	for _, kid := range children(p.pid) {
		_ = send(kid, sigCont)
	}
	p.signal(sigCont)
}

// kill ends the process and its children as a crash of the machine would, all at
// once, and returns when they are gone. As long as the parent has not ended, the
// numbers of its children are not given to others.
func (p *process) kill() error {
	if p.over() {
		return nil
	}
	err := p.pause()
	kids := children(p.pid)
	for _, kid := range kids {
		_ = send(kid, sigKill)
	}
	p.signal(sigKill)
	err = errors.Join(err, p.wait())
	for _, kid := range kids {
		err = errors.Join(err, awaitState(kid, "ZX"))
	}
	return err
}

// end ends the process in the way that leaves least behind.
func (p *process) end() error {
	if p.soon == "QUIT" {
		p.resume()
		p.signal(sigQuit)
		if await(10*time.Second, "", func() (bool, error) { return p.over(), nil }) == nil {
			return nil
		}
	}
	return p.kill()
}

// awaitState waits until a process is in one of some states, or gone.
func awaitState(pid int, states string) error {
	return await(patience, fmt.Sprintf("process %d in a state of %s", pid, states), func() (bool, error) {
		_, state, ok := stat(pid)
		return !ok || strings.IndexByte(states, state) >= 0, nil
	})
}

// tail returns the last lines of a log.
func tail(log string) string {
	lines := strings.Split(strings.TrimRight(log, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "\n")
}
