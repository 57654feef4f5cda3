package scsstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/echosession/session"
)

// Found is what an old session holds that is worth taking over.
type Found struct {
	// User is who is logged in there, or "".
	User string
	// Values are set in the new session, after the login.
	Values map[string]any
	// Options are those of the login.
	Options []session.LoginOption
}

// Adopt turns logins of an scs manager into sessions of ours, once each: at the
// first request that carries the old cookie and is not logged in here, read looks
// at the old session, with the manager's own Get and its like; what it finds is
// stored under a new id, and the old session is deleted. It goes inside our
// middleware, in place of LoadAndSave, and for Echo into echo.WrapMiddleware. The
// old manager keeps its store, codec and cookie.
//
// A zero Found leaves everything as it is, and so does a token that the old store
// does not know. An error of read, of the old store or codec, or of our store is
// logged by [slog.Default] and answered by 503, and the old session stays, to be
// tried again. When the old session cannot be deleted, the new login is taken back:
// two logins for one, of which a logout ends only the other, are not left behind.
//
// Of parallel requests with the same old cookie one may see an anonymous visitor.
// Take Adopt out when the lifetime of the old sessions has passed since the last
// login there.
func Adopt(old *scs.SessionManager, read func(context.Context) (Found, error)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if cookie, err := r.Cookie(old.Cookie.Name); err == nil && cookie.Value != "" {
				if err := adopt(old, cookie.Value, read, w, r); err != nil {
					if r.Context().Err() == nil { // else it is the client who has gone
						slog.ErrorContext(r.Context(), "An old login could not be adopted", "error", err)
					}
					w.Header().Set("Retry-After", "2")
					http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
					return
				}
			}
			next.ServeHTTP(w, r)
		})
	}
}

func adopt(old *scs.SessionManager, token string, read func(context.Context) (Found, error), w http.ResponseWriter, r *http.Request) error {
	s, err := session.FromContext(r.Context())
	if err != nil || s.Degraded() || s.User() != "" {
		return nil // the handler gets that error itself
	}
	ctx, err := old.Load(r.Context(), token)
	if err != nil {
		return oldStore("Load", err, token)
	}
	if old.Token(ctx) == "" { // scs knows no such token
		return nil
	}
	found, err := read(ctx)
	if err != nil {
		return fmt.Errorf("scsstore: adopting a login: read: %w", err)
	}
	if found.User == "" && len(found.Values) == 0 {
		return nil
	}
	if err := takeOver(s, found); err != nil {
		return fmt.Errorf("scsstore: adopting a login: %w", err)
	}
	if err := s.Commit(r.Context()); err != nil {
		return fmt.Errorf("scsstore: adopting a login: %w", err)
	}
	if err := old.Destroy(ctx); err != nil {
		return errors.Join(oldStore("Destroy", err, token), s.Logout(r.Context()))
	}
	old.WriteSessionCookie(ctx, w, "", time.Time{}) // takes it away
	return nil
}

// oldStore is an error of the old manager without the token, should it be in it.
func oldStore(method string, err error, token string) error {
	text := strings.ReplaceAll(err.Error(), token, "…")
	return fmt.Errorf("scsstore: adopting a login: the old manager's %s: %s", method, text)
}

func takeOver(s *session.Session, found Found) error {
	if found.User != "" {
		if err := s.Login(found.User, found.Options...); err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(found.Values)) {
		if err := s.Set(key, found.Values[key]); err != nil {
			return err
		}
	}
	return nil
}
