package rules_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session"
)

// golden compares a whole Set-Cookie line. In want %V is the value of a session
// that exists now, signed anew here, and %E when it ends on the store's clock.
func (a *app) golden(t *testing.T, st *rig, path string, got answer, want string) string {
	t.Helper()
	line := got.setCookie(t)
	if want == "" || !strings.Contains(want, "%V") {
		if line != want {
			t.Errorf("%s: Set-Cookie is\n%q, want\n%q", path, line, want)
		}
		return ""
	}
	_, rest, _ := strings.Cut(line, "=")
	value, _, _ := strings.Cut(rest, ";")
	if line == "" {
		t.Errorf("%s: no Set-Cookie, want %q", path, want)
		return ""
	}
	id := idIn(value)
	r, err := st.Store.Load(t.Context(), id)
	if err != nil {
		t.Errorf("%s: the cookie names no session: %v", path, err)
		return ""
	}
	signature := signed(secret, id)[len("s:"+id+"."):]
	signature = strings.NewReplacer("+", "%2B", "/", "%2F").Replace(signature)
	want = strings.NewReplacer("%V", "s%3A"+id+"."+signature, "%E", r.Expires.UTC().Format(http.TimeFormat)).Replace(want)
	if line != want {
		t.Errorf("%s: Set-Cookie is\n%q, want\n%q", path, line, want)
	}
	pair, _, _ := strings.Cut(line, ";")
	return pair
}

// 3.3.1, 3.3.2, 3.3.3, 3.3.4: every path that sends a cookie, with every
// configuration that changes it. The texts are browsers' and Express's.
func TestASVS_3_3_CookieAttributes(t *testing.T) {
	for _, c := range []struct {
		name         string
		edit         func(*session.Config)
		gives, takes string
	}{
		{"the zero configuration", func(c *session.Config) { c.Cookie = session.Cookie{} },
			"__Host-session=%V; Path=/; Expires=%E; HttpOnly; Secure; SameSite=Lax",
			"__Host-session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax"},
		{"Strict", func(c *session.Config) { c.Cookie = session.Cookie{SameSite: http.SameSiteStrictMode} },
			"__Host-session=%V; Path=/; Expires=%E; HttpOnly; Secure; SameSite=Strict",
			"__Host-session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Strict"},
		{"embedded elsewhere", func(c *session.Config) {
			c.Cookie = session.Cookie{SameSite: http.SameSiteNoneMode, Partitioned: true}
		},
			"__Host-session=%V; Path=/; Expires=%E; HttpOnly; Secure; Partitioned; SameSite=None",
			"__Host-session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; Partitioned; SameSite=None"},
		{"shared by hosts", func(c *session.Config) { c.Cookie = session.Cookie{Domain: "example.com"} },
			"__Secure-session=%V; Domain=example.com; Path=/; Expires=%E; HttpOnly; Secure; SameSite=Lax",
			"__Secure-session=; Domain=example.com; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax"},
		{"shared with Express, under a path", func(c *session.Config) { c.Cookie = session.Cookie{Name: "connect.sid", Path: "/in"} },
			"connect.sid=%V; Path=/in; Expires=%E; HttpOnly; Secure; SameSite=Lax",
			"connect.sid=; Path=/in; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax"},
		{"shared with Express by the preset", func(c *session.Config) {
			c.Cookie, c.Express = session.Cookie{}, true
		},
			"connect.sid=%V; Path=/; Expires=%E; HttpOnly; Secure; SameSite=Lax",
			"connect.sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax"},
		{"shared with an Express of few settings", func(c *session.Config) {
			c.Cookie, c.Express = session.Cookie{SameSite: http.SameSiteDefaultMode, Insecure: true}, true
		},
			"connect.sid=%V; Path=/; Expires=%E; HttpOnly",
			"connect.sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly"},
		{"development", func(c *session.Config) { c.Cookie, c.Development = session.Cookie{}, true },
			"session=%V; Path=/; Expires=%E; HttpOnly; SameSite=Lax",
			"session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax"},
		{"a browser session", func(c *session.Config) { c.Cookie, c.BrowserSession = session.Cookie{}, true },
			"__Host-session=%V; Path=/; HttpOnly; Secure; SameSite=Lax",
			"__Host-session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			everyCookie(t, c.edit, c.gives, c.takes)
		})
	}
}

func everyCookie(t *testing.T, edit func(*session.Config), gives, takes string) {
	clock := newClock()
	st := newRig(newMemory(clock))
	a := newApp(t, st, edit)
	type handler = func(w http.ResponseWriter, r *http.Request, s *session.Session)
	answering := func(code int) handler {
		return func(w http.ResponseWriter, r *http.Request, s *session.Session) { w.WriteHeader(code) }
	}
	changing := func(then handler) handler {
		return func(w http.ResponseWriter, r *http.Request, s *session.Session) {
			_ = session.Update(s, "n", func(n int) int { return n + 1 })
			then(w, r, s)
		}
	}
	a.on("/304", answering(304))
	a.on("/redirect", changing(func(w http.ResponseWriter, r *http.Request, _ *session.Session) {
		http.Redirect(w, r, "/me", http.StatusFound)
	}))
	a.on("/error", changing(func(w http.ResponseWriter, _ *http.Request, _ *session.Session) {
		http.Error(w, "wrong password", http.StatusUnauthorized)
	}))
	a.on("/500", changing(answering(500)))
	a.on("/204", changing(answering(204)))
	a.on("/103", changing(func(w http.ResponseWriter, _ *http.Request, _ *session.Session) {
		w.WriteHeader(103)
		_, _ = w.Write([]byte("after an early hint"))
	}))
	a.on("/twice", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
		_ = errors.Join(s.Set("k", 1), s.Commit(r.Context()), s.Login("ann"), s.Commit(r.Context()), s.Set("k", 2))
	})
	a.on("/out-and-in", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
		_ = errors.Join(s.Logout(r.Context()), s.Login("bob"))
	})
	a.on("/fails-late", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
		_ = errors.Join(s.Login("ann"), s.Commit(r.Context()), s.Set("k", 3))
		st.lose("Save", 2)
	})
	browser := !strings.Contains(gives, "%E")
	changed := gives // a change renews the lifetime, which only a cookie with an end shows
	if browser {
		changed = ""
	}

	// A browser session's cookie is the same for as long as its id is.
	cookie := a.golden(t, st, "create", a.ask("POST", "/set?key=k&value=v"), gives)
	cookie = a.golden(t, st, "login", a.ask("POST", "/login?user=ann", cookie), gives)
	cookie = a.golden(t, st, "rotate", a.ask("POST", "/rotate", cookie), gives)
	cookie = a.golden(t, st, "commit, login, commit", a.ask("POST", "/twice", cookie), gives)
	// The login is stored and the rest is not: the error page has the cookie, once.
	cookie = a.golden(t, st, "commit, failed commit", a.ask("POST", "/fails-late", cookie), gives)
	for _, path := range []string{"/set?key=k&value=v", "/redirect", "/error", "/500", "/204", "/103"} {
		a.golden(t, st, path, a.ask("POST", path, cookie), changed)
	}
	for _, path := range []string{"/me", "/304"} {
		a.golden(t, st, "nothing, "+path, a.ask("GET", path, cookie), "")
		clock.pass(3 * time.Hour)
		a.golden(t, st, "touch, "+path, a.ask("GET", path, cookie), changed)
	}
	a.golden(t, st, "HEAD", a.ask("HEAD", "/me", cookie), "")
	a.golden(t, st, "no session", a.ask("GET", "/plain", cookie), "")
	st.lose("Save", 2)
	a.golden(t, st, "a failed commit", a.ask("POST", "/redirect", cookie), "")
	st.lose("Load", 1)
	a.golden(t, st, "a failed load", a.ask("GET", "/me", cookie), "")
	clock.pass(3 * time.Hour)
	st.lose("Touch", 1)
	a.golden(t, st, "a failed touch", a.ask("GET", "/me", cookie), "")
	a.golden(t, st, "touch after all", a.ask("GET", "/me", cookie), changed)
	st.lose("Delete", 20)
	a.golden(t, st, "a failed logout", a.ask("POST", "/logout", cookie), "")
	st.heal()
	cookie = a.golden(t, st, "logout and login", a.ask("POST", "/out-and-in", cookie), gives)
	a.golden(t, st, "logout", a.ask("POST", "/logout", cookie), takes)
	a.golden(t, st, "logout of nobody", a.ask("POST", "/logout", cookie), "")
	a.golden(t, st, "a dead cookie", a.ask("GET", "/me", cookie), "")
}

// 3.3.5 is TestCookieNames: name and value stay below 4096 bytes.

// 3.3.1, the other half: over plain http a Secure cookie is a mistake that is
// said, once, and no header of the client's changes what is sent.
func TestASVS_3_3_1_PlainHTTPIsNoticed(t *testing.T) {
	a := newApp(t, newMemory(nil), func(c *session.Config) { c.Cookie = session.Cookie{} })
	const warning = "Session cookie sent over plain http"
	for _, forwarded := range []string{"X-Forwarded-Proto: https", "Forwarded: proto=https", "X-Forwarded-Proto: http"} {
		got := a.wire("POST /login?user=ann HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 0\r\n" + forwarded + "\r\n\r\n")
		if line := got.setCookie(t); !strings.Contains(line, "; Secure") {
			t.Errorf("with %s the cookie is %q", forwarded, line)
		}
	}
	if strings.Contains(a.log.String(), warning) {
		t.Error("a proxy says that it is https, and it is complained about")
	}
	for range 3 {
		a.ask("POST", "/login?user=ann")
	}
	if n := strings.Count(a.log.String(), warning); n != 1 {
		t.Errorf("said %d times", n)
	}
}
