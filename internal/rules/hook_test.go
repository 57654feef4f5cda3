package rules_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/echosession/session"
)

func TestPanickingHookHarmsNothing(t *testing.T) {
	var told atomic.Int64
	a := newApp(t, newMemory(nil), func(c *session.Config) {
		c.Hook = session.HookFunc(func(context.Context, session.Event) {
			told.Add(1)
			panic("in the hook")
		})
	})
	c := loggedIn(t, a)
	c.post("/visit").want(t, 200, "1")
	c.get("/get?key=cart").want(t, 200, "pen")
	c.post("/rotate").want(t, 200, "")
	cookie := c.cookies()
	c.post("/logout").want(t, 200, "")
	a.replay(cookie).get("/me").want(t, 200, "")
	if told.Load() == 0 || strings.Count(a.log.String(), "Session hook panicked") != int(told.Load()) {
		t.Errorf("%d events, log: %s", told.Load(), a.log)
	}
}

func TestHookMayReadTheSessionItIsToldAbout(t *testing.T) {
	var deepest, depth, unread atomic.Int64
	a := newApp(t, newMemory(nil), func(c *session.Config) {
		c.Hook = session.HookFunc(func(ctx context.Context, e session.Event) {
			deepest.Store(max(deepest.Load(), depth.Add(1)))
			defer depth.Add(-1)
			if depth.Load() > 10 {
				return // it would not end
			}
			s, err := session.FromContext(ctx)
			if errors.Is(err, session.ErrClosed) && e.Reason == session.UsedAfterRequest {
				return
			}
			if err != nil {
				t.Errorf("%s: %v", e.Kind, err)
				return
			}
			if cart, _ := session.Get[string](s, "cart"); e.Kind == session.Committed && cart != "pen" {
				unread.Add(1)
			}
		})
	})
	// No byte is written, so that the commit is the last thing of the request.
	var kept *session.Session
	a.on("/silent", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		kept = s
		if err := s.Set("cart", "pen"); err != nil {
			t.Error(err)
		}
	})
	c := a.client()
	c.post("/silent").want(t, 200, "")
	c.get("/get?key=cart").want(t, 200, "pen")
	if unread.Load() != 0 || deepest.Load() > 1 {
		t.Errorf("%d commits without their value, hooks %d deep", unread.Load(), deepest.Load())
	}
	if err := kept.Set("cart", "ink"); !errors.Is(err, session.ErrClosed) || deepest.Load() > 2 {
		t.Errorf("%v, hooks %d deep", err, deepest.Load())
	}
}
