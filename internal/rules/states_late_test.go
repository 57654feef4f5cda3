package rules_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session"
)

// Changes that come when the response's headers have left.
func TestLateChange(t *testing.T) {
	tests := []struct {
		name  string
		known bool // the client has a session
		do    func(s *session.Session) error
		late  bool
		path  string // what a later request gets then
		gets  string
	}{
		{"a session the client knows is saved", true,
			func(s *session.Session) error { return s.Set("cart", "ink") }, false, "/get?key=cart", "ink"},
		{"a new session is ErrLate, and not stored", false,
			func(s *session.Session) error { return s.Set("cart", "ink") }, true, "/get?key=cart", ""},
		{"a rotated id is ErrLate, and the old one stays", true,
			(*session.Session).Rotate, true, "/get?key=cart", "pen"},
		{"a login is ErrLate, and nobody is logged in", true,
			func(s *session.Session) error { return s.Login("bob") }, true, "/me", "ann"},
		{"nothing set and deleted again is nothing", false,
			func(s *session.Session) error { err := s.Set("k", 1); s.Delete("k"); return err }, false, "/me", ""},
	}
	for _, explicit := range []bool{false, true} {
		how := " at the end of the request"
		if explicit {
			how = " by Commit"
		}
		for _, tt := range tests {
			t.Run(tt.name+how, func(t *testing.T) {
				st := newRig(newStore(t, nil))
				a := newApp(t, st)
				a.on("/stream", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
					_, _ = io.WriteString(w, "begun")
					if err := tt.do(s); err != nil {
						t.Error(err)
					}
					if explicit {
						if err := s.Commit(r.Context()); errors.Is(err, session.ErrLate) != tt.late || err != nil && !tt.late {
							t.Error("Commit:", err)
						}
					}
				})
				c := a.client()
				if tt.known {
					c = loggedIn(t, a)
				}
				a.events.forget()
				writes := st.count() - st.count("Load")
				got := c.post("/stream")
				got.want(t, 200, "begun")
				if got.setCookie(t) != "" {
					t.Error("headers:", got.header)
				}
				e := a.events.of(session.LateChange)
				switch {
				case tt.late && (len(e) != 1 || !errors.Is(e[0].Err, session.ErrLate) || tt.known && (e[0].Handle == "" || e[0].User != "ann")):
					t.Error("events:", e)
				case tt.late && !explicit && !strings.Contains(a.log.String(), "level=ERROR"):
					t.Error("nothing in the log:", a.log)
				case tt.late && st.count()-st.count("Load") != writes:
					t.Error("something was stored:", st.calls)
				case !tt.late && len(e) != 0:
					t.Error("events:", e)
				}
				c.get(tt.path).want(t, 200, tt.gets)
			})
		}
	}
}

func TestLateChangeInDevelopmentPanics(t *testing.T) {
	a := newApp(t, newStore(t, nil), func(c *session.Config) { c.Development = true })
	a.on("/stream", func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
		_, _ = io.WriteString(w, "begun")
		if err := s.Set("cart", "ink"); err != nil {
			t.Error(err)
		}
	})
	if got, err := a.client().try(http.MethodPost, "/stream"); err == nil {
		t.Error("the response came whole:", got)
	}
	if log := a.log.String(); !strings.Contains(log, "panic") || !strings.Contains(log, session.ErrLate.Error()) {
		t.Error("the panic is not in the log:", log)
	}
}

func TestLateSaveThatFails(t *testing.T) {
	st := newRig(newStore(t, nil))
	a := newApp(t, st)
	a.on("/stream", func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
		_, _ = io.WriteString(w, "begun")
		if err := s.Set("cart", "ink"); err != nil {
			t.Error(err)
		}
	})
	c := loggedIn(t, a)
	st.lose("Save", forever)
	c.post("/stream").want(t, 200, "begun")
	if e := a.events.of(session.CommitFailed); len(e) != 1 || e[0].Reason != session.Unavailable || !strings.Contains(a.log.String(), "Session change lost") {
		t.Error("silence:", e, a.log)
	}
	st.heal()
	c.get("/get?key=cart").want(t, 200, "pen")
}

// A stream may save as often as it likes, while others save too.
func TestLateSavesMerge(t *testing.T) {
	a := newApp(t, newStore(t, nil))
	c := loggedIn(t, a)
	a.on("/stream", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		for range 3 {
			c.post("/visit")
			err := session.Update(s, "visits", func(n int) int { return n + 1 })
			if err := errors.Join(err, s.Commit(r.Context())); err != nil {
				t.Error(err)
			}
		}
	})
	c.post("/stream").want(t, 200, "")
	c.post("/visit").want(t, 200, "7")
}

func TestLogoutAfterTheHeaders(t *testing.T) {
	a := newApp(t, newStore(t, nil))
	a.on("/stream", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
		_, _ = io.WriteString(w, "begun")
		ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
		defer cancel()
		if err := s.Logout(ctx); err != nil {
			t.Error(err)
		}
	})
	c := loggedIn(t, a)
	c.post("/stream").want(t, 200, "begun")
	c.get("/me").want(t, 200, "")
}
