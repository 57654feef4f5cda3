package redisstore

import (
	"context"
	"errors"

	"github.com/echosession/session/store"
)

// Rotate is part of [store.Store]. In a Cluster it is no single step: a crash, or
// a server that fails in the middle of it, logs the session out.
func (s *Store) Rotate(ctx context.Context, oldID string, r *store.Record) error {
	if err := check(r); err != nil {
		return err
	}
	ctx, cancel := s.within(ctx)
	defer cancel()
	if oldID == r.ID {
		return store.ErrExists
	}
	mark, err := s.begin(ctx, r)
	if err != nil {
		return err
	}
	if s.sharded {
		return s.rotateApart(ctx, oldID, r, mark)
	}
	a, err := s.run(ctx, "rotate", call{
		rotateScript, append(append(s.keys.session(oldID), s.keys.session(r.ID)...), s.keys.everyone), r.ID,
		[]any{
			string(r.Data), nonce(), r.Handle, r.User, millis(r.Idle), millis(r.Absolute), versionText(r),
			oldID, mark, remembered,
		},
	})
	switch {
	case err != nil:
		return err
	case a[0] != "ok":
		return refusal(a[0])
	}
	return filled(r, a)
}

// claimed is how long a claim can be given back, in milliseconds: longer than an
// operation may take.
func (s *Store) claimed() int64 { return max(remembered, 2*millis(s.o.Timeout)) }

// rotateApart rotates in a Cluster. Each step is one script on one server:
//
//	claim    the old key is gone; what it held waits beside it, unseen
//	handle   points to the new id; or says that the session was deleted by it
//	create   the new key, unless it is taken, or dead on arrival
//
// A Delete by the handle before the second step stops the rotation there; one
// after it knows the new id and leaves it dead, so that the third step is refused.
// Where a step says no and nobody has ended the session, the claim is given back:
// whoever ended it has written that over the claim.
func (s *Store) rotateApart(ctx context.Context, oldID string, r *store.Record, mark string) error {
	proof := nonce()
	if taken, err := s.exists(ctx, r.ID); err != nil || taken {
		if _, lerr := s.load(ctx, "rotate", oldID, false); err == nil && lerr != nil {
			return lerr // gone is said before taken
		}
		if err == nil {
			err = store.ErrExists
		}
		return err
	}
	a, err := s.run(ctx, "rotate", call{claimScript, s.keys.session(oldID), oldID, []any{proof, versionText(r), r.User, s.claimed()}})
	switch {
	case err != nil:
		return err
	case a[0] != "ok":
		return refusal(a[0])
	}
	created, handle, before, do := a[2], a[5], a[6], "move"
	if handle == "" {
		handle, do = r.Handle, "new"
	}
	if handle != "" {
		if _, err := s.handle(ctx, do, handle, r.ID, 2*millis(r.Idle)); err != nil {
			if do == "new" && errors.Is(err, store.ErrExists) {
				return s.restore(ctx, oldID, "", proof, err)
			}
			return err
		}
	}
	if err := s.create(ctx, r, handle, created, mark); err != nil {
		switch {
		case do == "new" && handle != "" && isRefusal(err):
			_, _ = s.handle(ctx, "free", handle, r.ID, 1)
			return s.restore(ctx, oldID, "", proof, err)
		case isRefusal(err):
			return s.restore(ctx, oldID, handle, proof, err)
		}
		return err
	}
	s.leave(ctx, before, oldID)
	// The claim becomes the end of the old id. What it keeps nobody reads, and it
	// goes with its time: nothing depends on this.
	_, _ = s.run(ctx, "rotate", s.killCall(oldID, "dead", "", ""))
	return s.confirm(ctx, r, mark)
}

// restore gives a claim back, and returns the error that the rotation met; or
// that the session is gone, where somebody ended it meanwhile.
func (s *Store) restore(ctx context.Context, oldID, handle, proof string, cause error) error {
	if handle != "" {
		if _, err := s.handle(ctx, "move", handle, oldID, remembered); err != nil {
			return err
		}
	}
	a, err := s.run(ctx, "rotate", call{restoreScript, s.keys.session(oldID), oldID, []any{proof}})
	switch {
	case err != nil:
		return err
	case a[0] != "ok":
		return store.ErrNotFound
	}
	return cause
}

// exists reports whether an id is taken.
func (s *Store) exists(ctx context.Context, id string) (bool, error) {
	n, err := await(ctx, s.heeds, func() (int64, error) { return s.client.Exists(ctx, s.keys.session(id)[0]).Result() })
	return n > 0, s.wrap("rotate", err)
}
