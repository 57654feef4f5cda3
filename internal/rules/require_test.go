package rules_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

// guarded adds a route for users, and one for recent logins.
func guarded(a *app) {
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "in") })
	a.mux.Handle("/user", session.RequireUser(ok))
	a.mux.Handle("/recent", session.RequireRecentLogin(time.Hour, ok))
	a.mux.Handle("/anonymous", session.WithOutage(session.OutageAnonymous, session.RequireUser(ok)))
}

const (
	isNobody = "nobody is logged in\n"
	isStale  = "this needs a recent login: log in again\n"
)

func TestASVS_7_5_1_RecentLoginIsRequired(t *testing.T) {
	clock := newClock()
	st := newRig(newMemory(clock))
	a := newApp(t, st)
	guarded(a)
	visitor, ann := a.client(), on(a, "ann", "")
	visitor.post("/visit").want(t, 200, "1")
	for _, path := range []string{"/user", "/recent", "/anonymous"} {
		a.client().get(path).want(t, 401, isNobody)
		visitor.get(path).want(t, 401, isNobody)
		ann.get(path).want(t, 200, "in")
	}
	clock.pass(time.Hour - time.Minute)
	ann.get("/recent").want(t, 200, "in")
	clock.pass(2 * time.Minute)
	ann.get("/recent").want(t, 403, isStale)
	ann.get("/user").want(t, 200, "in")
	ann.post("/login?user=ann").want(t, 200, "")
	ann.get("/recent").want(t, 200, "in")

	express := &store.Record{ID: "express", User: "eve", Data: []byte(`{"cookie":{"originalMaxAge":3600000},"passport":{"user":"eve"}}`), Idle: time.Hour}
	if err := st.Create(t.Context(), express); err != nil {
		t.Fatal(err)
	}
	eve := a.replay(signedCookie("express"))
	eve.get("/user").want(t, 200, "in")
	eve.get("/recent").want(t, 403, isStale)

	st.answer("Load", forever, store.ErrUnavailable)
	for _, path := range []string{"/user", "/recent", "/anonymous"} {
		got := ann.get(path)
		got.want(t, 503, "Service Unavailable\n")
		if got.header.Get("Retry-After") == "" || got.header["Set-Cookie"] != nil {
			t.Errorf("%s: the headers are %v", path, got.header)
		}
	}
}

func TestRequireAnswersAsTheApplicationDoes(t *testing.T) {
	a := newApp(t, newMemory(nil), func(c *session.Config) {
		c.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, err error) {
			w.WriteHeader(session.StatusCode(err))
			fmt.Fprint(w, "page: ", session.StatusText(err))
		}
	})
	guarded(a)
	a.client().get("/user").want(t, 401, "page: nobody is logged in")
}

func TestRequireWithoutTheMiddleware(t *testing.T) {
	w := httptest.NewRecorder()
	session.RequireUser(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 500 || w.Body.String() != "Internal Server Error\n" {
		t.Error(w.Code, w.Body)
	}
}

// TestARecentLoginIsTheAuthoritys: a copy of a session that was revoked just now
// is good for a page, and not for a payment.
func TestARecentLoginIsTheAuthoritys(t *testing.T) {
	st := &copies{rig: newRig(newMemory(nil))}
	a := newApp(t, st)
	guarded(a)
	ann := on(a, "ann", "")
	st.stale.Store(storedFor(t, st.rig.Store, ann))
	ann.get("/recent").want(t, 200, "in")
	st.down.Store(true)
	ann.get("/recent").want(t, 503, "Service Unavailable\n")
	st.down.Store(false)
	if n, err := a.Revoke(t.Context(), store.Revocation{User: "ann"}); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	ann.get("/user").want(t, 200, "in")
	ann.get("/recent").want(t, 401, "Unauthorized\n")
}

func TestHooks(t *testing.T) {
	var told []string
	tell := func(name string) session.Hook {
		return session.HookFunc(func(_ context.Context, e session.Event) {
			told = append(told, name+" "+string(e.Kind))
			if name == "b" {
				panic("in the hook")
			}
		})
	}
	list := []session.Hook{tell("a"), nil, tell("b"), tell("c")}
	a := prepare(t, newMemory(nil), func(c *session.Config) { c.Hook = session.Hooks(list...) })
	if _, err := a.Revoke(t.Context(), store.Revocation{User: "ann"}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(told, []string{"a revoked", "b revoked", "c revoked"}) {
		t.Errorf("it tells %q", told)
	}
	if list[1] != nil || list[2] == nil {
		t.Error("the caller's list was changed")
	}
	session.Hooks().Event(t.Context(), session.Event{})
}
