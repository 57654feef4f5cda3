// Package echosession puts sessions on Echo v4. It is one line:
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
// Package middleware/v5 is the same for Echo v5; the two share no code but the
// core, so that a program links one Echo.
package echosession

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

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
	ErrorHandler func(err error, c echo.Context) error
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
		cfg.ErrorHandler = func(err error, _ echo.Context) error { return Error(err) }
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if cfg.Skipper != nil && cfg.Skipper(c) {
				return next(c)
			}
			return cfg.serve(next, c)
		}
	}, nil
}

func (cfg *Config) serve(next echo.HandlerFunc, c echo.Context) error {
	res := c.Response()
	x, r, err := cfg.Manager.Open(res.Writer, c.Request())
	if err != nil {
		return err
	}
	if err := session.SetOutage(r.Context(), cfg.Outage); err != nil {
		return err
	}
	if x == nil { // the session is there already
		return next(c)
	}
	// Under Echo's Response, not around it: everything Echo writes comes by. It
	// stays there, since the error handler writes after this has returned.
	res.Writer = x
	c.SetRequest(r)
	err, failed := run(next, c, res, x)
	if failed != nil {
		res.Writer, res.Committed, res.Status, res.Size = x, false, http.StatusOK, 0
		c.SetResponse(res) // echo.WrapMiddleware inside has put another one over it
		err = cfg.ErrorHandler(failed, c)
	} else {
		err = outage(err)
	}
	if err != nil {
		pageFollows(res, x)
	}
	return err
}

// outage gives the error of a store that is away its status, where the handler has
// returned it as it came: code that knows nothing of this package, such as what is
// written for gorilla, has no other. An error with a status is left alone; but
// Echo's error handler does not see that of an error that wraps one, and would
// answer 500 to who has put words around [From]'s.
func outage(err error) error {
	if !errors.Is(err, session.ErrUnavailable) {
		return err
	}
	var known *echo.HTTPError // below the check: it is an allocation
	if errors.As(err, &known) && (err == error(known) || known.Code != http.StatusServiceUnavailable) {
		return err
	}
	return Error(err)
}

// pageFollows lets the exchange know when an error page leaves. It is written
// above us, where a middleware such as gzip may have put another writer back;
// Echo's hook sees it all the same.
func pageFollows(res *echo.Response, x *session.Exchange) {
	if !res.Committed {
		res.Before(x.Leaving)
	}
}

// run calls the handler. failed is not nil when the session could not be stored
// and an error page is the answer.
func run(next echo.HandlerFunc, c echo.Context, res *echo.Response, x *session.Exchange) (err, failed error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		// A panic goes on as it is, for Recover to see its stack, unless a failed
		// commit came first.
		if failed = x.Abandon(c.Request()); failed != nil {
			recover()
			return
		}
		pageFollows(res, x)
	}()
	err = next(c)
	returned = true
	return err, x.Finish(c.Request(), err)
}

// From returns the session of a request, loaded on first use. The error is an
// *echo.HTTPError, to be returned as it is: 503 when the store is unavailable,
// 500 when the middleware is missing. errors.Is tells session.ErrUnavailable
// from session.ErrNoSession.
func From(c echo.Context) (*session.Session, error) {
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
	return echo.NewHTTPError(status, session.StatusText(err)).SetInternal(err)
}
