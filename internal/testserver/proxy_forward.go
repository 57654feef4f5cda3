package testserver

import (
	"errors"
	"io"
	"os"
	"time"
)

// forward writes to one end what came from the other.
func (l *link) forward(units <-chan *unit, dir Direction) {
	for u := range units {
		if !l.pass(u) {
			return
		}
		verdict := l.judge(u)
		if verdict == StallBefore {
			l.stalled = true
			l.mu.Unlock()
			if !l.pass(u) {
				return
			}
		}
		if verdict == CutBefore || verdict == CutAfter {
			l.last = u // stops the other direction
		}
		if verdict == StallAfter {
			l.stalled = true // stops all others
		}
		if verdict == CutBefore {
			l.finish()
			return
		}
		if !l.write(u, dir) {
			return
		}
		if verdict == CutAfter {
			l.mu.Lock()
			l.finish()
			return
		}
	}
}

// pass waits until a unit may be forwarded. It returns with the lock held, or
// false without it if the link is over.
func (l *link) pass(u *unit) bool {
	for {
		l.mu.Lock()
		if l.over {
			l.mu.Unlock()
			return false
		}
		wait := time.Until(u.at.Add(l.delay))
		held := l.stalled || l.last != nil && l.last != u
		if !held && wait <= 0 {
			return true
		}
		changed := l.changed
		l.mu.Unlock()
		var due <-chan time.Time
		if !held {
			due = time.After(wait)
		}
		select {
		case <-changed:
		case <-due:
		case <-l.ctx.Done():
			return false
		}
	}
}

// write forwards a unit and is called with the lock held, which it releases. It
// is false if nothing more can be written.
func (l *link) write(u *unit, dir Direction) bool {
	to := l.ends[dir]
	for rest := u.data; ; {
		// Under the same lock in which Stall would set it: else this could undo a
		// deadline that it has just set.
		err := to.SetWriteDeadline(time.Time{})
		l.writing++
		l.mu.Unlock()
		n := 0
		switch {
		case err != nil:
		case u.err == nil:
			n, err = to.Write(rest)
		case u.err == io.EOF:
			err = to.CloseWrite()
		default:
			err = u.err
		}
		l.mu.Lock()
		l.writing--
		l.written.Broadcast()
		rest = rest[n:]
		if errors.Is(err, os.ErrDeadlineExceeded) {
			l.mu.Unlock() // stalled in the middle of it
			if !l.pass(u) {
				return false
			}
			continue
		}
		if err != nil {
			l.reset()
		}
		l.mu.Unlock()
		return err == nil
	}
}

// The following are called with the lock held.

// interrupt ends the writes under way.
func (l *link) interrupt() {
	for _, end := range l.ends {
		if end != nil {
			_ = end.SetWriteDeadline(time.Unix(1, 0))
		}
	}
}

// reset ends both connections with an error for the other ends.
func (l *link) reset() {
	if l.over {
		return
	}
	l.over = true
	l.cancel()
	for _, end := range l.ends {
		if end != nil {
			discard(end)
		}
	}
}

// finish resets the link after what was forwarded has arrived at both ends, which
// a reset could overtake. It releases the lock.
func (l *link) finish() {
	defer l.mu.Unlock()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end) && !l.over; {
		waiting := l.writing
		for _, conn := range l.ends {
			waiting += unsent(conn)
		}
		if waiting == 0 {
			break
		}
		l.mu.Unlock()
		time.Sleep(time.Millisecond)
		l.mu.Lock()
	}
	l.reset()
}
