package storetest

import (
	"context"
	"errors"

	"github.com/echosession/session/store"
)

var revokeChecks = []check{
	{says: "Revoke ends the sessions of a user and says how many they were", see: func(ctx context.Context, p *probe) {
		index := ability[store.UserIndex](p)
		name := p.name("user")
		mine := []*store.Record{p.create(ctx, user(name)), p.create(ctx, user(name)), p.create(ctx)}
		login := p.moved(mine[2])
		login.User = name
		p.want(nil, "Rotate", p.Rotate(ctx, mine[2].ID, login))
		mine[2] = login
		other, nobody := p.create(ctx, user(name+"x")), p.create(ctx)

		p.revokes(ctx, index, store.Revocation{User: name}, 3)
		for _, r := range mine {
			p.none(ctx, "what was revoked", r.ID)
			to := p.moved(r)
			p.want(store.ErrNotFound, "a late Save", p.Save(ctx, p.next(r)))
			p.want(store.ErrNotFound, "a late Touch", p.Touch(ctx, p.next(r)))
			p.want(store.ErrNotFound, "a late Rotate", p.Rotate(ctx, r.ID, to))
			p.none(ctx, "what was revoked, after late calls", r.ID)
			p.none(ctx, "what a late Rotate would have made", to.ID)
		}
		p.lists(ctx, index, name)
		p.holds(ctx, "another user's", other)
		p.holds(ctx, "nobody's", nobody)
		p.revokes(ctx, index, store.Revocation{User: name}, 0)
	}},
	{says: "Revoke counts live sessions only", see: func(ctx context.Context, p *probe) {
		index := ability[store.UserIndex](p)
		name := p.name("user")
		over, live := p.create(ctx, user(name), idle(p.life)), p.create(ctx, user(name))
		alone := p.create(ctx, user(name), idle(p.life))
		p.pass(ctx)
		p.revokes(ctx, index, store.Revocation{Handle: alone.Handle}, 0)
		p.revokes(ctx, index, store.Revocation{User: name}, 1)
		p.none(ctx, "what was over", over.ID)
		p.none(ctx, "what was revoked", live.ID)
	}},
	{says: "a User or a Handle that is no text is nobody's, and no outage: anyone may ask for it", see: func(ctx context.Context, p *probe) {
		index := ability[store.UserIndex](p)
		name := p.name("user")
		r := p.create(ctx, user(name))
		for _, odd := range []string{"\x00", "\xff", name + "\x00", r.Handle + "\xff"} {
			p.lists(ctx, index, odd)
			p.revokes(ctx, index, store.Revocation{User: odd}, 0)
			p.revokes(ctx, index, store.Revocation{Handle: odd}, 0)
			p.revokes(ctx, index, store.Revocation{User: name, Handle: odd}, 0)
			p.revokes(ctx, index, store.Revocation{User: odd, Handle: r.Handle}, 0)
		}
		p.holds(ctx, "whose name is like them", r)
		p.revokes(ctx, index, store.Revocation{User: name, Except: r.Handle + "\x00"}, 1)
	}},
	{says: "Revoke with Except spares that handle", see: func(ctx context.Context, p *probe) {
		index := ability[store.UserIndex](p)
		name := p.name("user")
		here, there := p.create(ctx, user(name)), p.create(ctx, user(name))
		nameless := p.create(ctx, user(name), func(r *store.Record) { r.Handle = "" })
		p.revokes(ctx, index, store.Revocation{User: name, Except: here.Handle}, 2)
		p.holds(ctx, "the one that was spared", here)
		p.none(ctx, "another one", there.ID)
		p.none(ctx, "one without a handle", nameless.ID)
	}},
	{says: "Revoke with a Handle ends that session only, under whatever id", see: func(ctx context.Context, p *probe) {
		index := ability[store.UserIndex](p)
		name := p.name("user")
		a, b, c := p.create(ctx, user(name)), p.create(ctx, user(name)), p.create(ctx)
		to := p.moved(a)
		p.want(nil, "Rotate", p.Rotate(ctx, a.ID, to))
		p.revokes(ctx, index, store.Revocation{Handle: a.Handle}, 1)
		p.none(ctx, "what was revoked", to.ID)
		p.holds(ctx, "the user's other session", b)
		p.revokes(ctx, index, store.Revocation{Handle: b.Handle, User: name}, 1)
		p.none(ctx, "what was revoked", b.ID)
		p.revokes(ctx, index, store.Revocation{Handle: c.Handle}, 1)
		p.none(ctx, "nobody's session that was revoked", c.ID)
		p.revokes(ctx, index, store.Revocation{Handle: p.name("handle")}, 0)
	}},
	{says: "Revoke with a Handle and a User ends the session only if it is theirs", see: func(ctx context.Context, p *probe) {
		index := ability[store.UserIndex](p)
		r, nobody := p.create(ctx, user(p.name("user"))), p.create(ctx)
		p.revokes(ctx, index, store.Revocation{Handle: r.Handle, User: p.name("user")}, 0)
		p.holds(ctx, "another user's session", r)
		p.revokes(ctx, index, store.Revocation{Handle: nobody.Handle, User: r.User}, 0)
		p.holds(ctx, "nobody's session", nobody)
	}},
	{says: "the zero Revocation names none and is refused", see: func(ctx context.Context, p *probe) {
		index := ability[store.UserIndex](p)
		r, nobody := p.create(ctx, user(p.name("user"))), p.create(ctx)
		nameless := p.create(ctx, func(r *store.Record) { r.Handle = "" })
		for _, v := range []store.Revocation{
			{},
			{Except: r.Handle},
			{Everyone: true, User: r.User},
			{Everyone: true, Handle: r.Handle},
			{Everyone: true, Except: r.Handle},
			{User: r.User, Handle: r.Handle, Except: r.Handle},
		} {
			if n, err := index.Revoke(ctx, v); err == nil || n != 0 {
				p.failf("Revoke of %+v: got %d and the error %v, want none ended and an error", v, n, err)
			}
		}
		p.holds(ctx, "a user's", r)
		p.holds(ctx, "nobody's", nobody)
		p.holds(ctx, "one without a handle", nameless)
	}},
	{says: "Revoke takes a User and a Handle for what they are, whatever is in them", see: func(ctx context.Context, p *probe) {
		index := ability[store.UserIndex](p)
		for _, odd := range hostile {
			bystander := p.create(ctx, user(p.tag+"bystander"))
			r := p.create(ctx, user(p.tag+odd))
			p.lists(ctx, index, p.tag+odd, r.Handle)
			p.revokes(ctx, index, store.Revocation{User: p.tag + odd}, 1)
			p.none(ctx, "what was revoked", r.ID)
			p.revokes(ctx, index, store.Revocation{Handle: p.tag + odd}, 0)
			p.holds(ctx, "a bystander", bystander)
		}
	}},
	{says: "Revoke of Everyone ends all sessions there are", alone: true, see: func(ctx context.Context, p *probe) {
		index := ability[store.UserIndex](p)
		rs := []*store.Record{
			p.create(ctx, user(p.name("user"))), p.create(ctx, user(p.name("user"))), p.create(ctx),
			p.create(ctx, func(r *store.Record) { r.Handle = "" }),
		}
		n, err := index.Revoke(ctx, store.Revocation{Everyone: true})
		p.want(nil, "Revoke", err)
		if n < len(rs) {
			p.failf("Revoke: says that it ended %d sessions; there were at least %d", n, len(rs))
		}
		for _, r := range rs {
			p.none(ctx, "what was revoked", r.ID)
		}
		p.create(ctx, user(p.name("user")))
	}},
	{says: "a login that begins after Revoke returned stands", see: func(ctx context.Context, p *probe) {
		index := ability[store.UserIndex](p)
		name := p.name("user")
		for range 3 {
			p.create(ctx, user(name))
			p.revokes(ctx, index, store.Revocation{User: name}, 1)
			a, b := p.create(ctx, user(name)), p.create(ctx)
			login := p.moved(b)
			login.User = name
			p.want(nil, "Rotate", p.Rotate(ctx, b.ID, login))
			p.holds(ctx, "a login by Create", a)
			p.holds(ctx, "a login by Rotate", login)
			p.revokes(ctx, index, store.Revocation{User: name}, 2)
		}
	}},
	{says: "a login beside Revoke gets ErrRevoked, or is among the ended, or begins after it", see: func(ctx context.Context, p *probe) {
		index := ability[store.UserIndex](p)
		for range rounds {
			p.loginsBesideRevoke(ctx, index)
		}
	}},
}

// loginsBesideRevoke runs logins of one user and a Revoke at once, and then
// settles the account: each login was refused and stored nothing, or it was
// ended and counted, or it is alive.
func (p *probe) loginsBesideRevoke(ctx context.Context, index store.UserIndex) {
	name := p.name("user")
	before := p.create(ctx, user(name))
	var logins, from []*store.Record
	for range racers / 2 {
		created, anonymous := p.record(), p.create(ctx)
		rotated := p.moved(anonymous)
		created.User, rotated.User = name, name
		logins = append(logins, created, rotated)
		from = append(from, nil, anonymous)
	}
	calls := alike(len(logins), func(i int) error {
		if from[i] == nil {
			return p.Create(ctx, logins[i])
		}
		return p.Rotate(ctx, from[i].ID, logins[i])
	})
	ended := 0
	calls = append(calls, func() (err error) {
		ended, err = index.Revoke(ctx, store.Revocation{User: name})
		return err
	})

	errs := together(calls...)
	p.want(nil, "Revoke", errs[len(logins)])
	p.none(ctx, "a session that was there before", before.ID)
	stored, alive := 1, 0
	var handles []string
	for i, r := range logins {
		if errs[i] != nil {
			p.want(store.ErrRevoked, "a login beside Revoke", errs[i])
			p.none(ctx, "what was refused", r.ID)
			if from[i] != nil {
				p.holds(ctx, "the session of a login that was refused", from[i])
			}
			continue
		}
		stored++
		switch _, err := p.Load(ctx, r.ID); {
		case err == nil:
			alive++
			handles = append(handles, r.Handle)
		case !errors.Is(err, store.ErrNotFound):
			p.want(nil, "Load", err)
		}
	}
	if ended+alive != stored {
		p.failf("%d sessions were stored, %d are alive, but Revoke says that it ended %d", stored, alive, ended)
	}
	p.lists(ctx, index, name, handles...)
	p.revokes(ctx, index, store.Revocation{User: name}, alive)
}

// revokes ends the check unless v ends so many sessions.
func (p *probe) revokes(ctx context.Context, index store.UserIndex, v store.Revocation, want int) {
	n, err := index.Revoke(ctx, v)
	p.want(nil, "Revoke", err)
	if n != want {
		p.failf("Revoke: says that it ended %d sessions, want %d", n, want)
	}
}
