package redisstore

import (
	"errors"
	"sync"
	"time"
)

// errLeftAlone: Redis has failed a few times, and is not asked for a while.
var errLeftAlone = errors.New("redis has failed and is left alone for a moment")

const (
	trips = 3           // failures in a row after which Redis is left alone
	rests = time.Second // for so long; then one call tries it
)

// A breaker spares requests the wait for a Redis that does not answer.
type breaker struct {
	mu       sync.Mutex
	failures int       // in a row
	until    time.Time // left alone until then
	trying   bool
	changed  func(down bool, err error) // told of each change
}

// allow reports whether to call. Whoever calls says what came of it.
func (b *breaker) allow() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < trips {
		return true
	}
	if b.trying || time.Now().Before(b.until) {
		return false
	}
	b.trying = true
	return true
}

// report takes the outcome of a call that was allowed.
func (b *breaker) report(err error) {
	b.mu.Lock()
	was := b.failures >= trips
	b.trying = false
	if err == nil {
		b.failures = 0
	} else {
		b.failures = min(b.failures+1, trips)
		b.until = time.Now().Add(rests)
	}
	is := b.failures >= trips
	b.mu.Unlock()
	if was != is {
		b.changed(is, err)
	}
}

// release is for a call whose outcome says nothing, as when its caller has gone.
func (b *breaker) release() {
	b.mu.Lock()
	b.trying = false
	b.mu.Unlock()
}

// down reports whether Redis is left alone, until a call of it works.
func (b *breaker) down() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failures >= trips
}
