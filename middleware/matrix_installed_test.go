package echosession_test

import (
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/echosession/session/internal/matrix"
	echosession "github.com/echosession/session/middleware"
)

// installations are the places where the middleware can stand, alone and beside
// another manager's.
func installations() []matrix.Path {
	path := func(name string, install func(e *echo.Echo, v *matrix.Visit)) matrix.Path {
		return matrix.Path{Name: name, App: func(v *matrix.Visit) http.Handler {
			e := newEcho(v)
			install(e, v)
			return e
		}}
	}
	handler := func(v *matrix.Visit) echo.HandlerFunc { return way{answer: text}.handler(v) }
	ours := func(v *matrix.Visit) echo.MiddlewareFunc { return echosession.Middleware(v.Manager) }
	at := func(p matrix.Path, url string) matrix.Path { p.Request.Path = url; return p }
	failing := func(p matrix.Path, code int) matrix.Path {
		p.Want = matrix.Want{Status: code, Body: `"message"`}
		return p
	}
	return []matrix.Path{
		path("installed by Pre", func(e *echo.Echo, v *matrix.Visit) {
			e.Pre(ours(v))
			e.GET("/", handler(v))
		}),
		failing(at(path("installed by Pre, no such route", func(e *echo.Echo, v *matrix.Visit) {
			e.Pre(ours(v), using(v))
		}), "/none"), http.StatusNotFound),
		at(path("installed by Pre, after Rewrite", func(e *echo.Echo, v *matrix.Visit) {
			e.Pre(middleware.Rewrite(map[string]string{"/old": "/"}), ours(v))
			e.GET("/", handler(v))
		}), "/old"),
		at(path("installed on a group", func(e *echo.Echo, v *matrix.Visit) {
			e.Group("/group", ours(v)).GET("/page", handler(v))
		}), "/group/page"),
		failing(at(path("installed on a group, no such route", func(e *echo.Echo, v *matrix.Visit) {
			e.Group("/group", ours(v), using(v)).GET("/page", handler(v))
		}), "/group/none"), http.StatusNotFound),
		failing(path("installed by Use, no such method", func(e *echo.Echo, v *matrix.Visit) {
			e.Use(ours(v), using(v))
			e.POST("/", handler(v))
		}), http.StatusMethodNotAllowed),
		path("installed on a route", func(e *echo.Echo, v *matrix.Visit) { e.GET("/", handler(v), ours(v)) }),
		path("installed twice", func(e *echo.Echo, v *matrix.Visit) {
			e.Use(ours(v))
			e.GET("/", handler(v), ours(v))
		}),
		path("installed twice, gzip between", func(e *echo.Echo, v *matrix.Visit) {
			e.Use(ours(v), middleware.Gzip(), ours(v))
			e.GET("/", handler(v))
		}),
		path("Manager.Handler around Echo", func(e *echo.Echo, v *matrix.Visit) {
			e.Use(echo.WrapMiddleware(v.Manager.Handler))
			e.GET("/", handler(v))
		}),
		path("two managers, ours inside", func(e *echo.Echo, v *matrix.Visit) {
			e.Use(echosession.Middleware(matrix.Another()), ours(v))
			e.GET("/", handler(v))
		}),
		path("two managers, ours outside", func(e *echo.Echo, v *matrix.Visit) {
			e.Use(ours(v), using(v), echosession.Middleware(matrix.Another()))
			e.GET("/", func(c echo.Context) error {
				if _, err := echosession.From(c); err != nil {
					return err
				}
				return text(v, c)
			})
		}),
	}
}
