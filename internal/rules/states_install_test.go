package rules_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session"
)

func TestInstalledTwice(t *testing.T) {
	st := newRig(newStore(t, nil))
	a := newApp(t, st)
	srv := httptest.NewServer(a.Handler(a.Handler(a.handler())))
	t.Cleanup(srv.Close)
	a.url = srv.URL
	c := a.client()
	c.post("/visit").want(t, 200, "1")
	got := c.post("/visit")
	got.want(t, 200, "2")
	if !gives(got.setCookie(t)) || st.count("Load") != 1 || st.count("Create") != 1 || st.count("Save") != 1 {
		t.Error("the second is no no-op:", got.header, st.calls)
	}
	if n := len(a.events.of(session.Committed)); n != 2 {
		t.Error(n, "commits of two requests")
	}
}

func TestInstalledTwiceIsOneSession(t *testing.T) {
	for name, between := range map[string]func(*testing.T, http.Handler) http.Handler{
		"one in the other": func(_ *testing.T, h http.Handler) http.Handler { return h },
		"with another manager between": func(t *testing.T, h http.Handler) http.Handler {
			return newApp(t, newStore(t, nil), func(c *session.Config) { c.Cookie.Name = "other" }).Handler(h)
		},
	} {
		t.Run(name, func(t *testing.T) {
			st := newRig(newStore(t, nil))
			a := newApp(t, st)
			outside := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s, err := session.FromContext(r.Context())
				if err == nil {
					err = s.Set("outside", "x")
				}
				if err != nil {
					t.Error(err)
				}
				between(t, a.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					again, err := session.FromContext(r.Context())
					if err != nil || name == "one in the other" && again != s {
						t.Error("another session inside:", err)
						return
					}
					// With another manager between it is that one's: the innermost.
					if err := errors.Join(s.Set("inside", "y"), again.Set("innermost", 1)); err != nil {
						t.Error(err)
					}
				}))).ServeHTTP(w, r)
				// The request is not over where only the second middleware is.
				if err := s.Set("after", "z"); err != nil {
					t.Error(err)
				}
			})
			srv := httptest.NewServer(a.Handler(outside))
			t.Cleanup(srv.Close)
			plain := a.url
			a.url = srv.URL
			c := a.client()
			got := c.post("/")
			got.want(t, 200, "")
			given := 0
			for _, line := range got.header["Set-Cookie"] {
				if strings.HasPrefix(line, "session=") {
					given++
				}
			}
			if given != 1 || st.count("Create") != 1 {
				t.Error(got.header, st.calls)
			}
			a.url = plain
			for key, value := range map[string]string{"outside": "x", "inside": "y", "after": "z"} {
				c.get("/get?key="+key).want(t, 200, value)
			}
		})
	}
}

func TestTwoManagers(t *testing.T) {
	t.Run("the innermost is found, and both commit", func(t *testing.T) {
		outer := newApp(t, newStore(t, nil), func(c *session.Config) { c.Cookie.Name = "outer" })
		inner := newApp(t, newStore(t, nil))
		srv := httptest.NewServer(outer.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s, err := session.FromContext(r.Context())
			if err != nil {
				t.Error(err)
				return
			}
			if err := session.Update(s, "n", func(n int) int { return n + 1 }); err != nil {
				t.Error(err)
			}
			inner.handler().ServeHTTP(w, r)
			if again, _ := session.FromContext(r.Context()); again != s {
				t.Error("outside, the inner one is found")
			}
			if n, _ := session.Get[int](s, "visits"); n != 0 {
				t.Error("the inner one's value is in the outer one's session")
			}
		})))
		t.Cleanup(srv.Close)
		inner.url = srv.URL
		c := inner.client()
		c.post("/visit").want(t, 200, "1")
		got := c.post("/visit")
		got.want(t, 200, "2")
		names := []string{}
		for _, line := range got.header["Set-Cookie"] {
			name, _, _ := strings.Cut(line, "=")
			names = append(names, name)
		}
		if slices.Sort(names); !slices.Equal(names, []string{"outer", "session"}) {
			t.Error("cookies:", names)
		}
		for name, a := range map[string]*app{"outer": outer, "inner": inner} {
			if n := len(a.events.of(session.Committed)); n != 2 {
				t.Error(n, "commits of", name)
			}
		}
	})
	t.Run("with one cookie name are refused", func(t *testing.T) {
		outer, inner := newApp(t, newStore(t, nil)), newApp(t, newStore(t, nil))
		srv := httptest.NewServer(outer.Handler(inner.handler()))
		t.Cleanup(srv.Close)
		inner.url = srv.URL
		got := inner.client().post("/set?key=k&value=v")
		got.want(t, http.StatusInternalServerError, "*")
		if got.setCookie(t) != "" {
			t.Error("headers:", got.header)
		}
	})
}

func TestWithoutMiddleware(t *testing.T) {
	if s, err := session.FromContext(t.Context()); s != nil || !errors.Is(err, session.ErrNoSession) || session.StatusCode(err) != 500 {
		t.Error("FromContext:", s, err)
	}
	if err := session.SetOutage(t.Context(), session.OutageAnonymous); !errors.Is(err, session.ErrNoSession) {
		t.Error("SetOutage:", err)
	}
}

func TestAfterTheRequestEveryCallIsAnError(t *testing.T) {
	st := newRig(newStore(t, nil))
	a := newApp(t, st)
	type kept struct {
		ctx context.Context
		s   *session.Session
	}
	keep := make(chan kept, 1)
	a.on("/keep", func(_ http.ResponseWriter, r *http.Request, s *session.Session) { keep <- kept{r.Context(), s} })
	c := loggedIn(t, a)
	c.post("/keep").want(t, 200, "")
	k := <-keep
	calls := st.count()
	ctx := context.Background()
	lookup := func() error { _, ok, err := session.Lookup[string](k.s, "cart"); return found(ok, err) }
	take := func() error { _, ok, err := session.Take[string](ctx, k.s, "cart"); return found(ok, err) }
	flashes := func() error { list, err := session.Flashes[string](ctx, k.s); return found(len(list) > 0, err) }
	from := func() error { s, err := session.FromContext(k.ctx); return found(s != nil, err) }
	for name, do := range map[string]func() error{
		"Set":    func() error { return k.s.Set("cart", "ink") },
		"Update": func() error { return session.Update(k.s, "cart", func(string) string { return "ink" }) },
		"Login":  func() error { return k.s.Login("bob") },
		"Rotate": k.s.Rotate,
		"Logout": func() error { return k.s.Logout(ctx) },
		"Commit": func() error { return k.s.Commit(ctx) }, "Refresh": func() error { return k.s.Refresh(ctx) },
		"Flash":  func() error { return k.s.Flash("x") },
		"Lookup": lookup, "Take": take, "Flashes": flashes, "FromContext": from,
	} {
		if err := do(); !errors.Is(err, session.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	k.s.Delete("cart")
	k.s.SetLifetime(time.Hour)
	if _, ok := session.Get[string](k.s, "cart"); ok || k.s.User() != "" || k.s.Handle() != "" || !k.s.AuthTime().IsZero() {
		t.Error("reads are not empty")
	}
	if st.count() != calls {
		t.Error("the store was asked:", st.calls)
	}
	c.get("/get?key=cart").want(t, 200, "pen")
}

func found(ok bool, err error) error {
	if ok {
		return errors.New("it found something")
	}
	return err
}
