package memstore

import (
	"bytes"
	"context"
	"slices"

	"github.com/echosession/session/store"
)

// Sessions implements [store.UserIndex]. An empty user has no sessions.
func (s *Store) Sessions(ctx context.Context, user string) ([]*store.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if user == "" {
		return nil, nil
	}
	s.index.mu.Lock()
	entries := s.index.named(store.Revocation{User: user})
	s.index.mu.Unlock()

	records := make([]*store.Record, 0, len(entries))
	for _, e := range entries {
		if r := s.show(e, user); r != nil {
			r.Data = bytes.Clone(r.Data)
			records = append(records, r)
		}
	}
	// Stable: what was created in the same instant stays in order of arrival.
	slices.SortStableFunc(records, func(a, b *store.Record) int {
		return b.Created.Compare(a.Created)
	})
	return records, nil
}

// show is the record of e without its id, or nil when e went, is over, or is
// no longer that user's.
func (s *Store) show(e *entry, user string) *store.Record {
	sh := s.holder(e)
	if sh == nil {
		return nil
	}
	defer sh.mu.Unlock()
	now := s.now()
	if e.user != user || e.over(now) {
		return nil
	}
	r := e.record(now)
	r.ID = ""
	return r
}

// Revoke implements [store.UserIndex]. It counts the sessions whose lifetime was
// not over; the others that v names are removed without being counted.
//
// While it runs, and for calls that began before it returned, a login that v
// names is refused with [store.ErrRevoked]; see revocations.
func (s *Store) Revoke(ctx context.Context, v store.Revocation) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := v.Validate(); err != nil {
		return 0, err
	}
	if len(v.User) > store.MaxUser {
		return 0, nil // nobody's name; not worth remembering
	}

	// One step: whoever is bound is in named, whoever is not will be refused.
	s.index.mu.Lock()
	s.index.revocations.begin(&v)
	entries := s.index.named(v)
	s.index.mu.Unlock()

	n := 0
	for _, e := range entries {
		if s.end(e, &v) {
			n++
		}
	}

	s.index.mu.Lock()
	s.index.revocations.end(&v)
	s.index.mu.Unlock()
	return n, nil
}

// end removes e if v names it still: meanwhile it may have become another
// user's. It reports whether a live session ended.
func (s *Store) end(e *entry, v *store.Revocation) bool {
	sh := s.holder(e)
	if sh == nil {
		return false
	}
	defer sh.mu.Unlock()
	if !names(v, e.user, e.handle) {
		return false
	}
	s.remove(sh, e)
	return !e.over(s.now())
}
