package echosession

import (
	"errors"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	"github.com/echosession/session"
)

// User is who is logged in, or "": a UserGetter for echo-contrib/casbin and its
// like. The error is [From]'s, and an outage is one also on a route that goes on as
// anonymous: who it is, is not known. casbin makes it a 403 unless its ErrorHandler
// returns it as it is.
func User(c *echo.Context) (string, error) {
	s, err := known(c)
	if err != nil {
		return "", err
	}
	return s.User(), nil
}

// Identifier tells visitors apart for Echo's rate limiter: by their user, and by
// their address before login and while the store is away. Not by their session:
// who drops the cookie would be somebody else.
func Identifier(c *echo.Context) (string, error) {
	user, err := User(c)
	switch {
	case errors.Is(err, session.ErrUnavailable):
	case err != nil:
		return "", err
	case user != "":
		return "user:" + user, nil
	}
	return "address:" + c.RealIP(), nil
}

// Value extracts a string that the session holds under a key: a token for
// echo-jwt's TokenLookupFuncs. A session without it is an error that names the
// key; without a store it is the error of [User].
func Value(key string) middleware.ValuesExtractor {
	const source = middleware.ExtractorSource("session")
	return func(c *echo.Context) ([]string, middleware.ExtractorSource, error) {
		s, err := known(c)
		if err != nil {
			return nil, source, err
		}
		value, found, err := session.Lookup[string](s, key)
		if err != nil {
			return nil, source, err
		}
		if !found {
			return nil, source, errors.New("the session has no value of the key " + key)
		}
		return []string{value}, source, nil
	}
}

// known is [From] for those who decide by what the session holds: an outage is no
// empty session.
func known(c *echo.Context) (*session.Session, error) {
	s, err := From(c)
	if err == nil && s.Degraded() {
		return nil, Error(session.ErrReadOnly)
	}
	return s, err
}
