package storetest

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/echosession/session/store"
)

var rotateChecks = []check{
	{says: "Rotate moves the session to r.ID and stores r; the old id is dead at once", see: func(ctx context.Context, p *probe) {
		old := p.create(ctx)
		r := p.moved(old)
		r.User = p.name("user")
		p.want(nil, "Rotate", p.Rotate(ctx, old.ID, r))
		p.holds(ctx, "the new id", r)
		p.none(ctx, "the old id", old.ID)

		late := p.next(r)
		late.ID = old.ID
		p.want(store.ErrNotFound, "Save under the old id", p.Save(ctx, late))
		p.want(store.ErrNotFound, "Touch under the old id", p.Touch(ctx, late))
		p.want(store.ErrNotFound, "Rotate of the old id", p.Rotate(ctx, old.ID, p.moved(late)))
		p.none(ctx, "the old id, after late calls", old.ID)
		p.holds(ctx, "the new id, after late calls", r)
	}},
	{says: "the Handle is kept across Rotate", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx)
		for what, handle := range map[string]string{
			"the same handle": r.Handle, "no handle": "", "another handle": p.name("handle"),
		} {
			next := p.moved(r)
			next.Handle = handle
			p.want(nil, "Rotate with "+what, p.Rotate(ctx, r.ID, next))
			next.Handle = r.Handle
			p.holds(ctx, "after Rotate with "+what, next)
			r = next
		}
	}},
	{says: "Rotate keeps Created, unless the record gets another, non-empty User", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx)
		alice, bob := p.name("user"), p.name("user")
		for _, step := range []struct {
			what, user string
			restarts   bool
		}{
			{"Rotate of nobody's session", "", false},
			{"Rotate to a user", alice, true},
			{"Rotate with the same user", alice, false},
			{"Rotate to another user", bob, true},
			{"Rotate to no user", "", false},
		} {
			if p.near(r.Created, r.Now) {
				p.pass(ctx) // else Created could be either
			}
			next := p.moved(r)
			next.User = step.user
			p.want(nil, step.what, p.Rotate(ctx, r.ID, next))
			switch {
			case !step.restarts && !p.near(next.Created, r.Created):
				p.failf("%s: Created was %v, is %v", step.what, r.Created, next.Created)
			case step.restarts && !p.near(next.Created, next.Now):
				p.failf("%s: Created is %v, but Now is %v", step.what, next.Created, next.Now)
			}
			p.holds(ctx, "after "+step.what, next)
			r = next
		}
	}},
	{says: "Rotate works only over r.Version; else it is ErrConflict", see: func(ctx context.Context, p *probe) {
		first := p.create(ctx)
		second := p.next(first)
		p.want(nil, "Save", p.Save(ctx, second))
		for what, version := range map[string]uint64{
			"Rotate over an older version": first.Version,
			"Rotate over the zero version": 0,
		} {
			r := p.moved(second)
			r.Version = version
			p.want(store.ErrConflict, what, p.Rotate(ctx, second.ID, r))
			p.none(ctx, "the new id", r.ID)
		}
		p.holds(ctx, "the old id", second)
	}},
	{says: "Rotate of a record that is gone is ErrNotFound, and nothing is created", see: func(ctx context.Context, p *probe) {
		over, deleted, unknown := p.create(ctx, idle(p.life)), p.create(ctx), p.record()
		p.want(nil, "Delete", p.Delete(ctx, deleted))
		p.pass(ctx)
		over.Idle = time.Hour
		for what, old := range map[string]*store.Record{
			"a record whose lifetime is over": over, "a deleted record": deleted, "an unknown id": unknown,
		} {
			r := p.moved(old)
			p.want(store.ErrNotFound, "Rotate of "+what, p.Rotate(ctx, old.ID, r))
			p.none(ctx, "the new id for "+what, r.ID)
			p.none(ctx, what, old.ID)
		}
	}},
	{says: "Rotate to a taken id is ErrExists, and leaves both records", see: func(ctx context.Context, p *probe) {
		a, b := p.create(ctx), p.create(ctx)
		r := p.next(a)
		r.ID = b.ID
		p.want(store.ErrExists, "Rotate to a taken id", p.Rotate(ctx, a.ID, r))
		p.holds(ctx, "the record under the old id", a)
		p.holds(ctx, "the record under the taken id", b)
	}},
	{says: "Rotate is one atomic step: nobody finds the session under both ids, or under none", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx)
		for range rounds {
			to := p.moved(r)
			moved := make(chan struct{})
			errs := together(
				func() error { defer close(moved); return p.Rotate(ctx, r.ID, to) },
				func() error { return p.watch(ctx, r.ID, to.ID, moved) },
			)
			p.want(nil, "Rotate", errs[0])
			p.want(nil, "watching both ids", errs[1])
			r = to
		}
	}},
	{says: "of several Rotates of one session at once, exactly one succeeds", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx)
		for range rounds {
			next := make([]*store.Record, racers)
			for i := range next {
				next[i] = p.moved(r)
			}
			errs := together(alike(racers, func(i int) error { return p.Rotate(ctx, r.ID, next[i]) })...)
			won := p.winner(errs, store.ErrNotFound, store.ErrConflict)
			for i := range next {
				if i != won {
					p.none(ctx, "the id of a call that lost", next[i].ID)
				}
			}
			p.none(ctx, "the old id", r.ID)
			r = next[won]
			p.holds(ctx, "the winner's", r)
		}
	}},
	{says: "of a Save and a Rotate over one version at once, exactly one succeeds", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx)
		for range rounds {
			save, rotate := p.next(r), p.moved(r)
			errs := together(
				func() error { return p.Save(ctx, save) },
				func() error { return p.Rotate(ctx, r.ID, rotate) },
			)
			next, lost := save, rotate
			if p.winner(errs, store.ErrNotFound, store.ErrConflict) == 1 {
				next, lost = rotate, save
			}
			p.none(ctx, "the id of the call that lost", lost.ID)
			p.holds(ctx, "the winner's", next)
			r = next
		}
	}},
}

// watch looks at both ids until the session has moved, and says when it saw it
// twice or not at all. Once the new id is there, the old one must be gone; once
// the old one is gone, the new one must be there.
func (p *probe) watch(ctx context.Context, from, to string, moved <-chan struct{}) error {
	for last := false; !last; runtime.Gosched() { // lets the rotation have a turn
		select {
		case <-moved:
			last = true
		default:
		}
		switch _, err := p.Load(ctx, from); {
		case errors.Is(err, store.ErrNotFound):
			if _, err := p.Load(ctx, to); err != nil {
				return errors.New("the old id is gone and the new one not there yet: " + err.Error())
			}
			return nil
		case err != nil:
			return err
		}
		switch _, err := p.Load(ctx, to); {
		case err == nil:
			if _, err := p.Load(ctx, from); !errors.Is(err, store.ErrNotFound) {
				return errors.New("the new id is there and the old one not gone yet")
			}
			return nil
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
	}
	return nil
}
