package storetest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/echosession/session/store"
)

var createChecks = []check{
	{says: "Create stores a record that is not there yet", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx, user(p.name("user")))
		p.holds(ctx, "what was created", r)
	}},
	{says: "a Handle may be empty, and that of many records", see: func(ctx context.Context, p *probe) {
		nameless := func(r *store.Record) { r.Handle = "" }
		a, b := p.create(ctx, nameless), p.create(ctx, nameless)
		p.holds(ctx, "the first", a)
		p.holds(ctx, "the second", b)
	}},
	{says: "Create never replaces: an id that exists is ErrExists", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx)
		other := p.next(r)
		other.Handle, other.User = p.name("handle"), p.name("user")
		p.want(store.ErrExists, "Create of an id that exists", p.Create(ctx, other))
		p.holds(ctx, "what was there", r)
	}},
	{says: "Create never replaces, even a record whose lifetime is over", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx, idle(p.life))
		p.pass(ctx)
		other := p.record()
		other.ID = r.ID
		err := p.Create(ctx, other)
		if _, keeps := store.As[store.Pruner](p.Store); keeps != nil && err == nil {
			// A store that forgets by itself has nothing left to replace.
			p.holds(ctx, "what was created", other)
			return
		}
		p.want(store.ErrExists, "Create over a record whose lifetime is over", err)
		p.none(ctx, "what was over", r.ID)
	}},
	{says: "of several Creates of one id at once, exactly one stores its record", see: func(ctx context.Context, p *probe) {
		for range rounds {
			first := p.record()
			rs := make([]*store.Record, racers)
			for i := range rs {
				rs[i] = p.next(first)
				rs[i].Handle = p.name("handle")
			}
			errs := together(alike(racers, func(i int) error { return p.Create(ctx, rs[i]) })...)
			p.holds(ctx, "the winner's", rs[p.winner(errs, store.ErrExists)])
		}
	}},
	{says: "Create, Save, Touch and Rotate fill Version, Created, Expires and Now when they succeed", see: func(ctx context.Context, p *probe) {
		r := p.record()
		p.fills(ctx, "Create", r, func(r *store.Record) error { return p.Create(ctx, r) })
		p.fills(ctx, "Save", p.next(r), func(r *store.Record) error { return p.Save(ctx, r) })
		r = p.load(ctx, "what was saved", r.ID)
		p.fills(ctx, "Touch", p.next(r), func(r *store.Record) error { return p.Touch(ctx, r) })
		p.fills(ctx, "Rotate", p.moved(r), func(to *store.Record) error { return p.Rotate(ctx, r.ID, to) })
	}},
	{says: "Create, Save, Touch and Rotate leave the record alone when they fail", see: func(ctx context.Context, p *probe) {
		there, unknown := p.create(ctx), p.record()
		stale := p.next(there)
		p.want(nil, "Save", p.Save(ctx, p.next(there)))

		p.leaves("Create of an id that exists", stale, func(r *store.Record) error { return p.Create(ctx, r) })
		p.leaves("Save over another version", stale, func(r *store.Record) error { return p.Save(ctx, r) })
		p.leaves("Save of an unknown id", unknown, func(r *store.Record) error { return p.Save(ctx, r) })
		p.leaves("Touch of an unknown id", unknown, func(r *store.Record) error { return p.Touch(ctx, r) })
		p.leaves("Rotate over another version", p.moved(stale), func(r *store.Record) error { return p.Rotate(ctx, there.ID, r) })
		p.leaves("Rotate of an unknown id", p.moved(unknown), func(r *store.Record) error { return p.Rotate(ctx, unknown.ID, r) })
		there = p.load(ctx, "what is there", there.ID)
		taken := p.create(ctx)
		taken.Version = there.Version
		p.leaves("Rotate to an id that exists", taken, func(r *store.Record) error { return p.Rotate(ctx, there.ID, r) })
	}},
}

// fills ends the check unless call fills what it has to in r, and only that.
func (p *probe) fills(ctx context.Context, what string, r *store.Record, call func(*store.Record) error) {
	r.Created, r.Expires, r.Now = noTime, noTime, noTime
	want := clone(r)
	p.want(nil, what, call(r))
	if r.Version == 0 {
		p.failf("%s: did not fill Version", what)
	}
	if r.Created.Equal(noTime) || r.Expires.Equal(noTime) || r.Now.Equal(noTime) {
		p.failf("%s: Created, Expires or Now were not filled", what)
	}
	want.Version, want.Created, want.Expires, want.Now = r.Version, r.Created, r.Expires, r.Now
	if !same(r, want) {
		p.failf("%s: changed the record beyond Version, Created, Expires and Now", what)
	}
	stored := p.load(ctx, "after "+what, r.ID)
	if stored.Version != r.Version || !p.near(stored.Created, r.Created) || !p.near(stored.Expires, r.Expires) {
		p.failf("%s: filled Version %d, Created %v, Expires %v; stored are %d, %v, %v", what,
			r.Version, r.Created, r.Expires, stored.Version, stored.Created, stored.Expires)
	}
}

// leaves ends the check unless call fails and changes nothing in r.
func (p *probe) leaves(what string, r *store.Record, call func(*store.Record) error) {
	r = clone(r)
	r.Created, r.Expires, r.Now = noTime, noTime, noTime
	before := clone(r)
	err := call(r)
	if err == nil {
		p.want(errors.New("an error"), what, err)
	}
	if !same(r, before) {
		p.failf("%s: failed with %q and changed the record", what, err)
	}
}

// noTime is what no store would fill in.
var noTime = time.Date(1985, time.October, 26, 1, 21, 0, 0, time.UTC)

func clone(r *store.Record) *store.Record {
	c := *r
	c.Data = slices.Clone(r.Data)
	return &c
}

func same(a, b *store.Record) bool {
	return a.ID == b.ID && a.Handle == b.Handle && a.User == b.User && string(a.Data) == string(b.Data) &&
		a.Version == b.Version && a.Idle == b.Idle && a.Absolute == b.Absolute &&
		a.Created.Equal(b.Created) && a.Expires.Equal(b.Expires) && a.Now.Equal(b.Now)
}
