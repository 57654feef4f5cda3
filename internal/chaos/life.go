package chaos

import "time"

// A life is what a history says of one session.
type life struct {
	name, user string
	foreign    bool
	born       *Op   // the login that made it
	parent     *life // whose cookie that login came with
	ops        []*Op // with its cookie, in order of their start
	line       *line

	attempts []attempt     // at its end, in no order
	sure     time.Duration // it is over from then on
	by       *Op           // that said so
}

// An attempt is something that may have ended a session, at its start or later.
type attempt struct {
	from time.Duration
	by   *Op
}

// A line is a session under one id after the other: rotations carry all of it
// from one to the next.
type line struct {
	whole bool // it begins with a login, so that all that it holds is known
	lives []*life
	ops   []*Op
}

// maybe is when the session may have been over first.
func (l *life) maybe() time.Duration {
	first := forever
	for _, a := range l.attempts {
		first = min(first, a.from)
	}
	return first
}

// ends records an end that is sure.
func (l *life) ends(at time.Duration, by *Op) {
	if at < l.sure {
		l.sure, l.by = at, by
	}
}

// readLives finds the sessions of a history, and what may have ended each.
func (c *check) readLives() {
	for _, op := range c.h.Ops {
		if op.Made == "" {
			continue
		}
		l := &life{name: op.Made, user: op.User, foreign: op.Foreign, born: op, sure: forever}
		if op.Kind == Rotate {
			l.parent = c.lives[op.Session]
		}
		c.lives[l.name] = l
		c.order = append(c.order, l)
		c.users[l.user] = append(c.users[l.user], l)
	}
	for _, op := range c.h.Ops {
		switch l := c.lives[op.Session]; {
		case op.Kind == Truncate:
			c.endsMany(op, c.order)
		case op.Kind == Everywhere && op.Outcome != None:
			c.endsMany(op, c.users[op.User])
		case l == nil:
			continue
		case op.Kind == Logout, op.Kind == Delete, op.Kind == Expire, op.Kind == Rotate:
			l.attempts = append(l.attempts, attempt{op.Start, op})
			if op.Outcome == Done {
				l.ends(op.End, op)
			}
		}
		if l := c.lives[op.Session]; l != nil {
			l.ops = append(l.ops, op)
		}
	}
	for _, l := range c.order {
		l.inherit()
	}
}

// endsMany is the end of all sessions there are, or of a user's. Those whose login
// was under way are ended or not, and those that came later are not.
func (c *check) endsMany(op *Op, all []*life) {
	for _, l := range all {
		if l.born.Start > c.settled(op) {
			continue
		}
		l.attempts = append(l.attempts, attempt{op.Start, op})
		if op.Outcome == Done && l.born.End < op.Start {
			l.ends(op.End, op)
		}
	}
}

// inherit adds logouts with an older cookie. A logout ends what it has read,
// wherever a rotation has taken it, and may have read that for as long as a copy
// of it is served. The parent's own come first.
func (l *life) inherit() {
	if l.parent == nil {
		return
	}
	for _, a := range l.parent.attempts {
		if a.by.Kind == Logout && a.from < l.born.End+Freshness {
			l.attempts = append(l.attempts, a)
		}
	}
}

// readLines puts lives in their lines. A rotation carries everything only if
// nothing else may have ended the session before it did: else the login may have
// begun a new one.
func (c *check) readLines() {
	for _, l := range c.order {
		if l.carried() {
			l.line = l.parent.line
		} else {
			l.line = &line{whole: l.parent == nil}
			c.lines = append(c.lines, l.line)
		}
		l.line.lives = append(l.line.lives, l)
		if !l.foreign {
			l.line.ops = append(l.line.ops, l.ops...)
		}
	}
}

func (l *life) carried() bool {
	if l.parent == nil {
		return false
	}
	for _, a := range l.parent.attempts {
		if a.by != l.born && a.from < l.born.End {
			return false
		}
	}
	return true
}
