package rules_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/echosession/session"
)

// loggedIn is a client of a session with user ann and cart=pen.
func loggedIn(t *testing.T, a *app) *client {
	t.Helper()
	c := a.client()
	c.post("/login?user=ann").want(t, 200, "")
	c.post("/set?key=cart&value=pen").want(t, 200, "")
	return c
}

func TestLogout(t *testing.T) {
	tests := []struct {
		name string
		do   func(ctx context.Context, s *session.Session) error // after Logout returned nil
		gets string                                              // what the next request finds: user, cart, flashes
		line func(string) bool                                   // what the response says about the cookie
	}{
		{"reads are empty at once", func(_ context.Context, s *session.Session) error {
			cart, ok := session.Get[string](s, "cart")
			if s.User() != "" || ok || s.Handle() != "" || !s.AuthTime().IsZero() {
				return errors.New("still there: " + s.User() + cart + s.Handle())
			}
			return nil
		}, "||", takes},
		{"a later Set begins a new session that inherits nothing", func(_ context.Context, s *session.Session) error {
			return s.Set("other", "x")
		}, "||", gives},
		{"a later flash begins a new session that inherits nothing", func(_ context.Context, s *session.Session) error {
			return s.Flash("bye")
		}, "||bye", gives},
		{"a later Login begins a new session that inherits nothing", func(_ context.Context, s *session.Session) error {
			return s.Login("ann")
		}, "ann||", gives},
		{"a second Logout is nil too", func(ctx context.Context, s *session.Session) error {
			return s.Logout(ctx)
		}, "||", takes},
		{"a later Rotate alone begins nothing", func(_ context.Context, s *session.Session) error {
			return s.Rotate()
		}, "||", takes},
		{"what was set and deleted again begins nothing", func(_ context.Context, s *session.Session) error {
			err := s.Set("other", "x")
			s.Delete("other")
			return err
		}, "||", takes},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := newRig(newStore(t, nil))
			a := newApp(t, st)
			a.route("/out", func(ctx context.Context, s *session.Session) (string, error) {
				if err := errors.Join(s.Set("pending", "x"), s.Flash("pending"), s.Logout(ctx)); err != nil {
					return "", err
				}
				return "", tt.do(ctx, s)
			})
			a.route("/show", func(ctx context.Context, s *session.Session) (string, error) {
				cart, _ := session.Get[string](s, "cart")
				if _, ok := session.Get[string](s, "pending"); ok {
					t.Error("a pending operation was not dropped")
				}
				flashes, err := session.Flashes[string](ctx, s)
				return s.User() + "|" + cart + "|" + strings.Join(flashes, ","), err
			})
			c := loggedIn(t, a)
			before, handle := c.cookies(), c.get("/handle").body
			got := c.post("/out")
			got.want(t, 200, "")
			if line := got.setCookie(t); !tt.line(line) {
				t.Errorf("Set-Cookie: %q", line)
			}
			if now := c.cookies(); now == before || now != "" && c.get("/handle").body == handle {
				t.Error("the browser holds the old session:", now)
			}
			c.get("/show").want(t, 200, tt.gets)
			a.replay(before).get("/show").want(t, 200, "||")
			if st.count("Delete") != 1 {
				t.Error("calls:", st.calls)
			}
		})
	}
}

func TestLogoutOfNobody(t *testing.T) {
	for name, c := range map[string]func(*app) *client{
		"without a cookie asks no store and sends no cookie": (*app).client,
		"with a dead cookie asks no store but to look, and sends no cookie": func(a *app) *client {
			return a.replay(signedCookie("dead"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			st := newRig(newStore(t, nil))
			a := newApp(t, st)
			got := c(a).post("/logout")
			got.want(t, 200, "")
			if line := got.setCookie(t); line != "" || st.count() != st.count("Load") {
				t.Errorf("Set-Cookie %q, calls: %v", line, st.calls)
			}
		})
	}
}

func TestLogoutThatFails(t *testing.T) {
	t.Run("leaves everything: cookie, user, pending operations", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		a.route("/out", func(ctx context.Context, s *session.Session) (string, error) {
			if err := s.Set("pending", "x"); err != nil {
				return "", err
			}
			if err := s.Logout(ctx); !errors.Is(err, session.ErrUnavailable) {
				t.Error("Logout:", err)
			}
			return s.User(), nil
		})
		c := loggedIn(t, a)
		before := c.cookies()
		st.lose("Delete", forever)
		got := c.post("/out")
		got.want(t, 200, "ann")
		if takes(got.setCookie(t)) || c.cookies() != before {
			t.Error("the cookie went:", got.header)
		}
		c.get("/me").want(t, 200, "ann")
		c.get("/get?key=pending").want(t, 200, "x")
		if n := len(a.events.of(session.LoggedOut)); n != 0 {
			t.Error("an event says it happened")
		}
	})
	t.Run("is tried again, since a Delete may be repeated", func(t *testing.T) {
		for name, fail := range map[string]func(*rig, string, int){"not done": (*rig).lose, "done": (*rig).cut} {
			st := newRig(newStore(t, nil))
			a := newApp(t, st)
			c := loggedIn(t, a)
			before := c.cookies()
			fail(st, "Delete", 1)
			got := c.post("/logout")
			got.want(t, 200, "")
			if !takes(got.setCookie(t)) || st.count("Delete") != 2 {
				t.Error(name, got.header, st.calls)
			}
			a.replay(before).get("/me").want(t, 200, "")
		}
	})
	t.Run("does not matter to a session that was begun after one that went through", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		a.route("/out", func(ctx context.Context, s *session.Session) (string, error) {
			return "", errors.Join(s.Logout(ctx), s.Set("other", "x"))
		})
		c := loggedIn(t, a)
		before := c.cookies()
		st.lose("Create", forever)
		got := c.post("/out")
		got.want(t, http.StatusServiceUnavailable, "*")
		if !takes(got.setCookie(t)) {
			t.Error("the logout is final, but the cookie stays:", got.header)
		}
		a.replay(before).get("/me").want(t, 200, "")
	})
}

// In each, a request is stopped at the store while another one logs out.
