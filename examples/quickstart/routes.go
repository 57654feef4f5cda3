package main

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/echosession/session"
	echosession "github.com/echosession/session/middleware"
)

// visit counts. What it changes is stored before the answer leaves.
func visit(c echo.Context) error {
	s, err := echosession.From(c)
	if err != nil {
		return err
	}
	if err := session.Update(s, "visits", func(n int) int { return n + 1 }); err != nil {
		return err
	}
	visits, _ := session.Get[int](s, "visits")
	return c.String(http.StatusOK, fmt.Sprintf("user %q, visit %d\n", s.User(), visits))
}

// login takes anyone's word: your app checks a password first.
func login(c echo.Context) error {
	s, err := echosession.From(c)
	if err != nil {
		return err
	}
	if err := s.Login(c.FormValue("user")); err != nil {
		return echo.NewHTTPError(http.StatusBadRequest, err.Error())
	}
	return c.String(http.StatusOK, "logged in\n")
}

// logout ends the session at once, and for good.
func logout(c echo.Context) error {
	s, err := echosession.From(c)
	if err != nil {
		return err
	}
	if err := s.Logout(c.Request().Context()); err != nil {
		return echosession.Error(err) // still logged in: say so
	}
	return c.String(http.StatusOK, "logged out\n")
}
