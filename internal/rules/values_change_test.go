package rules_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/echosession/session"
)

func TestSet(t *testing.T) {
	t.Run("encodes now: a value changed later is not seen", func(t *testing.T) {
		c := newApp(t, newMemory(nil)).client()
		inRequest(c, func(s *session.Session) {
			cart := map[string]int{"pen": 1}
			if err := s.Set("cart", cart); err != nil {
				t.Error(err)
			}
			cart["pen"] = 2
		})
		inRequest(c, func(s *session.Session) {
			cart, _ := session.Get[map[string]int](s, "cart")
			if cart["pen"] != 1 {
				t.Error(cart)
			}
			cart["pen"] = 3 // and what was read is the reader's
			if again, _ := session.Get[map[string]int](s, "cart"); again["pen"] != 1 {
				t.Error(again)
			}
		})
	})
	t.Run("that is refused leaves the old value, and stores nothing", func(t *testing.T) {
		st := newRig(newMemory(nil))
		c := newApp(t, st, func(cfg *session.Config) { cfg.MaxDocument = 400 }).client()
		c.post("/set?key=k&value=old")
		writes := st.count() - st.count("Load")
		inRequest(c, func(s *session.Session) {
			for want, do := range map[error]func() error{
				session.ErrValue:    func() error { return s.Set("k", make(chan int)) },
				session.ErrTooLarge: func() error { return s.Set("k", strings.Repeat("x", 400)) },
				session.ErrKey:      func() error { return s.Set("passport", "k") },
				session.ErrType:     func() error { return session.Update(s, "k", func(n int) int { return n + 1 }) },
			} {
				if err := do(); !errors.Is(err, want) {
					t.Errorf("got %v, want %v", err, want)
				}
			}
			if k, _ := session.Get[string](s, "k"); k != "old" {
				t.Error("the old value went:", k)
			}
		})
		if now := st.count() - st.count("Load"); now != writes {
			t.Error("calls:", st.calls)
		}
	})
}

func TestUpdate(t *testing.T) {
	a := newApp(t, newMemory(nil))
	c := a.client()
	add := func(n int) int { return n + 1 }
	t.Run("of an absent key begins with the zero value", func(t *testing.T) {
		inRequest(c, func(s *session.Session) {
			for want := 1; want <= 3; want++ {
				if err := session.Update(s, "n", add); err != nil {
					t.Error(err)
				}
				if n, _ := session.Get[int](s, "n"); n != want {
					t.Error("got", n, "want", want)
				}
			}
		})
	})
	t.Run("of null begins with the zero value", func(t *testing.T) {
		inRequest(c, func(s *session.Session) {
			if err := errors.Join(s.Set("null", nil), session.Update(s, "null", add)); err != nil {
				t.Error(err)
			}
			if n, _ := session.Get[int](s, "null"); n != 1 {
				t.Error(n)
			}
		})
	})
	t.Run("that panics leaves the value, and the session usable", func(t *testing.T) {
		inRequest(c, func(s *session.Session) {
			func() {
				defer func() {
					if p := recover(); p != "in f" {
						t.Error("recovered", p)
					}
				}()
				_ = session.Update(s, "n", func(int) int { panic("in f") })
			}()
			if n, _ := session.Get[int](s, "n"); n != 3 {
				t.Error(n)
			}
			if err := session.Update(s, "n", add); err != nil {
				t.Error(err)
			}
		})
		inRequest(c, func(s *session.Session) {
			if n, _ := session.Get[int](s, "n"); n != 4 {
				t.Error(n)
			}
		})
	})
	t.Run("runs once where there is no conflict", func(t *testing.T) {
		runs := 0
		inRequest(c, func(s *session.Session) {
			err := session.Update(s, "n", func(n int) int { runs++; return n })
			if err := errors.Join(err, s.Commit(context.Background())); err != nil || runs != 1 {
				t.Error(err, runs, "runs")
			}
		})
	})
}

func TestDelete(t *testing.T) {
	st := newMemory(nil)
	a := newApp(t, st)
	c := loggedIn(t, a)
	for i := range 3 {
		c.post(fmt.Sprintf("/set?value=x&key=k%d", i))
	}
	inRequest(c, func(s *session.Session) {
		s.Delete("k0", "k1", "never there", "passport", "cookie", "_session", "")
		if _, ok := session.Get[string](s, "k0"); ok {
			t.Error("still there")
		}
		if s.User() != "ann" {
			t.Error("it deleted the user")
		}
	})
	inRequest(c, func(s *session.Session) {
		for key, want := range map[string]bool{"k0": false, "k1": false, "k2": true, "cart": true} {
			if _, ok := session.Get[string](s, key); ok != want {
				t.Error(key, ok)
			}
		}
		if s.AuthTime().IsZero() || s.User() != "ann" {
			t.Error("it deleted what is not the application's")
		}
	})
	if data := string(storedFor(t, st, c).Data); !strings.Contains(data, `"cookie":{"originalMaxAge":604800000`) {
		t.Error("stored:", data)
	}
}
