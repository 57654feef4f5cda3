package rules_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/echosession/session"
)

func TestLogoutIsFinal(t *testing.T) {
	tests := []struct {
		name   string
		op     string
		path   string
		status int
	}{
		{"a slow save after a logout revives nothing", "Save", "/set?key=cart&value=ink", http.StatusUnauthorized},
		{"a slow visit after a logout revives nothing", "Save", "/visit", http.StatusUnauthorized},
		{"a slow rotation after a logout revives nothing", "Rotate", "/rotate", http.StatusUnauthorized},
		{"a slow touch after a logout revives nothing", "Touch", "/me", http.StatusOK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock := newClock()
			stored := newStore(t, clock)
			st := newRig(stored)
			a := newApp(t, st)
			c := loggedIn(t, a)
			cookie := c.cookies()
			clock.pass(2 * day) // so that a touch is due

			gate := st.hold(tt.op)
			slow := a.replay(cookie).later(tt.path)
			<-gate.reached
			c.post("/logout").want(t, 200, "")
			gate.release()
			got := <-slow
			got.want(t, tt.status, "*")
			if line := got.setCookie(t); line != "" {
				t.Error("it sends a cookie:", line)
			}
			a.replay(cookie).get("/me").want(t, 200, "")
			if stats, _ := stored.Stats(t.Context()); stats.Active != 0 {
				t.Error(stats.Active, "sessions are stored")
			}
		})
	}
	t.Run("a slow login after a logout begins a session of its own", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		c := loggedIn(t, a)
		cookie := c.cookies()
		gate := st.hold("Rotate")
		slow := c.later("/login?user=ann")
		<-gate.reached
		a.replay(cookie).post("/logout").want(t, 200, "")
		gate.release()
		(<-slow).want(t, 200, "")
		c.get("/me").want(t, 200, "ann")
		c.get("/get?key=cart").want(t, 200, "")
		a.replay(cookie).get("/me").want(t, 200, "")
	})
	t.Run("of 100 parallel requests with one cookie one logs out, and none brings it back", func(t *testing.T) {
		stored := newStore(t, nil)
		st := newRig(stored)
		a := newApp(t, st)
		c := loggedIn(t, a)
		cookie := c.cookies()
		st.gather("Load", 100)
		var answers []<-chan answer
		for i := range 100 {
			path := []string{"/set?key=k&value=x", "/visit", "/me", "/get?key=cart"}[i%4]
			if i == 50 {
				path = "/logout"
			}
			answers = append(answers, a.replay(cookie).later(path))
		}
		var cookies []string
		for _, later := range answers {
			got := <-later
			if got.status != 200 && got.status != http.StatusUnauthorized {
				t.Error(got)
			}
			if line := got.setCookie(t); gives(line) {
				cookies = append(cookies, pair(line))
			}
		}
		for _, cookie := range append(cookies, cookie) {
			a.replay(cookie).get("/me").want(t, 200, "")
			a.replay(cookie).get("/get?key=cart").want(t, 200, "")
		}
		if stats, _ := stored.Stats(t.Context()); stats.Active != 0 {
			t.Error(stats.Active, "sessions are stored")
		}
	})
}

func TestLogoutAgainstARotation(t *testing.T) {
	for name, path := range map[string]string{
		"finds the new id of a concurrent Rotate by its handle":                 "/rotate",
		"finds the new id of a concurrent Login of the same user by its handle": "/login?user=ann",
		"finds the new id of a concurrent Login of another user by its handle":  "/login?user=bob",
		"finds what several rotations made of it":                               "/rotate /rotate /login?user=ann",
	} {
		t.Run(name, func(t *testing.T) {
			st := newRig(newStore(t, nil))
			a := newApp(t, st)
			c := loggedIn(t, a)
			old := c.cookies()

			gate := st.hold("Delete")
			slow := a.replay(old).later("/logout")
			<-gate.reached
			for path := range strings.FieldsSeq(path) {
				c.post(path).want(t, 200, "")
			}
			gate.release()
			(<-slow).want(t, 200, "")

			if c.cookies() == old {
				t.Fatal("the rotation did not happen")
			}
			c.get("/me").want(t, 200, "")
			a.replay(old).get("/me").want(t, 200, "")
		})
	}
}

func TestLogoutGoesOnWhenTheClientHasGone(t *testing.T) {
	st := newRig(newStore(t, nil))
	a := newApp(t, st)
	began, done := make(chan context.Context, 1), make(chan error, 1)
	a.on("/out", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
		began <- r.Context()
		done <- s.Logout(r.Context())
	})
	c := loggedIn(t, a)
	gate := st.hold("Delete")
	hangUp := c.leave("/out")
	<-gate.reached
	hangUp()
	<-(<-began).Done() // the server has noticed
	gate.release()
	if err := <-done; err != nil {
		t.Error("Logout:", err)
	}
	c.get("/me").want(t, 200, "")
}
