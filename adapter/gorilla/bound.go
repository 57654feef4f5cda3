package gorillastore

import (
	"net/http"

	"github.com/gorilla/sessions"
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

func (b bound) Save(_ *http.Request, w http.ResponseWriter, gs *sessions.Session) error {
	return b.Store.Save(b.r, w, gs)
}
