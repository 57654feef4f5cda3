package session

import (
	"errors"
	"net/http"
)

// Handler gives next a session on every request: [FromContext] finds it. Panics
// pass through.
func (m *Manager) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x, inner, err := m.Open(w, r)
		switch {
		case err != nil:
			m.answer(w, r, err)
			return
		case x == nil:
			next.ServeHTTP(w, r)
			return
		}
		defer x.Close()
		if err := x.serve(next, inner); err != nil {
			m.answer(x, inner, err)
		}
	})
}

// serve runs the handler and returns the error to answer.
func (x *Exchange) serve(next http.Handler, r *http.Request) (err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		// A panic. It goes on as it is, for its stack to be seen, unless a failed
		// commit came first: then that is what the client has to know.
		if err = x.Abandon(r); err != nil {
			recover()
		}
	}()
	next.ServeHTTP(x, r)
	returned = true
	return x.Finish(r, nil)
}

// answer writes the error page of a host that has none of its own.
func (m *Manager) answer(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, ErrUnavailable) {
		w.Header().Set("Retry-After", retryAfter)
	}
	if m.cfg.ErrorHandler != nil {
		m.cfg.ErrorHandler(w, r, err)
		return
	}
	http.Error(w, StatusText(err), StatusCode(err))
}

// WithOutage sets what the routes under next do while the store is unavailable.
// It goes inside [Manager.Handler].
func WithOutage(o Outage, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = SetOutage(r.Context(), o) // without a session there is nothing to set
		next.ServeHTTP(w, r)
	})
}
