package memstore

import (
	"bytes"
	"context"
	"strings"

	"github.com/echosession/session/store"
)

// Rotate implements [store.Store]. The handle stays as it is stored, whatever r
// says; a record that had none takes r's. [store.ErrFull] and [store.ErrRevoked]
// leave the record under its old id, as it was.
func (s *Store) Rotate(ctx context.Context, oldID string, r *store.Record) error {
	began := s.index.revocations.now()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := check(r); err != nil {
		return err
	}
	data := bytes.Clone(r.Data)
	return s.retry(func() (*shortage, error) { return s.rotate(oldID, r, data, began) })
}

func (s *Store) rotate(oldID string, r *store.Record, data []byte, began uint64) (*shortage, error) {
	from, to := s.shard(oldID), s.shard(r.ID)
	lockBoth(from, to)
	defer unlockBoth(from, to)
	e, now, err := from.find(oldID, s.now)
	if err != nil {
		return nil, err
	}
	if e.version != r.Version {
		return nil, store.ErrConflict
	}
	if to.records[r.ID] != nil {
		return nil, store.ErrExists
	}
	created := e.created
	if r.User != "" && r.User != e.user {
		created = now
	}
	expires := lifetime(created, now, r)
	if !now.Before(expires) {
		from.renew(e, expires) // as in save
		return nil, store.ErrExpired
	}

	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	handle := e.handle
	if handle == "" && r.Handle != "" {
		handle = strings.Clone(r.Handle)
		if s.index.handles[handle] != nil {
			return nil, errHandleTaken
		}
	}
	if r.User != e.user && s.index.revocations.refuse(began, r.User, handle) {
		return nil, store.ErrRevoked
	}
	record := size(r.ID, handle, r.User, data)
	if grow := record - e.size(); !s.room.take(grow) {
		return &shortage{bytes: grow, record: record, keep: e}, nil
	}

	// From here on nothing fails. Both shards and the index are held, so nobody
	// sees the session under two ids, or under none.
	from.drop(e)
	e.id = strings.Clone(r.ID)
	if handle != e.handle {
		e.handle = handle
		s.index.handles[handle] = e
	}
	if r.User != e.user {
		s.index.move(e, strings.Clone(r.User))
	}
	e.data, e.version, e.created, e.expires = data, s.version.Add(1), created, expires
	to.add(e)
	e.fill(r, now)
	return nil, nil
}
