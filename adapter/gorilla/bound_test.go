package gorillastore_test

import (
	"errors"
	"math"
	"net/http"
	"testing"

	"github.com/gorilla/sessions"

	"github.com/echosession/session"
	gorillastore "github.com/echosession/session/adapter/gorilla"
	"github.com/echosession/session/sessiontest"
)

// A middleware outside ours still asks the application's old gorilla store, and so
// begins the registry of the request, which then asks every store with a request
// that knows no session.
func TestAnOldStoreOutsideDoesNotHideTheSession(t *testing.T) {
	t.Parallel()
	legacy := sessions.NewCookieStore([]byte("0123456789abcdef0123456789abcdef"))
	for what, save := range map[string]func(http.ResponseWriter, *http.Request, *sessions.Session) error{
		"gs.Save":       func(w http.ResponseWriter, r *http.Request, gs *sessions.Session) error { return gs.Save(r, w) },
		"sessions.Save": func(w http.ResponseWriter, r *http.Request, _ *sessions.Session) error { return sessions.Save(r, w) },
	} {
		kit, st := sessiontest.New(t), open(t, gorillastore.Options{})
		inside := kit.Manager.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			gs, err := st.Get(r, name)
			if err != nil {
				t.Errorf("%s: Get says %v", what, err)
			}
			again, _ := st.Get(r, name)
			gs.Values["visited"] = true
			if err := save(w, r, gs); err != nil || again != gs {
				t.Errorf("%s: %v; one session: %v", what, err, again == gs)
			}
		}))
		app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := legacy.Get(r, "legacy"); err != nil {
				t.Error(err)
			}
			inside.ServeHTTP(w, r)
		})
		res := kit.Serve(app, get())
		res.WantCookie(t)
		serve(t, kit, res.Next(get()), func(_ http.ResponseWriter, r *http.Request) error {
			gs, err := st.Get(r, name)
			if gs.Values["visited"] != true {
				t.Errorf("%s: stored is %v", what, gs.Values)
			}
			return err
		})
	}
}

// A session that was got outside, where there is none of ours, is saved inside: Save
// is told the request that it has by then.
func TestWhatWasGotOutsideIsSavedInside(t *testing.T) {
	t.Parallel()
	kit, st := sessiontest.New(t), open(t, gorillastore.Options{})
	var outside *sessions.Session
	inside := kit.Manager.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		outside.Values["visited"] = true
		if err := outside.Save(r, w); err != nil {
			t.Error(err)
		}
	}))
	res := kit.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var err error
		if outside, err = st.Get(r, name); !errors.Is(err, session.ErrNoSession) {
			t.Errorf("Get outside: %v", err)
		}
		inside.ServeHTTP(w, r)
	}), get())
	res.WantCookie(t)
}

// Nothing was emptied, and so nobody is told that it was: gothic.Logout passes it on.
func TestAnEmptyingThatCannotHappenIsAnError(t *testing.T) {
	t.Parallel()
	kit, st := sessiontest.New(t), open(t, gorillastore.Options{})
	ann := serve(t, kit, kit.LoggedIn(t, get(), "ann"), put(st, "a", "1"))
	kit.Store.Fail(nil)
	empty := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gs, err := st.Get(r, name)
		if err != nil {
			t.Error(err)
		}
		gs.Options.MaxAge = -1
		if err := gs.Save(r, w); !errors.Is(err, session.ErrUnavailable) {
			t.Errorf("Save says %v", err)
		}
	})
	kit.Serve(kit.Manager.Handler(session.WithOutage(session.OutageAnonymous, empty)), ann.Next(get()))
}

// A MaxAge of "for ever" is no time in the past.
func TestAnEndlessMaxAge(t *testing.T) {
	t.Parallel()
	kit, st := sessiontest.New(t), open(t, gorillastore.Options{MaxAge: math.MaxInt})
	res := serve(t, kit, get(), put(st, "a", "1"))
	serve(t, kit, res.Next(get()), func(_ http.ResponseWriter, r *http.Request) error {
		gs, err := st.Get(r, name)
		if gs.Values["a"] != "1" {
			t.Errorf("stored: %v", gs.Values)
		}
		return err
	})
}

// An application's logout may call gothic's as well, in either order: that begins
// no new session.
func TestEmptyingABucketBesideALogoutBeginsNothing(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{true, false} {
		kit, st := sessiontest.New(t), open(t, gorillastore.Options{})
		ann := serve(t, kit, kit.LoggedIn(t, get(), "ann"), put(st, "a", "1"))
		res := serve(t, kit, ann.Next(get()), func(w http.ResponseWriter, r *http.Request) error {
			s, err := session.FromContext(r.Context())
			if err != nil {
				return err
			}
			gs, got := st.Get(r, name)
			gs.Options.MaxAge = -1
			if first {
				err = s.Logout(r.Context())
			}
			saved := gs.Save(r, w)
			if !first {
				err = s.Logout(r.Context())
			}
			return errors.Join(err, got, saved)
		})
		res.WantGone(t)
		if stats, _ := kit.Store.Stats(t.Context()); stats.Active != 0 {
			t.Errorf("logout first: %v, and %d sessions are left", first, stats.Active)
		}
	}
}
