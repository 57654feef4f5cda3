package scsstore_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	scsstore "github.com/echosession/session/adapter/scs"
	"github.com/echosession/session/sessiontest"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// What scs expects of a store, on each of ours.

func TestFindCommitDelete(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *scsstore.Store, below store.Store) {
		later := time.Now().Add(time.Hour)
		findsNone(t, s, "missing")
		must(t, s.DeleteCtx(t.Context(), "missing"))
		for _, b := range []string{"encoded \x00\xff data", "", strings.Repeat("x", 100_000)} {
			must(t, s.CommitCtx(t.Context(), "token", []byte(b), later))
			finds(t, s, "token", b)
		}
		finds(t, on(t, below), "token", strings.Repeat("x", 100_000)) // as another process sees it

		// Another process commits what it has not found, as scs does after a Load of
		// its own that came before a restart.
		must(t, on(t, below).CommitCtx(t.Context(), "token", []byte("another's"), later))
		finds(t, s, "token", "another's")
		must(t, s.CommitCtx(t.Context(), "token", []byte("ours"), later)) // over whatever is there

		must(t, s.CommitCtx(t.Context(), "other", []byte("other"), later))
		must(t, s.DeleteCtx(t.Context(), "token"))
		findsNone(t, s, "token")
		finds(t, s, "other", "other")
	})
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

func TestExpiry(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *scsstore.Store, _ store.Store) {
		must(t, s.CommitCtx(t.Context(), "short", []byte("data"), time.Now().Add(300*time.Millisecond)))
		must(t, s.CommitCtx(t.Context(), "shortened", []byte("data"), time.Now().Add(time.Hour)))
		must(t, s.CommitCtx(t.Context(), "shortened", []byte("data"), time.Now().Add(300*time.Millisecond)))
		must(t, s.CommitCtx(t.Context(), "past", []byte("data"), time.Now().Add(time.Hour)))
		must(t, s.CommitCtx(t.Context(), "past", []byte("data"), time.Now().Add(-time.Second)))
		must(t, s.CommitCtx(t.Context(), "never", []byte("data"), time.Time{}))
		must(t, s.CommitCtx(t.Context(), "long", []byte("data"), time.Now().Add(time.Hour)))
		findsNone(t, s, "past")
		findsNone(t, s, "never")
		deadline := time.Now().Add(30 * time.Second)
		for _, token := range []string{"short", "shortened"} {
			for {
				_, found, err := s.FindCtx(t.Context(), token)
				if must(t, err); !found {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("%s is found long after its end", token)
				}
				time.Sleep(5 * time.Millisecond)
			}
		}
		finds(t, s, "long", "data")
		if all, err := s.AllCtx(t.Context()); err != nil || len(all) != 1 {
			t.Errorf("All: %d sessions, %v; want the one that is live", len(all), err)
		}
	})
}

func TestIterate(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *scsstore.Store, below store.Store) {
		all, err := s.AllCtx(t.Context())
		if err != nil || all == nil || len(all) != 0 {
			t.Errorf("All of nothing: %v, %v; want an empty map", all, err)
		}
		// One of our own sessions in the same store is none of scs's.
		must(t, below.Create(t.Context(), &store.Record{ID: "ours", Data: []byte(`{"cookie":{}}`), Idle: time.Hour}))
		want := map[string]string{"a": "data a", "b": "data b", "%_*": "data of odd characters"}
		for token, data := range want {
			must(t, s.CommitCtx(t.Context(), token, []byte(data), time.Now().Add(time.Hour)))
		}
		all, err = s.AllCtx(t.Context())
		must(t, err)
		got := map[string]string{}
		for token, b := range all {
			got[token] = string(b)
		}
		if !maps.Equal(got, want) {
			t.Errorf("All: %q", slices.Sorted(maps.Keys(got)))
		}
	})
}

// What scs's interface cannot ask for.

func TestASessionThatEndedIsNotBroughtBack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *scsstore.Store, below store.Store) {
		later := time.Now().Add(time.Hour)
		here, there := s, on(t, below) // two processes
		must(t, here.CommitCtx(t.Context(), "token", []byte("data"), later))
		finds(t, here, "token", "data") // a request begins on each
		finds(t, there, "token", "data")
		must(t, here.DeleteCtx(t.Context(), "token")) // the one logs out
		for what, s := range map[string]*scsstore.Store{"here": here, "there": there} {
			if err := s.CommitCtx(t.Context(), "token", []byte("late"), later); !errors.Is(err, scsstore.ErrEnded) || !errors.Is(err, store.ErrNotFound) {
				t.Errorf("a late commit %s: %v; want ErrEnded", what, err)
			}
		}
		findsNone(t, here, "token")
	})
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
