package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/echosession/session/store"
)

var brokenRotations = map[string]breakage{
	"rotate creates": {
		must: []string{"Rotate of a record"},
		may: []string{
			"Absolute is how",
			"Create, Save, Touch and Rotate leave",
			"Revoke ends the sessions",
			"Rotate moves the session",
			"of several Rotates",
			"when Delete returns nil the session is gone for",
			"when Delete returns nil the session is gone, also",
		},
		breaks: func(b *broken) {
			b.rotate = func(ctx context.Context, oldID string, r *store.Record) error {
				err := b.Store.Rotate(ctx, oldID, r)
				if errors.Is(err, store.ErrNotFound) {
					_ = b.Store.Delete(ctx, &store.Record{ID: r.ID, Handle: r.Handle})
					err = b.Store.Create(ctx, r)
				}
				return err
			}
		},
	},
	"rotate leaves the old id": {
		must: []string{"Rotate moves the session"},
		may: []string{
			"Revoke ends the sessions",
			"Rotate is one",
			"a login beside",
			"a login that",
			"a session is",
			"of a Save",
			"of several Rotates",
		},
		breaks: func(b *broken) {
			b.rotate = func(ctx context.Context, oldID string, r *store.Record) error {
				err := b.Store.Rotate(ctx, oldID, r)
				if err == nil {
					old := clone(r)
					old.ID, old.Handle = oldID, ""
					_ = b.Store.Create(ctx, old)
				}
				return err
			}
		},
	},
	"rotate ignores the version": {
		must: []string{"Rotate works only"},
		may:  []string{"Create, Save, Touch and Rotate leave", "of a Save"},
		breaks: func(b *broken) {
			b.rotate = func(ctx context.Context, oldID string, r *store.Record) error {
				return b.force(ctx, r, func(ctx context.Context, r *store.Record) error {
					if now, err := b.Store.Load(ctx, oldID); err == nil {
						r.Version = now.Version
					}
					return b.Store.Rotate(ctx, oldID, r)
				})
			}
		},
	},
	"rotate keeps the old data": {
		must: []string{"Rotate moves the session"},
		may: []string{
			"Rotate keeps Created,",
			"a User and",
			"a Version names",
			"a login that",
			"a store returns",
			"neither side sees",
			"of a Save",
			"of several Rotates",
			"the Handle is",
		},
		breaks: func(b *broken) {
			b.rotate = func(ctx context.Context, oldID string, r *store.Record) error {
				c := clone(r)
				if now, err := b.Store.Load(ctx, oldID); err == nil {
					c.Data = now.Data
				}
				err := b.Store.Rotate(ctx, oldID, c)
				if err == nil {
					fill(r, c)
				}
				return err
			}
		},
	},
	"rotate takes the handle it is given": {
		must: []string{"the Handle is"},
		breaks: func(b *broken) {
			b.rotate = func(ctx context.Context, oldID string, r *store.Record) error {
				now, err := b.Store.Load(ctx, oldID)
				if err == nil && now.Handle != r.Handle && now.Version == r.Version {
					_ = b.Store.Delete(ctx, now)
					return b.Store.Create(ctx, r)
				}
				return b.Store.Rotate(ctx, oldID, r)
			}
		},
	},
	"rotate always restarts Created": {
		must:  []string{"Rotate keeps Created,"},
		loose: true,
		breaks: func(b *broken) {
			b.rotate = func(ctx context.Context, oldID string, r *store.Record) error {
				err := b.Store.Rotate(ctx, oldID, r)
				if err == nil {
					r.Created = r.Now
				}
				return err
			}
		},
	},
	"rotate never restarts Created": {
		must: []string{"Rotate keeps Created,"},
		breaks: func(b *broken) {
			first := make(map[string]time.Time)
			b.rotate = func(ctx context.Context, oldID string, r *store.Record) error {
				now, _ := b.Store.Load(ctx, oldID)
				err := b.Store.Rotate(ctx, oldID, r)
				if err == nil && now != nil {
					b.mu.Lock()
					defer b.mu.Unlock()
					created, ok := first[r.Handle]
					if !ok {
						created = now.Created
						first[r.Handle] = created
					}
					r.Created = created
				}
				return err
			}
			b.load = func(ctx context.Context, id string) (*store.Record, error) {
				r, err := b.Store.Load(ctx, id)
				b.mu.Lock()
				defer b.mu.Unlock()
				if err == nil && !first[r.Handle].IsZero() {
					r.Created = first[r.Handle]
				}
				return r, err
			}
		},
	},
	"rotate replaces": {
		must: []string{"Rotate to a taken"},
		may:  []string{"Create, Save, Touch and Rotate leave"},
		breaks: func(b *broken) {
			b.rotate = func(ctx context.Context, oldID string, r *store.Record) error {
				err := b.Store.Rotate(ctx, oldID, r)
				if errors.Is(err, store.ErrExists) {
					_ = b.Store.Delete(ctx, &store.Record{ID: r.ID})
					err = b.Store.Rotate(ctx, oldID, r)
				}
				return err
			}
		},
	},
	"rotate deletes, then creates": {
		must: []string{"Rotate is one"},
		breaks: func(b *broken) {
			hidden := make(map[string]bool)
			b.rotate = func(ctx context.Context, oldID string, r *store.Record) error {
				b.mark(hidden, r.ID, true)
				defer b.mark(hidden, r.ID, false)
				defer pause()
				return b.Store.Rotate(ctx, oldID, r)
			}
			b.load = func(ctx context.Context, id string) (*store.Record, error) {
				b.mu.Lock()
				defer b.mu.Unlock()
				if hidden[id] {
					return nil, store.ErrNotFound
				}
				return b.Store.Load(ctx, id)
			}
		},
	},
	"rotate creates, then deletes": {
		must: []string{"Rotate is one"},
		breaks: func(b *broken) {
			still := make(map[string]bool)
			b.rotate = func(ctx context.Context, oldID string, r *store.Record) error {
				b.mark(still, oldID, true)
				defer b.mark(still, oldID, false)
				defer pause()
				return b.Store.Rotate(ctx, oldID, r)
			}
			b.load = func(ctx context.Context, id string) (*store.Record, error) {
				r, err := b.Store.Load(ctx, id)
				b.mu.Lock()
				defer b.mu.Unlock()
				if err != nil && still[id] {
					return &store.Record{ID: id}, nil
				}
				return r, err
			}
		},
	},
	"rotate looks first, then moves what it saw": {
		must: []string{"of several Rotates"},
		may:  []string{"Absolute is how", "when Delete returns nil the session is gone, also"},
		breaks: func(b *broken) {
			b.rotate = func(ctx context.Context, oldID string, r *store.Record) error {
				now, err := b.Store.Load(ctx, oldID)
				if err != nil {
					return err
				}
				if now.Version != r.Version {
					return store.ErrConflict
				}
				if _, err := b.Store.Load(ctx, r.ID); err == nil {
					return store.ErrExists
				}
				pause()
				err = b.Store.Rotate(ctx, oldID, r)
				if errors.Is(err, store.ErrNotFound) {
					c := clone(r)
					c.Handle = ""
					err = b.Store.Create(ctx, c)
					fill(r, c)
				}
				return err
			}
		},
	},
	"rotate looks at the version first, then moves": {
		must: []string{"of a Save"},
		breaks: func(b *broken) {
			b.rotate = func(ctx context.Context, oldID string, r *store.Record) error {
				now, err := b.Store.Load(ctx, oldID)
				if err != nil {
					return err
				}
				if now.Version != r.Version {
					return store.ErrConflict
				}
				pause()
				return b.force(ctx, r, func(ctx context.Context, r *store.Record) error {
					if now, err := b.Store.Load(ctx, oldID); err == nil {
						r.Version = now.Version
					}
					return b.Store.Rotate(ctx, oldID, r)
				})
			}
		},
	},
}
