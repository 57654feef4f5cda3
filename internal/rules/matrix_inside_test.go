package rules_test

import (
	"net/http"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/internal/matrix"
)

// insidePaths have something between the session's middleware and the handler,
// or another session's middleware.
func insidePaths() []matrix.Path {
	inside := func(name string, r matrix.Request, want matrix.Want, app func(v *matrix.Visit) http.Handler) matrix.Path {
		return matrix.Path{Name: name, Request: r, Want: want, App: func(v *matrix.Visit) http.Handler {
			return v.Manager.Handler(app(v))
		}}
	}
	plain, get := matrix.Want{}, matrix.Request{}
	mux := func(v *matrix.Visit) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("GET /{$}", handle(v, text))
		mux.Handle("GET /dir/", handle(v, text))
		mux.Handle("GET /files/", http.StripPrefix("/files", http.FileServer(http.Dir(v.Dir))))
		return used(v, mux)
	}
	return []matrix.Path{
		inside("a mux", get, plain, func(v *matrix.Visit) http.Handler {
			mux := http.NewServeMux()
			mux.Handle("GET /", handle(v, text))
			return mux
		}),
		inside("a mux, no such route", matrix.Request{Path: "/none"}, matrix.Want{Status: http.StatusNotFound, Body: "not found"}, mux),
		inside("a mux, no such method", matrix.Request{Method: http.MethodPut},
			matrix.Want{Status: http.StatusMethodNotAllowed, Body: "Not Allowed"}, mux),
		inside("a file server", matrix.Request{Path: "/files/page.txt"}, plain, mux),
		inside("a file server, no such file", matrix.Request{Path: "/files/none"}, matrix.Want{Status: http.StatusNotFound, Body: "not found"}, mux),
		inside("a recorder inside, and a flush through it", get, plain, func(v *matrix.Visit) http.Handler {
			return recorded(handle(v, matrix.Answer{Serve: func(v *matrix.Visit, w http.ResponseWriter, r *http.Request) error {
				if err := http.NewResponseController(w).Flush(); err != nil {
					return err
				}
				v.Hold(r.Context())
				return text.Serve(v, w, r)
			}}))
		}),
		inside("events, until a flush fails", get, matrix.Want{Endless: true}, func(v *matrix.Visit) http.Handler {
			// Not in the other frameworks: Echo's response has no error for it.
			return handle(v, matrix.Answer{Serve: func(v *matrix.Visit, w http.ResponseWriter, r *http.Request) error {
				for {
					_ = text.Serve(v, w, r)
					if err := http.NewResponseController(w).Flush(); err != nil {
						return nil
					}
				}
			}})
		}),
		inside("a buffer inside", get, plain, func(v *matrix.Visit) http.Handler { return buffered(handle(v, text)) }),
		inside("http.TimeoutHandler inside, in time", get, plain, func(v *matrix.Visit) http.Handler {
			return http.TimeoutHandler(handle(v, text), time.Hour, "")
		}),
		inside("http.TimeoutHandler inside, too late", get, matrix.Want{Status: http.StatusServiceUnavailable, Empty: true},
			func(v *matrix.Visit) http.Handler { return givenUp(handle(v, matrix.Answer{Serve: matrix.GivenUp})) }),
		inside("the request's context replaced inside", get, plain, func(v *matrix.Visit) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(v, text).ServeHTTP(w, matrix.WithContext(r)) })
		}),
		inside("a request of another site refused", matrix.Request{Method: http.MethodPost, Header: http.Header{"Sec-Fetch-Site": {"cross-site"}}},
			matrix.Want{Status: http.StatusForbidden, Body: "cross-origin"}, func(v *matrix.Visit) http.Handler {
				return used(v, http.NewCrossOriginProtection().Handler(handle(v, text)))
			}),
		inside("changed by a middleware, after the handler wrote nothing", get, matrix.Want{Empty: true}, func(v *matrix.Visit) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := v.UseIn(r.Context()); err != nil {
					http.Error(w, err.Error(), http.StatusInternalServerError)
				}
			})
		}),
		inside("the middleware twice", get, plain, func(v *matrix.Visit) http.Handler { return v.Manager.Handler(handle(v, text)) }),
		{Name: "two managers, ours inside", App: func(v *matrix.Visit) http.Handler {
			return matrix.Another().Handler(v.Manager.Handler(handle(v, text)))
		}},
		inside("two managers, ours outside", get, matrix.Want{Caching: "no-store"}, func(v *matrix.Visit) http.Handler {
			inner := matrix.Another().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s, err := session.FromContext(r.Context())
				if err == nil {
					err = s.Set("theirs", true)
				}
				if err != nil {
					http.Error(w, err.Error(), http.StatusInternalServerError)
					return
				}
				_ = text.Serve(v, w, r)
			}))
			return used(v, inner)
		}),
	}
}

// panicPaths have a handler that panics.
func panicPaths() []matrix.Path {
	failing := matrix.Answer{Serve: func(*matrix.Visit, http.ResponseWriter, *http.Request) error { panic("a bug") }}
	written := matrix.Answer{Serve: func(v *matrix.Visit, w http.ResponseWriter, r *http.Request) error {
		_ = text.Serve(v, w, r)
		panic("a bug, later")
	}}
	const gone = "a panic drops it"
	failed := matrix.Want{Status: http.StatusInternalServerError, Body: "sorry"}
	dropped := failed
	dropped.Dropped, dropped.NotDown = gone, "nothing is stored"
	outside := func(v *matrix.Visit, a matrix.Answer) http.Handler {
		return recovering(v.Manager.Handler(handle(v, a)))
	}
	return []matrix.Path{
		{Name: "a panic, recovered outside", Want: dropped, App: func(v *matrix.Visit) http.Handler { return outside(v, failing) }},
		{Name: "a panic, recovered inside", Want: failed, App: func(v *matrix.Visit) http.Handler {
			return v.Manager.Handler(recovering(handle(v, failing)))
		}},
		{Name: "a panic after a write, recovered outside", App: func(v *matrix.Visit) http.Handler { return outside(v, written) }},
		{Name: "a panic, recovered by the server", App: func(v *matrix.Visit) http.Handler { return v.Manager.Handler(handle(v, failing)) },
			Want: matrix.Want{NoAnswer: true, Dropped: gone, NotDown: "nothing is stored"}},
		{Name: "a panic after a flush, recovered by the server", Want: matrix.Want{Cut: true}, App: func(v *matrix.Visit) http.Handler {
			return v.Manager.Handler(handle(v, matrix.Answer{Serve: func(v *matrix.Visit, w http.ResponseWriter, r *http.Request) error {
				_ = text.Serve(v, w, r)
				_ = http.NewResponseController(w).Flush()
				v.Hold(r.Context())
				panic("a bug, later")
			}}))
		}},
	}
}

// recovering answers panics, where nothing has been written.
func recovering(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w}
		defer func() {
			if recover() != nil && rec.code == 0 {
				http.Error(w, "sorry", http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(rec, r)
	})
}
