// Package echoadmin puts the session admin on Echo v4:
//
//	h, err := admin.New(manager, admin.Options{...})
//	...
//	err = echoadmin.Register(e.Group("/api/admin"), h)
package echoadmin

import (
	"errors"
	"fmt"

	"github.com/labstack/echo/v4"

	"github.com/echosession/session/admin"
)

// Register puts h on a group, whose prefix must be the handler's path. The
// group's middleware runs before it; the handler authorizes by itself as well.
func Register(g *echo.Group, h *admin.Handler) error {
	if g == nil || h == nil {
		return errors.New("echoadmin: the group or the handler is nil; use e.Group and admin.New")
	}
	serve := func(c echo.Context) error {
		h.ServeHTTP(c.Response(), c.Request())
		return nil
	}
	g.Any("/*", serve)
	at := g.Any("", serve)
	return check(at, h)
}

func check(routes []*echo.Route, h *admin.Handler) error {
	if at := routes[0].Path; at != h.Path() {
		return fmt.Errorf("echoadmin: the group is at %q and Options.Path is %q; make the two the same", at, h.Path())
	}
	return nil
}
