package rules_test

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/echosession/session"
)

// A clock is a store's, moved by hand.
type clock struct {
	mu    sync.Mutex
	at    time.Time
	moves []func(time.Duration) // those of stores that cannot be given a clock
}

func newClock() *clock { return &clock{at: time.Now()} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	for _, move := range c.moves {
		move(d)
	}
}

func (c *clock) onPass(move func(time.Duration)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moves = append(c.moves, move)
}

// eventLog is a hook that remembers.
type eventLog struct {
	mu   sync.Mutex
	list []session.Event
}

func (l *eventLog) Event(_ context.Context, e session.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, e)
}

// of returns the events of some kinds, or all of them.
func (l *eventLog) of(kinds ...session.Kind) (found []session.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.list {
		match := len(kinds) == 0
		for _, k := range kinds {
			match = match || e.Kind == k
		}
		if match {
			found = append(found, e)
		}
	}
	return found
}

// forget begins anew.
func (l *eventLog) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
}

// lockedBuffer takes the log lines of many goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
