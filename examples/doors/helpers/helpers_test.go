package main

import (
	"net/http/httptest"
	"testing"

	"github.com/echosession/session/sessiontest"
)

// An outage is a 503, whatever the middleware in front would make of an error.
func TestAnOutageIsAnOutageToEachOfThem(t *testing.T) {
	for path, want := range map[string]int{"/admin": 503, "/api": 503, "/limited": 200, "/oauth/callback": 503} {
		t.Run(path, func(t *testing.T) {
			kit := sessiontest.New(t)
			app, err := newApp(kit.Manager)
			if err != nil {
				t.Fatal(err)
			}
			ann := kit.LoggedIn(t, httptest.NewRequest("GET", path, nil), "ann")
			kit.Store.Fail(nil)
			if res := kit.Serve(app, ann); res.Code != want {
				t.Errorf("answers %d, not %d", res.Code, want)
			}
		})
	}
}

func TestWhoIsLetIn(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	app, err := newApp(kit.Manager)
	if err != nil {
		t.Fatal(err)
	}
	in := func(user string) func(path string) int {
		return func(path string) int {
			r := httptest.NewRequest("GET", path, nil)
			if user != "" {
				r = kit.LoggedIn(t, r, user)
			}
			return kit.Serve(app, r).Code
		}
	}
	for _, c := range []struct {
		user, path string
		want       int
	}{
		{"ann", "/admin", 200}, {"bob", "/admin", 403}, {"", "/admin", 403},
		{"ann", "/api", 401}, {"", "/api", 401}, // logged in, and without a token
		{"ann", "/limited", 200}, {"bob", "/limited", 200}, {"ann", "/limited", 429},
	} {
		if got := in(c.user)(c.path); got != c.want {
			t.Errorf("%q at %s: %d, not %d", c.user, c.path, got, c.want)
		}
	}
}
