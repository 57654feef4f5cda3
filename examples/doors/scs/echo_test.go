package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/alexedwards/scs/v2"
	"github.com/gorilla/sessions"
	echo4 "github.com/labstack/echo/v4"
	echo5 "github.com/labstack/echo/v5"

	gorillastore "github.com/echosession/session/adapter/gorilla"
	scsstore "github.com/echosession/session/adapter/scs"
	echosession4 "github.com/echosession/session/middleware"
	echosession5 "github.com/echosession/session/middleware/v5"
	"github.com/echosession/session/sessiontest"
)

// apps are an application that moves to our sessions, on each Echo.
var apps = map[string]func(kit *sessiontest.Kit, adopt func(http.Handler) http.Handler) http.Handler{
	"Echo v4": func(kit *sessiontest.Kit, adopt func(http.Handler) http.Handler) http.Handler {
		e := echo4.New()
		e.Use(echosession4.Middleware(kit.Manager), echo4.WrapMiddleware(adopt))
		e.GET("/", func(c echo4.Context) error {
			s, err := echosession4.From(c)
			if err != nil {
				return err
			}
			return c.String(http.StatusOK, s.User())
		})
		return e
	},
	"Echo v5": func(kit *sessiontest.Kit, adopt func(http.Handler) http.Handler) http.Handler {
		e := echo5.New()
		e.Use(echosession5.Middleware(kit.Manager), echo5.WrapMiddleware(adopt))
		e.GET("/", func(c *echo5.Context) error {
			s, err := echosession5.From(c)
			if err != nil {
				return err
			}
			return c.String(http.StatusOK, s.User())
		})
		return e
	},
}

// A reading fails with its error, while it has one.
type reading struct{ fails error }

// olds make an old login, and what adopts it.
var olds = map[string]func(t *testing.T, read *reading) (*http.Cookie, func(http.Handler) http.Handler){
	"gorilla": func(t *testing.T, read *reading) (*http.Cookie, func(http.Handler) http.Handler) {
		old := sessions.NewFilesystemStore(t.TempDir(), []byte("0123456789abcdef0123456789abcdef"))
		r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
		gs, err := old.New(r, "old")
		gs.Values["user"] = "ann"
		if err = errors.Join(err, gs.Save(r, w)); err != nil {
			t.Fatal(err)
		}
		return w.Result().Cookies()[0], gorillastore.Adopt(old, "old", func(gs *sessions.Session) (gorillastore.Found, error) {
			user, _ := gs.Values["user"].(string)
			return gorillastore.Found{User: user}, read.fails
		})
	},
	"scs": func(t *testing.T, read *reading) (*http.Cookie, func(http.Handler) http.Handler) {
		old := scs.New()
		ctx, err := old.Load(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		old.Put(ctx, "user", "ann")
		token, _, err := old.Commit(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return &http.Cookie{Name: old.Cookie.Name, Value: token}, scsstore.Adopt(old, func(ctx context.Context) (scsstore.Found, error) {
			return scsstore.Found{User: old.GetString(ctx, "user")}, read.fails
		})
	},
}

func TestAnOldLoginIsAdoptedOnEcho(t *testing.T) {
	for host, newApp := range apps {
		for from, old := range olds {
			t.Run(from+" on "+host, func(t *testing.T) {
				t.Parallel()
				kit, read := sessiontest.New(t), &reading{fails: errors.New("away")}
				cookie, adopt := old(t, read)
				app := newApp(kit, adopt)
				r := httptest.NewRequest(http.MethodGet, "/", nil)
				r.AddCookie(cookie)
				if res := kit.Serve(app, r); res.Code != http.StatusServiceUnavailable || res.Header().Get("Retry-After") == "" {
					t.Errorf("while it cannot be read: %d %q", res.Code, res.Body)
				}
				read.fails = nil
				res := kit.Serve(app, r)
				if res.WantCookie(t); res.Code != http.StatusOK || res.Body.String() != "ann" {
					t.Errorf("the first request: %d %q", res.Code, res.Body)
				}
				if next := kit.Serve(app, res.Next(httptest.NewRequest(http.MethodGet, "/", nil))); next.Body.String() != "ann" {
					t.Errorf("the next one: %d %q", next.Code, next.Body)
				}
				if again := kit.Serve(app, r); again.Code != http.StatusOK || again.Body.String() != "" {
					t.Errorf("the old cookie a second time: %d %q", again.Code, again.Body)
				}
			})
		}
	}
}
