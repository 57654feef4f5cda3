package gorillastore

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"

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

// Adopt turns logins of an old gorilla store into sessions of ours, once each: at
// the first request that carries the old cookie and is not logged in here, read
// looks at the old session of that name; what it finds is stored under a new id,
// and the old session is deleted. It goes inside the session's middleware, and for
// Echo into echo.WrapMiddleware.
//
// A zero Found leaves everything as it is. An error of read, of the old store or
// of ours is logged by [slog.Default] and answered by 503, and the old session
// stays, to be tried again. A cookie that the old store says is not its own is no
// login, and neither is one of a session whose file is gone ([fs.ErrNotExist]).
// When the old session cannot be deleted, the new login is taken back: two logins
// for one, of which a logout ends only the other, are not left behind.
//
// A store that keeps nothing on the server, such as gorilla's CookieStore, cannot
// forget a cookie: a copy of it could be adopted for as long as its MaxAge says.
// Take Adopt out when that time has passed since the last login there. Of
// parallel requests with the same old cookie one may see an anonymous visitor.
func Adopt(old sessions.Store, name string, read func(*sessions.Session) (Found, error)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if cookie, err := r.Cookie(name); err == nil && cookie.Value != "" {
				if err := adopt(old, cookie, read, w, r); err != nil {
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

func adopt(old sessions.Store, cookie *http.Cookie, read func(*sessions.Session) (Found, error), w http.ResponseWriter, r *http.Request) error {
	s, err := session.FromContext(r.Context())
	if err != nil || s.Degraded() || s.User() != "" {
		return nil // the handler gets that error itself
	}
	// New and not Get: gorilla remembers a session by its name, whatever its store.
	gs, err := old.New(r, cookie.Name)
	var notOurs securecookie.Error
	switch {
	case errors.As(err, &notOurs) && notOurs.IsDecode(), errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return oldStore("New", err, gs, cookie)
	case gs.IsNew:
		return nil
	}
	found, err := read(gs)
	if err != nil {
		return fmt.Errorf("gorillastore: adopting a login: read: %w", err)
	}
	if found.User == "" && len(found.Values) == 0 {
		return nil
	}
	if err := takeOver(s, found); err != nil {
		return fmt.Errorf("gorillastore: adopting a login: %w", err)
	}
	if err := s.Commit(r.Context()); err != nil {
		return fmt.Errorf("gorillastore: adopting a login: %w", err)
	}
	if gs.Options == nil {
		gs.Options = &sessions.Options{Path: "/"}
	}
	gs.Options.MaxAge = -1
	if err := old.Save(r, w, gs); err != nil {
		return errors.Join(oldStore("Save", err, gs, cookie), s.Logout(r.Context()))
	}
	return nil
}

// oldStore is an error of the old store without its id, which a FilesystemStore's
// has in the name of the session's file.
func oldStore(method string, err error, gs *sessions.Session, cookie *http.Cookie) error {
	text := strings.ReplaceAll(err.Error(), cookie.Value, "…")
	if gs != nil && gs.ID != "" {
		text = strings.ReplaceAll(text, gs.ID, "…")
	}
	return fmt.Errorf("gorillastore: adopting a login: the old store's %s: %s", method, text)
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
