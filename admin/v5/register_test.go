package echoadmin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v5"

	"github.com/echosession/session"
	"github.com/echosession/session/admin"
	echoadmin "github.com/echosession/session/admin/v5"
	memstore "github.com/echosession/session/store/memory"
)

func newHandler(t *testing.T, path string) *admin.Handler {
	t.Helper()
	m, err := session.New(memstore.New(memstore.Options{}), session.Config{Secrets: []string{"mR4vT9xk2WqLz7bYc0PfJh5sNd8gUa3eXo6iVt1r"}})
	if err != nil {
		t.Fatal(err)
	}
	h, err := admin.New(m, admin.Options{
		Authorize: admin.AuthorizeFunc(func(*http.Request) error { return nil }),
		Actor:     func(*http.Request) string { return "sue" },
		Path:      path,
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestRegister(t *testing.T) {
	for _, path := range []string{"", "/ops/sessions"} {
		e, h := echo.New(), newHandler(t, path)
		if err := echoadmin.Register(e.Group(h.Path()), h); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			method, path string
			status       int
		}{
			{"GET", "", 308}, {"GET", "/", 200}, {"GET", "/page.css", 200}, {"GET", "/session-stats", 200},
			{"POST", "/session-cleanup", 200}, {"GET", "/session-cleanup", 405}, {"DELETE", "/sessions/revoke", 405}, {"GET", "/nothing", 404},
		} {
			w := httptest.NewRecorder()
			e.ServeHTTP(w, httptest.NewRequest(c.method, h.Path()+c.path, nil))
			if w.Code != c.status || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s is %d, not %d", c.method, h.Path()+c.path, w.Code, c.status)
			}
		}
	}
}

func TestRegisterRefusesAnotherPath(t *testing.T) {
	err := echoadmin.Register(echo.New().Group("/ops"), newHandler(t, ""))
	if err == nil || !strings.Contains(err.Error(), `the group is at "/ops" and Options.Path is "/api/admin"`) {
		t.Error(err)
	}
	if err := echoadmin.Register(nil, nil); err == nil {
		t.Error("nothing is registered nowhere")
	}
}
