package sessiontest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/echosession/session"
)

// A Step is one thing to do with a session before the request under test.
type Step func(*session.Session) error

// Set stores a value under a key, as [session.Session.Set] does.
func Set(key string, value any) Step {
	return func(s *session.Session) error { return s.Set(key, value) }
}

func login(user string) Step {
	return func(s *session.Session) error { return s.Login(user) }
}

// LoggedIn returns the request with the cookie of a session that user is logged
// in to, as after a login in the browser; the session of a cookie that r carries
// already is the one that is logged in. Steps come after the login. m may be any
// manager, such as the application's own on Postgres. A step that fails, a user
// that is refused and a store that fails all end the test at once.
func LoggedIn(t testing.TB, m *session.Manager, r *http.Request, user string, steps ...Step) *http.Request {
	t.Helper()
	return Prepare(t, m, r, append([]Step{login(user)}, steps...)...)
}

// Prepare does the steps in the session of the cookie that r carries, or in a new
// one, and returns the request with the cookie that the client has afterwards. It
// is for visitors who are not logged in, and for looking at what a request left.
// A step that fails ends the test at once. The request's other fields, its body
// and context are r's own; r itself stays as it is.
func Prepare(t testing.TB, m *session.Manager, r *http.Request, steps ...Step) *http.Request {
	t.Helper()
	w := httptest.NewRecorder()
	if err := with(m, w, r, steps...); err != nil {
		t.Fatal(err)
	}
	return follow(r, r.Header["Cookie"], w.Header())
}

// with does the steps in the session of a request of its own that comes from where
// r does: with its headers, cookies and address. It is over before r is sent, so
// that r may be one whose client goes away.
func with(m *session.Manager, w http.ResponseWriter, r *http.Request, steps ...Step) error {
	if m == nil {
		return errors.New("sessiontest: the manager is nil; give the one that the application has")
	}
	own := httptest.NewRequestWithContext(context.WithoutCancel(r.Context()), http.MethodGet, "https://sessiontest.invalid/", nil)
	own.Header, own.RemoteAddr = r.Header.Clone(), r.RemoteAddr
	x, inner, err := m.Open(w, own)
	if err != nil {
		return err
	}
	if x == nil {
		return fmt.Errorf("sessiontest: the request is being served by this manager already; give the request that goes into the handler, not the one that came out")
	}
	defer x.Close()
	s, err := session.FromContext(inner.Context())
	if err != nil {
		return err
	}
	for i, step := range steps {
		if err := step(s); err != nil {
			return fmt.Errorf("sessiontest: step %d: %w", i+1, err)
		}
	}
	return x.Finish(inner, nil)
}

// follow returns next with the cookies a client holds that sent these Cookie
// lines and got that answer: as a browser would, but for domains and paths, since
// a test has one host.
func follow(next *http.Request, sent []string, answer http.Header) *http.Request {
	next = next.Clone(next.Context())
	jar := map[string]string{}
	var order []string
	keep := func(c *http.Cookie) {
		if _, known := jar[c.Name]; !known {
			order = append(order, c.Name)
		}
		jar[c.Name] = c.Value
	}
	for _, c := range (&http.Request{Header: http.Header{"Cookie": sent}}).Cookies() {
		keep(c)
	}
	for _, c := range next.Cookies() {
		keep(c)
	}
	for _, c := range (&http.Response{Header: answer}).Cookies() {
		keep(c)
		if gone(c) {
			delete(jar, c.Name)
		}
	}
	var pairs []string
	for _, name := range order {
		if value, ok := jar[name]; ok {
			pairs = append(pairs, name+"="+value)
			delete(jar, name)
		}
	}
	next.Header.Del("Cookie")
	if len(pairs) > 0 {
		next.Header.Set("Cookie", strings.Join(pairs, "; "))
	}
	return next
}

// gone reports whether a Set-Cookie line takes a cookie away.
func gone(c *http.Cookie) bool {
	return c.MaxAge < 0 || c.Value == "" && !c.Expires.IsZero()
}
