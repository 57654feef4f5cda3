// Package redisstore keeps sessions in Redis or Valkey, in the keys and values of
// connect-redis: sess:<id>, the document as JSON text, with the time to live as
// the lifetime. An Express app with connect-redis 9 or 10 reads and writes the
// same sessions at the same time.
//
// One server, one behind Sentinel, or a Cluster, of Redis 7 or newer; nothing is
// used that Valkey has not. A Ring is refused: it moves keys when a server fails,
// and what was ended would be back. What Redis loses, by a restart without persistence or a failover before a
// write was replicated, is lost: with appendonly and maxmemory-policy noeviction
// that is little.
//
// Beside each session stands one key of ours, with what the document does not
// say: see docs/stores.md. No key is ever without an end.
//
// # One server, and a Cluster
//
// On one server, which is any *redis.Client, each operation is one script, and
// happens or does not. In a Cluster the keys of a session's old id, its new id,
// its handle and its user lie on different servers. There a rotation first takes
// the session away from its old id and then puts it under the new one: for a
// moment there is none, a crash in between logs the session out, and there are
// never two. Deleting and revoking are as final as on one server.
package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/store"
)

// Store keeps sessions in Redis. It is safe for concurrent use, and does not own
// the client: close that yourself, after the last use.
//
// It needs no [store.Pruner]: Redis forgets what is over.
type Store struct {
	client     redis.UniversalClient
	o          Options
	keys       keys
	sharded    bool // keys may lie on different servers
	heeds      bool // the client heeds deadlines
	unreadable sync.Once
}

var (
	_ store.Store     = (*Store)(nil)
	_ store.UserIndex = (*Store)(nil)
	_ store.Stater    = (*Store)(nil)
	_ store.Reporter  = (*Store)(nil)
	_ store.Pinger    = (*Store)(nil)
	_ store.Walker    = (*Store)(nil)
)

// New returns a store on an open client. It does no I/O and starts nothing.
// Errors name the option that is wrong.
func New(client redis.UniversalClient, o Options) (*Store, error) {
	if client == nil {
		return nil, errors.New("redisstore: the client is nil; open one with redis.NewClient, redis.NewFailoverClient or redis.NewClusterClient")
	}
	if err := o.complete(); err != nil {
		return nil, err
	}
	if _, ring := client.(*redis.Ring); ring {
		return nil, errors.New("redisstore: the client is a Ring, which moves keys when a server fails: a logout would not be final; use redis.NewClusterClient")
	}
	_, one := client.(*redis.Client)
	return &Store{client: client, o: o, keys: newKeys(o.Prefix), sharded: !one, heeds: heedsDeadlines(client)}, nil
}

// remembered is how long an ended session is remembered to be so, in
// milliseconds: against a login under way, and a slow request of Express that
// writes it anew. What such a request leaves behind is no session to this store,
// although Express serves it.
const remembered = int64(time.Hour / time.Millisecond)

// nonce is new with each write, so that one sent twice is known, and that equal
// bytes stored twice are two versions.
func nonce() string { return rand.Text()[:13] }

// Load is part of [store.Store]. A key that is no string, an empty one, or one
// with more than 16 MiB counts as no session. Created is zero where nobody knows:
// for what Express made and Go never wrote.
func (s *Store) Load(ctx context.Context, id string) (*store.Record, error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	got, err := s.load(ctx, "load", id, true)
	return got.record, err
}

func (s *Store) load(ctx context.Context, operation, id string, document bool) (row, error) {
	a, err := s.run(ctx, operation, s.loadCall(id, document))
	switch {
	case err != nil:
		return row{}, err
	case a[0] != "ok":
		return row{}, store.ErrNotFound
	}
	return read(id, a)
}

func (s *Store) loadCall(id string, document bool) call {
	return call{loadScript, s.keys.session(id), id, []any{flag(document)}}
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return ""
}

// Create is part of [store.Store]. An id that was revoked within the last hour is
// store.ErrRevoked.
func (s *Store) Create(ctx context.Context, r *store.Record) error {
	if err := check(r); err != nil {
		return err
	}
	ctx, cancel := s.within(ctx)
	defer cancel()
	mark, err := s.begin(ctx, r)
	if err != nil {
		return err
	}
	if s.sharded && r.Handle != "" {
		if _, err := s.handle(ctx, "new", r.Handle, r.ID, 2*millis(r.Idle)); err != nil {
			return err
		}
	}
	if err := s.create(ctx, r, r.Handle, "", mark); err != nil {
		if s.sharded && r.Handle != "" && isRefusal(err) {
			_, _ = s.handle(ctx, "free", r.Handle, r.ID, 1)
		}
		return err
	}
	return s.confirm(ctx, r, mark)
}

// create stores r under an id that is free. created is "" for now.
func (s *Store) create(ctx context.Context, r *store.Record, handle, created, mark string) error {
	k := s.keys.session(r.ID)
	if !s.sharded {
		k = append(k, s.keys.everyone)
	}
	a, err := s.run(ctx, "create", call{createScript, k, r.ID, []any{
		string(r.Data), nonce(), handle, r.User, millis(r.Idle), millis(r.Absolute), created, mark,
	}})
	switch {
	case err != nil:
		return err
	case a[0] != "ok":
		return refusal(a[0])
	}
	return filled(r, a)
}

// Save is part of [store.Store].
func (s *Store) Save(ctx context.Context, r *store.Record) error {
	if err := check(r); err != nil {
		return err
	}
	ctx, cancel := s.within(ctx)
	defer cancel()
	if s.sharded && r.User != "" { // first, so that no session is without its entry
		if err := s.enter(ctx, r); err != nil {
			return err
		}
	}
	a, err := s.run(ctx, "save", call{saveScript, s.keys.session(r.ID), r.ID, []any{
		string(r.Data), nonce(), r.User, millis(r.Idle), millis(r.Absolute), versionText(r),
	}})
	switch {
	case err != nil:
		return err
	case a[0] != "ok":
		return refusal(a[0])
	}
	idle := r.Idle
	if err := filled(r, a); err != nil {
		return err
	}
	s.keepHandle(ctx, a[5], r.ID, r.Expires.Sub(r.Now)+idle)
	if before := a[7]; before != r.User {
		s.leave(ctx, before, r.ID)
	}
	return nil
}

// Touch is part of [store.Store].
func (s *Store) Touch(ctx context.Context, r *store.Record) error {
	if err := checkLifetime(r); err != nil {
		return err
	}
	ctx, cancel := s.within(ctx)
	defer cancel()
	a, err := s.run(ctx, "touch", call{touchScript, s.keys.session(r.ID), r.ID, []any{millis(r.Idle), millis(r.Absolute)}})
	switch {
	case err != nil:
		return err
	case a[0] != "ok":
		return refusal(a[0])
	}
	if err := filled(r, a); err != nil {
		return err
	}
	s.keepHandle(ctx, a[5], r.ID, r.Expires.Sub(r.Now)+r.Idle)
	if s.sharded && a[6] != "" {
		// The lifetime is renewed whatever comes of this; the entry has an idle
		// time to spare.
		_ = s.enter(ctx, &store.Record{ID: r.ID, User: a[6], Idle: r.Idle})
	}
	return nil
}
