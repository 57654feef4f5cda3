package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/echosession/session/store"
)

var brokenRecords = map[string]breakage{
	"create forgets the user": {
		must:  []string{"Create stores a record", "Load returns the record"},
		loose: true,
		breaks: func(b *broken) {
			b.create = func(ctx context.Context, r *store.Record) error {
				c := clone(r)
				c.User = ""
				err := b.Store.Create(ctx, c)
				if err == nil {
					fill(r, c)
				}
				return err
			}
		},
	},
	"load leaves out the handle": {
		must:  []string{"Load returns the record"},
		loose: true,
		breaks: func(b *broken) {
			b.load = func(ctx context.Context, id string) (*store.Record, error) {
				r, err := b.Store.Load(ctx, id)
				if err == nil {
					r.Handle = ""
				}
				return r, err
			}
		},
	},
	"create replaces": {
		must: []string{"Create never replaces:"},
		may:  []string{"Create never replaces,", "Create, Save, Touch and Rotate leave", "of several Creates"},
		breaks: func(b *broken) {
			b.create = func(ctx context.Context, r *store.Record) error {
				err := b.Store.Create(ctx, r)
				if errors.Is(err, store.ErrExists) {
					_ = b.Store.Delete(ctx, r)
					err = b.Store.Create(ctx, r)
				}
				return err
			}
		},
	},
	"create replaces what is over": {
		must: []string{"Create never replaces,"},
		breaks: func(b *broken) {
			b.create = func(ctx context.Context, r *store.Record) error {
				if _, err := b.Store.Load(ctx, r.ID); errors.Is(err, store.ErrExpired) {
					_ = b.Store.Delete(ctx, r)
				}
				return b.Store.Create(ctx, r)
			}
		},
	},
	"create looks first, then replaces": {
		must: []string{"of several Creates"},
		breaks: func(b *broken) {
			b.create = func(ctx context.Context, r *store.Record) error {
				if _, err := b.Store.Load(ctx, r.ID); err == nil {
					return store.ErrExists
				}
				pause()
				for {
					err := b.Store.Create(ctx, r)
					if !errors.Is(err, store.ErrExists) {
						return err
					}
					if _, err := b.Store.Load(ctx, r.ID); errors.Is(err, store.ErrExpired) {
						return store.ErrExists
					}
					_ = b.Store.Delete(ctx, r)
				}
			}
		},
	},
	"handles are unique, even empty ones": {
		must: []string{"a Handle may"},
		may:  []string{"Delete without a Handle"},
		breaks: func(b *broken) {
			b.create = func(ctx context.Context, r *store.Record) error {
				c := clone(r)
				if c.Handle == "" {
					c.Handle = "empty"
				}
				err := b.Store.Create(ctx, c)
				if err == nil {
					fill(r, c)
				}
				return err
			}
			b.load = func(ctx context.Context, id string) (*store.Record, error) {
				r, err := b.Store.Load(ctx, id)
				if err == nil && r.Handle == "empty" {
					r.Handle = ""
				}
				return r, err
			}
		},
	},
	"load finds by the beginning": {
		must: []string{"Load is ErrNotFound when the id"},
		breaks: func(b *broken) {
			b.findsAlso(func(asked, id string) bool { return len(id) == len(asked)+1 && strings.HasPrefix(id, asked) })
		},
	},
	"load finds by the handle": {
		must: []string{"Load is ErrNotFound when the id"},
		breaks: func(b *broken) {
			b.findsAlso(func(asked, id string) bool {
				r, err := b.Store.Load(context.Background(), id)
				return err == nil && r.Handle == asked && strings.HasPrefix(asked, "handle-")
			})
		},
	},
	"load ignores case": {
		must: []string{"Load is ErrNotFound when the id"},
		breaks: func(b *broken) {
			b.findsAlso(func(asked, id string) bool { return asked == strings.ToUpper(id) })
		},
	},
	"an outage is ErrNotFound": {
		must: []string{"a context that"},
		breaks: func(b *broken) {
			b.load = func(ctx context.Context, id string) (*store.Record, error) {
				r, err := b.Store.Load(ctx, id)
				if err != nil {
					err = store.ErrNotFound
				}
				return r, err
			}
		},
	},
	"the context is ignored": {
		must: []string{"a context that"},
		breaks: func(b *broken) {
			b.save = func(ctx context.Context, r *store.Record) error {
				return b.Store.Save(context.WithoutCancel(ctx), r)
			}
		},
	},
	"documents are parsed and written again": {
		must: []string{"a store returns"},
		breaks: func(b *broken) {
			b.load = func(ctx context.Context, id string) (*store.Record, error) {
				r, err := b.Store.Load(ctx, id)
				if err == nil {
					var v any
					_ = json.Unmarshal(r.Data, &v)
					r.Data, _ = json.Marshal(v)
				}
				return r, err
			}
		},
	},
	"documents are compacted": {
		must: []string{"a store returns"},
		breaks: func(b *broken) {
			b.load = func(ctx context.Context, id string) (*store.Record, error) {
				r, err := b.Store.Load(ctx, id)
				if err == nil {
					var compact bytes.Buffer
					_ = json.Compact(&compact, r.Data)
					r.Data = compact.Bytes()
				}
				return r, err
			}
		},
	},
	"load hands out the stored bytes": {
		must: []string{"neither side sees"},
		breaks: func(b *broken) {
			kept := make(map[string][]byte)
			b.load = func(ctx context.Context, id string) (*store.Record, error) {
				r, err := b.Store.Load(ctx, id)
				if err == nil {
					b.mu.Lock()
					defer b.mu.Unlock()
					key := fmt.Sprint(id, r.Version)
					if kept[key] == nil {
						kept[key] = r.Data
					}
					r.Data = kept[key]
				}
				return r, err
			}
		},
	},
	"sessions hand out the stored bytes": {
		must: []string{"the records of Sessions"},
		breaks: func(b *broken) {
			kept := make(map[uint64][]byte)
			b.load = func(ctx context.Context, id string) (*store.Record, error) {
				r, err := b.Store.Load(ctx, id)
				if err == nil && kept[r.Version] != nil {
					r.Data = slices.Clone(kept[r.Version])
				}
				return r, err
			}
			b.sessions = func(ctx context.Context, user string) ([]*store.Record, error) {
				rs, err := b.Store.Sessions(ctx, user)
				for _, r := range rs {
					kept[r.Version] = r.Data
				}
				return rs, err
			}
		},
	},
	"save keeps the caller's bytes": {
		must: []string{"neither side sees"},
		breaks: func(b *broken) {
			kept := make(map[uint64][]byte)
			b.save = func(ctx context.Context, r *store.Record) error {
				err := b.Store.Save(ctx, r)
				if err == nil {
					b.mu.Lock()
					defer b.mu.Unlock()
					kept[r.Version] = r.Data
				}
				return err
			}
			b.load = func(ctx context.Context, id string) (*store.Record, error) {
				r, err := b.Store.Load(ctx, id)
				b.mu.Lock()
				defer b.mu.Unlock()
				if err == nil && kept[r.Version] != nil {
					r.Data = slices.Clone(kept[r.Version])
				}
				return r, err
			}
		},
	},
	"an error holds the id": {
		must: []string{"no error holds"},
		breaks: func(b *broken) {
			b.save = func(ctx context.Context, r *store.Record) error {
				if err := b.Store.Save(ctx, r); err != nil {
					return fmt.Errorf("save %s: %w", r.ID, err)
				}
				return nil
			}
		},
	},
	"an error holds the document": {
		must: []string{"no error holds"},
		breaks: func(b *broken) {
			b.rotate = func(ctx context.Context, oldID string, r *store.Record) error {
				if err := b.Store.Rotate(ctx, oldID, r); err != nil {
					return fmt.Errorf("rotate to %s: %w", r.Data, err)
				}
				return nil
			}
		},
	},
	"the record is changed by an error": {
		must: []string{"Create, Save, Touch and Rotate leave"},
		breaks: func(b *broken) {
			b.touch = func(ctx context.Context, r *store.Record) error {
				r.Now = time.Now()
				return b.Store.Touch(ctx, r)
			}
		},
	},
	"the record is not filled": {
		must:  []string{"Create, Save, Touch and Rotate fill"},
		loose: true,
		breaks: func(b *broken) {
			b.rotate = func(ctx context.Context, oldID string, r *store.Record) error {
				c := clone(r)
				err := b.Store.Rotate(ctx, oldID, c)
				r.Version = c.Version
				return err
			}
		},
	},
	"the zero version is used": {
		must: []string{"a Version names"},
		may:  []string{"Create, Save, Touch and Rotate fill"},
		breaks: func(b *broken) {
			b.create = func(ctx context.Context, r *store.Record) error {
				err := b.Store.Create(ctx, r)
				if err == nil {
					r.Version--
				}
				return err
			}
			b.load = func(ctx context.Context, id string) (*store.Record, error) {
				r, err := b.Store.Load(ctx, id)
				if err == nil {
					r.Version--
				}
				return r, err
			}
			b.save = func(ctx context.Context, r *store.Record) error {
				c := clone(r)
				c.Version++
				err := b.Store.Save(ctx, c)
				if err == nil {
					fill(r, c)
					r.Version--
				}
				return err
			}
			b.touch = func(ctx context.Context, r *store.Record) error {
				err := b.Store.Touch(ctx, r)
				if err == nil {
					r.Version--
				}
				return err
			}
			b.rotate = func(ctx context.Context, oldID string, r *store.Record) error {
				c := clone(r)
				c.Version++
				err := b.Store.Rotate(ctx, oldID, c)
				if err == nil {
					fill(r, c)
					r.Version--
				}
				return err
			}
			b.fresh = b.load
		},
	},
	"ids are cut": {
		must: []string{"an id is"},
		breaks: func(b *broken) {
			cut := func(id string) string { return id[:min(len(id), 255)] }
			b.load = func(ctx context.Context, id string) (*store.Record, error) { return b.Store.Load(ctx, cut(id)) }
			b.create = func(ctx context.Context, r *store.Record) error {
				c := clone(r)
				c.ID = cut(r.ID)
				err := b.Store.Create(ctx, c)
				if err == nil {
					fill(r, c)
				}
				return err
			}
		},
	},
	"users are trimmed": {
		must: []string{"a User and"},
		may:  []string{"Revoke takes a User"},
		breaks: func(b *broken) {
			b.create = func(ctx context.Context, r *store.Record) error {
				r.User = strings.TrimSpace(r.User)
				return b.Store.Create(ctx, r)
			}
			b.rotate = func(ctx context.Context, oldID string, r *store.Record) error {
				c := clone(r)
				c.User = strings.TrimSpace(r.User)
				err := b.Store.Rotate(ctx, oldID, c)
				if err == nil {
					fill(r, c)
				}
				return err
			}
		},
	},
	"long users are cut": {
		must: []string{"a User has"},
		breaks: func(b *broken) {
			b.save = func(ctx context.Context, r *store.Record) error {
				r.User = r.User[:min(len(r.User), store.MaxUser)]
				return b.Store.Save(ctx, r)
			}
		},
	},
	"users are short": {
		must: []string{"a User has"},
		breaks: func(b *broken) {
			b.create = func(ctx context.Context, r *store.Record) error {
				if len(r.User) > 200 {
					return errors.New("the user is too long")
				}
				return b.Store.Create(ctx, r)
			}
		},
	},
}
