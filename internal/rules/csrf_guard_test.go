package rules_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/echosession/session"
	"github.com/echosession/session/sessiontest"
)

// Where an outage makes a session anonymous, its secret is not "none": a form
// that was filled in is good again when the store is back, and a 403 would say
// that it never will be.
func TestAnOutageIsNoForgedRequest(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	get := httptest.NewRequest(http.MethodGet, "/token", nil)
	form := kit.Serve(csrfApp(kit), kit.LoggedIn(t, get, "ann"))
	paid := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "paid") })
	app := kit.Manager.Handler(session.WithOutage(session.OutageAnonymous, session.RequireCSRF(paid)))
	kit.Store.Fail(nil)
	for how, request := range withToken {
		for what, token := range map[string]string{"its token": form.Body.String(), "none": ""} {
			res := kit.Serve(app, form.Next(request(token)))
			if res.WantKept(t); res.Code != http.StatusServiceUnavailable || res.Header().Get("Retry-After") == "" {
				t.Errorf("%s in %s: %d, Retry-After %q", what, how, res.Code, res.Header().Get("Retry-After"))
			}
		}
	}
	kit.Store.Recover()
	if res := kit.Serve(app, form.Next(withToken["a form"](form.Body.String()))); res.Body.String() != "paid" {
		t.Errorf("when the store is back: %d", res.Code)
	}
}

func TestALogoutEndsItsCSRFTokens(t *testing.T) {
	t.Parallel()
	kit := sessiontest.New(t)
	app := csrfApp(kit)
	logout := kit.Manager.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, _ := session.FromContext(r.Context())
		if err := s.Logout(r.Context()); err != nil {
			t.Error(err)
		}
	}))
	get := func() *http.Request { return httptest.NewRequest(http.MethodGet, "/token", nil) }
	before := kit.Serve(app, kit.LoggedIn(t, get(), "ann"))
	out := kit.Serve(logout, before.Next(get()))
	after := kit.Serve(app, out.Next(get())) // a visitor again, with a form again
	pay := withToken["a header"](before.Body.String())
	for what, r := range map[string]*http.Request{"the visitor": after.Next(pay), "no cookie": out.Next(pay), "the old cookie": before.Next(pay)} {
		if res := kit.Serve(app, r); res.Code != http.StatusForbidden {
			t.Errorf("a token from before the logout, with %s: %d", what, res.Code)
		}
	}
}

// The guards answer alike: with the application's own page where it has one, and
// with Retry-After while the store is away.
func TestTheGuardsAnswerAlike(t *testing.T) {
	t.Parallel()
	next := http.NotFoundHandler()
	guards := map[string]http.Handler{
		"RequireUser": session.RequireUser(next), "RequireRecentLogin": session.RequireRecentLogin(1, next), "RequireCSRF": session.RequireCSRF(next),
	}
	page := func(w http.ResponseWriter, _ *http.Request, err error) {
		w.WriteHeader(session.StatusCode(err))
		fmt.Fprint(w, "page: ", session.StatusText(err))
	}
	for name, guard := range guards {
		for _, own := range []bool{false, true} {
			kit := sessiontest.New(t, func(c *session.Config) {
				if own {
					c.ErrorHandler = page
				}
			})
			ann := kit.LoggedIn(t, httptest.NewRequest(http.MethodPost, "/", nil), "ann")
			app := kit.Manager.Handler(guard)
			kit.Store.Fail(nil)
			away := kit.Serve(app, ann)
			kit.Store.Recover()
			nobody := kit.Serve(app, httptest.NewRequest(http.MethodPost, "/", nil))
			if away.Code != 503 || away.Header().Get("Retry-After") == "" || nobody.Code/100 != 4 || nobody.Header().Get("Retry-After") != "" {
				t.Errorf("%s: %d with Retry-After %q in an outage, %d with %q for nobody", name,
					away.Code, away.Header().Get("Retry-After"), nobody.Code, nobody.Header().Get("Retry-After"))
			}
			if strings.HasPrefix(away.Body.String(), "page: ") != own || strings.HasPrefix(nobody.Body.String(), "page: ") != own {
				t.Errorf("%s: answers %q and %q", name, away.Body, nobody.Body)
			}
		}
	}
}
