// Package admin lets operators see and end sessions: a JSON API and one page, as
// a plain [http.Handler]. Packages admin/v4 and admin/v5 put it on Echo.
//
//	token, err := admin.Token(os.Getenv("ADMIN_TOKEN"))
//	...
//	h, err := admin.New(manager, admin.Options{
//		Authorize: token,
//		Actor:     func(r *http.Request) string { return "support" },
//	})
//	...
//	mux.Handle("/api/admin/", h)
//
// Under [Options.Path], which is /api/admin:
//
//	GET  /                 the page
//	GET  session-stats     how many sessions there are, and since when
//	GET  session-health    the servers, the copies, the last cleanup, the pool
//	GET  sessions?user=…   where a user is logged in
//	POST sessions/revoke   end a session, a user's sessions, or everyone's
//	POST session-cleanup   remove expired sessions now
//	POST sign-in, sign-out the page's own cookie; only with [Token]
//
// It shows handles and users, and never an id or what is in a session.
//
// # Who may
//
// There is no handler without [Options.Authorize] and [Options.Actor]. Every
// request but those for the page's own files is authorized anew. Changes are
// POST, from the same origin, limited in number, and each is logged with who,
// why, what and how many.
package admin
