package echosession_test

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/labstack/echo/v4"

	"github.com/echosession/session"
	echosession "github.com/echosession/session/middleware"
	memstore "github.com/echosession/session/store/memory"
)

// The one line, and a handler that uses the session.
func ExampleMiddleware() {
	quiet := slog.New(slog.DiscardHandler)
	m, err := session.New(memstore.New(memstore.Options{Logger: quiet}), session.Config{
		Secrets: []string{rand.Text() + rand.Text()}, Development: true, Logger: quiet,
	})
	if err != nil {
		panic(err)
	}
	e := echo.New()
	e.Use(echosession.Middleware(m))
	e.GET("/", func(c echo.Context) error {
		s, err := echosession.From(c)
		if err != nil {
			return err // 503 while the store is away
		}
		if err := s.Set("theme", "dark"); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	})

	server := httptest.NewServer(e)
	defer server.Close()
	res, err := http.Get(server.URL)
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	fmt.Println(res.StatusCode, res.Cookies()[0].Name, res.Header.Get("Cache-Control"))
	// Output: 204 session no-store
}

// A route that is as good without knowing who looks at it goes on while the store
// is away.
func ExampleConfig() {
	var m *session.Manager // from session.New
	_, err := echosession.Config{Manager: m, Outage: session.OutageAnonymous}.ToMiddleware()
	fmt.Println(err)
	// Output: echosession: Config.Manager is nil; make one with session.New
}
