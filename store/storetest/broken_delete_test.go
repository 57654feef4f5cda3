package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/echosession/session/store"
)

var brokenDeletes = map[string]breakage{
	"delete does nothing": {
		must: []string{
			"Delete removes the record of r.ID",
			"when Delete returns nil the session is gone, whatever",
			"when Delete returns nil the session is gone for",
		},
		may: []string{
			"Delete removes the record of r.Handle",
			"Delete without a Handle",
			"LoadFresh reads the original:",
			"Rotate of a record",
			"Save never creates:",
			"Sessions returns the live",
			"Walk visits the live",
			"Touch of what",
			"a User and",
			"an id is",
			"when Delete returns nil the session is gone, also",
		},
		breaks: func(b *broken) {
			b.del = func(ctx context.Context, _ *store.Record) error { return ctx.Err() }
		},
	},
	"delete reports absence": {
		must: []string{"Delete of what"},
		may:  []string{"an id is"},
		breaks: func(b *broken) {
			b.del = func(ctx context.Context, r *store.Record) error {
				if _, err := b.Store.Load(ctx, r.ID); err != nil && r.Handle == "" {
					return err
				}
				_, err := b.Store.Load(ctx, r.ID)
				_ = b.Store.Delete(ctx, r)
				if errors.Is(err, store.ErrExpired) {
					return err
				}
				return ctx.Err()
			}
		},
	},
	"delete ignores the handle": {
		must: []string{"Delete removes the record of r.Handle"},
		may:  []string{"a User and", "when Delete returns nil the session is gone, also"},
		breaks: func(b *broken) {
			b.del = func(ctx context.Context, r *store.Record) error {
				return b.Store.Delete(ctx, &store.Record{ID: r.ID})
			}
		},
	},
	"delete looks for the handle first, then deletes": {
		must: []string{"when Delete returns nil the session is gone, also"},
		may:  []string{"Delete without a Handle"},
		breaks: func(b *broken) {
			ids := make(map[string]string)
			b.create = func(ctx context.Context, r *store.Record) error {
				b.mu.Lock()
				defer b.mu.Unlock()
				ids[r.Handle] = r.ID
				return b.Store.Create(ctx, r)
			}
			b.rotate = func(ctx context.Context, oldID string, r *store.Record) error {
				err := b.Store.Rotate(ctx, oldID, r)
				if err == nil {
					now, loadErr := b.Store.Load(ctx, r.ID)
					b.mu.Lock()
					defer b.mu.Unlock()
					if loadErr == nil {
						ids[now.Handle] = r.ID
					}
				}
				return err
			}
			b.del = func(ctx context.Context, r *store.Record) error {
				b.mu.Lock()
				id := ids[r.Handle]
				b.mu.Unlock()
				pause()
				if err := b.Store.Delete(ctx, &store.Record{ID: id}); err != nil {
					return err
				}
				return b.Store.Delete(ctx, &store.Record{ID: r.ID})
			}
		},
	},
	"delete of an empty handle deletes all that have none": {
		must: []string{"Delete without a Handle"},
		breaks: func(b *broken) {
			nameless := make(map[string]bool)
			b.create = func(ctx context.Context, r *store.Record) error {
				b.mu.Lock()
				defer b.mu.Unlock()
				if r.Handle == "" {
					nameless[r.ID] = true
				}
				return b.Store.Create(ctx, r)
			}
			b.del = func(ctx context.Context, r *store.Record) error {
				b.mu.Lock()
				defer b.mu.Unlock()
				if r.Handle == "" && nameless[r.ID] {
					for id := range nameless {
						_ = b.Store.Delete(ctx, &store.Record{ID: id})
					}
				}
				return b.Store.Delete(ctx, r)
			}
		},
	},
	"delete leaves a mark that a late touch removes": {
		must: []string{"when Delete returns nil the session is gone for"},
		may:  []string{"Touch of what", "when Delete returns nil the session is gone, whatever"},
		breaks: func(b *broken) {
			dead := make(map[string]*store.Record)
			b.del = func(ctx context.Context, r *store.Record) error {
				now, err := b.Store.Load(ctx, r.ID)
				b.mu.Lock()
				defer b.mu.Unlock()
				if err == nil {
					dead[r.ID] = now
				}
				return b.Store.Delete(ctx, r)
			}
			b.touch = func(ctx context.Context, r *store.Record) error {
				err := b.Store.Touch(ctx, r)
				b.mu.Lock()
				defer b.mu.Unlock()
				if now := dead[r.ID]; errors.Is(err, store.ErrNotFound) && now != nil {
					now.Idle, now.Absolute = r.Idle, r.Absolute
					_ = b.Store.Create(ctx, now)
				}
				return err
			}
		},
	},
}

var brokenLifetimes = map[string]breakage{
	"expired records are served": {
		must: []string{"Load is ErrNotFound when the lifetime"},
		may: []string{
			"Walk visits the live",
			"Absolute is how",
			"Create never replaces,",
			"Delete of what",
			"Expires is the earlier",
			"Prune removes the records",
			"Rotate keeps Created,",
			"Rotate of a record",
			"Save of a record",
			"Save renews the lifetime",
			"Save replaces User",
			"Revoke counts live",
			"Sessions returns the live",
			"Sessions returns them",
			ofCounts,
			ofLeft,
			ofCleanup,
			"Touch never shortens",
			"Touch of what",
			"Touch renews the lifetime",
			"Touch shortens what",
		},
		breaks: func(b *broken) {
			seen := make(map[string]*store.Record)
			b.load = func(ctx context.Context, id string) (*store.Record, error) {
				r, err := b.Store.Load(ctx, id)
				b.mu.Lock()
				defer b.mu.Unlock()
				switch {
				case err == nil:
					seen[id] = clone(r)
				case errors.Is(err, store.ErrExpired) && seen[id] != nil:
					return clone(seen[id]), nil
				}
				return r, err
			}
		},
	},
	"there is no absolute lifetime": {
		must: []string{"Absolute is how", "Expires is the earlier"},
		may:  []string{"Touch shortens what"},
		breaks: func(b *broken) {
			b.uncapped(func(*store.Record) time.Duration { return 0 })
		},
	},
	"there is always an absolute lifetime": {
		must: []string{"an Absolute of 0"},
		breaks: func(b *broken) {
			b.uncapped(func(r *store.Record) time.Duration {
				if r.Absolute == 0 {
					return 720 * time.Hour
				}
				return r.Absolute
			})
		},
	},
	"no lifetime is the longest": {
		must: []string{"Idle is how"},
		breaks: func(b *broken) {
			b.create = func(ctx context.Context, r *store.Record) error {
				if r.Idle <= 0 {
					r.Idle = 1000 * time.Hour
				}
				return b.Store.Create(ctx, r)
			}
		},
	},
}

// uncapped replaces the Absolute that every call is given.
func (b *broken) uncapped(absolute func(*store.Record) time.Duration) {
	with := func(r *store.Record, call func(*store.Record) error) error {
		c := clone(r)
		c.Absolute = absolute(r)
		err := call(c)
		if err == nil {
			fill(r, c)
		}
		return err
	}
	b.create = func(ctx context.Context, r *store.Record) error {
		return with(r, func(r *store.Record) error { return b.Store.Create(ctx, r) })
	}
	b.save = func(ctx context.Context, r *store.Record) error {
		return with(r, func(r *store.Record) error { return b.Store.Save(ctx, r) })
	}
	b.touch = func(ctx context.Context, r *store.Record) error {
		return with(r, func(r *store.Record) error { return b.Store.Touch(ctx, r) })
	}
	b.rotate = func(ctx context.Context, oldID string, r *store.Record) error {
		return with(r, func(r *store.Record) error { return b.Store.Rotate(ctx, oldID, r) })
	}
}
