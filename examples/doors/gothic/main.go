// Gothic logs a user in at an OAuth provider, with goth, on Echo. gothic and
// echo-contrib/session keep their values in the visitor's own session. The
// provider is a small one of its own, and so is the browser.
package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"

	"github.com/gorilla/sessions"
	contribsession "github.com/labstack/echo-contrib/session"
	"github.com/labstack/echo/v4"
	"github.com/markbates/goth"
	"github.com/markbates/goth/gothic"
	"github.com/markbates/goth/providers/gitea"

	"github.com/echosession/session"
	gorillastore "github.com/echosession/session/adapter/gorilla"
	echosession "github.com/echosession/session/middleware"
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
	store, err := gorillastore.New(gorillastore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	gothic.Store = store

	newApp := newEcho4
	if len(os.Args) > 1 && os.Args[1] == "5" {
		newApp = newEcho5
	}
	app := httptest.NewServer(newApp(manager, store))
	defer app.Close()
	provider := httptest.NewServer(newProvider())
	defer provider.Close()
	goth.UseProviders(gitea.NewCustomisedURL("id", "secret", app.URL+"/auth/gitea/callback",
		provider.URL+"/authorize", provider.URL+"/token", provider.URL+"/user"))

	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}
	for _, path := range []string{"/cart?add=tea", "/auth/gitea", "/theme?set=dark", "/auth/logout", "/"} {
		res, err := browser.Get(app.URL + path)
		if err != nil {
			log.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		fmt.Printf("%-16s %d %s\n", path, res.StatusCode, body)
	}
}

func newEcho4(manager *session.Manager, store sessions.Store) http.Handler {
	e := echo.New()
	e.Use(echosession.Middleware(manager))
	e.Use(contribsession.Middleware(store)) // for code that calls echo-contrib's session.Get

	e.GET("/auth/:provider", func(c echo.Context) error {
		if _, err := echosession.From(c); err != nil {
			return err // gothic has no answer of its own to an outage
		}
		gothic.BeginAuthHandler(c.Response(), gothic.GetContextWithProvider(c.Request(), c.Param("provider")))
		return nil
	})
	e.GET("/auth/:provider/callback", func(c echo.Context) error {
		s, err := echosession.From(c)
		if err != nil {
			return err // first: to gothic an outage is "no such login"
		}
		user, err := gothic.CompleteUserAuth(c.Response(), gothic.GetContextWithProvider(c.Request(), c.Param("provider")))
		if err != nil {
			return echo.NewHTTPError(http.StatusForbidden, "the login did not go through").SetInternal(err)
		}
		// From here on it is our login: a new id, and the cart stays.
		if err := s.Login(user.Provider + ":" + user.UserID); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/")
	})
	// gothic's logout forgets what gothic knows, and nothing else.
	e.GET("/auth/logout", func(c echo.Context) error {
		if err := gothic.Logout(c.Response(), c.Request()); err != nil {
			return err
		}
		return c.String(http.StatusOK, "gothic has forgotten you")
	})
	// Code that was written for gorilla runs as it is.
	e.GET("/theme", func(c echo.Context) error {
		settings, err := contribsession.Get("settings", c)
		if err != nil {
			return err
		}
		settings.Values["theme"] = c.QueryParam("set")
		if err := settings.Save(c.Request(), c.Response()); err != nil {
			return err
		}
		return c.String(http.StatusOK, "saved")
	})
	e.GET("/cart", func(c echo.Context) error {
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
	e.GET("/", func(c echo.Context) error {
		s, err := echosession.From(c)
		if err != nil {
			return err
		}
		settings, err := contribsession.Get("settings", c)
		if err != nil {
			return err
		}
		cart, _ := session.Get[[]string](s, "cart")
		return c.String(http.StatusOK, fmt.Sprintf("user %q, cart %q, theme %v", s.User(), cart, settings.Values["theme"]))
	})
	return e
}
