package memstore

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/echosession/session/store"
)

// Load implements [store.Store]. A record whose lifetime is over is
// [store.ErrExpired] until it is pruned.
func (s *Store) Load(ctx context.Context, id string) (*store.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sh := s.shard(id)
	sh.mu.Lock()
	e, now, err := sh.find(id, s.now)
	if err != nil {
		sh.mu.Unlock()
		return nil, err
	}
	r := e.record(now)
	sh.mu.Unlock()
	r.Data = bytes.Clone(r.Data)
	return r, nil
}

// Create implements [store.Store]. A taken handle is [store.ErrExists] as well.
// [store.ErrFull] names the bound, its value and what to do.
func (s *Store) Create(ctx context.Context, r *store.Record) error {
	began := s.index.revocations.now()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := check(r); err != nil {
		return err
	}
	s.sayOnce()
	// Clones: an id cut out of a request's header would keep all of it alive.
	e := &entry{
		id: strings.Clone(r.ID), handle: strings.Clone(r.Handle), user: strings.Clone(r.User),
		data: bytes.Clone(r.Data),
	}
	return s.retry(func() (*shortage, error) { return s.create(e, r, began) })
}

func (s *Store) create(e *entry, r *store.Record, began uint64) (*shortage, error) {
	sh := s.shard(e.id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.records[e.id] != nil {
		return nil, store.ErrExists
	}

	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	if e.handle != "" && s.index.handles[e.handle] != nil {
		return nil, errHandleTaken
	}
	if s.index.revocations.refuse(began, e.user, e.handle) {
		return nil, store.ErrRevoked
	}
	size := e.size()
	if s.index.count >= s.room.maxEntries || !s.room.take(size) {
		return &shortage{entries: 1, bytes: size, record: size}, nil
	}

	now := s.now()
	e.version, e.created, e.expires = s.version.Add(1), now, lifetime(now, now, r)
	s.index.add(e)
	sh.add(e)
	e.fill(r, now)
	return nil, nil
}

// Save implements [store.Store]. It is [store.ErrFull] when the record would
// outgrow the store, and [store.ErrRevoked] when it would bind a user whose
// sessions were revoked meanwhile; both leave what is stored.
func (s *Store) Save(ctx context.Context, r *store.Record) error {
	began := s.index.revocations.now()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := check(r); err != nil {
		return err
	}
	data := bytes.Clone(r.Data)
	return s.retry(func() (*shortage, error) { return s.save(r, data, began) })
}

func (s *Store) save(r *store.Record, data []byte, began uint64) (*shortage, error) {
	sh := s.shard(r.ID)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e, now, err := sh.find(r.ID, s.now)
	if err != nil {
		return nil, err
	}
	if e.version != r.Version {
		return nil, store.ErrConflict
	}
	expires := lifetime(e.created, now, r)
	if !now.Before(expires) {
		sh.renew(e, expires) // the cap given with this call is in the past already
		return nil, store.ErrExpired
	}

	record := size(e.id, e.handle, r.User, data)
	grow := record - e.size()
	if r.User != e.user {
		s.index.mu.Lock()
		defer s.index.mu.Unlock()
		if s.index.revocations.refuse(began, r.User, e.handle) {
			return nil, store.ErrRevoked
		}
	}
	if !s.room.take(grow) {
		return &shortage{bytes: grow, record: record, keep: e}, nil
	}
	if r.User != e.user {
		s.index.move(e, strings.Clone(r.User))
	}
	e.data, e.version = data, s.version.Add(1)
	sh.renew(e, expires)
	e.fill(r, now)
	return nil, nil
}

// Touch implements [store.Store].
func (s *Store) Touch(ctx context.Context, r *store.Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := checkLifetime(r); err != nil {
		return err
	}
	sh := s.shard(r.ID)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e, now, err := sh.find(r.ID, s.now)
	if err != nil {
		return err
	}
	expires := now.Add(r.Idle)
	if expires.Before(e.expires) {
		expires = e.expires
	}
	expires = capped(expires, e.created, r)
	sh.renew(e, expires)
	if e.over(now) {
		return store.ErrExpired
	}
	e.fill(r, now)
	return nil
}

// Delete implements [store.Store].
//
// A rotation that runs at the same time either comes first, then the handle
// finds the session under its new id, or comes later, then it finds nothing to
// rotate.
func (s *Store) Delete(ctx context.Context, r *store.Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	sh := s.shard(r.ID)
	sh.mu.Lock()
	if e := sh.records[r.ID]; e != nil {
		s.remove(sh, e)
	}
	sh.mu.Unlock()
	if r.Handle == "" {
		return nil
	}

	s.index.mu.Lock()
	e := s.index.handles[r.Handle]
	s.index.mu.Unlock()
	if e == nil {
		return nil
	}
	if sh := s.holder(e); sh != nil {
		s.remove(sh, e)
		sh.mu.Unlock()
	}
	return nil
}

// errHandleTaken: were two sessions to share a handle, deleting by it would
// leave one of them alive.
var errHandleTaken = fmt.Errorf("memory store: %w: the handle is another session's", store.ErrExists)
