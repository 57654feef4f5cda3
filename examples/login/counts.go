package main

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/echosession/session"
)

// counts is a hook that counts what copies of sessions did: see docs/protocol.md
// for the names. It is safe for concurrent use.
type counts struct {
	mu     sync.Mutex
	events map[string]int
	polled time.Time
	down   bool
}

// Event is part of [session.Hook].
func (c *counts) Event(_ context.Context, e session.Event) {
	switch e.Kind {
	case session.CopyServed, session.CopyMissed, session.CopyRefused, session.CopyFallback, session.CopyNotStored,
		session.CopiesDown, session.CopiesUp, session.Polled, session.Merged:
	default:
		return
	}
	name := string(e.Kind)
	if e.Reason != "" {
		name += ":" + string(e.Reason)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.events == nil {
		c.events = map[string]int{}
	}
	c.events[name]++
	switch e.Kind {
	case session.Polled:
		if e.Err == nil {
			c.polled = time.Now()
		}
	case session.CopiesDown:
		c.down = true
	case session.CopiesUp:
		c.down = false
	}
}

// all is what was counted, how long ago the primary was asked last, and whether
// Redis is left alone.
func (c *counts) all() map[string]any {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[string]any{}
	for name, n := range maps.All(c.events) {
		all[name] = n
	}
	if !c.polled.IsZero() {
		all["poll_age_ms"] = time.Since(c.polled).Milliseconds()
		all["breaker"] = map[bool]string{true: "open", false: "closed"}[c.down]
	}
	return all
}
