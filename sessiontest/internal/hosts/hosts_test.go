package hosts_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	echo4 "github.com/labstack/echo/v4"
	echo5 "github.com/labstack/echo/v5"

	"github.com/echosession/session"
	echosession4 "github.com/echosession/session/middleware"
	echosession5 "github.com/echosession/session/middleware/v5"
	"github.com/echosession/session/sessiontest"
	"github.com/echosession/session/store"
)

// The same little application on each host: what it does is do's business.
type do func(r *http.Request, s *session.Session) (string, error)

var routes = map[string]do{
	"/me": func(_ *http.Request, s *session.Session) (string, error) { return s.User(), nil },
	"/visit": func(_ *http.Request, s *session.Session) (string, error) {
		return "", session.Update(s, "visits", func(n int) int { return n + 1 })
	},
	"/login":  func(r *http.Request, s *session.Session) (string, error) { return "", s.Login(r.FormValue("user")) },
	"/logout": func(r *http.Request, s *session.Session) (string, error) { return "", s.Logout(r.Context()) },
}

// hosts make the application; a nil manager leaves the middleware out.
var hosts = map[string]func(*session.Manager) http.Handler{
	"net/http": func(m *session.Manager) http.Handler {
		mux := http.NewServeMux()
		for path, do := range routes {
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
		if m == nil {
			return mux
		}
		return m.Handler(mux)
	},
	"Echo v4": func(m *session.Manager) http.Handler {
		e := echo4.New()
		if m != nil {
			e.Use(echosession4.Middleware(m))
		}
		for path, do := range routes {
			e.Any(path, func(c echo4.Context) error {
				s, err := echosession4.From(c)
				if err != nil {
					return err
				}
				text, err := do(c.Request(), s)
				if err != nil {
					return echosession4.Error(err)
				}
				return c.String(200, text)
			})
		}
		return e
	},
	"Echo v5": func(m *session.Manager) http.Handler {
		e := echo5.New()
		if m != nil {
			e.Use(echosession5.Middleware(m))
		}
		for path, do := range routes {
			e.Any(path, func(c *echo5.Context) error {
				s, err := echosession5.From(c)
				if err != nil {
					return err
				}
				text, err := do(c.Request(), s)
				if err != nil {
					return echosession5.Error(err)
				}
				return c.String(200, text)
			})
		}
		return e
	},
}

func onEachHost(t *testing.T, f func(t *testing.T, host func(*session.Manager) http.Handler)) {
	for name, host := range hosts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, host)
		})
	}
}

func get(path string) *http.Request { return httptest.NewRequest(http.MethodGet, path, nil) }

func TestARequestIsLoggedInAlready(t *testing.T) {
	onEachHost(t, func(t *testing.T, host func(*session.Manager) http.Handler) {
		kit := sessiontest.New(t)
		app := host(kit.Manager)
		res := kit.Serve(app, kit.LoggedIn(t, get("/me"), "ann", sessiontest.Set("theme", "dark")))
		if res.Code != 200 || res.Body.String() != "ann" {
			t.Errorf("answers %d %q", res.Code, res.Body)
		}
		res.WantKept(t)
		if theme, ok := sessiontest.Value[string](t, res, "theme"); theme != "dark" || !ok || res.User(t) != "ann" {
			t.Errorf("the session of %q has the theme %q (%v)", res.User(t), theme, ok)
		}
		if res := kit.Serve(app, get("/me")); res.Body.String() != "" || res.User(t) != "" {
			t.Errorf("another visitor is %q", res.Body)
		}
	})
}

func TestTheCookieIsFollowedFromRequestToRequest(t *testing.T) {
	onEachHost(t, func(t *testing.T, host func(*session.Manager) http.Handler) {
		kit := sessiontest.New(t)
		app := host(kit.Manager)
		first := kit.Serve(app, get("/visit"))
		anonymous := first.WantCookie(t)
		in := kit.Serve(app, first.Next(get("/login?user=ann")))
		if in.WantCookie(t).Value == anonymous.Value {
			t.Error("a login keeps the id")
		}
		again := kit.Serve(app, in.Next(get("/visit")))
		if n, _ := sessiontest.Value[int](t, again, "visits"); n != 2 {
			t.Errorf("%d visits were counted, not 2", n)
		}
		out := kit.Serve(app, again.Next(get("/logout")))
		out.WantGone(t)
		if out.Next(get("/me")).Header.Get("Cookie") != "" {
			t.Error("the client still has a cookie")
		}
		if after := kit.Serve(app, in.Next(get("/me"))); after.Code != 200 || after.Body.String() != "" {
			t.Errorf("the cookie from before the logout is %q", after.Body)
		}
	})
}

func TestWithoutTheMiddlewareIsAnErrorAndNoPanic(t *testing.T) {
	onEachHost(t, func(t *testing.T, host func(*session.Manager) http.Handler) {
		kit := sessiontest.New(t)
		res := kit.Serve(host(nil), kit.LoggedIn(t, get("/me"), "ann"))
		if res.Code != http.StatusInternalServerError {
			t.Errorf("answers %d %q", res.Code, res.Body)
		}
	})
}

func TestTheStoreFailsOnCommand(t *testing.T) {
	onEachHost(t, func(t *testing.T, host func(*session.Manager) http.Handler) {
		kit := sessiontest.New(t)
		app := host(kit.Manager)
		ann := kit.LoggedIn(t, get("/visit"), "ann")
		for _, ops := range [][]string{{"Load"}, {"Save"}, nil} {
			kit.Store.Fail(nil, ops...)
			res := kit.Serve(app, ann)
			if res.Code != 503 {
				t.Errorf("%q fails, and the answer is %d", ops, res.Code)
			}
			res.WantKept(t)
		}
		kit.Store.Fail(store.ErrNotFound, "Save")
		if res := kit.Serve(app, ann); res.Code != 401 {
			t.Errorf("the session ended, and the answer is %d", res.Code)
		}
		kit.Store.Recover()
		calls := kit.Store.Calls("Save")
		if res := kit.Serve(app, ann); res.Code != 200 || kit.Store.Calls("Save") != calls+1 {
			t.Errorf("recovered, and the answer is %d after %d saves", res.Code, kit.Store.Calls("Save")-calls)
		}
	})
}
