package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/echosession/session/store"
)

var saveChecks = []check{
	{says: "Save replaces User and Data, and nothing else but the lifetime", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx)
		p.pass(ctx)
		for _, name := range []string{p.name("user"), p.name("user"), ""} {
			next := p.next(r)
			next.User, next.Handle = name, ""
			p.want(nil, "Save", p.Save(ctx, next))
			if !p.near(next.Created, r.Created) {
				p.failf("Save: changed Created from %v to %v", r.Created, next.Created)
			}
			next.Handle = r.Handle
			p.holds(ctx, "after Save", next)
			r = next
		}
	}},
	{says: "Save renews the lifetime", see: func(ctx context.Context, p *probe) {
		p.inTime(func(life time.Duration) error {
			r := p.create(ctx, idle(life))
			r.Idle = time.Hour
			if err := p.Save(ctx, r); errors.Is(err, store.ErrNotFound) {
				return errSlow
			} else if err != nil {
				p.want(nil, "Save", err)
			}
			p.ends(ctx, "another session", p.create(ctx, idle(life)).ID)
			p.holds(ctx, "after its first lifetime", r)
			return nil
		})
		r := p.create(ctx)
		r.Idle = p.life
		p.want(nil, "Save with a shorter lifetime", p.Save(ctx, r))
		p.ends(ctx, "a record saved with a shorter lifetime", r.ID)
	}},
	{says: "Save works only over r.Version; else it is ErrConflict", see: func(ctx context.Context, p *probe) {
		first := p.create(ctx)
		second := p.next(first)
		p.want(nil, "Save", p.Save(ctx, second))
		for what, version := range map[string]uint64{
			"Save over an older version": first.Version,
			"Save over the zero version": 0,
			"Save over a version to be":  second.Version + 1,
		} {
			r := p.next(second)
			r.Version = version
			p.want(store.ErrConflict, what, p.Save(ctx, r))
		}
		p.holds(ctx, "after the conflicts", second)
		p.want(nil, "Save over the stored version", p.Save(ctx, p.next(second)))
	}},
	{says: "Save never creates: a record that is gone is ErrNotFound", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx)
		p.want(nil, "Delete", p.Delete(ctx, r))
		p.want(store.ErrNotFound, "Save of a deleted record", p.Save(ctx, p.next(r)))
		p.none(ctx, "what was deleted", r.ID)

		unknown := p.record()
		p.want(store.ErrNotFound, "Save of an unknown id", p.Save(ctx, unknown))
		unknown.Version = r.Version
		p.want(store.ErrNotFound, "Save of an unknown id with a version", p.Save(ctx, unknown))
		p.none(ctx, "what was unknown", unknown.ID)
	}},
	{says: "Save of a record whose lifetime is over is ErrNotFound", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx, idle(p.life))
		p.pass(ctx)
		r.Idle = time.Hour
		p.want(store.ErrNotFound, "Save of a record whose lifetime is over", p.Save(ctx, r))
		p.none(ctx, "what was over", r.ID)
	}},
	{says: "of several Saves over one version at once, exactly one succeeds", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx)
		for range rounds {
			next := make([]*store.Record, racers)
			for i := range next {
				next[i] = p.next(r)
			}
			errs := together(alike(racers, func(i int) error { return p.Save(ctx, next[i]) })...)
			r = next[p.winner(errs, store.ErrConflict)]
			p.holds(ctx, "the winner's", r)
		}
	}},
}
