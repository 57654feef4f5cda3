package echosession_test

import (
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/echosession/session"
	"github.com/echosession/session/internal/matrix"
	echosession "github.com/echosession/session/middleware"
)

// TestCacheHeaders: a cache gives no visitor the response of another.
func TestCacheHeaders(t *testing.T) {
	matrix.Caching(t, func(m *session.Manager, h http.HandlerFunc) http.Handler {
		e := echo.New()
		e.Use(echosession.Middleware(m))
		e.GET("/", echo.WrapHandler(h))
		return e
	})
}
