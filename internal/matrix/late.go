package matrix

import (
	"context"
	"net/http"
)

type giveUpKey struct{}

// Late is a request whose handler can have an http.TimeoutHandler around it give
// up on it, by [GivenUp]. Nothing depends on how fast the machine is.
func Late(r *http.Request) *http.Request {
	ctx, cancel := context.WithCancel(r.Context())
	return r.WithContext(context.WithValue(ctx, giveUpKey{}, cancel))
}

// GivenUp is an answer that comes too late: the http.TimeoutHandler around it
// has answered.
func GivenUp(v *Visit, w http.ResponseWriter, r *http.Request) error {
	r.Context().Value(giveUpKey{}).(context.CancelFunc)()
	for { // until the other side has noticed, on its own goroutine
		if err := writeText(v, w, r); err != nil {
			return nil
		}
	}
}
