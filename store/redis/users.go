package redisstore

import (
	"context"
	"slices"

	"github.com/echosession/session/store"
)

// Sessions is part of [store.UserIndex]. It knows the logins made here, and those
// made by Express from when Go has saved them.
func (s *Store) Sessions(ctx context.Context, user string) ([]*store.Record, error) {
	ids, err := s.idsOf(ctx, user)
	if err != nil {
		return nil, err
	}
	var list []*store.Record
	err = s.loadAll(ctx, "list", ids, true, func(_ string, r row) error {
		if r.record != nil && r.record.User == user {
			r.record.ID = ""
			list = append(list, r.record)
		}
		return nil
	})
	slices.SortStableFunc(list, func(a, b *store.Record) int { return b.Created.Compare(a.Created) })
	return list, err
}

// idsOf are the ids on a user's list.
func (s *Store) idsOf(ctx context.Context, user string) ([]string, error) {
	if user == "" || len(user) > store.MaxUser {
		return nil, nil
	}
	ctx, cancel := s.within(ctx)
	defer cancel()
	a, err := s.run(ctx, "list", s.userCall(user, "", "list", 0))
	if err != nil {
		return nil, err
	}
	return a[1:], nil
}

// loadAll reads many sessions. One that is none is a row without a record.
func (s *Store) loadAll(ctx context.Context, operation string, ids []string, documents bool, each func(id string, r row) error) error {
	calls := make([]call, len(ids))
	for i, id := range ids {
		calls[i] = s.loadCall(id, documents)
	}
	return s.runAll(ctx, operation, calls, func(i int, a []string) error {
		if a[0] != "ok" {
			return each(ids[i], row{})
		}
		r, err := read(ids[i], a)
		if err != nil {
			return err
		}
		return each(ids[i], r)
	})
}

// Revoke is part of [store.UserIndex]. A user's sessions are those that
// [Store.Sessions] knows; everyone's are all that there are, Express's too.
//
// A login is on its user's list before it is stored, and what is on the list and
// not stored yet is dead on arrival. So a login that began before the list was
// read last does not survive; Revoke reads it until nothing is left on it.
func (s *Store) Revoke(ctx context.Context, v store.Revocation) (int, error) {
	if err := v.Validate(); err != nil {
		return 0, err
	}
	switch {
	case v.Everyone:
		return s.revokeEveryone(ctx)
	case v.Handle != "":
		return s.revokeHandle(ctx, v)
	}
	ended, spared := 0, map[string]bool{}
	for {
		ids, err := s.idsOf(ctx, v.User)
		if err != nil {
			return ended, err
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return spared[id] })
		if len(ids) == 0 {
			return ended, nil
		}
		n, err := s.end(ctx, v, ids, spared)
		ended += n
		if err != nil {
			return ended, err
		}
	}
}

// end ends those of some ids that v means, and takes them off the list; what is
// left on it is noted as spared. It says how many were live.
func (s *Store) end(ctx context.Context, v store.Revocation, ids []string, spared ...map[string]bool) (int, error) {
	ended := 0
	for len(ids) > 0 {
		var kills, leaves []call
		var dead []string
		err := s.loadAll(ctx, "revoke", ids, false, func(id string, r row) error {
			version := ""
			switch {
			case r.record == nil: // not there yet, or gone
			case r.record.User != v.User:
				leaves = append(leaves, s.userCall(v.User, id, "leave", 0)) // it has become another's
				return nil
			case v.Except != "" && r.record.Handle == v.Except:
				for _, m := range spared {
					m[id] = true
				}
				return nil
			default:
				version = versionText(r.record)
			}
			kills, dead = append(kills, s.killCall(id, "revoked", version, "")), append(dead, id)
			return nil
		})
		if err != nil {
			return ended, err
		}
		ids = nil
		err = s.runAll(ctx, "revoke", kills, func(i int, a []string) error {
			if a[0] == "conflict" { // saved meanwhile: perhaps for another user
				ids = append(ids, dead[i])
				return nil
			}
			if len(a) > 1 && a[1] == "1" {
				ended++
			}
			leaves = append(leaves, s.userCall(v.User, dead[i], "leave", 0))
			return nil
		})
		if err != nil {
			return ended, err
		}
		if err := s.runAll(ctx, "revoke", leaves, func(int, []string) error { return nil }); err != nil {
			return ended, err
		}
	}
	return ended, nil
}

// revokeHandle ends one session, wherever a rotation takes it meanwhile: once it is
// known whose it is, its handle is ended first, which stops the rotation.
func (s *Store) revokeHandle(ctx context.Context, v store.Revocation) (int, error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	if theirs, err := s.theirs(ctx, v); err != nil || !theirs {
		return 0, err
	}
	at, err := s.handle(ctx, "end", v.Handle, "", remembered)
	if err != nil || at == "" {
		return 0, err
	}
	a, err := s.kill(ctx, at, "dead", "", v.Handle)
	if err != nil || a[0] != "ok" || a[1] != "1" {
		return 0, err
	}
	return 1, nil
}

// theirs reports whether there is a session of that handle, and of that user.
func (s *Store) theirs(ctx context.Context, v store.Revocation) (bool, error) {
	at, err := s.handle(ctx, "look", v.Handle, "", 1)
	for err == nil && at != "" {
		a, err := s.run(ctx, "revoke", s.loadCall(at, false))
		if err != nil {
			return false, err
		}
		switch a[0] {
		case "ok":
			r, err := read(at, a)
			return err == nil && r.record.Handle == v.Handle && (v.User == "" || v.User == r.record.User), err
		case "claim": // on its way to another id
			return v.User == "" || len(a) > 1 && v.User == a[1], nil
		}
		before := at
		if at, err = s.handle(ctx, "look", v.Handle, "", 1); err != nil {
			return false, err
		}
		if at == before {
			return v.User == "", nil // over, or about to be there
		}
	}
	return false, err
}
