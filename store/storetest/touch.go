package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/echosession/session/store"
)

var touchChecks = []check{
	{says: "Touch renews the lifetime", see: func(ctx context.Context, p *probe) {
		p.inTime(func(life time.Duration) error {
			r := p.create(ctx, idle(life))
			r.Idle = time.Hour
			if err := p.Touch(ctx, r); errors.Is(err, store.ErrNotFound) {
				return errSlow
			} else if err != nil {
				p.want(nil, "Touch", err)
			}
			p.ends(ctx, "another session", p.create(ctx, idle(life)).ID)
			p.holds(ctx, "after its first lifetime", r)
			return nil
		})
	}},
	{says: "Touch carries no payload: Data, User and Handle stay", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx, user(p.name("user")))
		touch := p.next(r)
		touch.User, touch.Handle = p.name("user"), p.name("handle")
		p.want(nil, "Touch", p.Touch(ctx, touch))
		r.Expires = touch.Expires
		p.holds(ctx, "after Touch", r)
	}},
	{says: "Touch leaves the version as it is, and fills r.Version with it", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx)
		touch := p.next(r)
		touch.Version = 0
		p.want(nil, "Touch", p.Touch(ctx, touch))
		if touch.Version != r.Version {
			p.failf("Touch: filled the Version %d, the record was stored with %d", touch.Version, r.Version)
		}
		r.Expires = touch.Expires
		p.holds(ctx, "after Touch", r)
		p.want(nil, "Save over the version before Touch", p.Save(ctx, r))
	}},
	{says: "Touch never shortens what is left", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx)
		touch := p.next(r)
		touch.Idle = p.life
		p.want(nil, "Touch", p.Touch(ctx, touch))
		if !p.near(touch.Expires, r.Expires) {
			p.failf("Touch: it expired %v before, %v after", r.Expires, touch.Expires)
		}
		p.pass(ctx)
		p.holds(ctx, "after the shorter lifetime", r)
	}},
	{says: "Touch shortens what is left to keep the absolute cap", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx)
		touch := p.next(r)
		touch.Absolute = p.life
		// A slow machine may get here when the cap is in the past already.
		if err := p.Touch(ctx, touch); err == nil && !p.near(touch.Expires, r.Created.Add(p.life)) {
			p.failf("Touch: it expires %v, but the cap is %v", touch.Expires, r.Created.Add(p.life))
		} else if err != nil {
			p.want(store.ErrNotFound, "Touch", err)
		}
		p.ends(ctx, "a record with an absolute cap", r.ID)
	}},
	{says: "Touch of what is gone is ErrNotFound, and creates nothing", see: func(ctx context.Context, p *probe) {
		over, deleted, unknown := p.create(ctx, idle(p.life)), p.create(ctx), p.record()
		p.want(nil, "Delete", p.Delete(ctx, deleted))
		p.pass(ctx)
		over.Idle = time.Hour
		for what, r := range map[string]*store.Record{
			"a record whose lifetime is over": over, "a deleted record": deleted, "an unknown id": unknown,
		} {
			p.want(store.ErrNotFound, "Touch of "+what, p.Touch(ctx, r))
			p.none(ctx, what, r.ID)
		}
	}},
	{says: "a Touch beside a Save undoes nothing of it", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx)
		for range rounds {
			touch, save := p.next(r), p.next(r)
			errs := together(
				func() error { return p.Touch(ctx, touch) },
				func() error { return p.Save(ctx, save) },
			)
			p.want(nil, "Touch", errs[0])
			p.want(nil, "Save", errs[1])
			if touch.Expires.After(save.Expires) {
				save.Expires = touch.Expires
			}
			p.holds(ctx, "after both", save)
			r = save
		}
	}},
}
