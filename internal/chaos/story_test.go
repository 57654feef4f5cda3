package chaos

import (
	"strings"
	"testing"
	"time"
)

// A story is a made-up history. Times are milliseconds; an operation takes 10
// unless it is told otherwise.
type story struct{ h History }

func newStory() *story {
	s := &story{}
	s.h.Nodes = 1
	return s
}

// op adds an operation of user ann with session a.
func (s *story) op(at int, kind Kind, outcome Outcome, more ...func(*Op)) *story {
	op := &Op{Kind: kind, Session: "a", User: "ann", Outcome: outcome, Status: 200, Start: ms(at), End: ms(at + 10)}
	switch {
	case outcome == Unavailable:
		op.Status = 503
	case outcome == None && kind == Get:
		op.Status = 404
	case outcome == None:
		op.Status = 401
	}
	switch kind {
	case Login:
		op.Session = ""
	case Read, Fresh:
		if outcome == Value {
			op.Text = "ann"
		}
	case Upsert, Delete, Expire, Truncate:
		op.Node = -1
	}
	for _, change := range more {
		change(op)
	}
	s.h.Ops = append(s.h.Ops, op)
	return s
}

// login makes a session.
func (s *story) login(at int, name string) *story { return s.op(at, Login, Done, made(name)) }

func (s *story) fault(kind FaultKind, from, to int) *story {
	s.h.Faults = append(s.h.Faults, &Fault{Kind: kind, Node: -1, Start: ms(from), End: ms(to)})
	return s
}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func made(name string) func(*Op)    { return func(o *Op) { o.Made = name } }
func of(name string) func(*Op)      { return func(o *Op) { o.Session = name } }
func at(node int) func(*Op)         { return func(o *Op) { o.Node = node } }
func count(n int) func(*Op)         { return func(o *Op) { o.Count = n } }
func value(text string) func(*Op)   { return func(o *Op) { o.Key, o.Text = "k", text } }
func until(end int) func(*Op)       { return func(o *Op) { o.End = ms(end) } }
func status(code int) func(*Op)     { return func(o *Op) { o.Status = code } }
func whose(user string) func(*Op)   { return func(o *Op) { o.Text = user } }
func belongs(user string) func(*Op) { return func(o *Op) { o.User = user } }
func foreign(o *Op)                 { o.Foreign = true }

// check judges the story, with a node that came back where the story does not say.
func (s *story) check() Report {
	last := ms(0)
	asked := false
	for _, op := range s.h.Ops {
		last = max(last, op.End)
		asked = asked || op.Kind == Ready
	}
	if !asked {
		s.h.Healed = last
		s.h.Ops = append(s.h.Ops, &Op{Kind: Ready, Outcome: Done, Start: last, End: last + ms(10)})
	}
	return Check(&s.h)
}

// breaks demands violations, all of one rule, and nothing but them.
func (s *story) breaks(t *testing.T, what, rule string) {
	t.Helper()
	r := s.check()
	if len(r.Violations) == 0 {
		t.Errorf("%s: not found", what)
	}
	for _, v := range r.Violations {
		if v.Rule != rule {
			t.Errorf("%s: found as something else: %s", what, v.text(&s.h))
		}
		if len(v.Ops) == 0 && rule != RuleMended || !strings.Contains(v.text(&s.h), v.Text) {
			t.Errorf("%s: found without what shows it", what)
		}
	}
}

// keeps demands that all is well.
func (s *story) keeps(t *testing.T, what string) {
	t.Helper()
	for _, v := range s.check().Violations {
		t.Errorf("%s: %s", what, v.text(&s.h))
	}
}
