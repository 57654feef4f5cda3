package testserver

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// ProgramOptions are of a program under test that serves at a port.
type ProgramOptions struct {
	// Name is what messages call it.
	Name string
	// Path is the executable, Args are its arguments.
	Path string
	Args []string
	// Env is the whole environment of a program that listens at that port.
	Env func(port int) []string
	// Ready is what it writes once it serves.
	Ready string
}

// A Program is a process under test. It is killed, paused and started as the
// servers are, and like them it ends with the test.
type Program struct{ server }

// StartProgram starts a program and returns when it is ready.
func StartProgram(t testing.TB, o ProgramOptions) *Program {
	t.Helper()
	p, err := newProgram(o)
	if err != nil {
		giveUp(t, err)
	}
	p.t = t
	p.closeAfter(t)
	return p
}

func newProgram(o ProgramOptions) (*Program, error) {
	if err := checkSupported(); err != nil {
		return nil, err
	}
	env, err := exec.LookPath("env")
	if err != nil {
		return nil, err
	}
	dir, err := newDir(nil)
	if err != nil {
		return nil, err
	}
	p := &Program{}
	p.server = server{name: o.Name, dir: dir, ready: func(p *process) bool { return strings.Contains(p.output(), o.Ready) }}
	p.server.command = func() (command, error) {
		args := append([]string{"-i"}, o.Env(p.port)...)
		args = append(append(args, o.Path), o.Args...)
		return command{path: env, args: args, dir: dir, log: p.logFile(), soon: "KILL"}, nil
	}
	if err := p.launch(); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}
