package sessiontest

import (
	"fmt"
	"sync"
	"time"
)

// A Clock is the store's clock, which decides when sessions expire: it stands
// still until [Clock.Advance] moves it. It begins at the process's time. What an
// application compares with time.Now is not moved: give it [Clock.Now], or use
// testing/synctest, which fakes both. It is safe for concurrent use; the zero
// Clock begins in the year 1.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *Clock { return &Clock{now: time.Now().Round(0)} }

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock. It panics when d is negative: a store's clock does not
// run backwards.
func (c *Clock) Advance(d time.Duration) {
	if d < 0 {
		panic(fmt.Sprintf("sessiontest: Clock.Advance by %s; a store's clock does not run backwards", d))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
