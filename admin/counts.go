package admin

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/echosession/session"
)

// Counts is a [session.Hook] that counts what this process does: lookups that
// copies answered, and cleanups. Give one to both [session.Config] and
// [Options]; beside another hook with [session.Hooks]. The zero value is ready,
// and safe for concurrent use.
type Counts struct {
	mu       sync.Mutex
	since    time.Time // of the first event
	events   map[string]int64
	cleanups []cleanupRun // the last ones, oldest first
}

// maxRuns is how many cleanups are remembered: half a day's, as they come by
// default.
const maxRuns = 48

// A cleanupRun is one that this process made.
type cleanupRun struct {
	At      time.Time `json:"at"`
	Removed int       `json:"removed"`
	Took    float64   `json:"tookSeconds"`
	Failed  bool      `json:"failed"`
}

// Event is part of [session.Hook].
func (c *Counts) Event(_ context.Context, e session.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.events == nil {
		c.events, c.since = map[string]int64{}, time.Now()
	}
	c.events[string(e.Kind)]++
	if e.Kind == session.Pruned || e.Kind == session.PruneFailed {
		c.cleanups = append(c.cleanups, cleanupRun{time.Now().UTC().Truncate(time.Second), e.Count, e.Took.Seconds(), e.Err != nil})
		if len(c.cleanups) > maxRuns {
			c.cleanups = slices.Delete(c.cleanups, 0, 1)
		}
	}
}

// counted is what one process tells of itself.
type counted struct {
	Since    *time.Time       `json:"since"` // null: nothing has happened yet
	Events   map[string]int64 `json:"events"`
	Copies   *copyReads       `json:"copyReads"` // null: no copies are kept
	Cleanups []cleanupRun     `json:"cleanups"`
}

// copyReads are lookups by what became of them.
type copyReads struct {
	Served   int64   `json:"served"`   // by a copy
	Missed   int64   `json:"missed"`   // there was no copy
	Refused  int64   `json:"refused"`  // there was one that is not believed
	Fallback int64   `json:"fallback"` // copies could not be asked
	HitRate  float64 `json:"hitRate"`  // served of all
}

// counted of nil Counts is nil.
func (c *Counts) counted() *counted {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &counted{Events: map[string]int64{}, Cleanups: append([]cleanupRun{}, c.cleanups...)}
	maps.Copy(a.Events, c.events)
	if !c.since.IsZero() {
		since := c.since.UTC().Truncate(time.Second)
		a.Since = &since
	}
	n := func(k session.Kind) int64 { return c.events[string(k)] }
	reads := copyReads{Served: n(session.CopyServed), Missed: n(session.CopyMissed), Refused: n(session.CopyRefused), Fallback: n(session.CopyFallback)}
	if all := reads.Served + reads.Missed + reads.Refused + reads.Fallback; all > 0 {
		reads.HitRate = float64(reads.Served) / float64(all)
		a.Copies = &reads
	}
	return a
}
