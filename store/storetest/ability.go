package storetest

import (
	"context"
	"time"

	"github.com/echosession/session/store"
)

var abilityChecks = []check{
	{says: "Prune removes the records whose lifetime is over, no others, and says how many", alone: true, see: func(ctx context.Context, p *probe) {
		pruner := ability[store.Pruner](p)
		_, err := pruner.Prune(ctx) // what others left
		p.want(nil, "Prune", err)
		over := []*store.Record{p.create(ctx, idle(p.life)), p.create(ctx, idle(p.life), user(p.name("user")))}
		live := p.create(ctx)
		p.pass(ctx) // leaves a third one
		if n, err := pruner.Prune(ctx); err != nil || n != len(over)+1 {
			p.failf("Prune: got %d and the error %v, want %d records removed", n, err, len(over)+1)
		}
		for _, r := range over {
			p.none(ctx, "what was pruned", r.ID)
			r.Idle = time.Hour
			p.want(nil, "Create of an id that was pruned", p.Create(ctx, r))
		}
		p.holds(ctx, "what is live", live)
		if n, err := pruner.Prune(ctx); err != nil || n != 0 {
			p.failf("Prune again: got %d and the error %v, want nothing removed", n, err)
		}
	}},
	{says: "Ping is nil when the store would answer", see: func(ctx context.Context, p *probe) {
		pinger := ability[store.Pinger](p)
		p.want(nil, "Ping", pinger.Ping(ctx))
	}},
	{says: "LoadFresh reads the original: it is as good as Load, and knows the latest", see: func(ctx context.Context, p *probe) {
		authority := ability[store.Authority](p)
		_, err := authority.LoadFresh(ctx, p.name("id"))
		p.want(store.ErrNotFound, "LoadFresh of an unknown id", err)
		r := p.create(ctx)
		p.load(ctx, "to have it copied", r.ID)
		next := p.next(r)
		p.want(nil, "Save", p.Save(ctx, next))
		got, err := authority.LoadFresh(ctx, r.ID)
		p.want(nil, "LoadFresh", err)
		if got.Version != next.Version || string(got.Data) != string(next.Data) {
			p.failf("LoadFresh: got the Version %d, want %d", got.Version, next.Version)
		}
		p.want(nil, "Delete", p.Delete(ctx, next))
		_, err = authority.LoadFresh(ctx, r.ID)
		p.want(store.ErrNotFound, "LoadFresh of a deleted record", err)
	}},
}
