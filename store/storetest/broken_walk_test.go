package storetest

import (
	"context"

	"github.com/echosession/session/store"
)

// visits makes a breakage of what a walk visits.
func visits(change func(r *store.Record, each func(*store.Record) error) error) func(b *broken) {
	return func(b *broken) {
		b.walk = func(ctx context.Context, prefix string, each func(*store.Record) error) error {
			return b.Store.Walk(ctx, prefix, func(r *store.Record) error { return change(r, each) })
		}
	}
}

var brokenWalks = map[string]breakage{
	"a walk visits twice": {
		must: []string{"Walk visits the live records"},
		breaks: visits(func(r *store.Record, each func(*store.Record) error) error {
			if err := each(r); err != nil {
				return err
			}
			return each(r)
		}),
	},
	"a walk carries no id": {
		must:   []string{"Walk visits the live records"},
		may:    []string{"Walk of an empty prefix"},
		breaks: visits(func(r *store.Record, each func(*store.Record) error) error { r.ID = ""; return each(r) }),
	},
	"a walk passes over logins": {
		must: []string{"Walk visits the live records"},
		breaks: visits(func(r *store.Record, each func(*store.Record) error) error {
			if r.User != "" {
				return nil
			}
			return each(r)
		}),
	},
	"a walk ignores the prefix": {
		must: []string{"Walk visits the live records"},
		breaks: func(b *broken) {
			b.walk = func(ctx context.Context, _ string, each func(*store.Record) error) error {
				return b.Store.Walk(ctx, "", each)
			}
		},
	},
	"a walk of everything visits nothing": {
		must: []string{"Walk of an empty prefix"},
		breaks: func(b *broken) {
			b.walk = func(ctx context.Context, prefix string, each func(*store.Record) error) error {
				if prefix == "" {
					return nil
				}
				return b.Store.Walk(ctx, prefix, each)
			}
		},
	},
	"a walk goes on after an error": {
		must:   []string{"Walk ends with the first error"},
		breaks: visits(func(r *store.Record, each func(*store.Record) error) error { _ = each(r); return nil }),
	},
}
