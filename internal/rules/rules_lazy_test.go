package rules_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/echosession/session"
)

// Nothing is stored for a visitor who stores nothing.
func TestNothingIsStored(t *testing.T) {
	visitors := 1000
	if strings.HasPrefix(t.Name(), "TestOn") {
		visitors = 100 // on a server, which hardly any of them reaches
	}
	tests := []struct {
		name   string
		cookie func(i int) string
		loads  int // store calls of them all
	}{
		{"anonymous requests: no store call", func(int) string { return "" }, 0},
		{"forged cookies: no store call", func(i int) string { return fmt.Sprintf("session=s%%3Aid-%d.%s", i, strings.Repeat("A", 43)) }, 0},
		{"cookies with another id's signature: no store call", func(i int) string {
			return strings.Replace(signedCookie("mine"), "mine", fmt.Sprint("yours", i), 1)
		}, 0},
		{"unsigned cookies: no store call", func(i int) string { return fmt.Sprint("session=id-", i) }, 0},
		{"well-signed unknown cookies: looked up, and no more", func(i int) string { return signedCookie(fmt.Sprint("unknown-", i)) }, visitors},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(visitors, " ", tt.name, ", nothing stored, no Set-Cookie, no 5xx"), func(t *testing.T) {
			stored := newStore(t, nil)
			st := newRig(stored)
			a := newApp(t, st)
			c := a.replay("")
			for i := range visitors {
				c.cookie = tt.cookie(i)
				got := c.get([]string{"/me", "/get?key=cart", "/rotate", "/logout"}[i%4])
				if got.status != 200 || got.body != "" || got.setCookie(t) != "" {
					t.Fatal(got)
				}
			}
			if stats, _ := stored.Stats(t.Context()); st.count() != tt.loads || st.count("Load") != tt.loads || stats.Active+stats.Expired != 0 {
				t.Error("calls:", st.calls, stats)
			}
		})
	}
	t.Run("nor for one who deletes, sets a lifetime, or stores and deletes again", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		a.route("/nothing", func(ctx context.Context, s *session.Session) (string, error) {
			s.Delete("a")
			s.SetLifetime(day)
			err := s.Set("a", 1)
			s.Delete("a")
			if err == nil {
				err = s.Commit(ctx)
			}
			return "", err
		})
		got := a.client().post("/nothing")
		got.want(t, 200, "")
		if got.setCookie(t) != "" || st.count() != 0 {
			t.Error(got.header, st.calls)
		}
	})
	t.Run("and an unknown id is never adopted by the first thing stored", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		got := a.replay(signedCookie("planted")).post("/set?key=k&value=v")
		got.want(t, 200, "")
		if id := idOf(t, pair(got.setCookie(t))); id == "planted" || st.given("Create").ID != id {
			t.Error("stored under", id)
		}
	})
}

func TestLazy(t *testing.T) {
	t.Run("a handler that never asks for the session pays no store call, and its response stays cacheable", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		c := loggedIn(t, a)
		calls := st.count()
		got := c.get("/plain")
		got.want(t, 200, "plain")
		if st.count() != calls || got.header["Vary"] != nil || got.header["Cache-Control"] != nil || got.header["Set-Cookie"] != nil {
			t.Error(got.header, st.calls)
		}
	})
	t.Run("one that asks often loads once", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		c := loggedIn(t, a)
		a.on("/often", func(_ http.ResponseWriter, r *http.Request, first *session.Session) {
			for range 10 {
				if s, err := session.FromContext(r.Context()); s != first || err != nil {
					t.Error("another session:", err)
				}
			}
		})
		loads := st.count("Load")
		c.get("/often").want(t, 200, "")
		if n := st.count("Load") - loads; n != 1 {
			t.Error(n, "loads")
		}
	})
	t.Run("one that changes much saves once", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		c := loggedIn(t, a)
		a.on("/much", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
			for i := range 10 {
				if err := s.Set(fmt.Sprint("k", i), i); err != nil {
					t.Error(err)
				}
			}
		})
		saves := st.count("Save")
		c.post("/much").want(t, 200, "")
		if n := st.count("Save") - saves; n != 1 || st.count("Touch") != 0 {
			t.Error(n, "saves", st.calls)
		}
	})
	t.Run("a commit without changes writes nothing", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		c := loggedIn(t, a)
		a.route("/commit", func(ctx context.Context, s *session.Session) (string, error) { return "", s.Commit(ctx) })
		calls := st.count() - st.count("Load")
		c.post("/commit").want(t, 200, "")
		if now := st.count() - st.count("Load"); now != calls {
			t.Error("calls:", st.calls)
		}
	})
}
