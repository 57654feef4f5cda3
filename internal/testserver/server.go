package testserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A server is what all of them have in common: one process at one address, that
// can be ended in several ways and started again.
type server struct {
	t    testing.TB // nil for a shared one
	name string
	dir  string // of its files
	port int
	as   *account
	// command runs it at its port, ready says whether it has come up.
	command func() (command, error)
	ready   func(*process) bool
	// swept cleans up after a crash. It may be nil.
	swept func()

	mu     sync.Mutex
	proc   *process // nil while there is none
	paused bool
}

// Addr is host and port. It stays the same over restarts.
func (s *server) Addr() string { return address(s.port) }

// PID is the number of the server's first process, 0 while it is down.
func (s *server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil || s.proc.over() {
		return 0
	}
	return s.proc.pid
}

// Log returns what the server has written so far.
func (s *server) Log() string {
	text, _ := os.ReadFile(s.logFile())
	return string(text)
}

func (s *server) logFile() string { return filepath.Join(s.dir, "log") }

// Start starts the server after [server.Kill] or Stop, at the same address and
// with its files as they were left. It returns when the server answers.
func (s *server) Start() {
	s.control("Start", func() error {
		if s.proc != nil {
			return errors.New("it runs already")
		}
		return s.start()
	})
}

// Kill ends the server and all its processes at once by SIGKILL, as a crash
// would. What it had written is kept, since the machine goes on; also a paused
// server can be killed.
func (s *server) Kill() {
	s.control("Kill", func() error {
		if s.proc == nil {
			return errors.New("it is down")
		}
		return s.kill()
	})
}

// Restart kills the server and starts it.
func (s *server) Restart() {
	s.control("Restart", func() error {
		if s.proc == nil {
			return errors.New("it is down")
		}
		if err := s.kill(); err != nil {
			return err
		}
		return s.start()
	})
}

// Pause stops all processes of the server by SIGSTOP. Clients see what they see
// of a server that hangs: they can connect, and get no answer.
func (s *server) Pause() {
	s.control("Pause", func() error {
		if s.proc == nil {
			return errors.New("it is down")
		}
		s.paused = true
		return s.proc.pause()
	})
}

// Resume lets a paused server go on. One that is not paused is left alone.
func (s *server) Resume() {
	s.control("Resume", func() error {
		if s.proc != nil && s.paused {
			s.paused = false
			s.proc.resume()
		}
		return nil
	})
}

// control does something to the server that others than the caller notice, so it
// is not for shared ones.
func (s *server) control(verb string, do func() error) {
	if s.t == nil {
		panic(fmt.Sprintf("testserver: %s of a shared %s", verb, s.name))
	}
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := do(); err != nil {
		s.t.Fatalf("%s of %s: %v", verb, s.name, err)
	}
}

// launch starts the server for the first time, at a port that it finds.
func (s *server) launch() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for tries := 1; ; tries++ {
		var err error
		if s.port, err = freePort(); err != nil {
			return err
		}
		err = s.start()
		if err == nil {
			return nil
		}
		if tries == 5 || !strings.Contains(strings.ToLower(err.Error()), "in use") {
			return err
		}
	}
}

func (s *server) start() error {
	c, err := s.command()
	if err != nil {
		return err
	}
	p, err := c.run()
	if err != nil {
		return fmt.Errorf("start %s: %w", s.name, err)
	}
	s.proc, s.paused = p, false
	err = await(patience, s.name+" to be ready", func() (bool, error) {
		if p.over() {
			return false, p.failed()
		}
		return s.ready(p), nil
	})
	if err != nil && !p.over() {
		err = fmt.Errorf("%w\n%s", err, tail(p.output()))
	}
	if err != nil {
		return errors.Join(err, s.kill())
	}
	return nil
}

func (s *server) kill() error {
	err := s.proc.kill()
	s.proc, s.paused = nil, false
	if s.swept != nil {
		s.swept()
	}
	return err
}

// up says whether the server can be asked something.
func (s *server) up() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc != nil && !s.proc.over() && !s.paused
}

// close ends the server and removes its files. It may be called in any state.
func (s *server) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.proc != nil {
		err = s.proc.end()
		s.proc = nil
	}
	if s.swept != nil {
		s.swept()
	}
	return errors.Join(err, removeDir(s.dir))
}

// closeAfter closes the server at the end of its test, and shows the log of a
// test that failed.
func (s *server) closeAfter(t testing.TB) {
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("end of the log of %s at %s:\n%s", s.name, s.Addr(), tail(s.Log()))
		}
		if err := s.close(); err != nil {
			t.Errorf("close %s: %v", s.name, err)
		}
	})
}
