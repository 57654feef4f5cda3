package rules_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

func TestTouchThrottle(t *testing.T) {
	tests := []struct {
		name  string
		idle  time.Duration
		every time.Duration // as set; 0: by default
		want  time.Duration
	}{
		{"at most once per hundredth of the lifetime", 50 * time.Hour, 0, 30 * time.Minute},
		{"at most once an hour", 7 * day, 0, time.Hour},
		{"at most once an hour, however long the lifetime", 30 * day, 0, time.Hour},
		{"at most once a minute", 20 * time.Minute, 0, time.Minute},
		{"but ten times in a lifetime that is shorter than that", time.Minute, 0, 6 * time.Second},
		{"or as set", 7 * day, 10 * time.Minute, 10 * time.Minute},
		{"or as set, but twice in a lifetime", time.Hour, 50 * time.Minute, 30 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name+", and the cookie is sent again exactly then", func(t *testing.T) {
			clock := newClock()
			st := newRig(newMemory(clock))
			a := newApp(t, st, func(c *session.Config) { c.Idle, c.TouchEvery, c.NoAbsolute = tt.idle, tt.every, true })
			c := a.client()
			c.post("/login?user=ann")
			cookie := a.replay(c.cookies())
			visit := func(touches int, sent bool) {
				t.Helper()
				got := cookie.get("/me")
				got.want(t, 200, "ann")
				if n := st.count("Touch"); n != touches || gives(got.setCookie(t)) != sent {
					t.Errorf("%d touches, want %d; Set-Cookie %q", n, touches, got.header["Set-Cookie"])
				}
				if sent && expiry(t, got.setCookie(t)).Sub(clock.now().Add(tt.idle)).Abs() > time.Second {
					t.Error("browser and row do not end together:", got.header)
				}
			}
			visit(0, false) // created just now
			clock.pass(tt.want - time.Millisecond)
			visit(0, false)
			clock.pass(time.Millisecond)
			visit(1, true)
			visit(1, false)
			clock.pass(tt.want - time.Millisecond)
			visit(1, false)
			clock.pass(time.Millisecond)
			visit(2, true)
			if r := st.given("Touch"); r.Data != nil || st.count("Save", "Create", "Rotate", "Delete") != 1 {
				t.Error("a read-only request wrote something else:", st.calls)
			}
			cookie.post("/set?key=k&value=v") // a save renews as well
			clock.pass(tt.want - time.Millisecond)
			visit(2, false)
		})
	}
}

func TestTouch(t *testing.T) {
	t.Run("once in a request", func(t *testing.T) {
		clock := newClock()
		st := newRig(newStore(t, clock))
		a := newApp(t, st)
		a.on("/stream", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
			for range 3 {
				if err := s.Commit(r.Context()); err != nil {
					t.Error(err)
				}
				clock.pass(day)
			}
			w.WriteHeader(200)
			_ = s.Commit(r.Context())
		})
		c := loggedIn(t, a)
		clock.pass(day)
		c.post("/stream").want(t, 200, "")
		if n := st.count("Touch"); n != 1 {
			t.Error(n, "touches")
		}
	})
	t.Run("that fails is not tried again by the same request", func(t *testing.T) {
		clock := newClock()
		st := newRig(newStore(t, clock))
		a := newApp(t, st)
		a.route("/twice", func(ctx context.Context, s *session.Session) (string, error) { return "", s.Commit(ctx) })
		c := loggedIn(t, a)
		clock.pass(day)
		st.lose("Touch", 1)
		c.post("/twice").want(t, 200, "")
		if n := st.count("Touch"); n != 1 {
			t.Error(n, "touches")
		}
	})
	t.Run("not by a route that does not ask for the session", func(t *testing.T) {
		clock := newClock()
		st := newRig(newStore(t, clock))
		a := newApp(t, st)
		c := loggedIn(t, a)
		clock.pass(day)
		calls := st.count()
		c.get("/plain").want(t, 200, "plain")
		if st.count() != calls {
			t.Error("calls:", st.calls)
		}
	})
	t.Run("not after the headers have left, when its cookie could not be sent: the next request does it", func(t *testing.T) {
		clock := newClock()
		st := newRig(newStore(t, clock))
		a := newApp(t, st)
		c := loggedIn(t, a)
		a.mux.HandleFunc("/late", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusOK)
			if s, err := session.FromContext(r.Context()); err != nil || s.User() != "ann" {
				t.Error("a read after the headers:", err)
			}
		})
		clock.pass(day)
		if got := c.get("/late"); got.setCookie(t) != "" || st.count("Touch") != 0 {
			t.Error(got.header, st.calls)
		}
		if got := c.get("/me"); !gives(got.setCookie(t)) || st.count("Touch") != 1 {
			t.Error(got.header, st.calls)
		}
	})
	t.Run("also when the client has gone", func(t *testing.T) {
		clock := newClock()
		st := newRig(newStore(t, clock))
		a := newApp(t, st)
		began, done := make(chan context.Context, 1), make(chan struct{})
		a.on("/slow", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
			defer close(done)
			began <- r.Context()
			w.WriteHeader(http.StatusOK) // here it is renewed
		})
		c := loggedIn(t, a)
		clock.pass(day)
		gate := st.hold("Touch")
		hangUp := c.leave("/slow")
		<-gate.reached
		hangUp()
		<-(<-began).Done() // the server has noticed
		gate.release()
		<-done
		if n := len(a.events.of(session.Touched)); n != 1 {
			t.Error("it was given up:", a.events.of(session.TouchFailed))
		}
	})
	t.Run("near the absolute end only as far as it goes, and then no more", func(t *testing.T) {
		clock := newClock()
		st := newRig(newStore(t, clock))
		a := newApp(t, st, func(c *session.Config) { c.Absolute = 8 * day })
		c := a.client()
		c.post("/login?user=ann")
		cookie := a.replay(c.cookies())
		clock.pass(3 * day)
		line := cookie.get("/me").setCookie(t)
		r, err := st.Load(t.Context(), idOf(t, cookie.cookie))
		if err != nil {
			t.Fatal(err)
		}
		// A server that runs a script slowly tells an end some milliseconds off.
		if end := r.Created.Add(8 * day); r.Expires.Sub(end).Abs() > time.Second || expiry(t, line).Sub(end).Abs() > time.Second {
			t.Error("the row ends", r.Expires, "and not", end, "Set-Cookie:", line)
		}
		clock.pass(3 * day) // there is nothing to gain any more
		if line := cookie.get("/me").setCookie(t); line != "" || st.count("Touch") != 1 {
			t.Error("Set-Cookie:", line, st.calls)
		}
	})
	t.Run("in a browser session sends no cookie, which has no age", func(t *testing.T) {
		clock := newClock()
		st := newRig(newStore(t, clock))
		a := newApp(t, st, func(c *session.Config) { c.BrowserSession = true })
		c := a.client()
		line := c.post("/login?user=ann").setCookie(t)
		if !gives(line) || !expiry(t, line).IsZero() {
			t.Error("Set-Cookie:", line)
		}
		clock.pass(20 * time.Hour)
		if line := c.get("/me").setCookie(t); line != "" || st.count("Touch") != 1 {
			t.Error("Set-Cookie:", line, st.calls)
		}
		if line := c.post("/set?key=k&value=v").setCookie(t); line != "" {
			t.Error("Set-Cookie after a save:", line)
		}
		if line := c.post("/rotate").setCookie(t); !gives(line) || !expiry(t, line).IsZero() {
			t.Error("Set-Cookie of a rotation:", line)
		}
	})
	for name, err := range map[string]error{
		"the connection broke": errCut, "the store is away": store.ErrUnavailable, "it is full": store.ErrFull, "the session is gone": store.ErrNotFound,
	} {
		t.Run("that fails never changes the answer: "+name, func(t *testing.T) {
			clock := newClock()
			st := newRig(newStore(t, clock))
			a := newApp(t, st)
			c := loggedIn(t, a)
			clock.pass(day)
			st.answer("Touch", 1, err)
			got := c.get("/get?key=cart")
			got.want(t, 200, "pen")
			if got.setCookie(t) != "" || got.header.Get("Retry-After") != "" {
				t.Error("headers:", got.header)
			}
			c.get("/me").want(t, 200, "ann")
			if st.count("Touch") != 2 {
				t.Error("the next request does not try again:", st.calls)
			}
		})
	}
}
