package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/echosession/session/store"
)

var lifetimeChecks = []check{
	{says: "Expires is the earlier of Now+Idle and Created+Absolute", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx, idle(2*time.Hour))
		p.expires("Create", r, r.Now.Add(2*time.Hour))
		r = p.create(ctx, func(r *store.Record) { r.Idle, r.Absolute = 3*time.Hour, time.Hour })
		p.expires("Create with a cap", r, r.Created.Add(time.Hour))

		p.pass(ctx) // so that Now is not Created any more
		r.Idle, r.Absolute = 3*time.Hour, 24*time.Hour
		p.want(nil, "Save", p.Save(ctx, r))
		p.expires("Save", r, r.Now.Add(3*time.Hour))
		r.Absolute = 2 * time.Hour
		p.want(nil, "Save", p.Save(ctx, r))
		p.expires("Save with a cap", r, r.Created.Add(2*time.Hour))

		r.Idle, r.Absolute = 4*time.Hour, 24*time.Hour
		p.want(nil, "Touch", p.Touch(ctx, r))
		p.expires("Touch", r, r.Now.Add(4*time.Hour))
		r.Absolute = 3 * time.Hour
		p.want(nil, "Touch", p.Touch(ctx, r))
		p.expires("Touch with a cap", r, r.Created.Add(3*time.Hour))

		r.Idle, r.Absolute = 5*time.Hour, 24*time.Hour
		r = p.rotated(ctx, r)
		p.expires("Rotate", r, r.Now.Add(5*time.Hour))
		r.Absolute = 4 * time.Hour
		r = p.rotated(ctx, r)
		p.expires("Rotate with a cap", r, r.Created.Add(4*time.Hour))
	}},
	{says: "an Absolute of 0 means no cap", see: func(ctx context.Context, p *probe) {
		r := p.create(ctx, func(r *store.Record) { r.Idle, r.Absolute = 1000*time.Hour, 0 })
		p.expires("Create", r, r.Now.Add(1000*time.Hour))
		p.want(nil, "Save", p.Save(ctx, r))
		p.expires("Save", r, r.Now.Add(1000*time.Hour))
		p.want(nil, "Touch", p.Touch(ctx, r))
		p.expires("Touch", r, r.Now.Add(1000*time.Hour))
		r = p.rotated(ctx, r)
		p.expires("Rotate", r, r.Now.Add(1000*time.Hour))
	}},
	{says: "Absolute is how long a session lives after Created, however it is used", see: func(ctx context.Context, p *probe) {
		touched := p.create(ctx, func(r *store.Record) { r.Absolute = p.life })
		saved := p.create(ctx, func(r *store.Record) { r.Absolute = p.life })
		rotated := p.create(ctx, func(r *store.Record) { r.Absolute = p.life })
		p.poll("a session in use outlives its absolute lifetime", func() bool {
			// What is used is gone one day; that is all that is wanted here.
			_ = p.Touch(ctx, touched)
			_ = p.Save(ctx, saved)
			to := p.moved(rotated)
			if p.Rotate(ctx, rotated.ID, to) == nil {
				rotated = to
			}
			for _, r := range []*store.Record{touched, saved, rotated} {
				if _, err := p.Load(ctx, r.ID); !errors.Is(err, store.ErrNotFound) {
					return false
				}
			}
			return true
		})
	}},
	{says: "Idle is how long a session lives after its last use: without any it does not live", see: func(ctx context.Context, p *probe) {
		for _, d := range []time.Duration{0, -time.Hour} {
			r := p.record()
			r.Idle = d
			if err := p.Create(ctx, r); isOneOf(err, store.ErrExists, store.ErrConflict) {
				p.failf("Create with an Idle of %v: got the error %q", d, err)
			}
			p.none(ctx, "a record without a lifetime", r.ID)
		}
	}},
}

// expires ends the check unless r expires at the wanted time.
func (p *probe) expires(what string, r *store.Record, want time.Time) {
	if !p.near(r.Expires, want) {
		p.failf("%s: it expires %v, want %v (Created %v, Now %v)", what, r.Expires, want, r.Created, r.Now)
	}
	if r.Now.Before(r.Created.Add(-p.grain)) {
		p.failf("%s: Now is %v, before Created %v", what, r.Now, r.Created)
	}
}

// rotated rotates r to a new id and returns the record there.
func (p *probe) rotated(ctx context.Context, r *store.Record) *store.Record {
	to := p.moved(r)
	p.want(nil, "Rotate", p.Rotate(ctx, r.ID, to))
	return to
}
