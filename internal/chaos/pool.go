package chaos

import (
	"fmt"
	"sync"
)

// A session as its clients know it.
type session struct {
	name, user string
	cookie     string // as the browser sends it
	foreign    bool   // Express saves it
	keeper     bool   // nobody ends it on purpose, but for a TRUNCATE
}

// A pool is the sessions of a run. It is safe for concurrent use.
type pool struct {
	mu    sync.Mutex
	live  []*session // as far as anybody knows
	dead  []*session // ended, or somebody tried to
	names int
	users int
}

// How many sessions there are to be. Few, so that several clients meet at one.
const (
	fewest  = 14
	most    = 40
	keepers = 5
)

func (p *pool) name() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.names++
	return fmt.Sprint("s", p.names)
}

// size is how many live ones there are.
func (p *pool) size() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.live)
}

// newcomer is who logs in next: mostly somebody new, sometimes a user that has a
// session already. Keepers and Express's own users are always new.
func (p *pool) newcomer(which, other float64) *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := 0
	for _, s := range p.live {
		if s.keeper {
			kept++
		}
	}
	s := &session{keeper: kept < keepers}
	if !s.keeper {
		s.foreign = other < 0.25
		if again := choose(p.live, which, false, true); again != nil && other > 0.7 {
			s.user = again.user
		}
	}
	if s.user == "" {
		p.users++
		s.user = fmt.Sprint("u", p.users)
	}
	return s
}

// choose picks one of some sessions, of Express's or not.
func choose(from []*session, which float64, foreign, endable bool) *session {
	var fit []*session
	for _, s := range from {
		if s.foreign == foreign && !(endable && s.keeper) {
			fit = append(fit, s)
		}
	}
	if len(fit) == 0 {
		return nil
	}
	return fit[min(int(which*float64(len(fit))), len(fit)-1)]
}

// any picks a live session, nil where there is none.
func (p *pool) any(which float64, endable bool) *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	const express = 0.25 // so many of them are Express's
	foreign, share := which < express, which/express
	if !foreign {
		share = (which - express) / (1 - express)
	}
	if s := choose(p.live, share, foreign, endable); s != nil {
		return s
	}
	return choose(p.live, share, !foreign, endable)
}

// anyOf picks a live session that Express saves, or one that it does not.
func (p *pool) anyOf(which float64, foreign bool) *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	return choose(p.live, which, foreign, true)
}

// ended picks one that is over: most often one of the last few, since copies of
// those are still about.
func (p *pool) ended(which, other float64) *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	from := p.dead
	if other < 0.7 {
		from = from[max(0, len(from)-12):]
	}
	if len(from) == 0 {
		return nil
	}
	return from[int(which*float64(len(from)))]
}

// enters is a session that somebody logged in to.
func (p *pool) enters(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live = append(p.live, s)
}

// leaves is the end of sessions, or an attempt at it.
func (p *pool) leaves(which func(*session) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var live []*session
	for _, s := range p.live {
		if which(s) {
			p.dead = append(p.dead, s)
		} else {
			live = append(live, s)
		}
	}
	p.live = live
}

func (p *pool) bury(s *session) { p.leaves(func(one *session) bool { return one == s }) }

func (p *pool) buryUser(user string) {
	p.leaves(func(one *session) bool { return one.user == user })
}

// all is a copy of both lists.
func (p *pool) all() (live, dead []*session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append(live, p.live...), append(dead, p.dead...)
}
