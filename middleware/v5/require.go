package echosession

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/echosession/session"
)

// RequireUser lets requests of a user pass. Others are an error for Echo's error
// handler: 401, and 503 while the store is away, also where the session is
// anonymous for it. It goes inside [Middleware], on a group or a route.
func RequireUser() echo.MiddlewareFunc {
	return require(func(r *http.Request) error { return session.CheckUser(r.Context()) })
}

// RequireRecentLogin lets requests pass whose user has logged in within maxAge,
// for what a stolen session must not do: a change of password, a payment (ASVS
// 7.5.1). An older login is 403: ask for the password, call Login again, and
// repeat the request. Else it is [RequireUser].
func RequireRecentLogin(maxAge time.Duration) echo.MiddlewareFunc {
	return require(func(r *http.Request) error { return session.CheckRecentLogin(r.Context(), maxAge) })
}

// RequireCSRF lets requests pass that [session.CheckCSRF] lets pass. Others are an
// error for Echo's error handler: 403, and 503 while the store is away. It goes
// inside [Middleware], on a group or a route.
func RequireCSRF() echo.MiddlewareFunc { return require(session.CheckCSRF) }

func require(check func(*http.Request) error) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			if err := check(c.Request()); err != nil {
				return Error(err)
			}
			return next(c)
		}
	}
}
