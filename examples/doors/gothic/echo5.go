package main

import (
	"fmt"
	"net/http"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v5"
	"github.com/markbates/goth/gothic"

	"github.com/echosession/session"
	echosession "github.com/echosession/session/middleware/v5"
)

// newEcho5 is the same on Echo v5; where echo-contrib's Get was, the store is
// asked itself.
func newEcho5(manager *session.Manager, store sessions.Store) http.Handler {
	e := echo.New()
	e.Use(echosession.Middleware(manager))

	e.GET("/auth/:provider", func(c *echo.Context) error {
		if _, err := echosession.From(c); err != nil {
			return err
		}
		gothic.BeginAuthHandler(c.Response(), gothic.GetContextWithProvider(c.Request(), c.Param("provider")))
		return nil
	})
	e.GET("/auth/:provider/callback", func(c *echo.Context) error {
		s, err := echosession.From(c)
		if err != nil {
			return err
		}
		user, err := gothic.CompleteUserAuth(c.Response(), gothic.GetContextWithProvider(c.Request(), c.Param("provider")))
		if err != nil {
			return echo.NewHTTPError(http.StatusForbidden, "the login did not go through").Wrap(err)
		}
		if err := s.Login(user.Provider + ":" + user.UserID); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/")
	})
	e.GET("/auth/logout", func(c *echo.Context) error {
		if err := gothic.Logout(c.Response(), c.Request()); err != nil {
			return err
		}
		return c.String(http.StatusOK, "gothic has forgotten you")
	})
	e.GET("/theme", func(c *echo.Context) error {
		settings, err := store.Get(c.Request(), "settings")
		if err != nil {
			return err
		}
		settings.Values["theme"] = c.QueryParam("set")
		if err := settings.Save(c.Request(), c.Response()); err != nil {
			return err
		}
		return c.String(http.StatusOK, "saved")
	})
	e.GET("/cart", func(c *echo.Context) error {
		s, err := echosession.From(c)
		if err != nil {
			return err
		}
		add := func(cart []string) []string { return append(cart, c.QueryParam("add")) }
		if err := session.Update(s, "cart", add); err != nil {
			return err
		}
		return c.String(http.StatusOK, "added")
	})
	e.GET("/", func(c *echo.Context) error {
		s, err := echosession.From(c)
		if err != nil {
			return err
		}
		settings, err := store.Get(c.Request(), "settings")
		if err != nil {
			return err
		}
		cart, _ := session.Get[[]string](s, "cart")
		return c.String(http.StatusOK, fmt.Sprintf("user %q, cart %q, theme %v", s.User(), cart, settings.Values["theme"]))
	})
	return e
}
