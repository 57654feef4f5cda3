package redisstore

import (
	"context"

	"github.com/echosession/session/store"
)

// Delete is part of [store.Store].
//
// A rotation that runs at the same time comes first, then the handle finds the
// session under its new id, or it finds the handle ended and stops, or its new
// id dead before it is there.
func (s *Store) Delete(ctx context.Context, r *store.Record) error {
	ctx, cancel := s.within(ctx)
	defer cancel()
	if r.ID != "" {
		if _, err := s.kill(ctx, r.ID, "dead", "", ""); err != nil {
			return err
		}
	}
	if r.Handle == "" {
		return nil
	}
	at, err := s.handle(ctx, "end", r.Handle, r.ID, remembered)
	if err != nil || at == "" || at == r.ID {
		return err
	}
	_, err = s.kill(ctx, at, "dead", "", r.Handle)
	return err
}

// kill ends the session of an id for good, whether it is there or only about to
// be, and returns what kill.lua says.
func (s *Store) kill(ctx context.Context, id, why, version, handle string) ([]string, error) {
	a, err := s.run(ctx, "delete", s.killCall(id, why, version, handle))
	if err == nil && a[0] == "ok" && s.sharded {
		if a[3] != "" {
			s.leave(ctx, a[3], id)
		}
		if a[2] != "" && a[2] != handle && why == "dead" {
			_, _ = s.handle(ctx, "free", a[2], id, 1)
		}
	}
	return a, err
}

func (s *Store) killCall(id, why, version, handle string) call {
	return call{killScript, s.keys.session(id), id, []any{why, remembered, version, handle}}
}
