// Quickstart: sessions on Echo, with nothing to install. Run it and try the
// lines it prints.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"log"
	"os"

	"github.com/labstack/echo/v4"

	"github.com/echosession/session"
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
	go manager.Run(context.Background()) // removes what has expired

	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Use(echosession.Middleware(manager))
	e.GET("/", visit)
	e.POST("/login", login)
	e.POST("/logout", logout)

	port := cmp.Or(os.Getenv("PORT"), "8080")
	printLines(port)
	log.Fatal(e.Start("127.0.0.1:" + port))
}
