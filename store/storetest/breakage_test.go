package storetest

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/echosession/session/store"
)

// A breakage is a way to break a store, and the sentences it breaks, by their
// first words: those that must be found, and those that follow from them, always
// or by the chance of a race. No others may be found, unless it is loose: then
// the rest follows from how busy the machine is, or is nearly everything.
type breakage struct {
	must, may []string
	loose     bool
	breaks    func(b *broken)
}

var breakages = func() map[string]breakage {
	all := make(map[string]breakage)
	for _, part := range []map[string]breakage{
		brokenRecords, brokenSaves, brokenTouches, brokenRotations, brokenDeletes, brokenLifetimes, brokenUsers, brokenStats, brokenWalks,
	} {
		maps.Copy(all, part)
	}
	return all
}()

// force calls with the version that is stored, whatever the caller knows.
func (b *broken) force(ctx context.Context, r *store.Record, call func(context.Context, *store.Record) error) error {
	c := clone(r)
	for {
		if now, err := b.Store.Load(ctx, r.ID); err == nil {
			c.Version = now.Version
		}
		err := call(ctx, c)
		if err == nil {
			fill(r, c)
		}
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

// mark notes something about an id, a handle or a user.
func (b *broken) mark(set map[string]bool, id string, on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	set[id] = on
}

// findsAlso makes Load find what was created under another id.
func (b *broken) findsAlso(match func(asked, id string) bool) {
	var ids []string
	b.create = func(ctx context.Context, r *store.Record) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		ids = append(ids, r.ID)
		return b.Store.Create(ctx, r)
	}
	b.load = func(ctx context.Context, asked string) (*store.Record, error) {
		r, err := b.Store.Load(ctx, asked)
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, id := range ids {
			if err != nil && match(asked, id) {
				return b.Store.Load(ctx, id)
			}
		}
		return r, err
	}
}

// fill fills r as the store filled a changed copy of it.
func fill(r, from *store.Record) {
	r.Version, r.Created, r.Expires, r.Now = from.Version, from.Created, from.Expires, from.Now
}

// pause gives a race time to happen.
func pause() { time.Sleep(time.Millisecond) }
