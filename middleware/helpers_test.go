package echosession_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/echosession/session"
	echosession "github.com/echosession/session/middleware"
	"github.com/echosession/session/sessiontest"
)

func TestHelpers(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	request := func() *http.Request { return httptest.NewRequest(http.MethodPost, "/", nil) }
	// in runs a function in a handler, behind the middleware or not.
	in := func(r *http.Request, installed bool, do func(c echo.Context)) {
		h := func(c echo.Context) error { do(c); return c.NoContent(204) }
		if installed {
			h = echosession.Middleware(kit.Manager)(h)
		}
		if err := h(echo.New().NewContext(r, httptest.NewRecorder())); err != nil {
			t.Error(err)
		}
	}
	ann := kit.LoggedIn(t, request(), "ann", sessiontest.Set("token", "a.b.c"), sessiontest.Set("number", 1))
	in(ann, true, func(c echo.Context) {
		if user, err := echosession.User(c); user != "ann" || err != nil {
			t.Errorf("User: %q, %v", user, err)
		}
		if id, err := echosession.Identifier(c); id != "user:ann" || err != nil {
			t.Errorf("Identifier: %q, %v", id, err)
		}
		if values, err := echosession.Value("token")(c); len(values) != 1 || values[0] != "a.b.c" || err != nil {
			t.Errorf("Value: %q, %v", values, err)
		}
		for _, key := range []string{"absent", "number"} {
			if values, err := echosession.Value(key)(c); values != nil || err == nil {
				t.Errorf("Value of %s: %q, %v", key, values, err)
			}
		}
	})
	in(request(), true, func(c echo.Context) {
		if user, err := echosession.User(c); user != "" || err != nil {
			t.Errorf("User of nobody: %q, %v", user, err)
		}
		if id, err := echosession.Identifier(c); id != "address:192.0.2.1" || err != nil {
			t.Errorf("Identifier of nobody: %q, %v", id, err)
		}
	})
	in(ann, false, func(c echo.Context) {
		_, user := echosession.User(c)
		_, id := echosession.Identifier(c)
		_, value := echosession.Value("token")(c)
		for what, err := range map[string]error{"User": user, "Identifier": id, "Value": value} {
			if !errors.Is(err, session.ErrNoSession) {
				t.Errorf("%s without the middleware: %v", what, err)
			}
		}
	})
	kit.Store.Fail(nil)
	without := func(c echo.Context) {
		if id, err := echosession.Identifier(c); id != "address:192.0.2.1" || err != nil {
			t.Errorf("Identifier without a store: %q, %v", id, err)
		}
		_, user := echosession.User(c)
		_, value := echosession.Value("token")(c)
		for what, err := range map[string]error{"User": user, "Value": value} {
			if !errors.Is(err, session.ErrUnavailable) {
				t.Errorf("%s without a store: %v", what, err)
			}
		}
	}
	in(ann, true, without)
	in(ann, true, func(c echo.Context) {
		if err := session.SetOutage(c.Request().Context(), session.OutageAnonymous); err != nil {
			t.Error(err)
		}
		without(c)
	})
}

func TestRequireCSRF(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	e := echo.New()
	e.Use(echosession.Middleware(kit.Manager), echosession.RequireCSRF())
	e.Any("/", func(c echo.Context) error {
		s, err := echosession.From(c)
		if err != nil {
			return err
		}
		token, err := session.CSRFToken(c.Request().Context(), s)
		if err != nil {
			return err
		}
		return c.String(200, token)
	})
	page := kit.Serve(e, kit.LoggedIn(t, httptest.NewRequest(http.MethodGet, "/", nil), "ann"))
	if res := kit.Serve(e, page.Next(httptest.NewRequest(http.MethodPost, "/", nil))); res.Code != 403 {
		t.Errorf("without a token: %d", res.Code)
	}
	r := page.Next(httptest.NewRequest(http.MethodPost, "/", nil))
	r.Header.Set(session.CSRFHeader, page.Body.String())
	if res := kit.Serve(e, r); res.Code != 200 {
		t.Errorf("with a token: %d", res.Code)
	}
}
