package sessiontest

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/echosession/session"
)

// A Kit is what a test of an application needs: the manager to give to the
// application, the store behind it, and the store's clock. The fields are not to
// be replaced. It may be used by many goroutines.
type Kit struct {
	Manager *session.Manager
	Store   *Store
	Clock   *Clock

	cookie string // its name
}

// New makes a kit with a store of its own, so that tests run in parallel. The
// manager has a random secret, and [session.Config.Development]: the cookie is
// named "session" and travels over plain http, and a change that came too late
// to reach the client is a panic. edit changes the configuration; a bad one
// fails the test at once. What the manager logs is part of the test's output.
func New(t testing.TB, edit ...func(*session.Config)) *Kit {
	t.Helper()
	kit := &Kit{Clock: newClock()}
	kit.Store = NewStore(kit.Clock)
	cfg := session.Config{
		Secrets:     []string{rand.Text() + rand.Text()},
		Development: true,
		Logger:      slog.New(slog.NewTextHandler(outputOf(t), nil)),
	}
	for _, change := range edit {
		change(&cfg)
	}
	m, err := session.New(kit.Store, cfg)
	if err != nil {
		t.Fatal(err)
	}
	kit.Manager, kit.cookie = m, cookieName(t, cfg)
	return kit
}

// cookieName is what a manager of that configuration calls its cookie: it is seen
// on a login of its own, in a store that nobody else uses.
func cookieName(t testing.TB, cfg session.Config) string {
	t.Helper()
	cfg.Hook, cfg.Logger = nil, slog.New(slog.DiscardHandler)
	m, err := session.New(NewStore(newClock()), cfg)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := with(m, w, httptest.NewRequest(http.MethodGet, "/", nil), login("name")); err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), "=")
	return name
}

// LoggedIn is the function [LoggedIn] with the kit's manager.
func (k *Kit) LoggedIn(t testing.TB, r *http.Request, user string, steps ...Step) *http.Request {
	t.Helper()
	return LoggedIn(t, k.Manager, r, user, steps...)
}

// Serve answers a request by h, which has the manager's middleware inside: the
// application, or a handler in kit.Manager.Handler. A panic of h passes through.
func (k *Kit) Serve(h http.Handler, r *http.Request) *Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return &Response{ResponseRecorder: w, kit: k, request: r}
}
