package chaos

// checkErrors: while only Redis is broken, nobody sees an error.
func (c *check) checkErrors() {
	for _, op := range c.h.Ops {
		if op.Node < 0 || op.Kind == Ready || c.excused(op) {
			continue
		}
		c.judged(RuleErrors)
		c.report.Slowest = max(c.report.Slowest, op.End-op.Start)
		if op.Outcome == Unavailable {
			var with []string
			for _, f := range c.h.Faults {
				if f.during(op.Start, op.End) {
					with = append(with, f.String())
				}
			}
			c.broken(RuleErrors, []*Op{op}, "a %s is answered with %d while nothing but Redis is broken: %q", op.Kind, op.Status, with)
		}
	}
}

// excused reports whether the database or the node was broken, or has just been.
func (c *check) excused(op *Op) bool {
	for _, f := range c.h.Faults {
		if f.outage() && f.of(op.Node) && f.Start <= op.End && f.end()+Recovery >= op.Start {
			return true
		}
	}
	return false
}

// checkMended: after all is mended every node says so in time.
func (c *check) checkMended() {
	for node := range c.h.Nodes {
		c.judged(RuleMended)
		ok := false
		var asked []*Op
		for _, op := range c.h.Ops {
			if op.Kind == Ready && op.Node == node {
				asked = append(asked, op)
				ok = ok || op.Outcome == Done && op.End <= c.h.Healed+Mended
			}
		}
		if !ok {
			c.broken(RuleMended, asked, "node %d is not ready %v after all was mended", node, Mended)
		}
	}
}

// checkAnswers: no route gives an answer that it does not have, and nobody sees
// somebody else's session.
func (c *check) checkAnswers() {
	for _, op := range c.h.Ops {
		c.judged(RuleAnswers)
		switch {
		case op.Outcome == Odd:
			c.broken(RuleAnswers, []*Op{op}, "a %s is answered with %d", op.Kind, op.Status)
		case (op.Kind == Read || op.Kind == Fresh) && op.Outcome == Value && op.Text != op.User:
			c.broken(RuleAnswers, []*Op{op}, "the session of %s is that of %q", op.User, op.Text)
		}
	}
}
