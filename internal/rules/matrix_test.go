package rules_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/echosession/session/internal/matrix"
)

// TestMatrix drives every way to answer through net/http alone: through
// Manager.Handler, and whatever stands around and inside it.
func TestMatrix(t *testing.T) {
	var paths []matrix.Path
	for _, a := range matrix.Answers() {
		paths = append(paths, matrix.Path{Name: a.Name, Request: a.Request, Want: a.Want, App: func(v *matrix.Visit) http.Handler {
			return v.Manager.Handler(handle(v, a))
		}})
	}
	for _, list := range [][]matrix.Path{aroundPaths(), insidePaths(), panicPaths()} {
		paths = append(paths, list...)
	}
	matrix.Run(t, "net/http", paths)
}

// handle uses the session and answers.
func handle(v *matrix.Visit, a matrix.Answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var err error
		if !a.Itself {
			err = v.UseIn(r.Context())
		}
		if err == nil {
			err = a.Serve(v, w, r)
		}
		if err != nil { // after a failed commit this reaches nobody
			http.Error(w, matrix.Text+" failed: "+err.Error(), http.StatusInternalServerError)
		}
	})
}

// text is the plainest answer.
var text = matrix.Answer{Serve: func(_ *matrix.Visit, w http.ResponseWriter, _ *http.Request) error {
	_, err := io.WriteString(w, matrix.Text)
	return err
}}

// used is a middleware that uses the session, whatever then answers.
func used(v *matrix.Visit, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := v.UseIn(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		next.ServeHTTP(w, r)
	})
}
