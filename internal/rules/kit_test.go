package rules_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// The kit: an app behind a real http.Server, clients of it (kit_client_test.go)
// and a store that can be watched, held and broken (kit_store_test.go).

const day = 24 * time.Hour

// secret signs the cookies of every app here; see also signedCookie.
var secret = rand.Text() + rand.Text()

// An app is a manager behind a real http.Server, with the routes of routes().
type app struct {
	*session.Manager
	t      testing.TB
	mux    *http.ServeMux
	url    string
	dial   func(*http.Transport) // how clients get there, where it is not by loopback
	events *eventLog
	log    *lockedBuffer
}

// newApp starts an app on a loopback port. Its configuration is production's,
// but for a cookie that travels over plain http, and deadlines that a slow
// machine does not reach; edit changes it.
func newApp(t testing.TB, st store.Store, edit ...func(*session.Config)) *app {
	t.Helper()
	a := prepare(t, st, edit...)
	srv := httptest.NewUnstartedServer(a.handler())
	srv.Config.ErrorLog = a.errorLog()
	srv.Start()
	t.Cleanup(srv.Close)
	a.url = srv.URL
	return a
}

// prepare makes an app that no server serves yet.
func prepare(t testing.TB, st store.Store, edit ...func(*session.Config)) *app {
	t.Helper()
	a := &app{t: t, mux: http.NewServeMux(), events: &eventLog{}, log: &lockedBuffer{}}
	cfg := session.Config{
		Secrets:     []string{secret},
		Cookie:      session.Cookie{Insecure: true},
		LoadTimeout: time.Minute, CommitTimeout: time.Minute, LogoutTimeout: time.Minute,
		Hook:   a.events,
		Logger: slog.New(slog.NewTextHandler(a.log, nil)),
	}
	for _, do := range edit {
		do(&cfg)
	}
	m, err := session.New(st, cfg)
	if err != nil {
		t.Fatal(err)
	}
	a.Manager = m
	a.routes()
	return a
}

// handler is the manager's, around the app's routes.
func (a *app) handler() http.Handler { return a.Handler(a.mux) }

// errorLog keeps the stacks of panics out of the test's output.
func (a *app) errorLog() *log.Logger {
	return slog.NewLogLogger(slog.NewTextHandler(a.log, nil), slog.LevelError)
}

// on adds a route whose handler gets the session. Where there is none for an
// error, that error's status is the answer.
func (a *app) on(path string, h func(w http.ResponseWriter, r *http.Request, s *session.Session)) {
	a.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		s, err := session.FromContext(r.Context())
		if err != nil {
			http.Error(w, err.Error(), session.StatusCode(err))
			return
		}
		h(w, r, s)
	})
}

// route adds a route that answers what do returns, or the status of its error.
func (a *app) route(path string, do func(ctx context.Context, s *session.Session) (string, error)) {
	a.on(path, func(w http.ResponseWriter, r *http.Request, s *session.Session) {
		body, err := do(r.Context(), s)
		if err != nil {
			http.Error(w, err.Error(), session.StatusCode(err))
			return
		}
		fmt.Fprint(w, body)
	})
}

// routes are what most tests need of an app. Each answers 200, or the status of
// its error.
func (a *app) routes() {
	type query = func(name string) string
	add := func(path string, do func(ctx context.Context, s *session.Session, q query) (string, error)) {
		a.on(path, func(w http.ResponseWriter, r *http.Request, s *session.Session) {
			body, err := do(r.Context(), s, r.URL.Query().Get)
			if err != nil {
				http.Error(w, err.Error(), session.StatusCode(err))
				return
			}
			_, _ = io.WriteString(w, body) // also an empty one commits here
		})
	}
	// No session at all.
	a.mux.HandleFunc("/plain", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "plain") })
	// ?key= reads a string, "" when it is absent.
	add("/get", func(_ context.Context, s *session.Session, q query) (string, error) {
		value, _, err := session.Lookup[string](s, q("key"))
		return value, err
	})
	// ?key=&value= writes one, and leaves the commit to the response.
	add("/set", func(_ context.Context, s *session.Session, q query) (string, error) {
		return "", s.Set(q("key"), q("value"))
	})
	// Counts visits, commits, and shows the number that was stored.
	add("/visit", func(ctx context.Context, s *session.Session, _ query) (string, error) {
		if err := session.Update(s, "visits", func(n int) int { return n + 1 }); err != nil {
			return "", err
		}
		if err := s.Commit(ctx); err != nil {
			return "", err
		}
		n, _ := session.Get[int](s, "visits")
		return strconv.Itoa(n), nil
	})
	add("/me", func(_ context.Context, s *session.Session, _ query) (string, error) { return s.User(), nil })
	add("/handle", func(_ context.Context, s *session.Session, _ query) (string, error) { return s.Handle(), nil })
	add("/login", func(_ context.Context, s *session.Session, q query) (string, error) { return "", s.Login(q("user")) })
	add("/rotate", func(_ context.Context, s *session.Session, _ query) (string, error) { return "", s.Rotate() })
	add("/logout", func(ctx context.Context, s *session.Session, _ query) (string, error) { return "", s.Logout(ctx) })
}

// newMemory is the store below most tests; clock may be nil.
func newMemory(clock *clock) *memstore.Store {
	opts := memstore.Options{Logger: slog.New(slog.DiscardHandler)}
	if clock != nil {
		opts.Now = clock.now
	}
	return memstore.New(opts)
}
