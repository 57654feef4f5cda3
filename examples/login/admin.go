package main

import (
	"context"
	"net"
	"net/http"

	"github.com/echosession/session"
	"github.com/echosession/session/admin"
	"github.com/echosession/session/store/open"
)

// newAdmin makes the admin API and page, at /api/admin. All who have the token
// are one to it; where operators log in by name, Authorize asks for their role
// and Actor is their name.
func newAdmin(sessions *session.Manager, who admin.Authorizer, backend *open.Backend, counted *admin.Counts) (*admin.Handler, error) {
	return admin.New(sessions, admin.Options{
		Authorize: who,
		Actor: func(r *http.Request) string {
			host, _, _ := net.SplitHostPort(r.RemoteAddr)
			return "token from " + host
		},
		Health: func(ctx context.Context) admin.Health { return admin.Health(backend.Health(ctx)) },
		Counts: counted,
	})
}
