package echosession_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/echosession/session"
	echosession "github.com/echosession/session/middleware"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// away is a store that cannot be asked, and stores nothing.
type away struct{ store.Store }

func (away) Load(context.Context, string) (*store.Record, error) { return nil, store.ErrUnavailable }
func (away) Create(context.Context, *store.Record) error         { return store.ErrUnavailable }

// setUp is a manager of a store that is away, and a cookie of its own: one that
// it would have to ask the store about.
func setUp(t *testing.T) (m *session.Manager, cookie string) {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	memory := memstore.New(memstore.Options{Logger: logger})
	cfg := session.Config{Secrets: []string{rand.Text() + rand.Text()}, Cookie: session.Cookie{Insecure: true}, Logger: logger}
	good, err := session.New(memory, cfg)
	if err == nil {
		m, err = session.New(away{memory}, cfg)
	}
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	e.Use(echosession.Middleware(good))
	e.POST("/", func(c echo.Context) error {
		s, err := echosession.From(c)
		if err != nil {
			return err
		}
		return s.Login("ann")
	})
	line := serve(t, e, http.MethodPost, "/", "").Header.Get("Set-Cookie")
	cookie, _, _ = strings.Cut(line, ";")
	if cookie == "" {
		t.Fatal("no cookie")
	}
	return m, cookie
}

// serve sends one request to a real server.
func serve(t *testing.T, e *echo.Echo, method, path, cookie string) *http.Response {
	t.Helper()
	srv := httptest.NewServer(e)
	defer srv.Close()
	r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	res, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res
}

// degraded answers 200 when the session is anonymous for want of a store.
func degraded(c echo.Context) error {
	s, err := echosession.From(c)
	if err != nil {
		return err
	}
	if !s.Degraded() {
		return c.NoContent(http.StatusTeapot)
	}
	return c.NoContent(http.StatusOK)
}

func TestSkipper(t *testing.T) {
	m, cookie := setUp(t)
	e := echo.New()
	e.Use(echosession.WithConfig(echosession.Config{
		Manager: m, Skipper: func(c echo.Context) bool { return c.Request().URL.Path == "/health" },
	}))
	e.GET("/health", func(c echo.Context) error {
		if _, err := echosession.From(c); !errors.Is(err, session.ErrNoSession) {
			t.Error("a request that is passed by has a session:", err)
		}
		return c.NoContent(http.StatusOK)
	})
	e.GET("/", degraded)
	if res := serve(t, e, http.MethodGet, "/health", cookie); res.StatusCode != http.StatusOK {
		t.Error("skipped:", res.StatusCode)
	}
	if res := serve(t, e, http.MethodGet, "/", cookie); res.StatusCode != http.StatusServiceUnavailable {
		t.Error("not skipped:", res.StatusCode)
	}
}

func TestOutage(t *testing.T) {
	m, cookie := setUp(t)
	route := func(o session.Outage) echo.MiddlewareFunc {
		return echosession.WithConfig(echosession.Config{Manager: m, Outage: o})
	}
	for name, c := range map[string]struct {
		app    session.Outage
		route  []echo.MiddlewareFunc
		status int
	}{
		"closed by default":               {session.OutageDefault, nil, 503},
		"anonymous for the app":           {session.OutageAnonymous, nil, 200},
		"anonymous for the route":         {session.OutageDefault, []echo.MiddlewareFunc{route(session.OutageAnonymous)}, 200},
		"closed for the route":            {session.OutageAnonymous, []echo.MiddlewareFunc{route(session.OutageClosed)}, 503},
		"as the app where a route is mum": {session.OutageAnonymous, []echo.MiddlewareFunc{route(session.OutageDefault)}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			e := echo.New()
			e.Use(route(c.app))
			e.GET("/", degraded, c.route...)
			res := serve(t, e, http.MethodGet, "/", cookie)
			if res.StatusCode != c.status || res.Header.Get("Set-Cookie") != "" {
				t.Error(res.StatusCode, res.Header)
			}
			if retry := res.Header.Get("Retry-After") != ""; retry != (c.status == 503) {
				t.Error("Retry-After:", res.Header)
			}
		})
	}
	if _, err := (echosession.Config{Manager: m, Outage: 7}).ToMiddleware(); err == nil {
		t.Error("an outage that is none is taken")
	}
}

func TestErrorHandler(t *testing.T) {
	m, _ := setUp(t)
	var told error
	e := echo.New()
	e.Use(echosession.WithConfig(echosession.Config{
		Manager: m,
		ErrorHandler: func(err error, _ echo.Context) error {
			told = err
			return echo.NewHTTPError(http.StatusBadGateway, "come back later")
		},
	}))
	e.POST("/", func(c echo.Context) error {
		s, err := echosession.From(c)
		if err != nil {
			return err
		}
		if err := s.Set("k", 1); err != nil {
			return err
		}
		return c.String(http.StatusOK, "stored")
	})
	res := serve(t, e, http.MethodPost, "/", "")
	if res.StatusCode != http.StatusBadGateway || res.Header.Get("Set-Cookie") != "" {
		t.Error(res.StatusCode, res.Header)
	}
	if !errors.Is(told, session.ErrUnavailable) {
		t.Error("told of", told)
	}
}
