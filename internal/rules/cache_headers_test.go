package rules_test

import (
	"net/http"
	"testing"

	"github.com/echosession/session"
	"github.com/echosession/session/internal/matrix"
)

// TestCacheHeaders: a cache gives no visitor the response of another.
func TestCacheHeaders(t *testing.T) {
	matrix.Caching(t, func(m *session.Manager, h http.HandlerFunc) http.Handler { return m.Handler(h) })
}
