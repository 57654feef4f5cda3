package admin

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How many failed authorizations an address has, and how many changes an actor.
const (
	failuresPerMinute, failuresAtOnce = 30, 30
	changesPerMinute, changesAtOnce   = 60, 60
)

// maxLimited is how many names a limiter remembers.
const maxLimited = 10_000

// A limiter counts by name. It is safe for concurrent use.
type limiter struct {
	every  rate.Limit
	atOnce int

	mu     sync.Mutex
	counts map[string]*count
}

type count struct {
	*rate.Limiter
	refused bool // since it was last below its limit
}

func newLimiter(perMinute, atOnce int) *limiter {
	return &limiter{every: rate.Every(time.Minute / time.Duration(perMinute)), atOnce: atOnce, counts: map[string]*count{}}
}

// full says how long a name has to wait, or 0; and whether it is the first time
// in a row that it has to.
func (l *limiter) full(name string) (wait time.Duration, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.counts[name]
	if c == nil {
		return 0, false
	}
	missing := 1 - c.Tokens()
	if missing <= 0 {
		c.refused = false
		return 0, false
	}
	first, c.refused = !c.refused, true
	return time.Duration(missing / float64(l.every) * float64(time.Second)), first
}

// take counts one of a name.
func (l *limiter) take(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.counts[name]
	if c == nil {
		l.makeRoom()
		c = &count{Limiter: rate.NewLimiter(l.every, l.atOnce)}
		l.counts[name] = c
	}
	c.Allow()
}

// makeRoom forgets names that have their whole limit again; where all are
// still counted, as from very many addresses at once, it forgets any one.
func (l *limiter) makeRoom() {
	if len(l.counts) < maxLimited {
		return
	}
	for name, c := range l.counts {
		if c.Tokens() >= float64(l.atOnce) {
			delete(l.counts, name)
		}
	}
	for name := range l.counts {
		if len(l.counts) < maxLimited {
			return
		}
		delete(l.counts, name)
	}
}

// network is what an address is limited by: itself, and of IPv6 its /64, which
// is one customer's.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if ip = ip.Unmap(); ip.Is6() {
		if prefix, err := ip.WithZone("").Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return ip.String()
}
