package storetest

import (
	"context"
	"errors"

	"github.com/echosession/session/store"
)

var brokenSaves = map[string]breakage{
	"save is an upsert": {
		must: []string{"Save never creates:"},
		may: []string{
			"Absolute is how",
			"Create, Save, Touch and Rotate leave",
			"Revoke ends the sessions",
			"Rotate moves the session",
			"Save of a record",
			"of a Save",
			"when Delete returns nil the session is gone for",
			"when Delete returns nil the session is gone, whatever",
		},
		breaks: func(b *broken) {
			b.save = func(ctx context.Context, r *store.Record) error {
				err := b.Store.Save(ctx, r)
				if errors.Is(err, store.ErrNotFound) {
					_ = b.Store.Delete(ctx, r)
					err = b.Store.Create(ctx, r)
				}
				return err
			}
		},
	},
	"save revives what is over": {
		must: []string{"Save of a record"},
		may:  []string{"Absolute is how"},
		breaks: func(b *broken) {
			b.save = func(ctx context.Context, r *store.Record) error {
				err := b.Store.Save(ctx, r)
				if errors.Is(err, store.ErrExpired) {
					_ = b.Store.Delete(ctx, r)
					err = b.Store.Create(ctx, r)
				}
				return err
			}
		},
	},
	"save ignores the version": {
		must: []string{"Save works only"},
		may:  []string{"Create, Save, Touch and Rotate leave", "of several Saves"},
		breaks: func(b *broken) {
			b.save = func(ctx context.Context, r *store.Record) error { return b.force(ctx, r, b.Store.Save) }
		},
	},
	"save looks at the version first, then writes": {
		must: []string{"of several Saves"},
		breaks: func(b *broken) {
			b.save = func(ctx context.Context, r *store.Record) error {
				if now, err := b.Store.Load(ctx, r.ID); err == nil && now.Version != r.Version {
					return store.ErrConflict
				}
				pause()
				return b.force(ctx, r, b.Store.Save)
			}
		},
	},
	"save keeps the user": {
		must: []string{"a session is"},
		may:  []string{"a User has"},
		breaks: func(b *broken) {
			b.save = func(ctx context.Context, r *store.Record) error {
				if now, err := b.Store.Load(ctx, r.ID); err == nil {
					r.User = now.User
				}
				return b.Store.Save(ctx, r)
			}
		},
	},
	"save restarts Created": {
		must:  []string{"Save replaces User"},
		loose: true,
		breaks: func(b *broken) {
			b.save = func(ctx context.Context, r *store.Record) error {
				err := b.Store.Save(ctx, r)
				if err == nil {
					r.Created = r.Now
				}
				return err
			}
		},
	},
	"save does not renew": {
		must: []string{"Save renews the lifetime"},
		may:  []string{"Expires is the earlier"},
		breaks: func(b *broken) {
			b.save = func(ctx context.Context, r *store.Record) error {
				c := clone(r)
				if now, err := b.Store.Load(ctx, r.ID); err == nil {
					c.Idle = now.Expires.Sub(now.Now)
				}
				err := b.Store.Save(ctx, c)
				if err == nil {
					fill(r, c)
				}
				return err
			}
		},
	},
}

var brokenTouches = map[string]breakage{
	"touch does nothing": {
		must: []string{"Touch renews the lifetime"},
		may:  []string{"Expires is the earlier", "Touch shortens what"},
		breaks: func(b *broken) {
			b.touch = func(ctx context.Context, r *store.Record) error {
				now, err := b.Store.Load(ctx, r.ID)
				if err == nil {
					fill(r, now)
				}
				return err
			}
		},
	},
	"touch carries the payload": {
		must: []string{"Touch carries no"},
		may: []string{
			"Create, Save, Touch and Rotate fill",
			"Touch leaves the version",
			"Touch never shortens",
			"a Touch beside",
			"an id is",
			"when Delete returns nil the session is gone, whatever",
		},
		breaks: func(b *broken) {
			b.touch = func(ctx context.Context, r *store.Record) error { return b.force(ctx, r, b.Store.Save) }
		},
	},
	"touch writes back what it read": {
		must: []string{"a Touch beside"},
		breaks: func(b *broken) {
			b.touch = func(ctx context.Context, r *store.Record) error {
				now, err := b.Store.Load(ctx, r.ID)
				if err != nil {
					return err
				}
				pause()
				if err := b.Store.Touch(ctx, r); err != nil || r.Version == now.Version {
					return err
				}
				now.Idle, now.Absolute = r.Idle, r.Absolute
				return b.force(ctx, now, b.Store.Save)
			}
		},
	},
	"touch does not fill the version": {
		must: []string{"Touch leaves the version"},
		breaks: func(b *broken) {
			b.touch = func(ctx context.Context, r *store.Record) error {
				version := r.Version
				err := b.Store.Touch(ctx, r)
				r.Version = version
				return err
			}
		},
	},
	"touch shortens": {
		must: []string{"Touch never shortens"},
		may:  []string{"Expires is the earlier"},
		breaks: func(b *broken) {
			b.touch = func(ctx context.Context, r *store.Record) error {
				c := clone(r)
				if now, err := b.Store.Load(ctx, r.ID); err == nil {
					// The cap is all that makes a good store shorten.
					c.Absolute = now.Now.Add(r.Idle).Sub(now.Created)
					if r.Absolute > 0 {
						c.Absolute = min(c.Absolute, r.Absolute)
					}
				}
				err := b.Store.Touch(ctx, c)
				if err == nil {
					fill(r, c)
				}
				return err
			}
		},
	},
	"touch ignores the cap": {
		must: []string{"Touch shortens what"},
		may:  []string{"Absolute is how", "Expires is the earlier"},
		breaks: func(b *broken) {
			b.touch = func(ctx context.Context, r *store.Record) error {
				c := clone(r)
				c.Absolute = 0
				err := b.Store.Touch(ctx, c)
				if err == nil {
					fill(r, c)
				}
				return err
			}
		},
	},
	"touch creates": {
		must: []string{"Touch of what"},
		may: []string{
			"Absolute is how",
			"Create, Save, Touch and Rotate leave",
			"Revoke ends the sessions",
			"Rotate moves the session",
			"when Delete returns nil the session is gone for",
			"when Delete returns nil the session is gone, whatever",
		},
		breaks: func(b *broken) {
			b.touch = func(ctx context.Context, r *store.Record) error {
				err := b.Store.Touch(ctx, r)
				if errors.Is(err, store.ErrNotFound) {
					_ = b.Store.Delete(ctx, r)
					err = b.Store.Create(ctx, r)
				}
				return err
			}
		},
	},
}
