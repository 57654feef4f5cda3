// Package browser drives a headless Chromium for tests, over the DevTools
// protocol on a pipe: no port, no dependency. Each test gets a profile of its
// own.
package browser

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// patience is how long a browser may take for anything. No test waits for it
// unless something is wrong.
const patience = 30 * time.Second

// names are Chromium's, on this system and others.
var names = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// A Browser is a running Chromium. It ends with the test. It is safe for
// concurrent use.
type Browser struct {
	t       testing.TB
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

// Start starts a browser. Without one the test is skipped, and fails where the
// environment has CI set.
func Start(t testing.TB) *Browser {
	t.Helper()
	path := ""
	for _, name := range names {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		const missing = "Chromium is missing: install the package chromium"
		if os.Getenv("CI") == "" {
			t.Skip(missing)
		}
		t.Fatal(missing)
	}
	b := &Browser{t: t, ended: make(chan struct{}), waiting: map[int]chan reply{}, pages: map[string]*Page{}}
	theirIn, ourOut, err := os.Pipe()
	must(t, err)
	ourIn, theirOut, err := os.Pipe()
	must(t, err)
	b.command = ourOut
	cmd := exec.Command(path, "--headless=new", "--remote-debugging-pipe", "--user-data-dir="+t.TempDir(), "--no-sandbox",
		"--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-sync",
		"--disable-component-update", "--hide-scrollbars", "--force-color-profile=srgb", "--lang=en-US")
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4, where Chromium looks for them
	must(t, cmd.Start())
	_, _ = theirIn.Close(), theirOut.Close()
	go b.read(ourIn)
	t.Cleanup(func() {
		_, _ = b.call("", "Browser.close", nil)
		_ = ourOut.Close()
		done := make(chan struct{})
		go func() { _ = cmd.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(patience):
			_ = cmd.Process.Kill()
			<-done
		}
		<-b.ended
	})
	return b
}

// read takes what the browser says: each message ends with a NUL.
func (b *Browser) read(from *os.File) {
	defer close(b.ended)
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
		b.mu.Lock()
		waiting, page := b.waiting[m.ID], b.pages[m.Session]
		delete(b.waiting, m.ID)
		b.mu.Unlock()
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
func (b *Browser) call(session, method string, params any) (json.RawMessage, error) {
	answer := make(chan reply, 1)
	b.mu.Lock()
	b.last++
	text, err := json.Marshal(message{ID: b.last, Session: session, Method: method, Params: params})
	if err == nil {
		b.waiting[b.last] = answer
		_, err = b.command.Write(append(text, 0))
	}
	b.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	select {
	case r := <-answer:
		if r.err != nil {
			return nil, fmt.Errorf("%s: %w", method, r.err)
		}
		return r.result, nil
	case <-b.ended:
		return nil, fmt.Errorf("%s: the browser has ended", method)
	case <-time.After(patience):
		return nil, fmt.Errorf("%s: no answer", method)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
