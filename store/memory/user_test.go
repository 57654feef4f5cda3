package memstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// A login whose call began before Revoke returned is dead, however late it comes
// to store anything: the gate holds it from before the Revoke until after.
func TestLoginThatBeganBeforeRevoke(t *testing.T) {
	const handle = "the-handle"
	for name, test := range map[string]struct {
		revoke  []store.Revocation
		refused bool
	}{
		"of the user":                  {[]store.Revocation{{User: "ann"}}, true},
		"of the user, then others":     {append([]store.Revocation{{User: "ann"}}, others(memstore.Remembered-1)...), true},
		"of the user, then too many":   {append([]store.Revocation{{User: "ann"}}, others(memstore.Remembered)...), true},
		"of the user, then many":       {append([]store.Revocation{{User: "ann"}}, others(3*memstore.Remembered)...), true},
		"of everyone":                  {[]store.Revocation{{Everyone: true}}, true},
		"of the user but another":      {[]store.Revocation{{User: "ann", Except: "another"}}, true},
		"of the handle":                {[]store.Revocation{{Handle: handle}}, true},
		"of the user's handle":         {[]store.Revocation{{Handle: handle, User: "ann"}}, true},
		"of the user but this":         {[]store.Revocation{{User: "ann", Except: handle}}, false},
		"of another's handle":          {[]store.Revocation{{Handle: handle, User: "bob"}}, false},
		"of another handle":            {[]store.Revocation{{Handle: "another"}}, false},
		"of another user":              {[]store.Revocation{{User: "bob"}}, false},
		"of as many as are remembered": {others(memstore.Remembered), false},
		"that is refused":              {[]store.Revocation{{}}, false},
		"of a user there cannot be":    {[]store.Revocation{{User: strings.Repeat("a", 256)}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t, memstore.Options{})
			for range 3 * memstore.Remembered / 2 { // so that the ring has gone round
				revoke(t, s, store.Revocation{User: "ann"}, 0)
			}
			revokeAll := func() {
				for _, v := range test.revoke {
					if _, err := s.Revoke(t.Context(), v); (err != nil) != (v == store.Revocation{}) {
						t.Errorf("Revoke of %+v: %v", v, err)
					}
				}
			}
			check := func(what string, err error, stored *store.Record) {
				t.Helper()
				if test.refused && !errors.Is(err, store.ErrRevoked) || !test.refused && err != nil {
					t.Errorf("%s: %v", what, err)
				}
				if alive(t, s, stored) == test.refused {
					t.Errorf("%s: stored, and should not be, or the other way round", what)
				}
			}

			r := record("ann")
			r.Handle = handle
			err := during(t, func(ctx context.Context) error { return s.Create(ctx, r) }, revokeAll)
			check("Create", err, r)

			// An anonymous session is spared by Everyone only if it is made after.
			anonymous := record("")
			anonymous.Handle = handle + "-2"
			login := moved(anonymous, "ann")
			err = during(t, func(ctx context.Context) error { return s.Rotate(ctx, anonymous.ID, login) }, func() {
				for i := range test.revoke {
					test.revoke[i].Handle = strings.Replace(test.revoke[i].Handle, handle, handle+"-2", 1)
					test.revoke[i].Except = strings.Replace(test.revoke[i].Except, handle, handle+"-2", 1)
				}
				revokeAll()
				create(t, s, anonymous)
				login.Version = anonymous.Version
			})
			check("Rotate", err, login)
			if test.refused {
				stay(t, s, "the session of the login", anonymous)
			}
		})
	}
}

func others(n int) []store.Revocation {
	vs := make([]store.Revocation, n)
	for i := range vs {
		vs[i] = store.Revocation{User: "bob"}
	}
	return vs
}

func revoke(t testing.TB, s *memstore.Store, v store.Revocation, want int) {
	t.Helper()
	if n, err := s.Revoke(t.Context(), v); n != want || err != nil {
		t.Errorf("Revoke of %+v: %d, %v; want %d", v, n, err, want)
	}
}

// A Save that binds a user is a login too; one that binds nobody anew is not.
func TestSaveThatBeganBeforeRevoke(t *testing.T) {
	s := newStore(t, memstore.Options{})
	r, other := create(t, s, record("")), create(t, s, record("bob"))
	r.User = "ann"
	err := during(t, func(ctx context.Context) error { return s.Save(ctx, r) },
		func() { revoke(t, s, store.Revocation{User: "ann"}, 0) })
	if !errors.Is(err, store.ErrRevoked) {
		t.Errorf("Save that binds a user: %v", err)
	}
	if got, err := s.Load(t.Context(), r.ID); err != nil || got.User != "" || got.Version != r.Version {
		t.Errorf("Load: %+v, %v", got, err)
	}

	for _, user := range []string{"bob", ""} {
		other.User = user
		err := during(t, func(ctx context.Context) error { return s.Save(ctx, other) },
			func() { revoke(t, s, store.Revocation{User: "bob", Except: other.Handle}, 0) })
		if err != nil {
			t.Errorf("Save for %q: %v", user, err)
		}
	}
	err = during(t, func(ctx context.Context) error { return s.Create(ctx, record("")) },
		func() { revoke(t, s, store.Revocation{User: "ann"}, 0) })
	if err != nil {
		t.Errorf("Create of an anonymous session: %v", err)
	}
}

// While a Revoke is at work, a login that begins and ends meanwhile is refused:
// it would be missed otherwise.
func TestLoginWhileRevokeRuns(t *testing.T) {
	clock := newClock()
	hold, held := make(chan struct{}), make(chan struct{})
	holding := false
	s := newStore(t, memstore.Options{Now: func() time.Time {
		if holding {
			holding = false
			close(held)
			<-hold
		}
		return clock.Now()
	}})
	first := create(t, s, record("ann"))
	anonymous, created, other := record(""), record("ann"), record("bob")
	login := moved(anonymous, "ann")
	// The clock holds the Revoke in the shard of what it ended.
	for _, r := range []*store.Record{anonymous, login, created, other} {
		for s.SameShard(r.ID, first.ID) {
			r.ID += "x"
		}
	}
	create(t, s, anonymous)
	login.Version = anonymous.Version

	holding = true
	revoked := make(chan int, 1)
	go func() {
		n, err := s.Revoke(context.Background(), store.Revocation{User: "ann"})
		if err != nil {
			t.Errorf("Revoke: %v", err)
		}
		revoked <- n
	}()
	<-held
	if err := s.Create(t.Context(), created); !errors.Is(err, store.ErrRevoked) {
		t.Errorf("Create: %v", err)
	}
	if err := s.Rotate(t.Context(), anonymous.ID, login); !errors.Is(err, store.ErrRevoked) {
		t.Errorf("Rotate: %v", err)
	}
	create(t, s, other)
	close(hold)
	if n := <-revoked; n != 1 {
		t.Errorf("Revoke: %d", n)
	}
	gone(t, s, "the session", first)
	create(t, s, created)
}

// What is over is not counted among the ended, but removed.
func TestRevokeOfWhatIsOver(t *testing.T) {
	clock := newClock()
	s := newStore(t, memstore.Options{Now: clock.Now})
	create(t, s, record("ann"))
	clock.Advance(time.Hour)
	create(t, s, record("ann"))
	revoke(t, s, store.Revocation{User: "ann"}, 1)
	if stats, err := s.Stats(t.Context()); err != nil || !empty(stats) {
		t.Errorf("left: %+v, %v", stats, err)
	}
}

func TestNobodyHasNoSessions(t *testing.T) {
	s := newStore(t, memstore.Options{})
	create(t, s, record(""))
	if list, err := s.Sessions(t.Context(), ""); len(list) != 0 || err != nil {
		t.Errorf("Sessions: %d, %v", len(list), err)
	}
}

func TestSessionsOfOneInstant(t *testing.T) {
	s := newStore(t, memstore.Options{Now: newClock().Now})
	var want []string
	for range 5 {
		want = append([]string{create(t, s, record("ann")).Handle}, want...)
	}
	list, err := s.Sessions(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range list {
		if r.Handle != want[i] {
			t.Errorf("session %d is %s, want %s", i, r.Handle, want[i])
		}
	}
}
