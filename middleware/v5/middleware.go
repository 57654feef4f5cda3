// Package echosession puts sessions on Echo v5. It is one line:
//
//	e.Use(echosession.Middleware(manager))
//
// and in a handler
//
//	s, err := echosession.From(c)
//
// Order of middleware: RequestLogger, Recover, tracing and gzip first, then the
// session, then CSRF and what is the application's. Recover outside means that
// a panic drops what the handler changed; inside, that it is stored.
//
// Package middleware, one folder up, is the same for Echo v4; the two share no
// code but the core, so that a program links one Echo.
package echosession

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	"github.com/echosession/session"
)

// Config is how the middleware behaves. Only Manager is required.
type Config struct {
	// Skipper passes requests by: they have no session at all. Default: none.
	Skipper middleware.Skipper
	// Manager has the sessions.
	Manager *session.Manager
	// Outage is what the routes do while the store is unavailable. Default: a
	// 503. On a route, inside a middleware of the same manager, it sets this for
	// the route, and does nothing else.
	Outage session.Outage
	// ErrorHandler turns the error of a session that could not be stored into
	// the one that goes to Echo's error handler. It writes nothing. Default:
	// [Error].
	ErrorHandler func(c *echo.Context, err error) error
}

// Middleware gives each request a session, loaded when a handler asks for it
// with [From] and stored before the response leaves. It panics when m is nil.
func Middleware(m *session.Manager) echo.MiddlewareFunc {
	return WithConfig(Config{Manager: m})
}

// WithConfig is [Middleware] with a configuration. It panics on a bad one, as
// Echo's own do.
func WithConfig(cfg Config) echo.MiddlewareFunc {
	mw, err := cfg.ToMiddleware()
	if err != nil {
		panic(err)
	}
	return mw
}

// ToMiddleware is [WithConfig] with an error in place of the panic.
func (cfg Config) ToMiddleware() (echo.MiddlewareFunc, error) {
	if cfg.Manager == nil {
		return nil, errors.New("echosession: Config.Manager is nil; make one with session.New")
	}
	if cfg.Outage < session.OutageDefault || cfg.Outage > session.OutageAnonymous {
		return nil, fmt.Errorf("echosession: Config.Outage is %d; use session.OutageClosed or session.OutageAnonymous", cfg.Outage)
	}
	if cfg.ErrorHandler == nil {
		cfg.ErrorHandler = func(_ *echo.Context, err error) error { return Error(err) }
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			if cfg.Skipper != nil && cfg.Skipper(c) {
				return next(c)
			}
			return cfg.serve(next, c)
		}
	}, nil
}

func (cfg *Config) serve(next echo.HandlerFunc, c *echo.Context) error {
	// Under Echo's Response, not around it: everything Echo writes comes by. A
	// context without one (a test's, say) gets the exchange as its response.
	outermost := c.Response()
	res, err := echo.UnwrapResponse(outermost)
	below := outermost
	if err == nil {
		below = res.ResponseWriter
	}
	x, r, err := cfg.Manager.Open(below, c.Request())
	if err != nil {
		return err
	}
	if err := session.SetOutage(r.Context(), cfg.Outage); err != nil {
		return err
	}
	if x == nil { // the session is there already
		return next(c)
	}
	// It stays there, since the error handler writes after this has returned.
	var f *front
	switch {
	case res == nil:
		c.SetResponse(x)
	case outermost != http.ResponseWriter(res):
		f = &front{ResponseWriter: outermost, x: x}
		c.SetResponse(f)
		fallthrough
	default:
		res.ResponseWriter = x
	}
	c.SetRequest(r)
	err, failed := run(next, c, x, f)
	if failed == nil {
		return outage(err)
	}
	err = cfg.ErrorHandler(c, failed)
	if res == nil {
		c.SetResponse(x)
		return err
	}
	res.ResponseWriter, res.Committed, res.Status, res.Size = x, false, http.StatusOK, 0
	c.SetResponse(outermost)
	if f != nil && f.passed {
		// The middleware around us may hold parts of the handler's answer and write
		// them when we return. So the error page goes first, and nothing after it.
		c.SetResponse(res)
		c.Echo().HTTPErrorHandler(c, err)
		x.Seal()
	}
	return err
}

// outage gives the error of a store that is away its status, where the handler has
// returned it as it came: code that knows nothing of this package, such as what is
// written for gorilla, has no other. An error with a status is left alone.
func outage(err error) error {
	if errors.Is(err, session.ErrUnavailable) && echo.StatusCode(err) == 0 {
		return Error(err)
	}
	return err
}

// run calls the handler. failed is not nil when the session could not be stored
// and an error page is the answer.
func run(next echo.HandlerFunc, c *echo.Context, x *session.Exchange, f *front) (err, failed error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		// A panic goes on as it is, for Recover to see its stack, unless a failed
		// commit came first.
		if failed = x.Abandon(c.Request()); failed != nil {
			recover()
		}
	}()
	err = next(c)
	returned = true
	if err == nil && f != nil && f.passed {
		return nil, x.Finish(c.Request(), errHeld)
	}
	return err, x.Finish(c.Request(), err)
}

// From returns the session of a request, loaded on first use. The error is an
// *echo.HTTPError, to be returned as it is: 503 when the store is unavailable,
// 500 when the middleware is missing. errors.Is tells session.ErrUnavailable
// from session.ErrNoSession.
func From(c *echo.Context) (*session.Session, error) {
	s, err := session.FromContext(c.Request().Context())
	if err != nil {
		return nil, Error(err)
	}
	return s, nil
}

// Error is an error of package session as Echo's error handler understands it:
// with its status and [session.StatusText]. The cause is inside, for logs.
func Error(err error) error {
	if err == nil {
		return nil
	}
	status := session.StatusCode(err)
	return echo.NewHTTPError(status, session.StatusText(err)).Wrap(err)
}
