package main

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	echoadmin "github.com/echosession/session/admin/v4"
	echosession "github.com/echosession/session/middleware"
)

// newEcho4 puts the app on Echo v4.
func newEcho4(a *app) (http.Handler, error) {
	e := echo.New()
	e.Use(middleware.RequestLogger(), recover4(), echosession.Middleware(a.sessions))

	e.GET("/", on4(a.page("Echo v4")))
	e.POST("/login", on4(a.login))
	e.GET("/me", on4(a.me))
	e.POST("/visit", on4(a.visit))
	e.POST("/set", on4(a.set))
	e.GET("/get", on4(a.get))
	e.POST("/logout", on4(a.logout))
	e.POST("/logout-everywhere", on4(a.logoutEverywhere))
	e.GET("/devices", on4(a.devices), echosession.RequireUser())
	e.POST("/devices/end", on4(a.endDevice), echosession.RequireUser())
	e.POST("/devices/end-others", on4(a.endOthers), echosession.RequireRecentLogin(recentLogin))
	e.GET("/slow", on4(a.slow))
	e.GET("/stream", on4(a.stream))

	if a.metrics != nil {
		e.GET("/metrics", echo.WrapHandler(a.metrics))
	}
	// These do not ask for the session, and so pay nothing for it.
	e.GET("/plain", func(c echo.Context) error { return c.String(http.StatusOK, "ok") })
	e.GET("/healthz", echo.WrapHandler(http.HandlerFunc(a.healthy)))
	e.GET("/readyz", echo.WrapHandler(http.HandlerFunc(a.ready)))
	if a.admin != nil {
		if err := echoadmin.Register(e.Group(a.admin.Path()), a.admin); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// on4 makes an Echo handler of one of ours.
func on4(handle handler) echo.HandlerFunc {
	return func(c echo.Context) error {
		s, err := echosession.From(c)
		if err != nil {
			return err
		}
		if err := handle(s, c.Response(), c.Request()); err != nil {
			status, text := explain(err)
			return echo.NewHTTPError(status, text).SetInternal(err)
		}
		return nil
	}
}

// recover4 makes a panic an error with its stack, for the request logger to log.
func recover4() echo.MiddlewareFunc {
	return middleware.RecoverWithConfig(middleware.RecoverConfig{
		DisableErrorHandler: true,
		LogErrorFunc: func(_ echo.Context, err error, stack []byte) error {
			return fmt.Errorf("panic: %w\n%s", err, stack)
		},
	})
}
