package storetest

import (
	"context"
	"errors"

	"github.com/echosession/session/store"
)

var walkChecks = []check{
	{says: "Walk visits the live records of a prefix, each once, as they are stored", see: func(ctx context.Context, p *probe) {
		walker := ability[store.Walker](p)
		prefix := p.name("walk") + ":"
		under := func(r *store.Record) { r.ID = prefix + r.ID }
		over := p.create(ctx, under, idle(p.life))
		p.pass(ctx)
		want := map[string]*store.Record{}
		for _, r := range []*store.Record{p.create(ctx, under), p.create(ctx, under, user(p.name("user"))), p.create(ctx, under)} {
			want[r.ID] = r
		}
		gone := p.create(ctx, under)
		p.want(nil, "Delete", p.Delete(ctx, gone))
		p.create(ctx) // of no prefix
		err := walker.Walk(ctx, prefix, func(r *store.Record) error {
			switch w := want[r.ID]; {
			case r.ID == over.ID:
				p.failf("Walk: a record whose lifetime is over is visited")
			case w == nil:
				p.failf("Walk: a record is visited twice, or has another prefix, or was deleted")
			case r.Handle != w.Handle || r.User != w.User || string(r.Data) != string(w.Data) ||
				!p.near(r.Created, w.Created) || !p.near(r.Expires, w.Expires):
				p.failf("Walk: a record differs from what was stored in Handle, User, Data, Created or Expires")
			}
			delete(want, r.ID)
			return nil
		})
		p.want(nil, "Walk", err)
		if len(want) > 0 {
			p.failf("Walk: %d live records were not visited", len(want))
		}
	}},
	{says: "Walk of an empty prefix visits all records", see: func(ctx context.Context, p *probe) {
		walker := ability[store.Walker](p)
		r, found := p.create(ctx), false
		err := walker.Walk(ctx, "", func(got *store.Record) error { found = found || got.ID == r.ID; return nil })
		p.want(nil, "Walk", err)
		if !found {
			p.failf("Walk: a live record was not visited")
		}
	}},
	{says: "Walk ends with the first error of its function, as it is", see: func(ctx context.Context, p *probe) {
		walker := ability[store.Walker](p)
		prefix := p.name("walk") + ":"
		for range 3 {
			p.create(ctx, func(r *store.Record) { r.ID = prefix + r.ID })
		}
		stop, calls := errors.New("stop"), 0
		err := walker.Walk(ctx, prefix, func(*store.Record) error { calls++; return stop })
		if err != stop || calls != 1 {
			p.failf("Walk: got the error %v after %d calls, want that of the function after 1", err, calls)
		}
	}},
}
