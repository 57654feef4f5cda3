package rules_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

// Ways in which a session ends while a request holds it.
var ends = map[string]func(t *testing.T, a *app, c *client){
	"logged out elsewhere": func(t *testing.T, a *app, c *client) {
		a.replay(c.cookies()).post("/logout").want(t, 200, "")
	},
	"rotated elsewhere": func(t *testing.T, a *app, c *client) {
		a.replay(c.cookies()).post("/rotate").want(t, 200, "")
	},
	"revoked": func(t *testing.T, a *app, _ *client) {
		if n, err := a.Revoke(t.Context(), store.Revocation{User: "ann"}); n != 1 || err != nil {
			t.Error("Revoke:", n, err)
		}
	},
}

func TestEndedDuringTheRequest(t *testing.T) {
	for name, end := range ends {
		t.Run(name+": reads stay as loaded until a save reports it; then they are empty", func(t *testing.T) {
			a := newApp(t, newStore(t, nil))
			c := loggedIn(t, a)
			a.route("/slow", func(ctx context.Context, s *session.Session) (string, error) {
				end(t, a, c)
				cart, _ := session.Get[string](s, "cart")
				if s.User() != "ann" || cart != "pen" {
					t.Error("reads changed before a save")
				}
				err := errors.Join(s.Set("cart", "ink"), s.Commit(ctx))
				if !errors.Is(err, session.ErrEnded) {
					t.Error("Commit:", err)
				}
				cart, _ = session.Get[string](s, "cart")
				if s.User() != "" || cart != "" || s.Handle() != "" {
					t.Error("reads are not empty after the save")
				}
				return "", err
			})
			got := a.replay(c.cookies()).post("/slow")
			got.want(t, http.StatusUnauthorized, "*")
			if line := got.setCookie(t); line != "" {
				t.Error("Set-Cookie:", line)
			}
		})
		t.Run(name+": an implicit save is answered with 401 by the error handler, without a cookie", func(t *testing.T) {
			handled := make(chan error, 1)
			a := newApp(t, newStore(t, nil), func(cfg *session.Config) {
				cfg.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, err error) {
					handled <- err
					http.Error(w, "log in again", session.StatusCode(err))
				}
			})
			c := loggedIn(t, a)
			a.on("/slow", func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
				end(t, a, c)
				if err := s.Set("cart", "ink"); err != nil {
					t.Error(err)
				}
				w.Header().Set("Location", "/done")
				w.WriteHeader(http.StatusSeeOther)
				if _, err := w.Write([]byte("saved")); !errors.Is(err, session.ErrEnded) {
					t.Error("Write:", err)
				}
			})
			got := a.replay(c.cookies()).post("/slow")
			got.want(t, http.StatusUnauthorized, "log in again\n")
			if got.setCookie(t) != "" || got.header.Get("Location") != "" || got.header.Get("Retry-After") != "" {
				t.Error("headers:", got.header)
			}
			select { // the answer is here: whatever was handled has been
			case err := <-handled:
				if !errors.Is(err, session.ErrEnded) {
					t.Error("handled:", err)
				}
			default:
				t.Error("nothing was handled")
			}
		})
		t.Run(name+": a request that only reads is answered as if nothing had happened", func(t *testing.T) {
			clock := newClock()
			a := newApp(t, newStore(t, clock))
			c := loggedIn(t, a)
			clock.pass(2 * day) // a touch is due, and finds the session gone
			a.route("/slow", func(_ context.Context, s *session.Session) (string, error) {
				end(t, a, c)
				return s.User(), nil
			})
			got := a.replay(c.cookies()).post("/slow")
			got.want(t, 200, "ann")
			if line := got.setCookie(t); line != "" {
				t.Error("Set-Cookie:", line)
			}
		})
		t.Run(name+": Refresh reports it, and reads are empty", func(t *testing.T) {
			a := newApp(t, newStore(t, nil))
			c := loggedIn(t, a)
			a.route("/slow", func(ctx context.Context, s *session.Session) (string, error) {
				if err := s.Refresh(ctx); err != nil || s.User() != "ann" {
					t.Error("Refresh of a live session:", err)
				}
				end(t, a, c)
				err := s.Refresh(ctx)
				return s.User() + s.Handle(), err
			})
			got := a.replay(c.cookies()).post("/slow")
			got.want(t, http.StatusUnauthorized, "*")
			if got.setCookie(t) != "" {
				t.Error("Set-Cookie:", got.header)
			}
		})
		t.Run(name+": what is set after the report begins a new session that inherits nothing", func(t *testing.T) {
			a := newApp(t, newStore(t, nil))
			c := loggedIn(t, a)
			a.route("/slow", func(ctx context.Context, s *session.Session) (string, error) {
				end(t, a, c)
				if err := errors.Join(s.Set("cart", "ink"), s.Commit(ctx)); !errors.Is(err, session.ErrEnded) {
					t.Error("Commit:", err)
				}
				return "", s.Set("again", "yes")
			})
			c.post("/slow").want(t, 200, "")
			c.get("/get?key=again").want(t, 200, "yes")
			c.get("/get?key=cart").want(t, 200, "")
			c.get("/me").want(t, 200, "")
		})
	}
}

func TestLoginRevokedWhileItIsStored(t *testing.T) {
	for name, op := range map[string]string{"Create": "first login", "Rotate": "login on an anonymous session"} {
		t.Run(op+": is answered with 401, stores nothing and sends no cookie", func(t *testing.T) {
			st := newRig(newStore(t, nil))
			a := newApp(t, st)
			c := a.client()
			if name == "Rotate" {
				c.post("/set?key=cart&value=pen")
			}
			cookie := c.cookies()
			st.answer(name, 1, store.ErrRevoked)
			got := c.post("/login?user=ann")
			got.want(t, http.StatusUnauthorized, "*")
			if got.setCookie(t) != "" || c.cookies() != cookie || st.count(name) != 1 {
				t.Error(got.header, st.calls)
			}
			c.get("/me").want(t, 200, "")
		})
	}
}

func TestDeadCookie(t *testing.T) {
	for name, kill := range map[string]func(t *testing.T, a *app, clock *clock, c *client){
		"of a logout":            func(t *testing.T, a *app, _ *clock, c *client) { a.replay(c.cookies()).post("/logout") },
		"of a rotation":          func(t *testing.T, a *app, _ *clock, c *client) { a.replay(c.cookies()).post("/rotate") },
		"whose lifetime is over": func(_ *testing.T, _ *app, clock *clock, _ *client) { clock.pass(8 * day) },
	} {
		t.Run(name+" sends no Set-Cookie unless a new session starts", func(t *testing.T) {
			clock := newClock()
			st := newRig(newStore(t, clock))
			a := newApp(t, st)
			c := loggedIn(t, a)
			cookie := c.cookies()
			kill(t, a, clock, c)
			dead := a.replay(cookie)
			calls := st.count() - st.count("Load")
			for _, path := range []string{"/me", "/get?key=cart", "/plain", "/rotate", "/logout"} {
				got := dead.post(path)
				if got.status != 200 || got.setCookie(t) != "" {
					t.Error(path, got)
				}
			}
			if now := st.count() - st.count("Load"); now != calls {
				t.Error("it was more than looked up:", st.calls)
			}
			got := dead.post("/set?key=k&value=v")
			got.want(t, 200, "")
			if line := got.setCookie(t); !gives(line) || pair(line) == cookie {
				t.Error("Set-Cookie:", line)
			}
		})
	}
}
