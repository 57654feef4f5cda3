package storetest

import (
	"context"
	"sync"

	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// A broken store is a good one of which some methods were replaced.
type broken struct {
	*memstore.Store
	mu sync.Mutex // for what a replacement needs to remember

	load     func(ctx context.Context, id string) (*store.Record, error)
	create   func(ctx context.Context, r *store.Record) error
	save     func(ctx context.Context, r *store.Record) error
	touch    func(ctx context.Context, r *store.Record) error
	rotate   func(ctx context.Context, oldID string, r *store.Record) error
	del      func(ctx context.Context, r *store.Record) error
	sessions func(ctx context.Context, user string) ([]*store.Record, error)
	revoke   func(ctx context.Context, v store.Revocation) (int, error)
	prune    func(ctx context.Context) (int, error)
	stats    func(ctx context.Context) (store.Stats, error)
	report   func(ctx context.Context) (store.Report, error)
	ping     func(ctx context.Context) error
	fresh    func(ctx context.Context, id string) (*store.Record, error)
	walk     func(ctx context.Context, prefix string, each func(*store.Record) error) error
}

func newBroken(breaks func(b *broken)) *broken {
	good := memstore.New(memstore.Options{Logger: quiet})
	b := &broken{
		Store: good, load: good.Load, create: good.Create, save: good.Save, touch: good.Touch,
		rotate: good.Rotate, del: good.Delete, sessions: good.Sessions, revoke: good.Revoke,
		prune: good.Prune, stats: good.Stats, report: good.Report, ping: good.Ping, fresh: good.Load,
		walk: good.Walk,
	}
	breaks(b)
	return b
}

func (b *broken) Load(ctx context.Context, id string) (*store.Record, error) { return b.load(ctx, id) }
func (b *broken) Create(ctx context.Context, r *store.Record) error          { return b.create(ctx, r) }
func (b *broken) Save(ctx context.Context, r *store.Record) error            { return b.save(ctx, r) }
func (b *broken) Touch(ctx context.Context, r *store.Record) error           { return b.touch(ctx, r) }
func (b *broken) Delete(ctx context.Context, r *store.Record) error          { return b.del(ctx, r) }
func (b *broken) Prune(ctx context.Context) (int, error)                     { return b.prune(ctx) }
func (b *broken) Stats(ctx context.Context) (store.Stats, error)             { return b.stats(ctx) }
func (b *broken) Report(ctx context.Context) (store.Report, error)           { return b.report(ctx) }
func (b *broken) Ping(ctx context.Context) error                             { return b.ping(ctx) }

func (b *broken) Walk(ctx context.Context, prefix string, each func(*store.Record) error) error {
	return b.walk(ctx, prefix, each)
}

func (b *broken) Rotate(ctx context.Context, oldID string, r *store.Record) error {
	return b.rotate(ctx, oldID, r)
}

func (b *broken) Sessions(ctx context.Context, user string) ([]*store.Record, error) {
	return b.sessions(ctx, user)
}

func (b *broken) Revoke(ctx context.Context, v store.Revocation) (int, error) {
	return b.revoke(ctx, v)
}

func (b *broken) LoadFresh(ctx context.Context, id string) (*store.Record, error) {
	return b.fresh(ctx, id)
}

// bare is a store without any ability.
type bare struct{ store.Store }

// decorated is a store that unwraps to the one with the abilities.
type decorated struct{ bare }

func (d decorated) Unwrap() store.Store { return d.Store }
