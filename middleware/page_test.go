package echosession_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/echosession/session"
	"github.com/echosession/session/internal/matrix"
	echosession "github.com/echosession/session/middleware"
	"github.com/echosession/session/store"
)

// The error page of a session that ended during the request may begin a new one,
// whatever stands around: its cookie is on the page, and its data is stored.
func TestErrorPageBeginsASession(t *testing.T) {
	for name, outside := range map[string][]echo.MiddlewareFunc{
		"with nothing around":         nil,
		"with gzip around":            {middleware.Gzip()},
		"with gzip around that holds": {middleware.GzipWithConfig(middleware.GzipConfig{MinLength: 1 << 10})},
		"with BodyDump around":        {middleware.BodyDump(func(echo.Context, []byte, []byte) {})},
		"with gzip and Recover":       {quietly, middleware.Gzip()},
	} {
		t.Run(name, func(t *testing.T) {
			m := matrix.Another()
			e := echo.New()
			e.Logger.SetOutput(io.Discard)
			e.Use(outside...)
			e.Use(echosession.Middleware(m))
			page := e.HTTPErrorHandler
			e.HTTPErrorHandler = func(err error, c echo.Context) {
				s, fromErr := echosession.From(c)
				if fromErr != nil || c.Response().Committed {
					return
				}
				if err := s.Flash("you were logged out"); err != nil {
					t.Error(err)
				}
				page(err, c)
			}
			e.GET("/begin", func(c echo.Context) error {
				s, err := echosession.From(c)
				if err != nil {
					return err
				}
				return s.Set("a", 1)
			})
			e.GET("/", func(c echo.Context) error {
				s, err := echosession.From(c)
				if err != nil {
					return err
				}
				_ = s.Set("a", 2)
				if _, err := m.Revoke(context.Background(), store.Revocation{Everyone: true}); err != nil {
					t.Error(err)
				}
				return c.String(http.StatusOK, matrix.Text)
			})
			e.GET("/flashes", func(c echo.Context) error {
				s, err := echosession.From(c)
				if err != nil {
					return err
				}
				list, err := session.Flashes[string](c.Request().Context(), s)
				if err != nil {
					return err
				}
				return c.String(http.StatusOK, strings.Join(list, "; "))
			})
			server := httptest.NewServer(e)
			defer server.Close()

			_, _, first := visit(t, server.URL+"/begin", "")
			status, body, second := visit(t, server.URL, first)
			if status != http.StatusUnauthorized || strings.Contains(body, matrix.Text) || second == "" || second == first {
				t.Fatalf("the page is a %d, %q, with the cookie %q", status, body, second)
			}
			if _, body, _ := visit(t, server.URL+"/flashes", second); body != "you were logged out" {
				t.Errorf("the new session has %q", body)
			}
		})
	}
}

// visit makes a request, and returns what is needed for the next.
func visit(t *testing.T, url, cookie string) (status int, body, next string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if cookie != "" {
		req.Header.Set("Cookie", cookie)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	lines := res.Header["Set-Cookie"]
	if len(lines) > 1 {
		t.Errorf("%d cookies: %q", len(lines), lines)
	}
	if len(lines) > 0 {
		next, _, _ = strings.Cut(lines[0], ";")
	}
	return res.StatusCode, string(text), next
}
