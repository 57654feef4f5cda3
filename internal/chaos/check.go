package chaos

import (
	"fmt"
	"slices"
	"time"
)

const (
	// Freshness is the promise's bound, with nothing added to it.
	Freshness = time.Second
	// Recovery is how long after an outage an error is no surprise.
	Recovery = 5 * time.Second
	// Mended is how long a node may take to be ready after all is mended.
	Mended = 10 * time.Second
)

// A Violation is a broken promise, with the operations that show it.
type Violation struct {
	Rule string
	Text string
	Ops  []*Op
}

// The rules.
const (
	RuleEnded   = "what ended is not served"
	RuleLost    = "no session is lost"
	RuleWrites  = "no acknowledged write is lost"
	RuleErrors  = "Redis alone gives no error"
	RuleMended  = "what is mended works"
	RuleAnswers = "every answer makes sense"
)

// A Report is what [Check] found.
type Report struct {
	Violations []Violation
	// Longest is how long after an acknowledged end a read began that was still
	// served.
	Longest time.Duration
	// Slowest is the longest that anybody waited while nothing but Redis was broken.
	Slowest time.Duration
	// Judged is how many operations may have broken which rule.
	Judged map[string]int
}

type check struct {
	h      *History
	lives  map[string]*life
	order  []*life // as they were born
	users  map[string][]*life
	lines  []*line
	report Report
}

// Check judges a history, whose operations are in order of their start.
func Check(h *History) Report {
	c := &check{h: h, lives: map[string]*life{}, users: map[string][]*life{}, report: Report{Judged: map[string]int{}}}
	c.readLives()
	c.readLines()
	c.checkEnds()
	for _, l := range c.lines {
		c.checkVisits(l)
		c.checkValues(l)
	}
	c.checkErrors()
	c.checkMended()
	c.checkAnswers()
	return c.report
}

func (c *check) broken(rule string, ops []*Op, format string, args ...any) {
	c.report.Violations = append(c.report.Violations, Violation{rule, fmt.Sprintf(format, args...), ops})
}

func (c *check) judged(rule string) { c.report.Judged[rule]++ }

// settled is when an operation has taken effect at the latest, if it does at all.
// An answer says that it has, or that it never will. Without one it may be on its
// way for as long as a node goes on, and in a stalled connection, or before a
// stopped process, until that is mended.
func (c *check) settled(op *Op) time.Duration {
	if op.Outcome != Unavailable {
		return op.End
	}
	linger := time.Second
	if op.Status == 0 {
		linger = unheard
	}
	until := op.End + linger
	for _, f := range c.h.Faults {
		if f.outage() && f.during(op.Start, until) {
			until = max(until, f.end()+linger)
		}
	}
	return until
}

// around is what happened to a session shortly before and after a moment, with
// the operations that matter in any case.
func (c *check) around(l *life, at time.Duration, matter ...*Op) []*Op {
	ops := slices.Clone(matter)
	for _, op := range l.ops {
		if op.End > at-3*time.Second && op.Start < at+time.Second && !slices.Contains(ops, op) && len(ops) < 24 {
			ops = append(ops, op)
		}
	}
	slices.SortFunc(ops, func(a, b *Op) int { return int(a.Start - b.Start) })
	return ops
}
