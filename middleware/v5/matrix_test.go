package echosession_test

import (
	"errors"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/labstack/echo/v5"

	"github.com/echosession/session"
	"github.com/echosession/session/internal/matrix"
	echosession "github.com/echosession/session/middleware/v5"
)

// TestMatrix drives every way to answer through Echo v5: what net/http offers,
// what Echo adds, and its middleware around the session's and inside it.
func TestMatrix(t *testing.T) {
	var paths []matrix.Path
	for _, a := range matrix.Answers() {
		paths = append(paths, way{name: a.Name, request: a.Request, want: a.Want, itself: a.Itself, answer: raw(a)}.path())
	}
	for _, list := range [][]way{answers(), failures(), panics(), hooks(), gzips(), wrappers(), middlewares(), held()} {
		for _, w := range list {
			paths = append(paths, w.path())
		}
	}
	matrix.Run(t, "v5", slices.Concat(paths, installations(), heads()))
}

type (
	// answer is what a handler does after it has used its session.
	answer = func(v *matrix.Visit, c *echo.Context) error
	// stack makes middleware for one application.
	stack = func(v *matrix.Visit) []echo.MiddlewareFunc
)

// A way is a response path of an application with one route.
type way struct {
	name    string
	answer  answer
	outside stack                                        // around the session's middleware
	inside  stack                                        // within it
	itself  bool                                         // the answer, a middleware or the error page uses the session
	page    func(v *matrix.Visit, c *echo.Context) error // before the error page is written
	request matrix.Request
	want    matrix.Want
}

func (w way) path() matrix.Path {
	return matrix.Path{Name: w.name, Request: w.request, Want: w.want, App: func(v *matrix.Visit) http.Handler {
		e := newEcho(v)
		if page := e.HTTPErrorHandler; w.page != nil {
			e.HTTPErrorHandler = func(c *echo.Context, err error) {
				if !committed(c) {
					_ = w.page(v, c)
				}
				page(c, err)
			}
		}
		if w.outside != nil {
			e.Use(w.outside(v)...)
		}
		e.Use(echosession.Middleware(v.Manager))
		if w.inside != nil {
			e.Use(w.inside(v)...)
		}
		e.Any("/", w.handler(v))
		return e
	}}
}

// handler uses the session, unless something else does, and answers.
func (w way) handler(v *matrix.Visit) echo.HandlerFunc {
	return func(c *echo.Context) error {
		if !w.itself {
			if err := use(v, c); err != nil {
				return err
			}
		}
		return w.answer(v, c)
	}
}

// use uses the session of a context.
func use(v *matrix.Visit, c *echo.Context) error {
	s, err := echosession.From(c)
	if err != nil {
		return err
	}
	return v.Use(s)
}

// using is a middleware that uses the session, whatever then answers.
func using(v *matrix.Visit) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			if err := use(v, c); err != nil {
				return err
			}
			return next(c)
		}
	}
}

// committed reports whether the headers have left, as Echo knows it.
func committed(c *echo.Context) bool {
	res, err := echo.UnwrapResponse(c.Response())
	return err == nil && res.Committed
}

// newEcho is an application with an error page of its own.
func newEcho(v *matrix.Visit) *echo.Echo { return configured(v, echo.New()) }

func configured(v *matrix.Visit, e *echo.Echo) *echo.Echo {
	e.Logger = slog.New(slog.DiscardHandler)
	e.Filesystem = os.DirFS(v.Dir)
	e.Renderer = pages{}
	page := e.HTTPErrorHandler
	e.HTTPErrorHandler = func(c *echo.Context, err error) {
		if !committed(c) {
			c.Response().Header().Set(matrix.PageHeader, matrix.OwnPage)
		}
		page(c, err)
	}
	return e
}

// raw is an answer without Echo.
func raw(a matrix.Answer) answer {
	return func(v *matrix.Visit, c *echo.Context) error {
		err := a.Serve(v, c.Response(), c.Request())
		if errors.Is(err, session.ErrUnavailable) {
			return nil // the error of a write, which many handlers drop
		}
		return err
	}
}

// text is the plainest answer.
func text(_ *matrix.Visit, c *echo.Context) error { return c.String(http.StatusOK, matrix.Text) }

// these is a stack that is the same for each application.
func these(list ...echo.MiddlewareFunc) stack {
	return func(*matrix.Visit) []echo.MiddlewareFunc { return list }
}
