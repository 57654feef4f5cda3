package redisstore

import (
	"context"
	"errors"

	"github.com/echosession/session/store"
)

// Create is part of [store.Store].
func (t *Tier) Create(ctx context.Context, r *store.Record) error {
	key := t.view.key(r.ID)
	if err := t.primary.Create(ctx, r); err != nil {
		return err
	}
	t.put(ctx, key, r)
	return nil
}

// Save is part of [store.Store].
func (t *Tier) Save(ctx context.Context, r *store.Record) error {
	key := t.view.key(r.ID)
	if err := t.primary.Save(ctx, r); err != nil {
		t.gone(ctx, r.ID, err)
		return err
	}
	t.view.changed(r.ID, r.Version)
	t.put(ctx, key, r)
	return nil
}

// Touch is part of [store.Store].
func (t *Tier) Touch(ctx context.Context, r *store.Record) error {
	key := t.view.key(r.ID)
	if err := t.primary.Touch(ctx, r); err != nil {
		t.gone(ctx, r.ID, err)
		return err
	}
	t.view.changed(r.ID, r.Version) // it may have moved: an older copy is stale
	t.renew(ctx, key, r)
	return nil
}

// Rotate is part of [store.Store].
func (t *Tier) Rotate(ctx context.Context, oldID string, r *store.Record) error {
	t.end(ctx, &store.Record{ID: oldID}) // first: nobody is to find it under both ids
	key := t.view.key(r.ID)
	if err := t.primary.Rotate(ctx, oldID, r); err != nil {
		return err
	}
	t.put(ctx, key, r)
	return nil
}

// Delete is part of [store.Store]. It returns nil when the primary has done it.
func (t *Tier) Delete(ctx context.Context, r *store.Record) error {
	t.end(ctx, r)
	before := t.view.count()
	if err := t.primary.Delete(ctx, r); err != nil {
		return err
	}
	t.spread(ctx, before, r.ID)
	return nil
}

// Sessions is part of [store.UserIndex].
func (t *Tier) Sessions(ctx context.Context, user string) ([]*store.Record, error) {
	return t.primary.Sessions(ctx, user)
}

// Revoke is part of [store.UserIndex]. It returns nil when the primary has done it.
func (t *Tier) Revoke(ctx context.Context, v store.Revocation) (int, error) {
	t.view.ensure(ctx) // a first poll names no ends
	before := t.view.count()
	n, err := t.primary.Revoke(ctx, v)
	if err != nil {
		return n, err
	}
	t.spread(ctx, before, "")
	return n, nil
}

// Prune is part of [store.Pruner]. Copies of expired sessions are not served.
func (t *Tier) Prune(ctx context.Context) (int, error) { return t.primary.Prune(ctx) }

// Stats is part of [store.Stater].
func (t *Tier) Stats(ctx context.Context) (store.Stats, error) { return t.primary.Stats(ctx) }

// Ping is part of [store.Pinger]: a tier answers when its primary does. See
// [Tier.PingCopies].
func (t *Tier) Ping(ctx context.Context) error { return t.primary.Ping(ctx) }

// PingCopies says whether Redis would answer now.
func (t *Tier) PingCopies(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, t.o.Timeout)
	defer cancel()
	_, err := await(within, t.heeds, func() (string, error) { return t.client.Ping(within).Result() })
	return told(err)
}

// gone remembers what a write has learned.
func (t *Tier) gone(ctx context.Context, id string, err error) {
	if errors.Is(err, store.ErrNotFound) {
		t.end(ctx, &store.Record{ID: id})
	}
}

// end has this node and, through Redis, the others believe no copy of a session
// from now on. If it does not end after all, it is only read from the primary for
// a while.
func (t *Tier) end(ctx context.Context, r *store.Record) {
	t.view.ensure(ctx) // where copies stand is known then
	t.view.ended(r)
	t.bury(ctx, r.ID)
}

// spreadAtOnce is how many ends are told to Redis one by one. Of more, the other
// nodes learn with their next poll.
const spreadAtOnce = 100

// spread tells the other nodes at once, through Redis, what has just ended, as
// the primary knows it; this node knows it then as well. One is buried already.
func (t *Tier) spread(ctx context.Context, before uint64, buried string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.o.Freshness)
	defer cancel()
	if _, err := t.view.poll(ctx).wait(ctx); err != nil {
		t.view.doubt() // the next lookup polls first
		return
	}
	ended := t.view.endedSince(before)
	for _, id := range ended[:min(len(ended), spreadAtOnce)] {
		if id != buried {
			t.bury(ctx, id)
		}
	}
}
