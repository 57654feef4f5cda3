// Package sessiontest is for the tests of applications that use sessions: a
// request that is already logged in, a store that fails on command, a clock that
// is moved by hand, and what a response says about the cookie.
//
//	kit := sessiontest.New(t)
//	res := kit.Serve(newApp(kit.Manager), kit.LoggedIn(t, httptest.NewRequest("GET", "/me", nil), "ann"))
//	res.WantKept(t)
//
// It deals in *http.Request and http.Handler alone, so that it serves net/http,
// Echo v4 and Echo v5 alike: an *echo.Echo is an http.Handler. One handler of
// Echo by itself is tested behind the middleware:
//
//	c := echo.New().NewContext(kit.LoggedIn(t, httptest.NewRequest("GET", "/me", nil), "ann"), httptest.NewRecorder())
//	err := echosession.Middleware(kit.Manager)(me)(c)
//
// A handler that runs without the middleware gets session.ErrNoSession, as it
// would in production.
//
// In a bubble of testing/synctest the process's clock is a fake one already, and
// everything here follows it.
package sessiontest
