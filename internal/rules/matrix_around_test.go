package rules_test

import (
	"bytes"
	"errors"
	"net/http"
	"time"

	"github.com/echosession/session/internal/matrix"
)

// aroundPaths have another middleware around the session's.
func aroundPaths() []matrix.Path {
	flushed := matrix.Answer{Itself: true, Serve: func(v *matrix.Visit, w http.ResponseWriter, r *http.Request) error {
		if err := http.NewResponseController(w).Flush(); !errors.Is(err, http.ErrNotSupported) {
			return errors.New("the writer flushes")
		}
		return errors.Join(v.UseIn(r.Context()), text.Serve(v, w, r))
	}}
	around := func(name string, wrap func(http.Handler) http.Handler, a matrix.Answer, want matrix.Want) matrix.Path {
		return matrix.Path{Name: name, Want: want, App: func(v *matrix.Visit) http.Handler {
			return wrap(v.Manager.Handler(handle(v, a)))
		}}
	}
	timeout := func(h http.Handler) http.Handler { return http.TimeoutHandler(h, time.Hour, "") }
	empty := matrix.Answer{Serve: func(*matrix.Visit, http.ResponseWriter, *http.Request) error { return nil }}
	return []matrix.Path{
		around("http.TimeoutHandler outside, in time", timeout, text, matrix.Want{}),
		around("http.TimeoutHandler outside, nothing written", timeout, empty, matrix.Want{Empty: true}),
		around("http.TimeoutHandler outside, which cannot flush", timeout, flushed, matrix.Want{}),
		around("http.TimeoutHandler outside, too late", givenUp, matrix.Answer{Serve: matrix.GivenUp}, matrix.Want{
			Status: http.StatusServiceUnavailable, Empty: true,
			OutOfReach: "the answer left without the handler, which stores its session all the same",
			NotDown:    "the answer left without the handler",
		}),
		around("a buffer outside", buffered, text, matrix.Want{}),
		around("a buffer outside, nothing written", buffered, empty, matrix.Want{Empty: true}),
		around("a recorder outside", func(h http.Handler) http.Handler { return recorded(h) }, text, matrix.Want{}),
	}
}

// givenUp has http.TimeoutHandler answer while the handler is at work.
func givenUp(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		returned := make(chan struct{})
		defer func() { <-returned }() // nothing is left behind for the next path
		inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(returned)
			next.ServeHTTP(w, r)
		})
		http.TimeoutHandler(inner, time.Hour, "").ServeHTTP(w, matrix.Late(r))
	})
}

// buffered holds an answer back until its handler has returned, and is of no
// use to http.ResponseController.
func buffered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := &buffer{header: w.Header(), code: http.StatusOK}
		next.ServeHTTP(b, r)
		w.WriteHeader(b.code)
		_, _ = w.Write(b.Bytes())
	})
}

type buffer struct {
	bytes.Buffer
	header http.Header
	code   int
}

func (b *buffer) Header() http.Header  { return b.header }
func (b *buffer) WriteHeader(code int) { b.code = code }

// recorded notes the status, as middleware for logs does.
func recorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&recorder{ResponseWriter: w}, r)
	})
}

type recorder struct {
	http.ResponseWriter
	code int
}

func (r *recorder) WriteHeader(code int) {
	r.code = code
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
