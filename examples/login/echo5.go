package main

import (
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	echoadmin "github.com/echosession/session/admin/v5"
	echosession "github.com/echosession/session/middleware/v5"
)

// newEcho5 puts the app on Echo v5.
func newEcho5(a *app) (http.Handler, error) {
	e := echo.New()
	e.Logger = slog.Default()
	e.Use(middleware.RequestLogger(), middleware.Recover(), echosession.Middleware(a.sessions))

	e.GET("/", on5(a.page("Echo v5")))
	e.POST("/login", on5(a.login))
	e.GET("/me", on5(a.me))
	e.POST("/visit", on5(a.visit))
	e.POST("/set", on5(a.set))
	e.GET("/get", on5(a.get))
	e.POST("/logout", on5(a.logout))
	e.POST("/logout-everywhere", on5(a.logoutEverywhere))
	e.GET("/devices", on5(a.devices), echosession.RequireUser())
	e.POST("/devices/end", on5(a.endDevice), echosession.RequireUser())
	e.POST("/devices/end-others", on5(a.endOthers), echosession.RequireRecentLogin(recentLogin))
	e.GET("/slow", on5(a.slow))
	e.GET("/stream", on5(a.stream))

	if a.metrics != nil {
		e.GET("/metrics", echo.WrapHandler(a.metrics))
	}
	// These do not ask for the session, and so pay nothing for it.
	e.GET("/plain", func(c *echo.Context) error { return c.String(http.StatusOK, "ok") })
	e.GET("/healthz", echo.WrapHandler(http.HandlerFunc(a.healthy)))
	e.GET("/readyz", echo.WrapHandler(http.HandlerFunc(a.ready)))
	if a.admin != nil {
		if err := echoadmin.Register(e.Group(a.admin.Path()), a.admin); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// on5 makes an Echo handler of one of ours.
func on5(handle handler) echo.HandlerFunc {
	return func(c *echo.Context) error {
		s, err := echosession.From(c)
		if err != nil {
			return err
		}
		if err := handle(s, c.Response(), c.Request()); err != nil {
			status, text := explain(err)
			return echo.NewHTTPError(status, text).Wrap(err)
		}
		return nil
	}
}
