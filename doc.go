// Package session keeps logins and other data of a visitor on the server, for
// net/http and for Echo (packages middleware and middleware/v5 of this module).
//
// A [Manager] keeps sessions in a store: memory, Postgres, or Redis in front of
// Postgres. Its middleware gives each request a [Session], which is loaded when
// a handler asks for it and stored before the response's first byte leaves. The
// cookie carries a signed id and nothing else.
//
//	m, err := session.New(memstore.New(memstore.Options{}), session.Config{Secrets: secrets})
//	...
//	http.ListenAndServe(addr, m.Handler(mux))
//
//	func visit(w http.ResponseWriter, r *http.Request) {
//		s, err := session.FromContext(r.Context())
//		if err != nil {
//			http.Error(w, "try again", session.StatusCode(err)) // 503: the store is away
//			return
//		}
//		err = session.Update(s, "visits", func(n int) int { return n + 1 })
//		...
//	}
//
// # What holds
//
// A logout is final: no request in flight brings the session back. Parallel
// requests of one session merge by key. Cookie and data arrive together, or an
// error page does. A route that does not use the session pays next to nothing.
// An outage is an outage: what the store did not answer is never "not logged
// in".
//
// # Three answers
//
// A store finds a session, or has none, or cannot be asked. The third is an
// error ([ErrUnavailable]), which the middleware answers with 503; the cookie
// stays as it is. A route may go on as anonymous instead; see [Outage].
//
// The format of cookie and document is express-session's, so that an Express app
// and this package can serve the same login at the same time.
package session
