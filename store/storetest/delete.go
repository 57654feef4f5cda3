package storetest

import (
	"context"

	"github.com/echosession/session/store"
)

var deleteChecks = []check{
	{says: "Delete removes the record of r.ID", see: func(ctx context.Context, p *probe) {
		r, other := p.create(ctx), p.create(ctx)
		p.want(nil, "Delete", p.Delete(ctx, &store.Record{ID: r.ID}))
		p.none(ctx, "what was deleted", r.ID)
		p.holds(ctx, "another record", other)
	}},
	{says: "Delete removes the record of r.Handle as well: a rotation may have given it another id", see: func(ctx context.Context, p *probe) {
		old := p.create(ctx)
		r := p.moved(old)
		p.want(nil, "Rotate", p.Rotate(ctx, old.ID, r))
		p.want(nil, "Delete by the old id and the handle", p.Delete(ctx, old))
		p.none(ctx, "the session under its new id", r.ID)
	}},
	{says: "Delete without a Handle removes nothing but the record of r.ID", see: func(ctx context.Context, p *probe) {
		nameless := func(r *store.Record) { r.Handle = "" }
		a, b := p.create(ctx, nameless), p.create(ctx, nameless)
		p.want(nil, "Delete", p.Delete(ctx, a))
		p.none(ctx, "what was deleted", a.ID)
		p.holds(ctx, "another record without a handle", b)
	}},
	{says: "Delete of what is not there is no error", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx)
		p.want(nil, "Delete", p.Delete(ctx, r))
		p.want(nil, "Delete again", p.Delete(ctx, r))
		p.want(nil, "Delete of an unknown id and handle", p.Delete(ctx, p.record()))
		over := p.create(ctx, idle(p.life))
		p.pass(ctx)
		p.want(nil, "Delete of a record whose lifetime is over", p.Delete(ctx, over))
	}},
	{says: "when Delete returns nil the session is gone for good: late calls revive nothing", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx)
		p.want(nil, "Delete", p.Delete(ctx, r))
		moved := p.moved(r)
		p.want(store.ErrNotFound, "a late Save", p.Save(ctx, p.next(r)))
		p.want(store.ErrNotFound, "a late Touch", p.Touch(ctx, p.next(r)))
		p.want(store.ErrNotFound, "a late Rotate", p.Rotate(ctx, r.ID, moved))
		p.none(ctx, "what was deleted", r.ID)
		p.none(ctx, "what a late Rotate would have made", moved.ID)
	}},
	{says: "when Delete returns nil the session is gone, whatever was saved or touched meanwhile", see: func(ctx context.Context, p *probe) {
		for range rounds {
			r := p.create(ctx)
			save, touch := p.next(r), p.next(r)
			errs := together(
				func() error { return p.Delete(ctx, r) },
				func() error { return p.Save(ctx, save) },
				func() error { return p.Touch(ctx, touch) },
			)
			p.want(nil, "Delete", errs[0])
			p.nilOr(store.ErrNotFound, "Save beside Delete", errs[1])
			p.nilOr(store.ErrNotFound, "Touch beside Delete", errs[2])
			p.none(ctx, "what was deleted", r.ID)
		}
	}},
	{says: "when Delete returns nil the session is gone, also under the id that a Rotate gave it meanwhile", see: func(ctx context.Context, p *probe) {
		for range rounds {
			r := p.create(ctx)
			to := p.moved(r)
			errs := together(
				func() error { return p.Rotate(ctx, r.ID, to) },
				func() error { return p.Delete(ctx, r) },
			)
			p.nilOr(store.ErrNotFound, "Rotate beside Delete", errs[0])
			p.want(nil, "Delete", errs[1])
			p.none(ctx, "the old id", r.ID)
			p.none(ctx, "the new id", to.ID)
		}
	}},
}

// nilOr ends the check if there is an error that is not the given one.
func (p *probe) nilOr(allowed error, what string, err error) {
	if err != nil {
		p.want(allowed, what, err)
	}
}
