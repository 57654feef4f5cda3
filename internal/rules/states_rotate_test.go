package rules_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

func TestRotate(t *testing.T) {
	t.Run("changes the id and keeps user, data, handle and absolute lifetime", func(t *testing.T) {
		st := newStore(t, nil)
		a := newApp(t, st)
		c := loggedIn(t, a)
		cookie, before := c.cookies(), storedFor(t, st, c)
		got := c.post("/rotate")
		got.want(t, 200, "")
		after := storedFor(t, st, c)
		if c.cookies() == cookie || !gives(got.setCookie(t)) {
			t.Error("the browser has no new cookie:", got.header)
		}
		if after.Handle != before.Handle || !after.Created.Equal(before.Created) || string(after.Data) != string(before.Data) || after.User != "ann" {
			t.Errorf("before: %+v, after: %+v", before, after)
		}
	})
	t.Run("of a session never stored is just a fresh id, later", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		a.route("/both", func(_ context.Context, s *session.Session) (string, error) {
			return "", errors.Join(s.Rotate(), s.Set("k", "v"))
		})
		c := a.client()
		got := c.post("/rotate")
		got.want(t, 200, "")
		if got.setCookie(t) != "" || st.count() != 0 {
			t.Error("something was stored for a visitor who stores nothing:", st.calls)
		}
		c.post("/both").want(t, 200, "")
		c.get("/get?key=k").want(t, 200, "v")
		if st.count("Create") != 1 || st.count("Rotate") != 0 {
			t.Error("calls:", st.calls)
		}
	})
	t.Run("merges what another request saved meanwhile", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		c := loggedIn(t, a)
		gate := st.hold("Rotate")
		slow := c.later("/rotate")
		<-gate.reached
		// Another process saves: the locks of this one do not hold it back.
		other := newApp(t, st.Store)
		other.replay(c.cookies()).post("/set?key=cart&value=ink").want(t, 200, "")
		gate.release()
		(<-slow).want(t, 200, "")
		c.get("/get?key=cart").want(t, 200, "ink")
		c.get("/me").want(t, 200, "ann")
	})
}

func TestRotateOfAnIdThatIsGone(t *testing.T) {
	for name, end := range map[string]string{"because another request rotated": "/rotate", "because another request logged out": "/logout"} {
		t.Run("is ErrNotFound, creates nothing and is answered with 401, "+name, func(t *testing.T) {
			st := newRig(newStore(t, nil))
			a := newApp(t, st)
			failed := make(chan error, 1)
			a.route("/commit", func(ctx context.Context, s *session.Session) (string, error) {
				err := errors.Join(s.Rotate(), s.Commit(ctx))
				failed <- err
				return "", err
			})
			for _, path := range []string{"/rotate", "/commit"} {
				c := loggedIn(t, a)
				gate := st.holdAfter("Load")
				slow := a.replay(c.cookies()).later(path)
				<-gate.reached
				c.post(end).want(t, 200, "")
				creates := st.count("Create")
				gate.release()
				got := <-slow
				got.want(t, http.StatusUnauthorized, "*")
				if got.setCookie(t) != "" || st.count("Create") != creates {
					t.Error(path, "sent a cookie, or created something:", got.header, st.calls)
				}
			}
			if err := <-failed; !errors.Is(err, session.ErrEnded) || !errors.Is(err, store.ErrNotFound) {
				t.Error("Commit:", err)
			}
		})
	}
}

// Requests that were on their way when the id changed.
func TestOldIdAfterARotation(t *testing.T) {
	tests := []struct {
		name   string
		path   string
		loaded bool // before the rotation
		status int
		body   string
	}{
		{"is nobody's", "/me", false, 200, ""},
		{"reads nothing", "/get?key=cart", false, 200, ""},
		{"reads on, in a request that had loaded it, and sends no cookie", "/get?key=cart", true, 200, "pen"},
		{"saves nothing, and does not overwrite the new cookie", "/set?key=cart&value=ink", true, http.StatusUnauthorized, "*"},
		{"logs in anew, with a cookie of its own", "/login?user=ann", true, 200, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := newRig(newStore(t, nil))
			a := newApp(t, st)
			c := loggedIn(t, a)
			old := a.replay(c.cookies())
			var got answer
			if tt.loaded {
				gate := st.holdAfter("Load")
				slow := old.later(tt.path)
				<-gate.reached
				c.post("/rotate").want(t, 200, "")
				gate.release()
				got = <-slow
			} else {
				c.post("/rotate").want(t, 200, "")
				got = old.get(tt.path)
			}
			got.want(t, tt.status, tt.body)
			line := got.setCookie(t)
			if logsIn := tt.path == "/login?user=ann"; gives(line) != logsIn || takes(line) {
				t.Error("Set-Cookie:", line)
			}
			c.get("/me").want(t, 200, "ann")
			c.get("/get?key=cart").want(t, 200, "pen")
		})
	}
}

func TestHashedIds(t *testing.T) {
	st := newRig(newStore(t, nil))
	a := newApp(t, st, func(c *session.Config) { c.HashIDs = true })
	c := loggedIn(t, a)
	for _, op := range []string{"Create", "Save"} {
		if id := st.given(op).ID; id == idOf(t, c.cookies()) {
			t.Error(op, "was given the cookie's id")
		}
	}
	if storedFor(t, st, c) != nil {
		t.Error("the cookie's id finds the record in the store")
	}
	stolen := a.replay(signedCookie(st.given("Save").ID))
	stolen.get("/me").want(t, 200, "")

	old := a.replay(c.cookies())
	c.post("/rotate").want(t, 200, "")
	c.get("/me").want(t, 200, "ann")
	c.get("/get?key=cart").want(t, 200, "pen")
	old.get("/me").want(t, 200, "")
	current := a.replay(c.cookies())
	c.post("/logout").want(t, 200, "")
	current.get("/me").want(t, 200, "")
}
