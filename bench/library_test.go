package bench

import (
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/alexedwards/scs/v2"
	scsmem "github.com/alexedwards/scs/v2/memstore"
	"github.com/gorilla/sessions"
	echo4 "github.com/labstack/echo/v4"
	echo5 "github.com/labstack/echo/v5"

	"github.com/echosession/session"
	session4 "github.com/echosession/session/middleware"
	session5 "github.com/echosession/session/middleware/v5"
	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

// A step is what a route does with the session; the host answers with the text.
type step func(w http.ResponseWriter, r *http.Request) (string, error)

// The routes. Every library does the same on each, with the same values.
const (
	begin  = "begin"  // log in and store what the other routes find
	unused = "unused" // leave the session alone
	read   = "read"   // read one value
	count  = "count"  // read the number that write and update change
	write  = "write"  // set one value, stored before the answer leaves
	update = "update" // count up, and store it before going on
	login  = "login"  // bind the user and rotate the id
)

// What the session holds, and what the routes answer.
const (
	userID = "4711"
	name   = "ann"
	theme  = "dark"
	nobody = "nobody"
	done   = "ok"
)

// A library is a way to have sessions: its middleware for each host, nil where
// it needs none, and its routes.
type library struct {
	name  string
	v4    echo4.MiddlewareFunc
	v5    echo5.MiddlewareFunc
	plain func(http.Handler) http.Handler
	steps map[string]step
}

func nothing(http.ResponseWriter, *http.Request) (string, error) { return done, nil }

// bare has no sessions: what remains is the host and the answer.
func bare() library { return library{name: "bare", steps: map[string]step{unused: nothing}} }

// empty is a middleware that does nothing: Echo v4 builds its chain anew for each
// request, which costs every middleware an allocation.
func empty() library {
	return library{
		name:  "empty middleware",
		v4:    func(next echo4.HandlerFunc) echo4.HandlerFunc { return func(c echo4.Context) error { return next(c) } },
		v5:    func(next echo5.HandlerFunc) echo5.HandlerFunc { return func(c *echo5.Context) error { return next(c) } },
		plain: func(next http.Handler) http.Handler { return http.HandlerFunc(next.ServeHTTP) },
		steps: map[string]step{unused: nothing},
	}
}

// numbers are what write stores: never the same one twice.
var numbers atomic.Int64

const secret = "nB7vQ2mZx9Lk4Ty8Rw1Pc6Hd3Fg5Js0AeUoIiYtK"

var quiet = slog.New(slog.DiscardHandler)

// ours is this repository, with the memory store.
func ours() library { return oursOn(memstore.New(memstore.Options{Logger: quiet})) }

func oursOn(records store.Store) library {
	m, err := session.New(records, session.Config{Secrets: []string{secret}, Logger: quiet})
	if err != nil {
		panic(err)
	}
	with := func(f func(*session.Session, *http.Request) (string, error)) step {
		return func(_ http.ResponseWriter, r *http.Request) (string, error) {
			s, err := session.FromContext(r.Context())
			if err != nil {
				return "", err
			}
			return f(s, r)
		}
	}
	return library{
		name:  "session",
		v4:    session4.Middleware(m),
		v5:    session5.Middleware(m),
		plain: m.Handler,
		steps: map[string]step{
			unused: nothing,
			begin: with(func(s *session.Session, _ *http.Request) (string, error) {
				for key, value := range map[string]any{"name": name, "theme": theme, "n": 0} {
					if err := s.Set(key, value); err != nil {
						return "", err
					}
				}
				return done, s.Login(userID)
			}),
			read: with(func(s *session.Session, _ *http.Request) (string, error) {
				if value, ok := session.Get[string](s, "name"); ok {
					return value, nil
				}
				return nobody, nil
			}),
			count: with(func(s *session.Session, _ *http.Request) (string, error) {
				n, _ := session.Get[int](s, "n")
				return itoa(n), nil
			}),
			write: with(func(s *session.Session, _ *http.Request) (string, error) {
				return done, s.Set("n", int(numbers.Add(1)))
			}),
			update: with(func(s *session.Session, r *http.Request) (string, error) {
				if err := session.Update(s, "n", func(n int) int { return n + 1 }); err != nil {
					return "", err
				}
				return done, s.Commit(r.Context())
			}),
			login: with(func(s *session.Session, _ *http.Request) (string, error) {
				return done, s.Login(userID)
			}),
		},
	}
}

// scsLibrary is alexedwards/scs as its readme installs it, with its memory store
// less the goroutine that cleans up.
func scsLibrary() library { return scsOn(scsmem.NewWithCleanupInterval(0)) }

func scsOn(records scs.Store) library {
	m := scs.New()
	m.Store = records
	return library{
		name:  "scs",
		v4:    echo4.WrapMiddleware(m.LoadAndSave),
		v5:    echo5.WrapMiddleware(m.LoadAndSave),
		plain: m.LoadAndSave,
		steps: map[string]step{
			unused: nothing,
			begin: func(_ http.ResponseWriter, r *http.Request) (string, error) {
				ctx := r.Context()
				m.Put(ctx, "user", userID)
				m.Put(ctx, "name", name)
				m.Put(ctx, "theme", theme)
				m.Put(ctx, "n", 0)
				return done, nil
			},
			read: func(_ http.ResponseWriter, r *http.Request) (string, error) {
				if value := m.GetString(r.Context(), "name"); value != "" {
					return value, nil
				}
				return nobody, nil
			},
			count: func(_ http.ResponseWriter, r *http.Request) (string, error) {
				return itoa(m.GetInt(r.Context(), "n")), nil
			},
			write: func(_ http.ResponseWriter, r *http.Request) (string, error) {
				m.Put(r.Context(), "n", int(numbers.Add(1)))
				return done, nil
			},
			update: func(_ http.ResponseWriter, r *http.Request) (string, error) {
				m.Put(r.Context(), "n", m.GetInt(r.Context(), "n")+1)
				return done, nil // stored by the middleware: a Commit here would be a second one
			},
			login: func(_ http.ResponseWriter, r *http.Request) (string, error) {
				if err := m.RenewToken(r.Context()); err != nil {
					return "", err
				}
				m.Put(r.Context(), "user", userID)
				return done, nil
			},
		},
	}
}

// gorilla is gorilla/sessions with its CookieStore. It keeps the values in the
// cookie, signed: nothing on the server, and nothing that a logout could end. It
// is here as a reference for what reading costs elsewhere.
func gorilla() library {
	store := sessions.NewCookieStore([]byte(secret))
	return library{
		name: "gorilla",
		steps: map[string]step{
			begin: func(w http.ResponseWriter, r *http.Request) (string, error) {
				s, err := store.Get(r, "session")
				if err != nil {
					return "", err
				}
				s.Values["user"], s.Values["name"], s.Values["theme"], s.Values["n"] = userID, name, theme, 0
				return done, s.Save(r, w)
			},
			read: func(_ http.ResponseWriter, r *http.Request) (string, error) {
				s, err := store.Get(r, "session")
				if err != nil {
					return "", err
				}
				if value, ok := s.Values["name"].(string); ok {
					return value, nil
				}
				return nobody, nil
			},
			count: func(_ http.ResponseWriter, r *http.Request) (string, error) {
				s, err := store.Get(r, "session")
				if err != nil {
					return "", err
				}
				n, _ := s.Values["n"].(int)
				return itoa(n), nil
			},
			write: func(w http.ResponseWriter, r *http.Request) (string, error) {
				s, err := store.Get(r, "session")
				if err != nil {
					return "", err
				}
				s.Values["n"] = int(numbers.Add(1))
				return done, s.Save(r, w)
			},
		},
	}
}
