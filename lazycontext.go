package session

import (
	"context"
	"sync/atomic"
	"time"
)

// lazyContext is a context that can be cancelled, and may have a deadline, but
// sets nothing up until someone asks for Done: most requests and most calls of
// a store in memory never do. It must not be copied.
type lazyContext struct {
	parent context.Context
	end    time.Time // zero: none
	child  atomic.Pointer[cancelContext]
	over   atomic.Pointer[error] // why, once it was cancelled
}

type cancelContext struct {
	context.Context
	cancel context.CancelFunc
}

// within returns a context that ends after d, or with its parent.
func within(parent context.Context, d time.Duration) *lazyContext {
	return &lazyContext{parent: parent, end: time.Now().Add(d)}
}

// Done sets the real context up. A child context of the standard library finds
// it through Value and needs no goroutine to follow it.
func (c *lazyContext) Done() <-chan struct{} {
	child := c.child.Load()
	if child == nil {
		child = c.setUp()
	}
	return child.Done()
}

func (c *lazyContext) setUp() *cancelContext {
	child := &cancelContext{}
	parent, end := c.parent, c.end
	if why := c.over.Load(); why != nil { // it stays what it was, whatever passed since
		parent, end = context.WithoutCancel(parent), time.Time{}
		if *why == context.DeadlineExceeded {
			end = time.Unix(0, 0)
		}
	}
	if end.IsZero() {
		child.Context, child.cancel = context.WithCancel(parent)
	} else {
		child.Context, child.cancel = context.WithDeadline(parent, end)
	}
	if !c.child.CompareAndSwap(nil, child) {
		child.cancel()
		return c.child.Load()
	}
	// cancel may have come by between; it sets over before it looks for a child.
	if c.over.Load() != nil {
		child.cancel()
	}
	return child
}

// cancel ends the context, unless it has ended already, and frees what it holds.
// It may be called twice.
func (c *lazyContext) cancel() {
	why := &context.Canceled
	if c.Err() == context.DeadlineExceeded {
		why = &context.DeadlineExceeded
	}
	c.over.CompareAndSwap(nil, why)
	if child := c.child.Load(); child != nil {
		child.cancel()
	}
}

func (c *lazyContext) Err() error {
	if child := c.child.Load(); child != nil {
		return child.Err()
	}
	if why := c.over.Load(); why != nil {
		return *why
	}
	if err := c.parent.Err(); err != nil {
		return err
	}
	if !c.end.IsZero() && !time.Now().Before(c.end) {
		return context.DeadlineExceeded
	}
	return nil
}

func (c *lazyContext) Deadline() (time.Time, bool) {
	end, ok := c.parent.Deadline()
	if !c.end.IsZero() && (!ok || c.end.Before(end)) {
		return c.end, true
	}
	return end, ok
}

func (c *lazyContext) Value(key any) any {
	if child := c.child.Load(); child != nil {
		return child.Value(key)
	}
	return c.parent.Value(key)
}
