package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/echosession/session/store"
)

// ends waits until the session of id is no more.
func (p *probe) ends(ctx context.Context, what, id string) {
	p.poll(what+" is served long after its lifetime", func() bool {
		_, err := p.Load(ctx, id)
		if err != nil {
			p.want(store.ErrNotFound, "Load "+what, err)
		}
		return err != nil
	})
}

// pass lets a lifetime pass on the store's clock. It does so with a session of
// its own, made now: whatever was to end before that has ended too.
func (p *probe) pass(ctx context.Context) {
	p.ends(ctx, "a session", p.create(ctx, idle(p.life)).ID)
}

// poll waits until done reports true, and looks ten times in a lifetime: most of
// the suite's work would else be to look again. What happened late still counts
// when the machine was too busy to look in time.
func (p *probe) poll(otherwise string, done func() bool) {
	for deadline := time.Now().Add(p.life + p.patience); ; time.Sleep(p.life / 10) {
		late := time.Now().After(deadline)
		if done() {
			return
		}
		if late {
			p.failf("%s", otherwise)
		}
	}
}

// errSlow is returned to inTime by what found the session at its end too early.
var errSlow = errors.New("the machine was too slow")

// inTime runs f, which has to do something within the lifetime it is given. A
// slow machine may miss it, which says nothing about the store: f returns errSlow
// then, and gets a longer one.
func (p *probe) inTime(f func(life time.Duration) error) {
	for life := p.life; ; life *= 3 {
		began := time.Now()
		err := f(life)
		if err == nil {
			return
		}
		if !errors.Is(err, errSlow) || time.Since(began) < life || life > time.Minute {
			p.failf("a session of %v was over after %v", life, time.Since(began))
		}
	}
}
