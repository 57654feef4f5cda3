package redisstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/echosession/session/store"
)

// The indexes are hints: a handle's id, and a user's ids. Both are renewed with
// the session, an idle time longer than it lives, and what they say is verified
// where it is used. On one server the scripts keep them; here is what a Cluster
// needs, and logins.

// handle does what handle.lua does, and returns the id that was there.
func (s *Store) handle(ctx context.Context, do, handle, id string, ms int64) (string, error) {
	a, err := s.run(ctx, "handle", call{handleScript, []string{s.keys.handles + handle}, id, []any{do, ms}})
	switch {
	case err != nil:
		return "", err
	case a[0] != "ok" || len(a) < 2:
		return "", refusal(a[0])
	}
	return a[1], nil
}

// keepHandle renews a handle in a Cluster. The session is stored whatever comes
// of it, and the handle has an idle time to spare.
func (s *Store) keepHandle(ctx context.Context, handle, id string, left time.Duration) {
	if s.sharded && handle != "" {
		_, _ = s.handle(ctx, "keep", handle, id, millis(left))
	}
}

// leave takes an id off a user's list. One that stays is found to be no session
// of theirs, and goes with its time.
func (s *Store) leave(ctx context.Context, user, id string) {
	if s.sharded && user != "" {
		_, _ = s.run(ctx, "index", s.userCall(user, id, "leave", 0))
	}
}

func (s *Store) userCall(user, id, do string, ms int64) call {
	return call{userScript, []string{s.keys.users + user}, id, []any{do, ms, s.o.UserLimit}}
}

// enter puts r on its user's list, and ends what the list has no room for.
func (s *Store) enter(ctx context.Context, r *store.Record) error {
	a, err := s.run(ctx, "index", s.userCall(r.User, r.ID, "enter", 2*millis(r.Idle)))
	if err != nil {
		return err
	}
	if over := a[1:]; len(over) > 0 {
		return s.makeRoom(ctx, r.User, over)
	}
	return nil
}

// makeRoom ends a user's sessions, but none of another user.
func (s *Store) makeRoom(ctx context.Context, user string, ids []string) error {
	_, err := s.end(ctx, store.Revocation{User: user}, ids)
	return err
}

// begin notes where a login begins: its id is on the user's list before it is
// there, so that a revocation finds it; see Revoke. The mark is what everyone's
// key says. Where r has no user, there is nothing to note.
func (s *Store) begin(ctx context.Context, r *store.Record) (mark string, err error) {
	if r.User == "" {
		return "", nil
	}
	if err := s.enter(ctx, r); err != nil {
		return "", err
	}
	if mark, err = s.mark(ctx); err != nil {
		return "", err
	}
	if running(mark) {
		return "", store.ErrRevoked
	}
	return mark, nil
}

// mark is what everyone's key says: whether, and which, revocation of everyone
// was the latest.
func (s *Store) mark(ctx context.Context) (string, error) {
	mark, err := await(ctx, s.heeds, func() (string, error) { return s.client.Get(ctx, s.keys.everyone).Result() })
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	return mark, s.wrap("login", err)
}

func running(mark string) bool { return mark != "" && mark[0] == 'r' }

// confirm looks at everyone's key again where a script could not: in a Cluster it
// is on another server.
func (s *Store) confirm(ctx context.Context, r *store.Record, mark string) error {
	if !s.sharded || r.User == "" {
		return nil
	}
	now, err := s.mark(ctx)
	if err == nil && now == mark {
		return nil
	}
	if err == nil {
		err = store.ErrRevoked
	}
	if _, kerr := s.kill(ctx, r.ID, "revoked", "", ""); kerr != nil {
		err = fmt.Errorf("%w: %w", store.ErrUnavailable, kerr)
	}
	return err
}

// isRefusal reports whether an error is an answer: nothing was stored.
func isRefusal(err error) bool {
	for _, answer := range []error{store.ErrConflict, store.ErrExists, store.ErrNotFound, store.ErrRevoked} {
		if errors.Is(err, answer) {
			return true
		}
	}
	return false
}
