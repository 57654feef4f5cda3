package sessiontest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/sessiontest"
)

// newApp is a little application; a nil manager leaves the middleware out.
func newApp(m *session.Manager) http.Handler {
	mux := http.NewServeMux()
	on := func(path string, do func(r *http.Request, s *session.Session) (string, error)) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			s, err := session.FromContext(r.Context())
			text := ""
			if err == nil {
				text, err = do(r, s)
			}
			if err != nil {
				http.Error(w, err.Error(), session.StatusCode(err))
				return
			}
			fmt.Fprint(w, text)
		})
	}
	on("/me", func(_ *http.Request, s *session.Session) (string, error) { return s.User(), nil })
	on("/visit", func(_ *http.Request, s *session.Session) (string, error) {
		return "", session.Update(s, "visits", func(n int) int { return n + 1 })
	})
	on("/logout", func(r *http.Request, s *session.Session) (string, error) { return "", s.Logout(r.Context()) })
	if m == nil {
		return mux
	}
	return m.Handler(mux)
}

func get(path string) *http.Request { return httptest.NewRequest(http.MethodGet, path, nil) }

func TestTheApplicationsOwnCookiesStay(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	app := kit.Manager.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "new", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "old", MaxAge: -1})
	}))
	r := get("/")
	r.Header.Set("Cookie", "lang=de; old=1")
	next := kit.Serve(app, kit.LoggedIn(t, r, "ann")).Next(get("/"))
	var names []string
	for _, c := range next.Cookies() {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, " "); got != "lang session new" {
		t.Errorf("the client has the cookies %q", got)
	}
	if len(r.Cookies()) != 2 {
		t.Error("the request that was given is changed")
	}
}

func TestTheClockIsMovedByHand(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t, func(c *session.Config) { c.Idle, c.Absolute = time.Hour, 90*time.Minute })
	app := newApp(kit.Manager)
	ann := kit.LoggedIn(t, get("/me"), "ann")
	kit.Clock.Advance(59 * time.Minute)
	renewed := kit.Serve(app, ann)
	if expires := renewed.WantCookie(t).Expires; expires.Sub(kit.Clock.Now()) > 31*time.Minute {
		t.Errorf("the cookie ends at %v, and the absolute lifetime before", expires)
	}
	kit.Clock.Advance(30 * time.Minute)
	if user := kit.Serve(app, renewed.Next(get("/me"))).User(t); user != "ann" {
		t.Errorf("within both lifetimes the user is %q", user)
	}
	kit.Clock.Advance(2 * time.Minute)
	if res := kit.Serve(app, renewed.Next(get("/me"))); res.Code != 200 || res.Body.String() != "" {
		t.Errorf("after the absolute lifetime: %d %q", res.Code, res.Body)
	}
}

func TestAnyManagerWillDo(t *testing.T) {
	t.Parallel()
	m, err := session.New(sessiontest.NewStore(nil), session.Config{Secrets: []string{strings.Repeat("0123456789", 4)}})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	newApp(m).ServeHTTP(w, sessiontest.LoggedIn(t, m, get("/me"), "ann"))
	if w.Body.String() != "ann" {
		t.Errorf("answers %d %q", w.Code, w.Body)
	}
}

// A login is made from where the request comes from, for a page of devices.
func TestALoginIsTheRequestsOwn(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t, func(c *session.Config) { c.Address = func(r *http.Request) string { return r.RemoteAddr } })
	r := get("/me")
	r.RemoteAddr = "203.0.113.7:1234"
	r.Header.Set("User-Agent", "Firefox")
	kit.LoggedIn(t, r, "ann")
	devices, err := kit.Manager.Devices(t.Context(), "ann")
	if err != nil || len(devices) != 1 || devices[0].Device != "Firefox" || devices[0].Address != r.RemoteAddr {
		t.Errorf("%v, %v", devices, err)
	}
}

// The client of the request under test may go away; the login was before.
func TestARequestThatIsCanceled(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := kit.LoggedIn(t, get("/visit").WithContext(ctx), "ann")
	again := kit.LoggedIn(t, r, "bob", sessiontest.Set("theme", "dark"))
	if again.Context().Err() == nil {
		t.Error("the request's context is another one")
	}
	res := kit.Serve(newApp(kit.Manager), again)
	if theme, _ := sessiontest.Value[string](t, res, "theme"); theme != "dark" || res.User(t) != "bob" {
		t.Errorf("%q has the theme %q", res.User(t), theme)
	}
}

func TestProductionCookie(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t, func(c *session.Config) { c.Development = false })
	r := get("https://example.com/visit")
	c := kit.Serve(newApp(kit.Manager), r).WantCookie(t)
	if c.Name != "__Host-session" || !c.Secure || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("the cookie is %v", c.Name)
	}
}

func TestWithoutTheMiddlewareTheFailureSaysSo(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	res := kit.Serve(newApp(nil), kit.LoggedIn(t, get("/me"), "ann"))
	probe := &failures{TB: t}
	probe.run(func() { res.WantCookie(probe) })
	probe.want(t, "WantCookie", "middleware")
	if res.Code != http.StatusInternalServerError {
		t.Errorf("answers %d %q", res.Code, res.Body)
	}
}
