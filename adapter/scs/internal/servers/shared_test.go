package servers_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session"
	scsstore "github.com/echosession/session/adapter/scs"
	"github.com/echosession/session/sessiontest"
	"github.com/echosession/session/store"
)

// An application on its way from scs to ours has both in one store: what one sees
// of the other is what an operator wants.
func TestBesideOurOwnSessions(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *scsstore.Store, below store.Store) {
		manager, err := session.New(below, session.Config{Secrets: []string{strings.Repeat("0123456789", 4)}, Development: true})
		must(t, err)
		sessiontest.LoggedIn(t, manager, httptest.NewRequest("GET", "/", nil), "ann")
		later := time.Now().Add(time.Hour)
		must(t, s.CommitCtx(t.Context(), "token", []byte("data"), later))

		stats, err := manager.Stats(t.Context())
		if err != nil || stats.Active != 2 || stats.LoggedIn != 1 || stats.Users != 1 {
			t.Errorf("counted: %d sessions, %d logged in, of %d users, %v", stats.Active, stats.LoggedIn, stats.Users, err)
		}
		if devices, err := manager.Devices(t.Context(), "ann"); err != nil || len(devices) != 1 {
			t.Errorf("ann has %d devices, %v", len(devices), err)
		}
		if all, err := s.AllCtx(t.Context()); err != nil || len(all) != 1 {
			t.Errorf("scs has %d sessions, %v", len(all), err)
		}
		if n, err := manager.Revoke(t.Context(), store.Revocation{User: "ann"}); err != nil || n != 1 {
			t.Errorf("%d sessions of ann are ended, %v", n, err)
		}
		finds(t, s, "token", "data")
		if n, err := manager.Revoke(t.Context(), store.Revocation{Everyone: true}); err != nil || n != 1 {
			t.Errorf("%d sessions of everyone are ended, %v", n, err)
		}
		findsNone(t, s, "token")
		if err := s.CommitCtx(t.Context(), "token", []byte("late"), later); !errors.Is(err, scsstore.ErrEnded) {
			t.Errorf("a commit after everyone's session was ended: %v", err)
		}
	})
}

// Where tokens come by a header, a client can send anything. That is no outage,
// which Postgres would make of it.
func TestATokenThatNoStoreCouldKeep(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *scsstore.Store, _ store.Store) {
		for _, token := range []string{"", "\xff\xfe", "nul\x00", strings.Repeat("long", 20_000)} {
			findsNone(t, s, token)
			must(t, s.DeleteCtx(t.Context(), token))
		}
		for _, token := range []string{"", "\xff\xfe", "nul\x00"} {
			if err := s.CommitCtx(t.Context(), token, nil, time.Now().Add(time.Hour)); err == nil || errors.Is(err, store.ErrUnavailable) {
				t.Errorf("Commit of %q: %v", token, err)
			}
		}
	})
}

// The client has gone, and its request's context with it: a logout is one all the
// same, and what a handler has changed is stored.
func TestAClientThatHasGone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *scsstore.Store, _ store.Store) {
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		must(t, s.CommitCtx(gone, "token", []byte("data"), time.Now().Add(time.Hour)))
		finds(t, s, "token", "data")
		must(t, s.DeleteCtx(gone, "token"))
		findsNone(t, s, "token")

		past, end := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer end()
		if err := s.CommitCtx(past, "late", nil, time.Now().Add(time.Hour)); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("after its deadline a commit says %v", err)
		}
	})
}
