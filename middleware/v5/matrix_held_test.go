package echosession_test

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	"github.com/echosession/session/internal/matrix"
	echosession "github.com/echosession/session/middleware/v5"
)

// held are answers that a middleware around the session's holds back, or that
// pass through a writer which tells nothing of Echo's response.
func held() []way {
	holding := these(middleware.GzipWithConfig(middleware.GzipConfig{MinLength: 1 << 10}))
	opaque := these(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			c.SetResponse(struct{ http.ResponseWriter }{c.Response()})
			return next(c)
		}
	})
	dump := these(middleware.BodyDump(func(*echo.Context, []byte, []byte, error) {}))
	page := matrix.Want{Status: http.StatusBadRequest, Body: `"message"`}
	bad := func(*matrix.Visit, *echo.Context) error { return echo.NewHTTPError(http.StatusBadRequest, "no") }
	var all []way
	for _, a := range matrix.Answers() { // what a writer in between has to offer
		switch a.Name {
		case "http.Flusher", "a websocket by http.Hijacker":
			all = append(all, way{name: a.Name + ", BodyDump outside", outside: dump, request: a.Request, want: a.Want, answer: raw(a)})
		}
	}
	if len(all) != 2 {
		panic("answers were renamed")
	}
	return append(all, []way{
		{name: "changed after the answer, which gzip holds", itself: true, outside: holding, request: zipped(matrix.Request{}),
			answer: func(v *matrix.Visit, c *echo.Context) error { return errors.Join(text(v, c), use(v, c)) }},
		{name: "changed before the answer, which gzip holds, and after it", outside: holding, request: zipped(matrix.Request{}),
			answer: func(v *matrix.Visit, c *echo.Context) error { return errors.Join(text(v, c), use(v, c)) }},
		{name: "an opaque writer outside", outside: opaque, answer: text},
		{name: "an opaque writer outside, gzip inside", outside: opaque, inside: these(middleware.Gzip()), answer: text, request: zipped(matrix.Request{})},
		{name: "an opaque writer outside, an error", outside: opaque, answer: bad, want: page},
		{name: "an opaque writer outside, nothing written", outside: opaque, want: matrix.Want{Empty: true},
			answer: func(*matrix.Visit, *echo.Context) error { return nil }},
	}...)
}

// heads are HEAD requests that Echo answers by a GET route, whose answer it
// counts and holds.
func heads() (all []matrix.Path) {
	answers := []way{
		{name: "a text", answer: text, want: matrix.Want{Empty: true, Header: map[string]string{"Content-Length": "24"}}},
		{name: "JSON", answer: func(_ *matrix.Visit, c *echo.Context) error { return c.JSON(http.StatusOK, matrix.Text) }, want: matrix.Want{Empty: true}},
		{name: "nothing written", answer: func(*matrix.Visit, *echo.Context) error { return nil }, want: matrix.Want{Empty: true}},
		{name: "a flush first", want: matrix.Want{Empty: true}, answer: func(v *matrix.Visit, c *echo.Context) error {
			return errors.Join(http.NewResponseController(c.Response()).Flush(), text(v, c))
		}},
		{name: "a redirect", want: matrix.Want{Status: http.StatusFound, Empty: true}, answer: func(_ *matrix.Visit, c *echo.Context) error {
			return c.Redirect(http.StatusFound, "/matrix/probe")
		}},
		{name: "an error", want: matrix.Want{Status: http.StatusInternalServerError, Empty: true},
			answer: func(*matrix.Visit, *echo.Context) error { return errPlain }},
		{name: "changed by a Before hook", itself: true, want: matrix.Want{Empty: true, NotDown: "the answer is on its way when the hook runs"},
			answer: func(v *matrix.Visit, c *echo.Context) error { before(v, c); return text(v, c) }},
	}
	places := []struct {
		name    string
		install func(e *echo.Echo, mw echo.MiddlewareFunc, h echo.HandlerFunc)
	}{
		{"Use", func(e *echo.Echo, mw echo.MiddlewareFunc, h echo.HandlerFunc) { e.Use(mw); e.GET("/", h) }},
		{"a route", func(e *echo.Echo, mw echo.MiddlewareFunc, h echo.HandlerFunc) { e.GET("/", h, mw) }},
	}
	for _, place := range places {
		for _, w := range answers {
			all = append(all, matrix.Path{
				Name: "HEAD of a GET route, installed by " + place.name + ": " + w.name, Want: w.want, Request: matrix.Request{Method: http.MethodHead},
				App: func(v *matrix.Visit) http.Handler {
					e := configured(v, echo.NewWithConfig(echo.Config{Router: echo.NewRouter(echo.RouterConfig{AutoHandleHEAD: true})}))
					place.install(e, echosession.Middleware(v.Manager), w.handler(v))
					return e
				},
			})
		}
	}
	return all
}
