package gorillastore

import (
	"errors"
	"net/http"

	"github.com/gorilla/sessions"

	"github.com/echosession/session"
)

// A bound store asks the request that it was got for. gorilla's registry would have
// it ask the one of the first Get there was, of whichever store: a middleware
// outside the session's, with the application's old store, knows no session yet.
type bound struct {
	*Store
	r *http.Request
}

func (b bound) New(_ *http.Request, name string) (*sessions.Session, error) {
	return b.Store.New(b.r, name)
}

// Save asks r where the session was got outside ours, and is saved inside.
func (b bound) Save(r *http.Request, w http.ResponseWriter, gs *sessions.Session) error {
	if _, err := session.FromContext(b.r.Context()); !errors.Is(err, session.ErrNoSession) {
		r = b.r
	}
	return b.Store.Save(r, w, gs)
}
