package rules_test

import (
	"context"
	"strings"
	"testing"

	"github.com/echosession/session/store"
)

// The connection died, and the server was still at the statement when we looked:
// it is done after that, and before we try again. It is done once all the same,
// the client gets what was stored, and nobody is logged out.
func TestUnknownOutcomeThatComesLate(t *testing.T) {
	for _, tt := range []struct {
		op, path string
		anon     bool
		visits   string
	}{
		{"Create", "/visit", true, "1"},
		{"Save", "/visit", false, "2"},
		{"Rotate", "/rotate", false, "1"},
		{"Rotate", "/login?user=ann", false, "1"},
	} {
		t.Run(tt.path+" by "+tt.op, func(t *testing.T) {
			below := newStore(t, nil)
			st := newRig(below)
			a := newApp(t, st)
			c := loggedIn(t, a)
			c.post("/visit").want(t, 200, "1")
			old := c.cookies()
			before := live(t, below)
			if tt.anon {
				c = a.client()
				before++
			}
			var first store.Record
			st.fail(tt.op, 1, fault{err: errCut, before: func() { first = st.given(tt.op) }})
			st.meanwhile(tt.op, func() {
				var err error
				switch tt.op {
				case "Create":
					err = below.Create(t.Context(), &first)
				case "Save":
					err = below.Save(t.Context(), &first)
				case "Rotate":
					err = below.Rotate(t.Context(), idOf(t, old), &first)
				}
				if err != nil {
					t.Error("the late statement:", err)
				}
			})
			got := c.post(tt.path)
			got.want(t, 200, "*")
			if !gives(got.setCookie(t)) {
				t.Error("headers:", got.header)
			}
			if r := storedFor(t, below, c); r == nil || !strings.Contains(string(r.Data), `"visits":`+tt.visits) {
				t.Errorf("the cookie's session is %v, without %s visits", r != nil, tt.visits)
			}
			if n := live(t, below); n != before {
				t.Errorf("%d sessions, not %d", n, before)
			}
		})
	}

	t.Run("and another request saved over it: 503, never a blind replay", func(t *testing.T) {
		below := newStore(t, nil)
		st := newRig(below)
		a := newApp(t, st)
		c := loggedIn(t, a)
		cookie := c.cookies()
		var first store.Record
		st.fail("Save", 1, fault{err: errCut, before: func() { first = st.given("Save") }})
		st.meanwhile("Save", func() {
			if err := below.Save(t.Context(), &first); err != nil {
				t.Error(err)
			}
			newApp(t, below).replay(cookie).post("/set?key=cart&value=cup").want(t, 200, "")
		})
		c.post("/visit").want(t, 503, "*")
		if r := storedFor(t, below, c); r == nil || !strings.Contains(string(r.Data), `"visits":1`) {
			t.Error("it counted twice, or not at all")
		}
		a.replay(cookie).get("/get?key=cart").want(t, 200, "cup")
	})

	t.Run("and another request logged out: 401", func(t *testing.T) {
		below := newStore(t, nil)
		st := newRig(below)
		a := newApp(t, st)
		c := loggedIn(t, a)
		cookie := c.cookies()
		var first store.Record
		st.fail("Rotate", 1, fault{err: errCut, before: func() { first = st.given("Rotate") }})
		st.meanwhile("Rotate", func() {
			if err := below.Rotate(t.Context(), idOf(t, cookie), &first); err != nil {
				t.Error(err)
			}
			if err := below.Delete(t.Context(), &store.Record{ID: first.ID, Handle: first.Handle}); err != nil {
				t.Error(err)
			}
		})
		c.post("/rotate").want(t, 401, "*")
		if n := live(t, below); n != 0 {
			t.Error(n, "sessions")
		}
	})
}

// live is how many sessions there are.
func live(t *testing.T, st store.Store) int {
	t.Helper()
	stater, err := store.As[store.Stater](st)
	if err != nil {
		t.Fatal(err)
	}
	stats, err := stater.Stats(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return stats.Active
}
