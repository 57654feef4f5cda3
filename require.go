package session

import (
	"context"
	"net/http"
	"time"

	"github.com/echosession/session/store"
)

// CheckUser says whether the request that ctx belongs to is a user's: nil, or
// [ErrNobody]. An outage is [ErrUnavailable], also on a route that goes on as
// anonymous: who it is, is not known. It is what [RequireUser] asks.
func CheckUser(ctx context.Context) error {
	_, err := user(ctx)
	return err
}

// CheckRecentLogin is [CheckUser], and asks for a login that is not older than
// maxAge: else [ErrStaleLogin]. So is one of unknown age, as Express makes.
// Where the store serves copies the original is asked, so that a session that
// has just been revoked does not pass.
func CheckRecentLogin(ctx context.Context, maxAge time.Duration) error {
	s, err := user(ctx)
	if err != nil {
		return err
	}
	if _, err := store.As[store.Authority](s.x.m.store); err == nil {
		if err := s.Refresh(ctx); err != nil {
			return err
		}
	}
	since := s.AuthTime()
	s.mu.Lock()
	defer s.unlock()
	if since.IsZero() || s.storeNow().Sub(since) > maxAge {
		return ErrStaleLogin
	}
	return nil
}

// user is the session of a request that is somebody's.
func user(ctx context.Context) (*Session, error) {
	s, err := FromContext(ctx)
	switch {
	case err != nil:
		return nil, err
	case s.Degraded():
		return nil, ErrReadOnly
	case s.User() == "":
		return nil, ErrNobody
	}
	return s, nil
}

// RequireUser lets requests of a user pass. Others are answered 401, and 503
// while the store is away, through [Config.ErrorHandler] where there is one. It
// goes inside [Manager.Handler].
func RequireUser(next http.Handler) http.Handler {
	return require(func(r *http.Request) error { return CheckUser(r.Context()) }, next)
}

// RequireRecentLogin lets requests pass whose user has logged in within maxAge,
// for what a stolen session must not do: a change of password, a payment (ASVS
// 7.5.1). An older login is answered 403: ask for the password, call
// [Session.Login] again, and repeat the request. Else it is [RequireUser].
func RequireRecentLogin(maxAge time.Duration, next http.Handler) http.Handler {
	return require(func(r *http.Request) error { return CheckRecentLogin(r.Context(), maxAge) }, next)
}

// require passes on the requests that a check lets through.
func require(check func(*http.Request) error, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := check(r); err != nil {
			if x := exchangeOf(r.Context()); x != nil {
				x.m.answer(w, r, err)
				return
			}
			http.Error(w, StatusText(err), StatusCode(err))
			return
		}
		next.ServeHTTP(w, r)
	})
}
