package pgstore

import (
	"context"
	"fmt"
	"time"

	"github.com/echosession/session/store"
)

// Sessions is part of [store.UserIndex].
func (s *Store) Sessions(ctx context.Context, user string) ([]*store.Record, error) {
	if !store.IsText(user) { // to the server it would be an error
		return nil, nil
	}
	ctx, cancel := s.within(ctx)
	defer cancel()
	rows, err := s.pool.Query(ctx, s.sql.sessions, user)
	if err != nil {
		return nil, s.wrap("list", err)
	}
	defer rows.Close()
	var list []*store.Record
	for rows.Next() {
		r := &store.Record{}
		if err := scan(rows, r); err != nil {
			return nil, s.wrap("list", err)
		}
		list = append(list, r)
	}
	return list, s.wrap("list", rows.Err())
}

// everyoneTimeout bounds the end of everybody's sessions: one statement, and as
// much work as there are sessions.
const everyoneTimeout = 10 * time.Minute

// Revoke is part of [store.UserIndex]. To end everyone's sessions it may take ten
// minutes, or [Options.Timeout] where that is longer; logins wait meanwhile, and so
// do changes of sessions that end.
func (s *Store) Revoke(ctx context.Context, v store.Revocation) (int, error) {
	if err := v.Validate(); err != nil {
		return 0, err
	}
	if !store.IsText(v.User) || !store.IsText(v.Handle) {
		return 0, nil
	}
	if !store.IsText(v.Except) {
		v.Except = ""
	}
	if v.Everyone {
		if err := s.Ping(ctx); err != nil { // a server that is away is told soon
			return 0, err
		}
		patient := *s
		patient.o.Timeout = max(s.o.Timeout, everyoneTimeout)
		s = &patient
	}
	ctx, cancel := s.within(ctx)
	defer cancel()
	var n int64
	if err := s.pool.QueryRow(ctx, s.sql.revoke, null(v.User), null(v.Handle), null(v.Except), v.Everyone).Scan(&n); err != nil {
		return 0, s.wrap("revoke", err)
	}
	if n < 0 {
		return 0, fmt.Errorf("%w: revoke: rows from before the migration of %s are not indexed by user yet; %s", store.ErrUnavailable, s.o.display(), migrateHint)
	}
	return int(n), nil
}

// Ping is part of [store.Pinger].
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := s.within(ctx)
	defer cancel()
	return s.wrap("ping", s.pool.Ping(ctx))
}
