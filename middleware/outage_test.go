package echosession_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"

	echosession "github.com/echosession/session/middleware"
	"github.com/echosession/session/sessiontest"
)

// A handler may return an outage as it came from the session: it is a 503 all the
// same. An error that has a status keeps it, and what is no outage is Echo's.
func TestAnOutageThatAHandlerReturnsIsA503(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	returned := map[string]func(err error) error{
		"/raw":     func(err error) error { return err },
		"/wrapped": func(err error) error { return fmt.Errorf("the cart: %w", err) },
		"/teapot":  func(err error) error { return echo.NewHTTPError(http.StatusTeapot, "no tea").SetInternal(err) },
		"/From":    func(err error) error { return fmt.Errorf("the cart: %w", echosession.Error(err)) },
		"/theirs": func(err error) error {
			return fmt.Errorf("the cart: %w", echo.NewHTTPError(http.StatusTeapot).SetInternal(err))
		},
		"/other": func(error) error { return errors.New("another error") },
	}
	e := echo.New()
	e.Logger.SetOutput(io.Discard)
	e.Use(echosession.Middleware(kit.Manager))
	for path, with := range returned {
		e.GET(path, func(c echo.Context) error {
			s, err := echosession.From(c)
			if err != nil {
				return err
			}
			if err := s.Set("a", 1); err != nil {
				return err
			}
			return with(s.Commit(c.Request().Context()))
		})
	}
	for path, want := range map[string]int{"/raw": 503, "/wrapped": 503, "/From": 503, "/teapot": 418, "/theirs": 500, "/other": 500} {
		kit.Store.Recover()
		r := kit.LoggedIn(t, httptest.NewRequest(http.MethodGet, path, nil), "ann")
		kit.Store.Fail(nil, "Save")
		res := kit.Serve(e, r)
		if res.WantKept(t); res.Code != want || (want == 503) && res.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d, Retry-After %q", path, res.Code, res.Header().Get("Retry-After"))
		}
	}
}
