package chaos

import "time"

// checkEnds: what ended is not served to a request that starts more than the
// bound later, ever; and what nobody ended is not refused.
func (c *check) checkEnds() {
	for _, l := range c.order {
		maybe := l.maybe()
		for _, op := range l.ops {
			if !op.denied() {
				continue
			}
			c.judged(RuleLost)
			if op.End < maybe {
				c.broken(RuleLost, c.around(l, op.Start, l.born, op), "session %s of %s, which nobody ended, is refused", l.name, l.user)
			}
			// A refusal comes from Postgres: what it says is true from then on. That
			// of a rotation may mean something else.
			if op.Kind != Rotate && op.End < l.sure {
				l.ends(op.End, op)
			}
		}
		for _, op := range l.ops {
			c.checkServed(l, op)
		}
	}
	for _, op := range c.h.Ops {
		if op.Kind == Login && op.Outcome == None {
			c.checkRefusedLogin(op)
		}
	}
}

func (c *check) checkServed(l *life, op *Op) {
	bound := Freshness
	if op.strict() {
		bound = 0
	}
	if op.Start <= l.sure || l.by == nil {
		return
	}
	late := op.Start - l.sure
	if late > bound {
		c.judged(RuleEnded)
	}
	if !op.served() {
		return
	}
	if l.by.Outcome == Done {
		c.report.Longest = max(c.report.Longest, late)
	}
	if late > bound {
		c.broken(RuleEnded, c.around(l, op.Start, l.born, l.by, op), "session %s is served by node %d to a %s that starts %v after its end was known (%s)",
			l.name, op.Node, op.Kind, late.Round(time.Microsecond), l.by.Kind)
	}
}

// checkRefusedLogin: only a revocation of the user that was under way refuses one.
func (c *check) checkRefusedLogin(op *Op) {
	for _, other := range c.h.Ops {
		if other.Kind == Everywhere && other.User == op.User && other.Outcome != None && other.Start < op.End && c.settled(other) > op.Start {
			return
		}
	}
	c.broken(RuleLost, []*Op{op}, "a login of %s is refused", op.User)
}
