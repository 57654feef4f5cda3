package rules_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

// copies is a store that answers Load from copies it never renews, as the worst
// of caches would, and can read the original.
type copies struct {
	*rig
	stale atomic.Pointer[store.Record]
	fresh atomic.Int64
	down  atomic.Bool // the original, not the copies
}

func (c *copies) Load(ctx context.Context, id string) (*store.Record, error) {
	if r := c.stale.Load(); r != nil && r.ID == id {
		copied := *r
		return &copied, nil
	}
	return c.rig.Load(ctx, id)
}

func (c *copies) LoadFresh(ctx context.Context, id string) (*store.Record, error) {
	c.fresh.Add(1)
	if c.down.Load() {
		return nil, errCut
	}
	return c.rig.Load(ctx, id)
}

// What must be certain is read from the authority, past every copy.
func TestAuthority(t *testing.T) {
	setUp := func(t *testing.T) (*copies, *app, *client) {
		st := &copies{rig: newRig(newStore(t, nil))}
		a := newApp(t, st)
		c := loggedIn(t, a)
		st.stale.Store(storedFor(t, st.rig.Store, c))
		c.post("/set?key=cart&value=ink").want(t, 200, "")
		return st, a, c
	}
	refresh := func(ctx context.Context, s *session.Session) (string, error) {
		if err := s.Set("mine", "x"); err != nil {
			return "", err
		}
		err := s.Refresh(ctx)
		cart, _ := session.Get[string](s, "cart")
		mine, _ := session.Get[string](s, "mine")
		return cart + " " + mine, err
	}
	t.Run("a plain read may be served from a copy", func(t *testing.T) {
		st, _, c := setUp(t)
		fresh := st.fresh.Load()
		c.get("/get?key=cart").want(t, 200, "pen")
		if st.fresh.Load() != fresh {
			t.Error("the original was read")
		}
	})
	t.Run("Refresh reads the original, and keeps this request's own changes on top", func(t *testing.T) {
		_, a, c := setUp(t)
		a.route("/refresh", refresh)
		c.post("/refresh").want(t, 200, "ink x")
	})
	t.Run("Refresh of a session that ended is ErrEnded, whatever a copy says", func(t *testing.T) {
		st, a, c := setUp(t)
		a.route("/refresh", refresh)
		if err := st.Delete(t.Context(), st.stale.Load()); err != nil {
			t.Fatal(err)
		}
		got := c.post("/refresh")
		got.want(t, http.StatusUnauthorized, "*")
		if got.setCookie(t) != "" {
			t.Error(got.header)
		}
	})
	t.Run("Refresh that cannot ask leaves everything", func(t *testing.T) {
		st, a, c := setUp(t)
		a.route("/refresh", func(ctx context.Context, s *session.Session) (string, error) {
			body, err := refresh(ctx, s)
			if !errors.Is(err, session.ErrUnavailable) {
				t.Error("Refresh:", err)
			}
			return body, nil
		})
		st.stale.Store(nil)
		st.down.Store(true)
		c.post("/refresh").want(t, 200, "ink x")
	})
	t.Run("Refresh of a visitor without a session asks nobody", func(t *testing.T) {
		st, a, _ := setUp(t)
		a.route("/refresh", func(ctx context.Context, s *session.Session) (string, error) { return "", s.Refresh(ctx) })
		fresh := st.fresh.Load()
		a.client().post("/refresh").want(t, 200, "")
		if st.fresh.Load() != fresh {
			t.Error("the original was read")
		}
	})
	t.Run("a conflict is merged with the original", func(t *testing.T) {
		st, _, c := setUp(t)
		c.post("/set?key=other&value=x").want(t, 200, "") // over the copy's version
		st.stale.Store(nil)
		c.get("/get?key=cart").want(t, 200, "ink")
		c.get("/get?key=other").want(t, 200, "x")
	})
	t.Run("an unknown outcome is settled by the original", func(t *testing.T) {
		st, a, c := setUp(t)
		st.stale.Store(nil)
		a.route("/slow", func(ctx context.Context, s *session.Session) (string, error) {
			st.stale.Store(storedFor(t, st.rig.Store, c)) // a copy of before the save
			return "", errors.Join(s.Set("cart", "cup"), s.Commit(ctx))
		})
		st.cut("Save", 1)
		saves := st.count("Save")
		c.post("/slow").want(t, 200, "")
		if n := st.count("Save") - saves; n != 1 {
			t.Error(n, "saves: the copy was believed")
		}
	})
}
