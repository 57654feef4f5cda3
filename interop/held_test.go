package interop

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/echosession/session"
	"github.com/echosession/session/store/open"
)

// slowEcho: a request of Echo's that loaded a session does not bring it back when
// Express has ended it meanwhile, and is told.
func slowEcho(t *testing.T, c *couple) {
	arrived, opened := make(chan struct{}), make(chan struct{})
	ours := side{"Echo, held", served(t, c, func(w http.ResponseWriter, r *http.Request) error {
		s, err := session.FromContext(r.Context())
		if err != nil {
			return err
		}
		user := s.User()
		arrived <- struct{}{}
		<-opened
		if r.FormValue("key") != "" {
			if err := s.Set(r.FormValue("key"), user); err != nil {
				return err
			}
		}
		return s.Commit(r.Context())
	})}
	for _, how := range []string{"/logout", "/passport-logout", "/regenerate"} {
		for _, key := range []string{"late", ""} {
			v := newVisitor(t)
			v.login(c.theirs, "ann", "string")
			v.post(c.ours, "/visit").is(t, 200, `{"visits":1}`)
			cookie := v.cookie(c.ours)
			done := make(chan answer, 1)
			go func() { done <- bearing(t, c.ours, cookie).get(ours, "/?key="+key) }()
			<-arrived
			v.post(c.theirs, how).is(t, 204, "")
			opened <- struct{}{}
			if key == "" {
				(<-done).is(t, 200, "")
			} else {
				(<-done).is(t, 401, "*")
			}
			old := bearing(t, c.ours, cookie)
			old.get(c.theirs, "/me").is(t, 401, "*")
			old.until(c.late, c.ours, "/me", 401, "*")
		}
	}
}

// served runs a handler of sessions on what the couple shares, in this process.
func served(t *testing.T, c *couple, handle func(http.ResponseWriter, *http.Request) error) (url string) {
	t.Helper()
	env := append([]string{"SESSION_SECRET=" + secret, "SESSION_SHARE=express", "SESSION_COOKIE_SECURE=false"}, c.env...)
	lookup := func(name string) (string, bool) {
		for _, line := range env {
			if key, value, _ := strings.Cut(line, "="); key == name {
				return value, true
			}
		}
		return "", false
	}
	backend, err := open.FromEnv(t.Context(), lookup)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { backend.Close() })
	cfg, err := session.ConfigFromEnv(lookup)
	if err != nil {
		t.Fatal(err)
	}
	m, err := session.New(backend.Store, cfg)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := handle(w, r); err != nil {
			http.Error(w, http.StatusText(session.StatusCode(err)), session.StatusCode(err))
		}
	})))
	t.Cleanup(srv.Close)
	return srv.URL
}
