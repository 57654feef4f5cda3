package rules_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/echosession/session"
)

// errorHost is an adapter for handlers that return errors, as those of Echo do:
// page answers them, and those of sessions that could not be stored.
func errorHost(m *session.Manager, h func(http.ResponseWriter, *http.Request) error, page func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x, inner, err := m.Open(w, r)
		if err != nil {
			page(w, r, err)
			return
		}
		defer x.Close()
		err = h(x, inner)
		if failed := x.Finish(inner, err); failed != nil {
			err = failed
		}
		if err != nil {
			page(x, inner, err)
		}
	})
}

var errPassword = errors.New("wrong password")

func TestReturnedError(t *testing.T) {
	setUp := func(t *testing.T, st *rig, page func(http.ResponseWriter, *http.Request, error)) *client {
		a := newApp(t, st)
		srv := httptest.NewServer(errorHost(a.Manager, func(w http.ResponseWriter, r *http.Request) error {
			s, err := session.FromContext(r.Context())
			if err != nil {
				return err
			}
			if r.URL.Path == "/failed" {
				n, _ := session.Get[int](s, "failed")
				_, err := fmt.Fprint(w, n)
				return err
			}
			if err := session.Update(s, "failed", func(n int) int { return n + 1 }); err != nil {
				return err
			}
			return errPassword
		}, page))
		t.Cleanup(srv.Close)
		a.url = srv.URL
		return a.client()
	}
	answer := func(w http.ResponseWriter, _ *http.Request, err error) {
		status := session.StatusCode(err)
		if errors.Is(err, errPassword) {
			status = http.StatusForbidden
		}
		http.Error(w, err.Error(), status)
	}

	t.Run("commits, before the error page leaves", func(t *testing.T) {
		c := setUp(t, newRig(newStore(t, nil)), answer)
		for range 3 {
			c.post("/login").want(t, http.StatusForbidden, errPassword.Error()+"\n")
		}
		c.get("/failed").want(t, 200, "3")
	})
	t.Run("a Set of its error handler before the headers is committed too", func(t *testing.T) {
		c := setUp(t, newRig(newStore(t, nil)), func(w http.ResponseWriter, r *http.Request, err error) {
			s, ferr := session.FromContext(r.Context())
			if ferr != nil {
				t.Error(ferr)
				return
			}
			if err := session.Update(s, "failed", func(n int) int { return n + 10 }); err != nil {
				t.Error(err)
			}
			answer(w, r, err)
			if err := s.Set("failed", 0); !errors.Is(err, session.ErrClosed) {
				t.Error("Set after the error page has left:", err)
			}
		})
		c.post("/login").want(t, http.StatusForbidden, "*")
		c.get("/failed").want(t, 200, "11")
	})
	t.Run("gives way to the error of a commit that fails", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		c := setUp(t, st, answer)
		st.lose("Create", forever)
		got := c.post("/login")
		got.want(t, http.StatusServiceUnavailable, "*")
		if got.setCookie(t) != "" || got.header.Get("Retry-After") == "" {
			t.Error("headers:", got.header)
		}
	})
	t.Run("that is the store's outage is answered with Retry-After", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		c := setUp(t, st, answer)
		c.post("/login")
		st.lose("Load", 1)
		got := c.post("/failed")
		got.want(t, http.StatusServiceUnavailable, "*")
		if got.header.Get("Retry-After") == "" || got.setCookie(t) != "" {
			t.Error("headers:", got.header)
		}
	})
}

func TestSessionIsSafeForConcurrentUse(t *testing.T) {
	a := newApp(t, newStore(t, nil))
	a.route("/crowd", func(ctx context.Context, s *session.Session) (string, error) {
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				err := errors.Join(
					s.Set(fmt.Sprint("own-", i), "x"),
					session.Update(s, "sum", func(n int) int { return n + 1 }))
				s.Delete(fmt.Sprint("own-", i))
				if i%5 == 0 {
					err = errors.Join(err, s.Commit(ctx), s.Rotate())
				}
				_, _ = s.User(), s.Handle()
				again, ferr := session.FromContext(ctx)
				_, _ = session.Get[int](again, "sum")
				if err := errors.Join(err, ferr); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		n, _ := session.Get[int](s, "sum")
		return fmt.Sprint(n), nil
	})
	c := loggedIn(t, a)
	c.post("/crowd").want(t, 200, "20")
	c.post("/crowd").want(t, 200, "40")
	c.get("/me").want(t, 200, "ann")
}

func TestPanicInTheHandler(t *testing.T) {
	setUp := func(t *testing.T) (*app, *client) {
		a := newApp(t, newStore(t, nil))
		c := loggedIn(t, a)
		// Recover, inside no session of ours, writes an error page.
		inner := a.handler()
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				if recover() != nil {
					w.WriteHeader(http.StatusInternalServerError)
				}
			}()
			inner.ServeHTTP(w, r)
		}))
		t.Cleanup(srv.Close)
		c.a.url = srv.URL // the cookie jar knows no ports
		return a, c
	}
	t.Run("drops what was not committed", func(t *testing.T) {
		a, c := setUp(t)
		a.on("/panic", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
			if err := errors.Join(s.Set("early", "yes"), s.Commit(r.Context()), s.Set("cart", "ink"), s.Login("bob"), s.Flash("x")); err != nil {
				t.Error(err)
			}
			panic("in the handler")
		})
		c.post("/panic").want(t, http.StatusInternalServerError, "*")
		c.get("/me").want(t, 200, "ann")
		c.get("/get?key=cart").want(t, 200, "pen")
		c.get("/get?key=early").want(t, 200, "yes")
	})
	t.Run("keeps a logout, which was immediate, and takes the cookie", func(t *testing.T) {
		a, c := setUp(t)
		a.on("/panic", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
			if err := errors.Join(s.Logout(r.Context()), s.Set("cart", "ink")); err != nil {
				t.Error(err)
			}
			panic("in the handler")
		})
		cookie := c.cookies()
		got := c.post("/panic")
		got.want(t, http.StatusInternalServerError, "*")
		if !takes(got.setCookie(t)) {
			t.Error("headers:", got.header)
		}
		a.replay(cookie).get("/me").want(t, 200, "")
	})
	t.Run("begins nothing for a visitor without a session", func(t *testing.T) {
		a, _ := setUp(t)
		a.on("/panic", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
			if err := s.Login("bob"); err != nil {
				t.Error(err)
			}
			panic("in the handler")
		})
		got := a.client().post("/panic")
		got.want(t, http.StatusInternalServerError, "*")
		if got.setCookie(t) != "" || len(a.events.of(session.Created)) != 1 {
			t.Error("headers:", got.header, a.events.of(session.Created))
		}
	})
}

func TestOtherFailedCommitIs500(t *testing.T) {
	st := newRig(newStore(t, nil))
	a := newApp(t, st, func(c *session.Config) { c.MaxDocument = 1000 })
	c := a.client()
	c.post("/set?key=a&value=x")
	// Each fits alone; what they make together does not.
	gate := st.hold("Save")
	slow := c.later("/set?key=b&value=" + strings.Repeat("b", 500))
	<-gate.reached
	newApp(t, st.Store).replay(c.cookies()).post("/set?key=c&value="+strings.Repeat("c", 500)).want(t, 200, "")
	gate.release()
	got := <-slow
	got.want(t, http.StatusInternalServerError, "*")
	if got.setCookie(t) != "" || got.header.Get("Retry-After") != "" {
		t.Error("headers:", got.header)
	}
	c.get("/get?key=a").want(t, 200, "x")
	c.get("/get?key=b").want(t, 200, "")
	if e := a.events.of(session.CommitFailed); len(e) != 1 || e[0].Reason != session.Invalid || !errors.Is(e[0].Err, session.ErrTooLarge) {
		t.Error("events:", e)
	}
}

func TestCommitGoesOnWhenTheClientHasGone(t *testing.T) {
	for name, explicit := range map[string]bool{"at the end of the request": false, "by Commit": true} {
		t.Run(name, func(t *testing.T) {
			st := newRig(newStore(t, nil))
			a := newApp(t, st)
			began, done := make(chan context.Context, 1), make(chan error, 1)
			a.on("/slow", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
				began <- r.Context()
				err := s.Set("cart", "ink")
				if explicit {
					err = errors.Join(err, s.Commit(r.Context()))
				} else {
					w.WriteHeader(http.StatusOK)
				}
				done <- err
			})
			c := loggedIn(t, a)
			gate := st.hold("Save")
			hangUp := c.leave("/slow")
			<-gate.reached
			hangUp()
			<-(<-began).Done() // the server has noticed
			gate.release()
			if err := <-done; err != nil {
				t.Error(err)
			}
			c.get("/get?key=cart").want(t, 200, "ink")
		})
	}
}
