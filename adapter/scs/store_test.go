package scsstore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	scsstore "github.com/echosession/session/adapter/scs"
	"github.com/echosession/session/sessiontest"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func on(t *testing.T, below store.Store) *scsstore.Store {
	t.Helper()
	s, err := scsstore.New(below, scsstore.Options{})
	must(t, err)
	return s
}

// finds fails the test unless that is what the store has for a token.
func finds(t *testing.T, s *scsstore.Store, token, want string) {
	t.Helper()
	b, found, err := s.FindCtx(t.Context(), token)
	if err != nil || !found || string(b) != want {
		t.Errorf("Find: %q, %v, %v; want %q", b, found, err, want)
	}
}

func findsNone(t *testing.T, s *scsstore.Store, token string) {
	t.Helper()
	if b, found, err := s.FindCtx(t.Context(), token); err != nil || found || b != nil {
		t.Errorf("Find: %q, %v, %v; want none", b, found, err)
	}
}

func TestTheMethodsWithoutAContextAreTheSame(t *testing.T) {
	t.Parallel()
	s := on(t, memstore.New(memstore.Options{}))
	must(t, s.Commit("token", []byte("data"), time.Now().Add(time.Hour)))
	b, found, err := s.Find("token")
	all, allErr := s.All()
	if string(b) != "data" || !found || err != nil || len(all) != 1 || allErr != nil {
		t.Errorf("Find: %q, %v, %v; All: %d, %v", b, found, err, len(all), allErr)
	}
	must(t, s.Delete("token"))
	findsNone(t, s, "token")
}

func TestAnOutageIsNoMissingSession(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	s := on(t, kit.Store)
	must(t, s.CommitCtx(t.Context(), "token", []byte("data"), time.Now().Add(time.Hour)))
	kit.Store.Fail(errors.New("on fire"))
	_, _, find := s.FindCtx(t.Context(), "token")
	_, all := s.AllCtx(t.Context())
	for what, err := range map[string]error{
		"Find": find, "All": all,
		"Commit":        s.CommitCtx(t.Context(), "token", nil, time.Now().Add(time.Hour)),
		"Commit, a new": s.CommitCtx(t.Context(), "new", nil, time.Now().Add(time.Hour)),
		"Delete":        s.DeleteCtx(t.Context(), "token"),
	} {
		if !errors.Is(err, store.ErrUnavailable) || strings.Contains(err.Error(), "token") {
			t.Errorf("%s: %v", what, err)
		}
	}
	kit.Store.Recover()
	finds(t, s, "token", "data")
}

func TestOneCommitIsOneCall(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	s, later := on(t, kit.Store), time.Now().Add(time.Hour)
	must(t, s.CommitCtx(t.Context(), "token", []byte("1"), later))
	must(t, s.CommitCtx(t.Context(), "token", []byte("2"), later))
	if calls := kit.Store.Calls(); calls != 2 {
		t.Errorf("two commits are %d calls of the store", calls)
	}
}

func TestOurOwnSessionsAreNotFound(t *testing.T) {
	t.Parallel()
	below := memstore.New(memstore.Options{})
	must(t, below.Create(t.Context(), &store.Record{ID: "scs:token", Data: []byte(`{"cookie":{},"a":1}`), Idle: time.Hour}))
	must(t, below.Create(t.Context(), &store.Record{ID: "token", Data: []byte(`{"scs":"AAAA"}`), Idle: time.Hour}))
	findsNone(t, on(t, below), "token")
	findsNone(t, on(t, below), "")
	if all, err := on(t, below).AllCtx(t.Context()); len(all) != 0 || err != nil {
		t.Errorf("All: %v, %v", all, err)
	}
}

// bare is a store without abilities.
type bare struct{ store.Store }

func TestBadOptionsAndAbilities(t *testing.T) {
	t.Parallel()
	var none *memstore.Store
	for text, make := range map[string]func() (*scsstore.Store, error){
		"the store is nil":   func() (*scsstore.Store, error) { return scsstore.New(nil, scsstore.Options{}) },
		"store is nil; open": func() (*scsstore.Store, error) { return scsstore.New(none, scsstore.Options{}) },
		"Options.Remember is 5": func() (*scsstore.Store, error) {
			return scsstore.New(memstore.New(memstore.Options{}), scsstore.Options{Remember: 5})
		},
	} {
		if _, err := make(); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("New says %v, not %q", err, text)
		}
	}
	s := on(t, bare{memstore.New(memstore.Options{})})
	if _, err := s.AllCtx(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("All: %v", err)
	}
	if err := s.CommitCtx(t.Context(), "", nil, time.Now().Add(time.Hour)); err == nil {
		t.Error("an empty token is taken")
	}
}

func TestMemoryOfTokensIsBounded(t *testing.T) {
	t.Parallel()
	below := sessiontest.NewStore(nil)
	s, err := scsstore.New(below, scsstore.Options{Remember: 1000})
	must(t, err)
	later := time.Now().Add(time.Hour)
	commit := func(from, to int) {
		for i := from; i < to; i++ {
			must(t, s.CommitCtx(t.Context(), strings.Repeat("t", i+1), nil, later))
		}
	}
	commit(0, 1000)
	must(t, s.DeleteCtx(t.Context(), "t"))
	if err := s.CommitCtx(t.Context(), "t", nil, later); !errors.Is(err, scsstore.ErrEnded) {
		t.Errorf("999 tokens later it is forgotten: %v", err)
	}
	commit(1000, 2001)
	must(t, s.CommitCtx(t.Context(), "t", nil, later)) // it could be a new one, for all that is known
}
