package rules_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

// Time here is the bubble's: a deadline is met to the nanosecond, or not at all.
func TestDeadlines(t *testing.T) {
	set := func(c *session.Config) {
		c.LoadTimeout, c.CommitTimeout, c.LogoutTimeout = 20*time.Second, 30*time.Second, 50*time.Second
	}
	tests := []struct {
		name   string
		op     string // hangs
		path   string
		edit   func(*session.Config)
		status int
		takes  time.Duration
	}{
		{"load 2 s", "Load", "/me", nil, 503, 2 * time.Second},
		{"load as set", "Load", "/me", set, 503, 20 * time.Second},
		{"commit 3 s, for a save", "Save", "/set?key=cart&value=ink", nil, 503, 3 * time.Second},
		{"commit 3 s, for a rotation", "Rotate", "/rotate", nil, 503, 3 * time.Second},
		{"commit 3 s, for a touch, which never changes the answer", "Touch", "/get?key=cart", nil, 200, 3 * time.Second},
		{"commit as set", "Save", "/set?key=cart&value=ink", set, 503, 30 * time.Second},
		{"logout 5 s", "Delete", "/logout", nil, 503, 5 * time.Second},
		{"logout as set", "Delete", "/logout", set, 503, 50 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				clock := newClock()
				st := newRig(newMemory(clock))
				var edits []func(*session.Config)
				if tt.edit != nil {
					edits = append(edits, tt.edit)
				}
				a := newBubbleApp(t, st, edits...)
				c := loggedIn(t, a)
				if tt.op == "Touch" {
					clock.pass(day)
				}
				cookie := c.cookies()
				gate := st.hold(tt.op)
				defer gate.release()
				began := time.Now()
				got := c.post(tt.path)
				if took := time.Since(began); took != tt.takes {
					t.Errorf("answered after %s, want %s", took, tt.takes)
				}
				got.want(t, tt.status, "*")
				if got.setCookie(t) != "" || c.cookies() != cookie {
					t.Error("headers:", got.header)
				}
				c.get("/get?key=cart").want(t, 200, "pen")
			})
		})
	}
	t.Run("merging goes on until the commit's deadline, and is 503 then", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			st := newRig(newMemory(nil))
			a := newBubbleApp(t, heedless{st})
			c := loggedIn(t, a)
			st.fail("Save", forever, fault{err: store.ErrConflict, before: func() { time.Sleep(10 * time.Millisecond) }})
			began, saves := time.Now(), st.count("Save")
			got := c.post("/set?key=cart&value=ink")
			got.want(t, http.StatusServiceUnavailable, "*")
			if took := time.Since(began); took != 3*time.Second || st.count("Save")-saves != 300 {
				t.Error("after", took, st.calls)
			}
		})
	})
	t.Run("waiting for the saves of other requests counts", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			st := newRig(newMemory(nil))
			a := newBubbleApp(t, st, func(c *session.Config) { c.CommitTimeout = 4 * time.Second })
			c := loggedIn(t, a)
			first, second := st.hold("Save"), st.hold("Save")
			one := c.later("/set?key=a&value=1")
			<-first.reached
			time.Sleep(3 * time.Second)
			began := time.Now()
			two := c.later("/set?key=b&value=2") // waits for its turn for a second, then at the store
			<-second.reached
			if waited := time.Since(began); waited != time.Second {
				t.Error("its turn came after", waited)
			}
			(<-one).want(t, 503, "*")
			(<-two).want(t, 503, "*")
			if took := time.Since(began); took != 4*time.Second {
				t.Error("answered after", took)
			}
		})
	})
	t.Run("and when the turn does not come in time that is 503 too", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			st := newRig(newMemory(nil))
			a := newBubbleApp(t, stubborn{st})
			c := loggedIn(t, a)
			gate := st.hold("Save")
			one := c.later("/set?key=a&value=1")
			<-gate.reached
			began, saves := time.Now(), st.count("Save")
			got := c.post("/set?key=b&value=2") // never gets to the store
			got.want(t, 503, "*")
			if took := time.Since(began); took != 3*time.Second || st.count("Save") != saves || got.header.Get("Retry-After") == "" {
				t.Error("after", took, st.calls, got.header)
			}
			gate.release()
			<-one
		})
	})
	t.Run("a Logout is tried again within its deadline, in growing steps", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			st := newRig(newMemory(nil))
			a := newBubbleApp(t, st)
			c := loggedIn(t, a)
			st.lose("Delete", forever)
			began := time.Now()
			c.post("/logout").want(t, 503, "*")
			if took := time.Since(began); took >= 5*time.Second || st.count("Delete") < 2 {
				t.Error("after", took, st.calls)
			}
			c.get("/me").want(t, 200, "ann")
		})
	})
	t.Run("Refresh and List have the load's, Revoke the logout's", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			st := newRig(newMemory(nil))
			slow := &slowIndex{newMemory(nil)}
			a := newBubbleApp(t, st)
			users := newBubbleApp(t, slow)
			a.route("/refresh", func(ctx context.Context, s *session.Session) (string, error) {
				gate := st.hold("Load")
				defer gate.release()
				err := s.Refresh(ctx)
				if s.User() != "ann" {
					t.Error("an outage emptied the session")
				}
				return "", err
			})
			c := loggedIn(t, a)
			for name, check := range map[string]struct {
				do    func() error
				takes time.Duration
			}{
				"Refresh": {func() error { c.post("/refresh").want(t, 503, "*"); return session.ErrUnavailable }, 2 * time.Second},
				"List":    {func() error { _, err := users.List(t.Context(), "ann"); return err }, 2 * time.Second},
				"Revoke": {func() error {
					_, err := users.Revoke(t.Context(), store.Revocation{User: "ann"})
					return err
				}, 5 * time.Second},
			} {
				began := time.Now()
				if err := check.do(); !errors.Is(err, session.ErrUnavailable) {
					t.Error(name, err)
				}
				if took := time.Since(began); took != check.takes {
					t.Errorf("%s took %s, want %s", name, took, check.takes)
				}
			}
		})
	})
}

// heedless is a store that does not look at its caller's deadline.
type heedless struct{ *rig }

func (i heedless) Load(ctx context.Context, id string) (*store.Record, error) {
	return i.rig.Load(context.WithoutCancel(ctx), id)
}

// stubborn is one that saves for as long as it takes.
type stubborn struct{ *rig }

func (i stubborn) Save(ctx context.Context, r *store.Record) error {
	return i.rig.Save(context.WithoutCancel(ctx), r)
}

// slowIndex is a store whose index of users never answers.
type slowIndex struct{ store.Store }

func (*slowIndex) Sessions(ctx context.Context, _ string) ([]*store.Record, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (*slowIndex) Revoke(ctx context.Context, _ store.Revocation) (int, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}
