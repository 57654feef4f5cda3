package memstore_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// rotations rotates r again and again until it is gone, and returns all the
// records it was. It tells when it is under way. Once ended is closed, no rotation
// may succeed that begins.
func rotations(t *testing.T, s *memstore.Store, r *store.Record, underWay func(), ended <-chan struct{}) []*store.Record {
	all := []*store.Record{r}
	for i := 0; ; i++ {
		late := false
		select {
		case <-ended:
			late = true
		default:
		}
		to := moved(r, r.User)
		err := s.Rotate(t.Context(), r.ID, to)
		switch {
		case err == nil && late:
			t.Error("a session was rotated after its end")
			return append(all, to)
		case errors.Is(err, store.ErrNotFound) && i > 3:
			return all
		case err != nil:
			t.Errorf("Rotate: %v", err)
			return all
		}
		if i == 3 {
			underWay()
		}
		r = to
		all = append(all, r)
	}
}

// However often the session moves while it is deleted: when both have returned,
// nothing of it is left.
func TestDeleteAgainstRotations(t *testing.T) {
	s := newStore(t, memstore.Options{})
	for range 200 {
		r := create(t, s, record("ann"))
		first := *r
		started, ended := make(chan struct{}), make(chan struct{})
		var all []*store.Record
		var rotating sync.WaitGroup
		rotating.Go(func() { all = rotations(t, s, r, func() { close(started) }, ended) })
		<-started
		if err := s.Delete(t.Context(), &first); err != nil {
			t.Errorf("Delete: %v", err)
		}
		close(ended)
		rotating.Wait()
		for _, r := range all {
			gone(t, s, "a session that was deleted", r)
		}
	}
	if stats, err := s.Stats(t.Context()); err != nil || !empty(stats) {
		t.Errorf("left: %+v, %v", stats, err)
	}
}

// The same for all sessions of a user, that move while they are revoked. These
// rotations bind nobody anew: none may be missed or refused.
func TestRevokeAgainstRotations(t *testing.T) {
	s := newStore(t, memstore.Options{})
	for _, v := range []store.Revocation{{User: "ann"}, {Everyone: true}} {
		const sessions = 8
		started, ended := make(chan struct{}, sessions), make(chan struct{})
		var rotating sync.WaitGroup
		for range sessions {
			r := create(t, s, record("ann"))
			rotating.Go(func() { rotations(t, s, r, func() { started <- struct{}{} }, ended) })
		}
		for range sessions {
			<-started
		}
		revoke(t, s, v, sessions)
		close(ended)
		rotating.Wait()
		if stats, err := s.Stats(t.Context()); err != nil || !empty(stats) {
			t.Errorf("left: %+v, %v", stats, err)
		}
	}
}

// Everything at once, on few ids, for the race detector and the audit.
func TestEverythingAtOnce(t *testing.T) {
	clock := newClock()
	s := newStore(t, memstore.Options{MaxEntries: 20, MaxBytes: roomFor(15, "ann"), Now: clock.Now})
	users := []string{"", "ann", "bob", ""}
	var ids []string
	for range 8 {
		ids = append(ids, record("").ID)
	}
	expected := func(what string, err error) {
		for _, allowed := range []error{nil, store.ErrNotFound, store.ErrExists, store.ErrConflict, store.ErrFull, store.ErrRevoked} {
			if errors.Is(err, allowed) {
				return
			}
		}
		t.Errorf("%s: %v", what, err)
	}
	var workers sync.WaitGroup
	for worker := range 4 {
		workers.Go(func() {
			for i := range 1500 {
				n := i*7 + worker*3
				r := record(users[n/5%len(users)])
				r.ID, r.Absolute = ids[n%len(ids)], 50*time.Minute
				if got, err := s.Load(t.Context(), r.ID); err == nil {
					r.Version, r.Handle = got.Version, got.Handle
				} else {
					expected("Load", err)
				}
				switch n % 11 {
				case 0, 1, 2:
					expected("Create", s.Create(t.Context(), r))
				case 3, 4:
					r.Data = make([]byte, n%900)
					expected("Save", s.Save(t.Context(), r))
				case 5:
					r.Idle = time.Duration(n%90+1) * time.Minute
					expected("Touch", s.Touch(t.Context(), r))
				case 6, 7:
					old := r.ID
					r.ID = ids[(n/11)%len(ids)]
					expected("Rotate", s.Rotate(t.Context(), old, r))
				case 8:
					expected("Delete", s.Delete(t.Context(), r))
				case 9:
					_, err := s.Sessions(t.Context(), "ann")
					expected("Sessions", err)
					_, err = s.Revoke(t.Context(), store.Revocation{User: users[n%2+1], Except: r.Handle})
					expected("Revoke", err)
				case 10:
					clock.Advance(time.Minute)
					_, err := s.Prune(t.Context())
					expected("Prune", err)
					_, err = s.Stats(t.Context())
					expected("Stats", err)
				}
			}
		})
	}
	workers.Wait()
	if _, err := s.Revoke(t.Context(), store.Revocation{Everyone: true}); err != nil {
		t.Fatal(err)
	}
	if stats, err := s.Stats(t.Context()); err != nil || !empty(stats) {
		t.Errorf("left: %+v, %v", stats, err)
	}
}
