package telemetry

import (
	"context"

	"github.com/echosession/session/store"
)

// users measures the index of users, where the store has one.
type users struct {
	o     *observed
	index store.UserIndex
}

// Sessions is part of [store.UserIndex].
func (u users) Sessions(ctx context.Context, user string) ([]*store.Record, error) {
	ctx, c := u.o.begin(ctx, sessions)
	list, err := u.index.Sessions(ctx, user)
	u.o.end(ctx, c, err)
	return list, err
}

// Revoke is part of [store.UserIndex].
func (u users) Revoke(ctx context.Context, v store.Revocation) (int, error) {
	ctx, c := u.o.begin(ctx, revoke)
	n, err := u.index.Revoke(ctx, v)
	u.o.end(ctx, c, err)
	return n, err
}

// cleaner measures the cleanup, where the store needs one.
type cleaner struct {
	o      *observed
	pruner store.Pruner
}

// Prune is part of [store.Pruner].
func (p cleaner) Prune(ctx context.Context) (int, error) {
	ctx, c := p.o.begin(ctx, prune)
	n, err := p.pruner.Prune(ctx)
	p.o.end(ctx, c, err)
	return n, err
}
