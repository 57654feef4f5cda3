package rules_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

// Three answers, never two: found, none, unknown.
func TestThreeAnswers(t *testing.T) {
	tests := []struct {
		name   string
		err    error // of Load
		status int
		body   string
	}{
		{"found: the session", nil, 200, "ann"},
		{"none: nobody", store.ErrNotFound, 200, ""},
		{"none: nobody, where its lifetime is over", store.ErrExpired, 200, ""},
		{"unknown, the store says so: 503", store.ErrUnavailable, 503, "*"},
		{"unknown, the connection broke: 503", errCut, 503, "*"},
		{"unknown, it took too long: 503", context.DeadlineExceeded, 503, "*"},
		{"unknown, an error nobody foresaw: 503", errors.New("syntax error"), 503, "*"},
		{"unknown, what no Load should answer: 503", store.ErrConflict, 503, "*"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := newRig(newStore(t, nil))
			a := newApp(t, st)
			c := loggedIn(t, a)
			if tt.err != nil {
				st.answer("Load", 1, fmt.Errorf("driver: %w", tt.err))
			}
			cookie, writes := c.cookies(), st.count()-st.count("Load")
			got := c.get("/me")
			got.want(t, tt.status, tt.body)
			if got.setCookie(t) != "" || c.cookies() != cookie {
				t.Error("the cookie was touched:", got.header)
			}
			if now := st.count() - st.count("Load"); now != writes {
				t.Error("something was stored:", st.calls)
			}
			c.get("/me").want(t, 200, "ann") // an outage is no logout
		})
	}
	t.Run("unknown stays unknown for the whole request, and asks once", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		c := loggedIn(t, a)
		a.mux.HandleFunc("/thrice", func(w http.ResponseWriter, r *http.Request) {
			for range 3 {
				if s, err := session.FromContext(r.Context()); s != nil || !errors.Is(err, session.ErrUnavailable) || session.StatusCode(err) != 503 {
					t.Error(s, err)
				}
			}
		})
		loads := st.count("Load")
		st.lose("Load", 1)
		c.get("/thrice").want(t, 200, "")
		if n := st.count("Load") - loads; n != 1 {
			t.Error(n, "loads")
		}
	})
	t.Run("a visitor without a cookie needs no store to be nobody", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		st.lose("Load", forever)
		a.client().get("/me").want(t, 200, "")
		a.replay("session=forged").get("/me").want(t, 200, "")
	})
}

// The handler's answer is held back until its session is stored.
func TestStoreDownAtTheCommit(t *testing.T) {
	for _, op := range []string{"Create", "Save", "Rotate"} {
		t.Run(op+": 503 with Retry-After, and nothing of the handler's answer", func(t *testing.T) {
			st := newRig(newStore(t, nil))
			a := newApp(t, st)
			a.on("/answer", func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
				err := s.Set("cart", "ink")
				if op == "Rotate" {
					err = errors.Join(err, s.Login("ann"))
				}
				if err != nil {
					t.Error(err)
				}
				h := w.Header()
				h.Set("Location", "/welcome")
				h.Set("Content-Type", "application/json")
				h.Set("Etag", `"1"`)
				h.Set("X-Frame-Options", "DENY")
				w.WriteHeader(http.StatusSeeOther)
				if n, err := fmt.Fprint(w, `{"saved":true}`); n != 0 || !errors.Is(err, session.ErrUnavailable) {
					t.Error("Write:", n, err)
				}
			})
			c := loggedIn(t, a)
			if op == "Create" {
				c = a.client()
			}
			cookie := c.cookies()
			st.lose(op, forever)
			got := c.post("/answer")
			got.want(t, http.StatusServiceUnavailable, "Service Unavailable\n")
			h := got.header
			if h.Get("Retry-After") == "" || h.Get("Location") != "" || h.Get("Etag") != "" || h.Get("Cache-Control") != "no-store" || h.Get("X-Frame-Options") != "DENY" {
				t.Error("headers:", h)
			}
			if got.setCookie(t) != "" || c.cookies() != cookie {
				t.Error("the cookie was touched:", h)
			}
			st.heal()
			if op != "Create" {
				c.get("/get?key=cart").want(t, 200, "pen")
			}
		})
	}
	t.Run("the request's context ends, so that a stream does", func(t *testing.T) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		a.on("/stream", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
			if err := s.Set("cart", "ink"); err != nil {
				t.Error(err)
			}
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
		st.lose("Create", forever)
		a.client().post("/stream").want(t, http.StatusServiceUnavailable, "*")
	})
}

// A route may choose to go on as anonymous, read-only, explicitly.
func TestAnonymousOutage(t *testing.T) {
	setUp := func(t *testing.T, o session.Outage) (*rig, *app, *client) {
		st := newRig(newStore(t, nil))
		a := newApp(t, st)
		inner := session.WithOutage(o, a.mux)
		srv := httptest.NewServer(a.Handler(inner))
		t.Cleanup(srv.Close)
		a.url = srv.URL
		return st, a, loggedIn(t, a)
	}
	t.Run("reads are empty, changes are refused, the cookie stays, and Degraded tells", func(t *testing.T) {
		st, a, c := setUp(t, session.OutageAnonymous)
		a.route("/page", func(ctx context.Context, s *session.Session) (string, error) {
			for name, err := range map[string]error{
				"Set": s.Set("cart", "ink"), "Login": s.Login("bob"), "Rotate": s.Rotate(), "Flash": s.Flash("x"),
				"Logout": s.Logout(ctx), "Commit": s.Commit(ctx), "Refresh": s.Refresh(ctx),
				"Update": session.Update(s, "n", func(n int) int { return n + 1 }),
			} {
				if !errors.Is(err, session.ErrReadOnly) || !errors.Is(err, session.ErrUnavailable) {
					t.Error(name, err)
				}
			}
			s.Delete("cart")
			s.SetLifetime(day)
			if !s.Degraded() || s.User() != "" || s.Handle() != "" {
				t.Error("not degraded, or somebody")
			}
			return "for everybody", nil
		})
		cookie, writes := c.cookies(), st.count()-st.count("Load")
		st.lose("Load", forever)
		got := c.get("/page")
		got.want(t, 200, "for everybody")
		if got.setCookie(t) != "" || c.cookies() != cookie || st.count()-st.count("Load") != writes {
			t.Error(got.header, st.calls)
		}
		st.heal()
		c.get("/get?key=cart").want(t, 200, "pen")
	})
	t.Run("is not degraded while the store answers", func(t *testing.T) {
		_, a, c := setUp(t, session.OutageAnonymous)
		a.route("/page", func(_ context.Context, s *session.Session) (string, error) {
			return s.User(), errors.Join(s.Set("a", "b"), map[bool]error{true: errors.New("degraded")}[s.Degraded()])
		})
		c.get("/page").want(t, 200, "ann")
	})
	t.Run("does not hide a commit that fails", func(t *testing.T) {
		st, _, c := setUp(t, session.OutageAnonymous)
		st.lose("Save", forever)
		c.post("/set?key=cart&value=ink").want(t, http.StatusServiceUnavailable, "*")
	})
	t.Run("stays what a middleware further out has set, where one inside sets nothing", func(t *testing.T) {
		st, a, c := setUp(t, session.OutageAnonymous)
		a.mux.Handle("/inner", session.WithOutage(session.OutageDefault, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if s, err := session.FromContext(r.Context()); err != nil || !s.Degraded() {
				t.Error("not anonymous:", err)
			}
		})))
		st.lose("Load", forever)
		c.get("/inner").want(t, 200, "")
	})
	for name, o := range map[string]session.Outage{"by default": session.OutageDefault, "as set": session.OutageClosed} {
		t.Run("is closed "+name, func(t *testing.T) {
			st, _, c := setUp(t, o)
			st.lose("Load", forever)
			c.get("/me").want(t, http.StatusServiceUnavailable, "*")
		})
	}
}
