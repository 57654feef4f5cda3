package echosession_test

import (
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	"github.com/echosession/session/internal/matrix"
)

// before changes the session in a hook of Echo's.
func before(v *matrix.Visit, c *echo.Context) {
	var once sync.Once // Echo runs it again for an error page
	res, _ := echo.UnwrapResponse(c.Response())
	res.Before(func() { once.Do(func() { _ = use(v, c) }) })
}

// hooks change the session where it is easily forgotten: in Echo's Before, in
// an error handler, in a middleware after the handler.
func hooks() []way {
	page := matrix.Want{Status: http.StatusInternalServerError, Body: `"message"`}
	stays := page
	stays.PageStays = true
	holding := middleware.GzipWithConfig(middleware.GzipConfig{MinLength: 1 << 10})
	logger := middleware.RequestLoggerWithConfig(middleware.RequestLoggerConfig{
		HandleError: true, LogValuesFunc: func(*echo.Context, middleware.RequestLoggerValues) error { return nil },
	})
	onPage := func(name string, outside stack, answer answer) way {
		return way{name: "changed by the error handler" + name, itself: true, page: use, outside: outside, answer: answer, want: stays, request: zipped(matrix.Request{})}
	}
	failing := func(*matrix.Visit, *echo.Context) error { return errPlain }
	panicking := func(*matrix.Visit, *echo.Context) error { panic("a bug") }
	return []way{
		onPage("", nil, failing),
		onPage(", gzip outside", these(middleware.Gzip()), failing),
		onPage(", gzip outside that holds", these(holding), failing),
		onPage(", RequestLogger and gzip outside", these(logger, middleware.Gzip()), failing),
		onPage(", BodyDump outside", these(middleware.BodyDump(func(*echo.Context, []byte, []byte, error) {})), failing),
		onPage(" after a panic", these(quietly), panicking),
		onPage(" after a panic, gzip outside", these(quietly, middleware.Gzip()), panicking),
		{name: "changed by a Before hook", itself: true, answer: func(v *matrix.Visit, c *echo.Context) error { before(v, c); return text(v, c) }},
		{name: "changed by a Before hook, an error", itself: true, want: stays,
			answer: func(v *matrix.Visit, c *echo.Context) error { before(v, c); return errPlain }},
		{name: "changed by a Before hook, gzip outside", itself: true, request: zipped(matrix.Request{}), outside: these(middleware.Gzip()),
			answer: func(v *matrix.Visit, c *echo.Context) error { before(v, c); return text(v, c) }},
		{name: "changed by a Before hook, gzip outside that holds", itself: true, want: matrix.Want{NotDown: "the answer is on its way when the hook runs"}, request: zipped(matrix.Request{}),
			outside: these(holding),
			answer:  func(v *matrix.Visit, c *echo.Context) error { before(v, c); return text(v, c) }},
		{name: "changed by a middleware after the handler, which wrote nothing", itself: true, want: matrix.Want{Empty: true},
			inside: func(v *matrix.Visit) []echo.MiddlewareFunc {
				return []echo.MiddlewareFunc{func(next echo.HandlerFunc) echo.HandlerFunc {
					return func(c *echo.Context) error {
						if err := next(c); err != nil {
							return err
						}
						return use(v, c)
					}
				}}
			},
			answer: func(*matrix.Visit, *echo.Context) error { return nil }},
	}
}

// middlewares are Echo's own, which answer in place of the handler, or change
// what it gets.
func middlewares() []way {
	setThen := func(mw echo.MiddlewareFunc) stack {
		return func(v *matrix.Visit) []echo.MiddlewareFunc { return []echo.MiddlewareFunc{using(v), mw} }
	}
	proxy := func(v *matrix.Visit) []echo.MiddlewareFunc {
		target, err := url.Parse(v.Upstream)
		if err != nil {
			panic(err)
		}
		return []echo.MiddlewareFunc{using(v), middleware.Proxy(middleware.NewRoundRobinBalancer([]*middleware.ProxyTarget{{URL: target}}))}
	}
	unused := func(*matrix.Visit, *echo.Context) error { return errPlain }
	post := matrix.Request{Method: http.MethodPost, Body: matrix.Text}
	uploaded, parse := matrix.Upload()
	socket := matrix.Socket("/socket")
	return []way{
		{name: "ContextTimeout inside", inside: these(middleware.ContextTimeout(time.Hour)), answer: text},
		{name: "ContextTimeout outside", outside: these(middleware.ContextTimeout(time.Hour)), answer: text},
		{name: "ContextTimeout inside, too late", inside: setThen(middleware.ContextTimeout(time.Nanosecond)), itself: true, want: matrix.Want{Status: http.StatusServiceUnavailable, Body: `"message"`},
			answer: func(_ *matrix.Visit, c *echo.Context) error {
				<-c.Request().Context().Done()
				return c.Request().Context().Err()
			}},
		{name: "ContextTimeout inside, an upload", inside: these(middleware.ContextTimeout(time.Hour)), request: uploaded, want: matrix.Want{Upload: true},
			answer: func(v *matrix.Visit, c *echo.Context) error {
				if err := parse(c.Request()); err != nil {
					return err
				}
				return text(v, c)
			}},
		{name: "the request's context replaced by the handler", answer: func(v *matrix.Visit, c *echo.Context) error {
			c.SetRequest(matrix.WithContext(c.Request()))
			return text(v, c)
		}},
		{name: "the request's context replaced by a middleware", answer: text, inside: these(func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c *echo.Context) error {
				c.SetRequest(matrix.WithContext(c.Request()))
				return next(c)
			}
		})},
		{name: "BodyLimit inside, a body over it", inside: setThen(middleware.BodyLimit(1)), itself: true, answer: unused, request: post,
			want: matrix.Want{Status: http.StatusRequestEntityTooLarge, Body: `"message"`}},
		{name: "BodyLimit outside, a body within it", outside: these(middleware.BodyLimit(1 << 10)), answer: text, request: post},
		{name: "CORS inside, a preflight", inside: setThen(middleware.CORS("*")), itself: true, answer: unused,
			request: matrix.Request{Method: http.MethodOptions, Header: http.Header{"Origin": {"https://example.com"}, "Access-Control-Request-Method": {"PUT"}}},
			want:    matrix.Want{Status: http.StatusNoContent, Empty: true}},
		{name: "CORS outside", outside: these(middleware.CORS("*")), answer: text, request: matrix.Request{Header: http.Header{"Origin": {"https://example.com"}}}},
		{name: "CSRF inside, a request it refuses", inside: setThen(middleware.CSRF()), itself: true, answer: unused, request: post,
			want: matrix.Want{Status: http.StatusBadRequest, Body: `"message"`}},
		{name: "KeyAuth inside, a request it refuses", itself: true, answer: unused, want: matrix.Want{Status: http.StatusUnauthorized, Body: `"message"`},
			inside: setThen(middleware.KeyAuth(func(*echo.Context, string, middleware.ExtractorSource) (bool, error) { return false, nil }))},
		{name: "Static inside", itself: true, answer: unused, request: matrix.Request{Path: "/page.txt"},
			inside: func(v *matrix.Visit) []echo.MiddlewareFunc {
				return []echo.MiddlewareFunc{using(v), middleware.StaticWithConfig(middleware.StaticConfig{Filesystem: os.DirFS(v.Dir)})}
			}},
		{name: "Rewrite inside", inside: setThen(middleware.Rewrite(map[string]string{"/": "/elsewhere"})), itself: true, answer: text},
		{name: "Proxy", inside: proxy, itself: true, answer: unused, want: matrix.Want{Header: map[string]string{"Etag": `"1"`}}},
		{name: "Proxy, a redirect from behind", inside: proxy, itself: true, answer: unused, request: matrix.Request{Path: "/away"}, want: matrix.Want{Status: http.StatusSeeOther, Empty: true}},
		{name: "Proxy, a websocket", inside: proxy, itself: true, answer: unused, request: socket, want: matrix.Switched("")},
	}
}
