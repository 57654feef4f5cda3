package rules_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session"
)

func TestLogin(t *testing.T) {
	t.Run("keeps the data when the session had no user", func(t *testing.T) {
		a := newApp(t, newStore(t, nil))
		c := a.client()
		c.post("/set?key=cart&value=pen").want(t, 200, "")
		c.post("/login?user=ann").want(t, 200, "")
		c.get("/get?key=cart").want(t, 200, "pen")
		c.get("/me").want(t, 200, "ann")
	})
	t.Run("keeps the data when the session had the same user", func(t *testing.T) {
		a := newApp(t, newStore(t, nil))
		c := a.client()
		c.post("/login?user=ann")
		c.post("/set?key=cart&value=pen")
		handle := c.get("/handle").body
		c.post("/login?user=ann").want(t, 200, "")
		c.get("/get?key=cart").want(t, 200, "pen")
		c.get("/handle").want(t, 200, handle)
	})
	t.Run("needs no session before it", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		c := a.client()
		if got := c.post("/login?user=ann"); !gives(got.setCookie(t)) {
			t.Error("no cookie:", got)
		}
		c.get("/me").want(t, 200, "ann")
		if st.count("Create") != 1 || st.count("Rotate") != 0 {
			t.Error("calls:", st.calls)
		}
	})
	t.Run("as another user inherits nothing", func(t *testing.T) {
		clock := newClock()
		st := newStore(t, clock)
		a := newApp(t, st)
		a.route("/remember", func(_ context.Context, s *session.Session) (string, error) {
			s.SetLifetime(20 * day)
			return "", s.Flash("welcome, ann")
		})
		a.route("/flashes", func(ctx context.Context, s *session.Session) (string, error) {
			list, err := session.Flashes[string](ctx, s)
			return strings.Join(list, ","), err
		})
		c := a.client()
		c.post("/login?user=ann")
		c.post("/set?key=cart&value=pen")
		c.post("/remember").want(t, 200, "")
		before := storedFor(t, st, c)
		clock.pass(time.Hour)
		c.post("/login?user=bob").want(t, 200, "")

		after := storedFor(t, st, c)
		c.get("/me").want(t, 200, "bob")
		c.get("/get?key=cart").want(t, 200, "")
		c.get("/flashes").want(t, 200, "")
		if age := after.Now.Sub(after.Created); age.Round(time.Hour) != 0 || !before.Created.Before(after.Created) {
			t.Error("the absolute lifetime did not begin anew:", after.Created)
		}
		if left := after.Expires.Sub(after.Now); left.Round(time.Hour) != 7*day {
			t.Error("the lifetime chosen by the one before stays:", left)
		}
	})
	t.Run("tells the handle that the session is stored under", func(t *testing.T) {
		a := newApp(t, newStore(t, nil))
		a.route("/switch", func(ctx context.Context, s *session.Session) (string, error) {
			err := errors.Join(s.Login("bob"), s.Commit(ctx))
			return s.Handle(), err
		})
		c := a.client()
		c.post("/login?user=ann")
		told := c.post("/switch").body
		c.get("/handle").want(t, 200, told)
		if e := a.events.of(session.LoggedIn); e[len(e)-1].Handle != told {
			t.Error("the event tells another one:", e)
		}
	})
}

func TestLoginRotates(t *testing.T) {
	t.Run("the id of before the login is dead", func(t *testing.T) {
		a := newApp(t, newStore(t, nil))
		c := a.client()
		c.post("/set?key=cart&value=pen")
		before := c.cookies()
		c.post("/login?user=ann")
		if c.cookies() == before {
			t.Fatal("the id stayed")
		}
		old := a.replay(before)
		old.get("/me").want(t, 200, "")
		old.get("/get?key=cart").want(t, 200, "")
	})
	t.Run("several logins in one request: the last wins, with one rotation", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		a.route("/indecisive", func(_ context.Context, s *session.Session) (string, error) {
			return "", errors.Join(s.Login("ann"), s.Rotate(), s.Login("bob"), s.Login("cid"), s.Rotate())
		})
		c := a.client()
		c.post("/set?key=cart&value=pen")
		got := c.post("/indecisive")
		got.want(t, 200, "")
		if !gives(got.setCookie(t)) || st.count("Rotate") != 1 || st.count("Create", "Save") != 1 {
			t.Error("calls:", st.calls)
		}
		c.get("/me").want(t, 200, "cid")
		if n := len(a.events.of(session.LoggedIn)); n != 1 {
			t.Error(n, "events of a login")
		}
	})
	t.Run("with the user in one step: no state in between is stored", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		c := a.client()
		c.post("/set?key=cart&value=pen")
		c.post("/login?user=ann")
		if r := st.given("Rotate"); r.User != "ann" || st.count("Save") != 0 {
			t.Errorf("the rotation carried user %q, beside %d saves", r.User, st.count("Save"))
		}
	})
}

// The second click was loaded under the id that the first one's login takes away.
func TestDoubleClickedLoginEndsLoggedIn(t *testing.T) {
	st := newRig(newStore(t, nil))
	a := newApp(t, st)
	a.on("/click", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
		if err := errors.Join(s.Set("clicked", "yes"), s.Login("ann")); err != nil {
			t.Error(err)
		}
	})
	c := a.client()
	c.post("/set?key=cart&value=pen")

	gate := st.holdAfter("Load")
	second := c.later("/click")
	<-gate.reached
	first := c.post("/click")
	first.want(t, 200, "")
	gate.release()
	got := <-second
	got.want(t, 200, "")

	// Whichever answer the browser sees last, it is logged in.
	for name, line := range map[string]string{"first": first.setCookie(t), "second": got.setCookie(t)} {
		one := a.replay(pair(line))
		one.get("/me").want(t, 200, "ann")
		one.get("/get?key=clicked").want(t, 200, "yes")
		if name == "second" { // its own operations only: the session it had read is gone
			one.get("/get?key=cart").want(t, 200, "")
		}
	}
	c.get("/me").want(t, 200, "ann")
	if st.count("Create") != 2 {
		t.Error("calls:", st.calls)
	}
}
