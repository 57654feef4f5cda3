package session

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/echosession/session/store"
)

// What a caller may want to tell apart, with [errors.Is]. None of them, and
// nothing they wrap, holds an id, a secret or session data.
var (
	// ErrNoSession: the request did not pass through this package's middleware.
	ErrNoSession = errors.New("session: no session middleware on this request; install it before this handler")
	// ErrUnavailable: the store could not be asked or did not answer in time.
	// Whether the session exists is unknown. It is [store.ErrUnavailable].
	ErrUnavailable = store.ErrUnavailable
	// ErrEnded: the session was logged out, rotated, revoked or expired since
	// this request read it. What the request wanted to store is dropped.
	ErrEnded = fmt.Errorf("session ended during the request: %w", store.ErrNotFound)
	// ErrClosed: the session was used after its request ended.
	ErrClosed = errors.New("session used after its request ended")
	// ErrLate: a session was begun, or its id changed, after the response
	// headers had left, so that no cookie can reach the client any more.
	ErrLate = errors.New("session changed after the response headers had left: its cookie cannot be sent")
	// ErrReadOnly: the store is unavailable and this route goes on as anonymous.
	ErrReadOnly = fmt.Errorf("session is anonymous and read-only: %w", store.ErrUnavailable)
	// ErrNobody: nobody is logged in.
	ErrNobody = errors.New("nobody is logged in")
	// ErrStaleLogin: the user is logged in, and that for too long to do this.
	ErrStaleLogin = errors.New("this needs a recent login: log in again")
	// ErrTooLarge: the document would outgrow [Config.MaxDocument].
	ErrTooLarge = errors.New("session document too large")
	// ErrKey: the key cannot be used; the error says why.
	ErrKey = errors.New("session key refused")
	// ErrValue: the value cannot be stored; the error says why.
	ErrValue = errors.New("session value refused")
	// ErrType: the stored value is not of the asked type.
	ErrType = errors.New("session value is of another type")
)

// errNoHandle: the others cannot be told from this one.
var errNoHandle = fmt.Errorf("%w: this session has no handle yet; commit it first", ErrValue)

// StatusCode is the HTTP status that answers an error of this package: 503
// when the store is unavailable, 401 when nobody is logged in or the session
// ended during the request, 403 when the login is not recent enough and for
// [ErrCSRF], 500 for every other error, and 200 for nil.
func StatusCode(err error) int {
	switch {
	case err == nil:
		return http.StatusOK
	case errors.Is(err, store.ErrUnavailable):
		return http.StatusServiceUnavailable
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrRevoked), errors.Is(err, ErrNobody):
		return http.StatusUnauthorized
	case errors.Is(err, ErrStaleLogin), errors.Is(err, ErrCSRF):
		return http.StatusForbidden
	}
	return http.StatusInternalServerError
}

// StatusText is what a client may read of an error: the sentence of [ErrNobody],
// [ErrStaleLogin] and [ErrCSRF], and the status's own text for all others.
func StatusText(err error) string {
	for _, said := range []error{ErrNobody, ErrStaleLogin, ErrCSRF} {
		if errors.Is(err, said) {
			return said.Error()
		}
	}
	return http.StatusText(StatusCode(err))
}

// unavailable marks an error of unknown outcome, unless it is marked already.
func unavailable(err error) error {
	if errors.Is(err, store.ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}
