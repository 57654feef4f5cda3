package tests_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/echosession/session"
	"github.com/echosession/session/admin"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

const (
	token  = "admin-7Yq2LbZ0cWfJh5sNd8gUa3eXo6iVt1rKm"
	secret = "mR4vT9xk2WqLz7bYc0PfJh5sNd8gUa3eXo6iVt1r"
	root   = "/api/admin/"
)

// A rig is an app with an admin beside it. Requests are served without a
// network, so that they may run in a bubble of their own time.
type rig struct {
	t        testing.TB
	sessions *session.Manager
	admin    *admin.Handler
	app      http.Handler // both: the admin at its path, a login at /login, /me
	log      *lockedBuffer
	shown    *lockedBuffer // all that the admin has answered, with its headers
}

func newRig(t testing.TB, st store.Store, edit ...func(*admin.Options)) *rig {
	t.Helper()
	r := &rig{t: t, log: &lockedBuffer{}, shown: &lockedBuffer{}}
	logger := slog.New(slog.NewTextHandler(r.log, nil))
	counts := &admin.Counts{}
	var err error
	r.sessions, err = session.New(st, session.Config{Secrets: []string{secret}, Cookie: session.Cookie{Insecure: true}, Logger: logger, Hook: counts})
	must(t, err)
	may, err := admin.Token(token, admin.TokenOptions{})
	must(t, err)
	o := admin.Options{Authorize: may, Actor: func(*http.Request) string { return "sue" }, Logger: logger, Counts: counts}
	for _, do := range edit {
		do(&o)
	}
	r.admin, err = admin.New(r.sessions, o)
	must(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc(root, func(w http.ResponseWriter, q *http.Request) {
		r.admin.ServeHTTP(heard{w, r.shown}, q)
		_ = w.Header().Write(r.shown)
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, q *http.Request) {
		s, err := session.FromContext(q.Context())
		if err == nil {
			err = s.Login(q.FormValue("user"))
		}
		if err == nil {
			err = s.Set("planted", planted)
		}
		if err != nil {
			http.Error(w, err.Error(), session.StatusCode(err))
		}
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, q *http.Request) {
		s, err := session.FromContext(q.Context())
		if err != nil {
			http.Error(w, err.Error(), session.StatusCode(err))
			return
		}
		_, _ = w.Write([]byte(s.User() + " " + s.Handle()))
	})
	r.app = r.sessions.Handler(mux)
	return r
}

// heard is a writer that somebody listens to.
type heard struct {
	http.ResponseWriter
	by io.Writer
}

func (h heard) Write(p []byte) (int, error) {
	_, _ = h.by.Write(p)
	return h.ResponseWriter.Write(p)
}

// planted is a session value: nothing of the admin may show it.
const planted = "planted-value-8c1f"

func newMemory() *memstore.Store {
	return memstore.New(memstore.Options{Logger: slog.New(slog.DiscardHandler)})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// do sends a request; headers are name, value, name, value.
func (r *rig) do(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	q := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	r.app.ServeHTTP(w, q)
	return w
}

// get and post are an operator's with the token.
func (r *rig) get(path string) *httptest.ResponseRecorder {
	return r.do("GET", root+path, "", "Authorization", "Bearer "+token)
}

func (r *rig) post(path, body string) *httptest.ResponseRecorder {
	return r.do("POST", root+path, body, "Authorization", "Bearer "+token, "Content-Type", "application/json")
}

// login is a user's, and returns the cookie and the handle.
func (r *rig) login(user, device string) (cookie, handle string) {
	r.t.Helper()
	w := r.do("POST", "/login?user="+user, "", "User-Agent", device)
	cookie, _, _ = strings.Cut(w.Header().Get("Set-Cookie"), ";")
	_, handle, _ = strings.Cut(r.do("GET", "/me", "", "Cookie", cookie).Body.String(), " ")
	if handle == "" {
		r.t.Fatalf("the login of %s failed: %d", user, w.Code)
	}
	return cookie, handle
}

// user is who a cookie is.
func (r *rig) user(cookie string) string {
	user, _, _ := strings.Cut(r.do("GET", "/me", "", "Cookie", cookie).Body.String(), " ")
	return user
}

// is fails the test unless an answer has that status and body.
func is(t testing.TB, sentence string, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if got := strings.TrimSpace(w.Body.String()); w.Code != status || got != body {
		t.Errorf("%s: it is %d %s\nnot %d %s", sentence, w.Code, got, status, body)
	}
}

// read decodes the JSON of a 200.
func read[T any](t testing.TB, w *httptest.ResponseRecorder) (value T) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &value); err != nil || w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%d %s %v", w.Code, w.Body, err)
	}
	return value
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// bare is a store with no ability.
type bare struct{ store.Store }

// away is a store that cannot be asked.
type away struct{ store.Store }

func (away) Stats(context.Context) (store.Stats, error)                { return store.Stats{}, errAway }
func (away) Report(context.Context) (store.Report, error)              { return store.Report{}, errAway }
func (away) Prune(context.Context) (int, error)                        { return 0, errAway }
func (away) Sessions(context.Context, string) ([]*store.Record, error) { return nil, errAway }
func (away) Revoke(context.Context, store.Revocation) (int, error)     { return 0, errAway }

// told is a store that says of itself what it is told to.
type told struct {
	*memstore.Store
	stats  store.Stats
	report store.Report
}

func (s told) Stats(context.Context) (store.Stats, error)   { return s.stats, nil }
func (s told) Report(context.Context) (store.Report, error) { return s.report, nil }
