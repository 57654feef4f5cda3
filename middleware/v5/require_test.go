package echosession_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/echosession/session"
	echosession "github.com/echosession/session/middleware/v5"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// A sometimes is a store that is away when it is told to be.
type sometimes struct {
	*memstore.Store
	away bool
}

func (s *sometimes) Load(ctx context.Context, id string) (*store.Record, error) {
	if s.away {
		return nil, store.ErrUnavailable
	}
	return s.Store.Load(ctx, id)
}

func TestRequire(t *testing.T) {
	now := time.Now()
	st := &sometimes{Store: memstore.New(memstore.Options{Now: func() time.Time { return now }})}
	m, err := session.New(st, session.Config{Secrets: []string{"mR4vT9xk2WqLz7bYc0PfJh5sNd8gUa3eXo6iVt1r"}, Development: true})
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	e.Use(echosession.Middleware(m))
	in := func(c *echo.Context) error { return c.String(200, "in") }
	e.GET("/user", in, echosession.RequireUser())
	e.GET("/recent", in, echosession.RequireRecentLogin(time.Hour))
	anonymous := echosession.WithConfig(echosession.Config{Manager: m, Outage: session.OutageAnonymous})
	e.GET("/anonymous", in, anonymous, echosession.RequireUser())
	e.POST("/login", func(c *echo.Context) error {
		s, err := echosession.From(c)
		if err != nil {
			return err
		}
		return s.Login("ann")
	})
	cookie := ""
	is := func(method, path string, status int, body string) {
		t.Helper()
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("Cookie", cookie)
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		if line := w.Header().Get("Set-Cookie"); line != "" {
			cookie, _, _ = strings.Cut(line, ";")
		}
		if w.Code != status || strings.TrimSpace(w.Body.String()) != body {
			t.Errorf("%s %s is %d %s, not %d %s", method, path, w.Code, w.Body, status, body)
		}
		if status == 503 && w.Header().Get("Retry-After") == "" {
			t.Errorf("%s has no Retry-After", path)
		}
	}
	const nobody, stale = `{"message":"nobody is logged in"}`, `{"message":"this needs a recent login: log in again"}`
	is("GET", "/user", 401, nobody)
	is("GET", "/recent", 401, nobody)
	is("POST", "/login", 200, "")
	is("GET", "/user", 200, "in")
	is("GET", "/recent", 200, "in")
	now = now.Add(2 * time.Hour)
	is("GET", "/recent", 403, stale)
	is("GET", "/user", 200, "in")
	is("POST", "/login", 200, "")
	is("GET", "/recent", 200, "in")
	st.away = true
	for _, path := range []string{"/user", "/recent", "/anonymous"} {
		is("GET", path, 503, `{"message":"Service Unavailable"}`)
	}
}
