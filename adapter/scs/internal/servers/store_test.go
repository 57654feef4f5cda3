package servers_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	scsstore "github.com/echosession/session/adapter/scs"
	"github.com/echosession/session/store"
)

// What scs expects of a store, on each of ours, and what its interface cannot ask
// for.

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

func TestExpiry(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *scsstore.Store, below store.Store) {
		must(t, s.CommitCtx(t.Context(), "short", []byte("data"), time.Now().Add(300*time.Millisecond)))
		must(t, s.CommitCtx(t.Context(), "shortened", []byte("data"), time.Now().Add(time.Hour)))
		must(t, s.CommitCtx(t.Context(), "shortened", []byte("data"), time.Now().Add(300*time.Millisecond)))
		// An IdleTimeout is a commit with each request, each with a later end.
		must(t, s.CommitCtx(t.Context(), "renewed", []byte("data"), time.Now().Add(time.Minute)))
		must(t, s.CommitCtx(t.Context(), "renewed", []byte("data"), time.Now().Add(time.Hour)))
		if left := left(t, below, "scs:renewed"); left < 59*time.Minute || left > time.Hour {
			t.Errorf("renewed for an hour, and %s are left", left)
		}
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
		if all, err := s.AllCtx(t.Context()); err != nil || len(all) != 2 {
			t.Errorf("All: %d sessions, %v; want the two that are live", len(all), err)
		}
	})
}

// left is how long a record still lives.
func left(t *testing.T, below store.Store, id string) time.Duration {
	t.Helper()
	r, err := below.Load(t.Context(), id)
	must(t, err)
	return r.Expires.Sub(r.Now)
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
