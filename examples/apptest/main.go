// Apptest is a small shop on Echo, for the tests beside it: each handler test is
// a few lines with package sessiontest.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"log"
	"net/http"

	"github.com/labstack/echo/v5"

	"github.com/echosession/session"
	echosession "github.com/echosession/session/middleware/v5"
	memstore "github.com/echosession/session/store/memory"
)

func main() {
	manager, err := session.New(memstore.New(memstore.Options{}), session.Config{
		Secrets:     []string{rand.Text() + rand.Text()}, // yours: from the environment, and kept
		Development: true,                                // cookies over plain http
	})
	if err != nil {
		log.Fatal(err)
	}
	go manager.Run(context.Background())
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", newShop(manager)))
}

// newShop is the application. It is given its sessions, so that a test can give
// it others.
func newShop(manager *session.Manager) http.Handler {
	e := echo.New()
	e.Use(echosession.Middleware(manager))
	e.POST("/login", login)
	e.POST("/logout", logout)
	e.POST("/cart", add)
	e.GET("/cart", cart)
	return e
}

func login(c *echo.Context) error {
	s, err := echosession.From(c)
	if err != nil {
		return err
	}
	if c.FormValue("password") != "correct horse" { // yours: a hash of each user's own
		return echo.ErrUnauthorized
	}
	if err := s.Login(c.FormValue("user")); err != nil {
		return echo.NewHTTPError(http.StatusBadRequest, err.Error())
	}
	return c.NoContent(http.StatusNoContent)
}

func logout(c *echo.Context) error {
	s, err := echosession.From(c)
	if err != nil {
		return err
	}
	if err := s.Logout(c.Request().Context()); err != nil {
		return echosession.Error(err)
	}
	return c.NoContent(http.StatusNoContent)
}

func add(c *echo.Context) error {
	s, err := echosession.From(c)
	if err != nil {
		return err
	}
	err = session.Update(s, "cart", func(items []string) []string { return append(items, c.FormValue("item")) })
	if errors.Is(err, session.ErrTooLarge) {
		return echo.NewHTTPError(http.StatusRequestEntityTooLarge, "the cart is full")
	}
	if err != nil {
		return echosession.Error(err)
	}
	return c.NoContent(http.StatusNoContent)
}

func cart(c *echo.Context) error {
	s, err := echosession.From(c)
	if err != nil {
		return err
	}
	if s.User() == "" {
		return echo.ErrUnauthorized
	}
	items, _ := session.Get[[]string](s, "cart")
	return c.JSON(http.StatusOK, map[string]any{"user": s.User(), "items": items})
}
