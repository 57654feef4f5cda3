package storetest

import (
	"context"
	"slices"
	"strings"

	"github.com/echosession/session/store"
)

var userChecks = []check{
	{says: "Sessions returns the live sessions of a user", see: func(ctx context.Context, p *probe) {
		index := ability[store.UserIndex](p)
		name := p.name("user")
		over := p.create(ctx, user(name), idle(p.life))
		p.pass(ctx)
		a, b, deleted := p.create(ctx, user(name)), p.create(ctx, user(name)), p.create(ctx, user(name))
		p.create(ctx)
		p.create(ctx, user(name+"x"))
		p.create(ctx, user(name[:len(name)-1]))
		p.want(nil, "Delete", p.Delete(ctx, deleted))
		p.lists(ctx, index, name, a.Handle, b.Handle)
		p.lists(ctx, index, p.name("user"))
		p.none(ctx, "what is over", over.ID)
	}},
	{says: "Sessions returns them newest first", see: func(ctx context.Context, p *probe) {
		index := ability[store.UserIndex](p)
		name := p.name("user")
		handles := []string{p.create(ctx, user(name)).Handle}
		for range 2 {
			p.pass(ctx) // else they were made at the same time, as far as the store can tell
			handles = append(handles, p.create(ctx, user(name)).Handle)
		}
		slices.Reverse(handles)
		got := p.sessions(ctx, index, name)
		if !slices.Equal(got, handles) {
			p.failf("Sessions: got %q, want %q", got, handles)
		}
	}},
	{says: "the records of Sessions carry no ID", see: func(ctx context.Context, p *probe) {
		index := ability[store.UserIndex](p)
		r := p.create(ctx, user(p.name("user")))
		list, err := index.Sessions(ctx, r.User)
		p.want(nil, "Sessions", err)
		if len(list) != 1 {
			p.failf("Sessions: got %d records, want 1", len(list))
		}
		got := list[0]
		if got.ID != "" || strings.Contains(got.Handle+string(got.Data), r.ID) {
			p.failf("Sessions: a record carries its ID")
		}
		if got.Handle != r.Handle || got.User != r.User || string(got.Data) != string(r.Data) ||
			!p.near(got.Created, r.Created) || !p.near(got.Expires, r.Expires) {
			p.failf("Sessions: a record differs from what was stored in Handle, User, Data, Created or Expires")
		}
		for i := range got.Data {
			got.Data[i] = 'x'
		}
		p.holds(ctx, "after the listed record was changed", r)
	}},
	{says: "a session is listed for the user it has now, under whatever id", see: func(ctx context.Context, p *probe) {
		index := ability[store.UserIndex](p)
		alice, bob := p.name("user"), p.name("user")
		r := p.create(ctx)
		step := func(what, user string) {
			for _, name := range []string{alice, bob} {
				if name == user {
					p.lists(ctx, index, name, r.Handle)
				} else {
					p.lists(ctx, index, name)
				}
			}
		}
		step("Create", "")
		for _, name := range []string{alice, alice, bob, ""} {
			to := p.moved(r)
			to.User = name
			p.want(nil, "Rotate", p.Rotate(ctx, r.ID, to))
			r = to
			step("Rotate", name)
		}
		for _, name := range []string{alice, bob, ""} {
			r.User = name
			p.want(nil, "Save", p.Save(ctx, r))
			step("Save", name)
		}
	}},
}

// sessions returns the handles of the user's sessions, in the store's order.
func (p *probe) sessions(ctx context.Context, index store.UserIndex, user string) []string {
	list, err := index.Sessions(ctx, user)
	p.want(nil, "Sessions", err)
	handles := make([]string, len(list))
	for i, r := range list {
		if r.User != user {
			p.failf("Sessions: got a record of another user")
		}
		handles[i] = r.Handle
	}
	return handles
}

// lists ends the check unless the user's sessions are those, in any order.
func (p *probe) lists(ctx context.Context, index store.UserIndex, user string, handles ...string) {
	got := p.sessions(ctx, index, user)
	slices.Sort(got)
	slices.Sort(handles)
	if !slices.Equal(got, handles) {
		p.failf("Sessions: got the handles %q, want %q", got, handles)
	}
}
