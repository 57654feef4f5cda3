package browser

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"
)

// A chromium is the running process.
type chromium struct {
	cmd     *exec.Cmd
	profile string
	users   int // tests, counted by sharing
	command *os.File
	ended   chan struct{}

	mu      sync.Mutex
	last    int
	waiting map[int]chan reply
	pages   map[string]*Page // by session
}

type reply struct {
	result json.RawMessage
	err    error
}

// message is one of the protocol's, in either direction.
type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// running is the process that tests share while there is one.
var running sharing

type sharing struct {
	mu sync.Mutex
	c  *chromium
}

// join is the process for one more test. One that has ended, by a
// crash, is not given out.
func (s *sharing) join(path string) (*chromium, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c == nil || s.c.over() {
		c, err := start(path)
		if err != nil {
			return nil, err
		}
		s.c = c
	}
	s.c.users++
	return s.c, nil
}

// leave ends a process with the last test that has it.
func (s *sharing) leave(c *chromium) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.users--; c.users > 0 {
		return
	}
	c.close()
	if s.c == c {
		s.c = nil
	}
}

func (c *chromium) over() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

// start starts the process, with no window and no other process for what a GPU
// would draw.
func start(path string) (*chromium, error) {
	profile, err := os.MkdirTemp("", "browser")
	if err != nil {
		return nil, err
	}
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, "--headless=new", "--remote-debugging-pipe", "--user-data-dir="+profile, "--no-sandbox",
		"--no-first-run", "--no-startup-window", "--disable-gpu", "--in-process-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
		"--disable-sync", "--disable-component-update", "--hide-scrollbars", "--force-color-profile=srgb", "--lang=en-US")
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4, where Chromium looks for them
	err = cmd.Start()
	_, _ = theirIn.Close(), theirOut.Close()
	c := &chromium{cmd: cmd, profile: profile, command: ourOut, ended: make(chan struct{}), waiting: map[int]chan reply{}, pages: map[string]*Page{}}
	if err != nil {
		_, _, _ = ourIn.Close(), ourOut.Close(), os.RemoveAll(profile)
		return nil, err
	}
	go c.read(ourIn)
	return c, nil
}

func (c *chromium) close() {
	_, _ = c.call("", "Browser.close", nil)
	_ = c.command.Close()
	done := make(chan struct{})
	go func() { _ = c.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(patience):
		_ = c.cmd.Process.Kill()
		<-done
	}
	<-c.ended
	_ = os.RemoveAll(c.profile)
}

// read takes what the browser says: each message ends with a NUL.
func (c *chromium) read(from *os.File) {
	defer close(c.ended)
	defer from.Close()
	for r := bufio.NewReader(from); ; {
		text, err := r.ReadBytes(0)
		if err != nil {
			break
		}
		var m struct {
			message
			Params json.RawMessage `json:"params"`
		}
		if json.Unmarshal(text[:len(text)-1], &m) != nil {
			continue
		}
		c.mu.Lock()
		waiting, page := c.waiting[m.ID], c.pages[m.Session]
		delete(c.waiting, m.ID)
		c.mu.Unlock()
		switch {
		case waiting != nil && m.Error != nil:
			waiting <- reply{err: errors.New(m.Error.Message)}
		case waiting != nil:
			waiting <- reply{result: m.Result}
		case page != nil:
			page.event(m.Method, m.Params)
		}
	}
}

// call asks the browser, or one of its pages, and waits for the answer.
func (c *chromium) call(session, method string, params any) (json.RawMessage, error) {
	answer := make(chan reply, 1)
	c.mu.Lock()
	c.last++
	text, err := json.Marshal(message{ID: c.last, Session: session, Method: method, Params: params})
	if err == nil {
		c.waiting[c.last] = answer
		_, err = c.command.Write(append(text, 0))
	}
	c.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	select {
	case r := <-answer:
		if r.err != nil {
			return nil, fmt.Errorf("%s: %w", method, r.err)
		}
		return r.result, nil
	case <-c.ended:
		return nil, fmt.Errorf("%s: the browser has ended", method)
	case <-time.After(patience):
		return nil, fmt.Errorf("%s: no answer", method)
	}
}
