package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/echosession/session/store"
)

var brokenUsers = map[string]breakage{
	"sessions carry the id": {
		must: []string{"the records of Sessions"},
		breaks: func(b *broken) {
			ids := make(map[string]string)
			b.create = func(ctx context.Context, r *store.Record) error {
				b.mu.Lock()
				defer b.mu.Unlock()
				ids[r.Handle] = r.ID
				return b.Store.Create(ctx, r)
			}
			b.sessions = func(ctx context.Context, user string) ([]*store.Record, error) {
				rs, err := b.Store.Sessions(ctx, user)
				for _, r := range rs {
					r.ID = ids[r.Handle]
				}
				return rs, err
			}
		},
	},
	"sessions come oldest first": {
		must: []string{"Sessions returns them"},
		breaks: func(b *broken) {
			b.sessions = func(ctx context.Context, user string) ([]*store.Record, error) {
				rs, err := b.Store.Sessions(ctx, user)
				slices.Reverse(rs)
				return rs, err
			}
		},
	},
	"sessions show what is over": {
		must: []string{"Sessions returns the live"},
		breaks: func(b *broken) {
			all := make(map[string][]*store.Record)
			b.create = func(ctx context.Context, r *store.Record) error {
				err := b.Store.Create(ctx, r)
				b.mu.Lock()
				defer b.mu.Unlock()
				if err == nil {
					all[r.User] = append(all[r.User], clone(r))
				}
				return err
			}
			b.sessions = func(ctx context.Context, user string) ([]*store.Record, error) {
				rs, err := b.Store.Sessions(ctx, user)
				b.mu.Lock()
				defer b.mu.Unlock()
				for _, r := range all[user] {
					if _, err := b.Store.Load(ctx, r.ID); errors.Is(err, store.ErrExpired) {
						rs = append(rs, &store.Record{Handle: r.Handle, User: user})
					}
				}
				return rs, err
			}
		},
	},
	"sessions forget who rotates": {
		must: []string{"a session is"},
		may:  []string{"a login beside"},
		breaks: func(b *broken) {
			moved := make(map[string]bool)
			b.rotate = func(ctx context.Context, oldID string, r *store.Record) error {
				b.mark(moved, r.Handle, true)
				return b.Store.Rotate(ctx, oldID, r)
			}
			b.sessions = func(ctx context.Context, user string) ([]*store.Record, error) {
				rs, err := b.Store.Sessions(ctx, user)
				b.mu.Lock()
				defer b.mu.Unlock()
				return slices.DeleteFunc(rs, func(r *store.Record) bool { return moved[r.Handle] }), err
			}
		},
	},
	"revoke does nothing": {
		must: []string{"Revoke ends the sessions", "Revoke of Everyone"},
		may: []string{
			"Revoke counts live",
			"Revoke takes a User",
			"Revoke with Except",
			"Revoke with a Handle ends",
			"a User or a Handle that",
			"a login beside",
			"a login that",
		},
		breaks: func(b *broken) {
			b.revoke = func(_ context.Context, v store.Revocation) (int, error) { return 0, v.Validate() }
		},
	},
	"revoke counts what is over": {
		must: []string{"Revoke counts live"},
		breaks: func(b *broken) {
			ends := make(map[string][]time.Time) // of each user's sessions
			b.create = func(ctx context.Context, r *store.Record) error {
				err := b.Store.Create(ctx, r)
				b.mu.Lock()
				defer b.mu.Unlock()
				if err == nil && r.User != "" {
					ends[r.User] = append(ends[r.User], r.Expires)
				}
				return err
			}
			b.revoke = func(ctx context.Context, v store.Revocation) (int, error) {
				n, err := b.Store.Revoke(ctx, v)
				b.mu.Lock()
				defer b.mu.Unlock()
				for _, end := range ends[v.User] {
					if end.Before(time.Now()) {
						n++
					}
				}
				delete(ends, v.User)
				return n, err
			}
		},
	},
	"a name that is no text is an outage": {
		must: []string{"a User or a Handle that is no text"},
		breaks: func(b *broken) {
			b.revoke = func(ctx context.Context, v store.Revocation) (int, error) {
				if strings.ContainsRune(v.Handle, 0) {
					return 0, store.ErrUnavailable
				}
				return b.Store.Revoke(ctx, v)
			}
		},
	},
	"revoke ignores the owner": {
		must: []string{"Revoke with a Handle and"},
		may:  []string{"a User or a Handle that"},
		breaks: func(b *broken) {
			b.revoke = func(ctx context.Context, v store.Revocation) (int, error) {
				if v.Handle != "" && v.Except == "" && !v.Everyone {
					v.User = ""
				}
				return b.Store.Revoke(ctx, v)
			}
		},
	},
	"revoke ignores the exception": {
		must: []string{"Revoke with Except"},
		breaks: func(b *broken) {
			b.revoke = func(ctx context.Context, v store.Revocation) (int, error) {
				if v.Validate() == nil {
					v.Except = ""
				}
				return b.Store.Revoke(ctx, v)
			}
		},
	},
	"revoke of no user is revoke of everyone": {
		must: []string{"the zero Revocation"},
		breaks: func(b *broken) {
			b.revoke = func(ctx context.Context, v store.Revocation) (int, error) {
				if v == (store.Revocation{}) {
					v.Everyone = true
				}
				return b.Store.Revoke(ctx, v)
			}
		},
	},
	"revoke of everyone spares nobody's": {
		must: []string{"Revoke of Everyone"},
		breaks: func(b *broken) {
			b.revoke = func(ctx context.Context, v store.Revocation) (int, error) {
				if v == (store.Revocation{Everyone: true}) {
					return 99, nil
				}
				return b.Store.Revoke(ctx, v)
			}
		},
	},
	"revoke takes patterns": {
		must: []string{"Revoke takes a User"},
		breaks: func(b *broken) {
			b.revoke = func(ctx context.Context, v store.Revocation) (int, error) {
				if prefix, ok := strings.CutSuffix(v.User, "*"); ok && len(prefix) == len("ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
					_, _ = b.Store.Revoke(ctx, store.Revocation{User: prefix + "bystander"})
				}
				return b.Store.Revoke(ctx, v)
			}
		},
	},
	"revoke with a handle ends all of its user": {
		must: []string{"Revoke with a Handle ends"},
		breaks: func(b *broken) {
			users := make(map[string]string)
			b.create = func(ctx context.Context, r *store.Record) error {
				b.mu.Lock()
				defer b.mu.Unlock()
				users[r.Handle] = r.User
				return b.Store.Create(ctx, r)
			}
			b.revoke = func(ctx context.Context, v store.Revocation) (int, error) {
				n, err := b.Store.Revoke(ctx, v)
				b.mu.Lock()
				defer b.mu.Unlock()
				if name := users[v.Handle]; n > 0 && name != "" && v.Handle != "" {
					_, _ = b.Store.Revoke(ctx, store.Revocation{User: name})
				}
				return n, err
			}
		},
	},
	"a revoked user can never log in again": {
		must: []string{"a login that"},
		breaks: func(b *broken) {
			revoked := make(map[string]bool)
			b.revoke = func(ctx context.Context, v store.Revocation) (int, error) {
				n, err := b.Store.Revoke(ctx, v)
				b.mark(revoked, v.User, v.User != "" && v.Handle == "" && v.Except == "")
				return n, err
			}
			b.create = func(ctx context.Context, r *store.Record) error {
				b.mu.Lock()
				defer b.mu.Unlock()
				if revoked[r.User] {
					return store.ErrRevoked
				}
				return b.Store.Create(ctx, r)
			}
		},
	},
	"a refused login is stored all the same": {
		must: []string{"a login beside"},
		breaks: func(b *broken) {
			revoked := make(map[string]bool)
			isRevoked := func(user string) bool {
				b.mu.Lock()
				defer b.mu.Unlock()
				return revoked[user]
			}
			b.revoke = func(ctx context.Context, v store.Revocation) (int, error) {
				b.mark(revoked, v.User, true)
				return b.Store.Revoke(ctx, v)
			}
			b.create = func(ctx context.Context, r *store.Record) error {
				before := isRevoked(r.User)
				pause()
				err := b.Store.Create(ctx, r)
				if err == nil && r.User != "" && !before && isRevoked(r.User) {
					return store.ErrRevoked
				}
				return err
			}
		},
	},
	"prune removes nothing": {
		must: []string{"Prune removes the records"},
		may:  []string{ofCleanup},
		breaks: func(b *broken) {
			b.prune = func(ctx context.Context) (int, error) { return 0, ctx.Err() }
		},
	},
	"prune removes the living": {
		must: []string{"Prune removes the records"},
		breaks: func(b *broken) {
			b.prune = func(ctx context.Context) (int, error) {
				n, err := b.Store.Prune(ctx)
				_, _ = b.Store.Revoke(ctx, store.Revocation{Everyone: true})
				return n, err
			}
		},
	},
	"ping fails": {
		must: []string{"Ping is nil"},
		breaks: func(b *broken) {
			b.ping = func(context.Context) error { return store.ErrUnavailable }
		},
	},
	"fresh is what load has seen": {
		must: []string{"LoadFresh reads the original:"},
		breaks: func(b *broken) {
			seen := make(map[string]*store.Record)
			b.load = func(ctx context.Context, id string) (*store.Record, error) {
				r, err := b.Store.Load(ctx, id)
				b.mu.Lock()
				defer b.mu.Unlock()
				if err == nil {
					seen[id] = r
				}
				return r, err
			}
			b.fresh = func(ctx context.Context, id string) (*store.Record, error) {
				b.mu.Lock()
				defer b.mu.Unlock()
				if r := seen[id]; r != nil {
					return clone(r), nil
				}
				return b.Store.Load(ctx, id)
			}
		},
	},
}
