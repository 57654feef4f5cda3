package rules_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

// Unknown outcome: the connection died between commit and reply.
func TestUnknownOutcome(t *testing.T) {
	// Each begins with ann logged in, and sends path.
	paths := map[string]struct {
		path string
		anon bool   // by a new visitor
		gets string // what is there when it is stored
	}{
		"Create": {"/set?key=cart&value=ink", true, "ink"},
		"Save":   {"/set?key=cart&value=ink", false, "ink"},
		"Rotate": {"/rotate", false, "pen"},
	}
	tests := []struct {
		name   string
		plan   func(st *rig, op string)
		status int
		writes int // calls of the operation
	}{
		{"done is a success, and is not done again", func(st *rig, op string) { st.cut(op, 1) }, 200, 1},
		{"not done is tried again, once", func(st *rig, op string) { st.lose(op, 1) }, 200, 2},
		{"not done twice is 503", func(st *rig, op string) { st.lose(op, 2) }, http.StatusServiceUnavailable, 2},
		{"done and nobody to ask is 503, and is not done again", func(st *rig, op string) {
			st.cut(op, 1)
			st.thenLose(op, "Load")
		}, http.StatusServiceUnavailable, 1},
		{"not done and nobody to ask is 503, and is not done again", func(st *rig, op string) {
			st.lose(op, 1)
			st.thenLose(op, "Load")
		}, http.StatusServiceUnavailable, 1},
		{"an error of the store's own choice is as unknown as any", func(st *rig, op string) {
			st.answer(op, 1, store.ErrUnavailable)
		}, 200, 2},
	}
	for op, p := range paths {
		for _, tt := range tests {
			t.Run(op+": "+tt.name, func(t *testing.T) {
				st := newRig(newStore(t, nil))
				a := newApp(t, st)
				c := loggedIn(t, a)
				if p.anon {
					c = a.client()
				}
				cookie, before := c.cookies(), st.count(op)
				tt.plan(st, op)
				got := c.post(p.path)
				got.want(t, tt.status, "*")
				if n := st.count(op) - before; n != tt.writes {
					t.Error(n, "calls")
				}
				st.heal()
				if tt.status != 200 {
					if got.header.Get("Retry-After") == "" || got.setCookie(t) != "" || c.cookies() != cookie {
						t.Error("headers:", got.header)
					}
					return
				}
				if !gives(got.setCookie(t)) {
					t.Error("headers:", got.header)
				}
				c.get("/get?key=cart").want(t, 200, p.gets)
			})
		}
	}
}

func TestUnknownOutcomeOfASave(t *testing.T) {
	// While the save is under way, something else happens to the session.
	tests := []struct {
		name   string
		done   bool
		change string
		status int
		cart   string
	}{
		{"not done, and another request saved: 503, never a blind replay", false, "/set?key=cart&value=cup", http.StatusServiceUnavailable, "cup"},
		{"done, and another request saved over it: 503, never a blind replay", true, "/set?key=cart&value=cup", http.StatusServiceUnavailable, "cup"},
		{"not done, and another request logged out: 401", false, "/logout", http.StatusUnauthorized, ""},
		{"done, and another request logged out: 401", true, "/logout", http.StatusUnauthorized, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := newRig(newStore(t, nil))
			a := newApp(t, st)
			other := newApp(t, st.Store)
			c := loggedIn(t, a)
			change := func() { other.replay(c.cookies()).post(tt.change).want(t, 200, "") }
			f := fault{err: errCut, done: tt.done, before: change}
			if tt.done {
				f.before, f.then = nil, change
			}
			st.fail("Save", 1, f)
			cookie := c.cookies()
			got := c.post("/set?key=cart&value=ink")
			got.want(t, tt.status, "*")
			if got.setCookie(t) != "" || st.count("Save") != 2 {
				t.Error(got.header, st.calls)
			}
			a.replay(cookie).get("/get?key=cart").want(t, 200, tt.cart)
		})
	}
}

// A double click whose first answer was lost on the way from the store.
func TestUnknownOutcomeOfALogin(t *testing.T) {
	t.Run("not done, and the old id went meanwhile: logs in anew", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		c := loggedIn(t, a)
		st.fail("Rotate", 1, fault{err: errCut, before: func() {
			newApp(t, st.Store).replay(c.cookies()).post("/rotate").want(t, 200, "")
		}})
		c.post("/login?user=ann").want(t, 200, "")
		c.get("/me").want(t, 200, "ann")
	})
}

func TestLoginConflictsWithALogout(t *testing.T) {
	st := newRig(newStore(t, nil))
	a := newApp(t, st)
	c := loggedIn(t, a)
	old := c.cookies()
	// Another request saved, and logged out before this one could merge.
	st.fail("Rotate", 1, fault{err: store.ErrConflict, before: func() {
		newApp(t, st.Store).replay(old).post("/logout").want(t, 200, "")
	}})
	c.post("/login?user=ann").want(t, 200, "")
	c.get("/me").want(t, 200, "ann")
	c.get("/get?key=cart").want(t, 200, "")
	a.replay(old).get("/me").want(t, 200, "")
}

func TestTakenIdIsTriedAgainWithAnotherOne(t *testing.T) {
	for op, path := range map[string]string{"Create": "/set?key=cart&value=pen", "Rotate": "/rotate"} {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		c := loggedIn(t, a)
		if op == "Create" {
			c = a.client()
		}
		var first string
		st.fail(op, 1, fault{err: store.ErrExists, before: func() { first = st.given(op).ID }})
		c.post(path).want(t, 200, "")
		if second := st.given(op).ID; second == first || second != idOf(t, c.cookies()) {
			t.Errorf("%s: tried %q and then %q", op, first, second)
		}
		c.get("/get?key=cart").want(t, 200, "pen")
	}
}

func TestAfterAnOutageTheRequestStoresNothing(t *testing.T) {
	st := newRig(newStore(t, nil))
	a := newApp(t, st)
	a.route("/stubborn", func(ctx context.Context, s *session.Session) (string, error) {
		if err := errors.Join(s.Set("cart", "ink"), s.Commit(ctx)); !errors.Is(err, session.ErrUnavailable) {
			t.Error("Commit:", err)
		}
		st.heal()
		for name, err := range map[string]error{"Set": s.Set("cart", "cup"), "Commit": s.Commit(ctx), "Login": s.Login("bob")} {
			if !errors.Is(err, session.ErrUnavailable) {
				t.Error(name, err)
			}
		}
		cart, _ := session.Get[string](s, "cart")
		return cart, nil
	})
	c := loggedIn(t, a)
	st.lose("Save", forever)
	got := c.post("/stubborn")
	got.want(t, 200, "pen") // the handler took the error upon itself
	if strings.Contains(got.body, "ink") {
		t.Error("a change that was dropped is read")
	}
	c.get("/get?key=cart").want(t, 200, "pen")
}
