package rules_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/echosession/session"
)

// takers adds routes that take what is used once, and show it.
func takers(t *testing.T, a *app) {
	a.route("/take", func(ctx context.Context, s *session.Session) (string, error) {
		value, ok, err := session.Take[string](ctx, s, "state")
		if !ok && value != "" {
			t.Error("not taken, and yet returned:", value)
		}
		return value, err
	})
	a.route("/flash", func(_ context.Context, s *session.Session) (string, error) {
		return "", errors.Join(s.Flash("one"), s.Flash("two"), s.Flash(3))
	})
	a.route("/flashes", func(ctx context.Context, s *session.Session) (string, error) {
		list, err := session.Flashes[string](ctx, s)
		return strings.Join(list, ","), err
	})
	a.route("/numbers", func(ctx context.Context, s *session.Session) (string, error) {
		list, err := session.Flashes[int](ctx, s)
		return fmt.Sprint(list), err
	})
}

func TestTake(t *testing.T) {
	t.Run("of 100 parallel requests at most one gets the value", func(t *testing.T) {
		for name, processes := range map[string]int{"in one process": 1, "in two processes": 2} {
			st := newRig(newMemory(nil))
			var apps []*app
			for range processes {
				a := newApp(t, st)
				takers(t, a)
				apps = append(apps, a)
			}
			c := loggedIn(t, apps[0])
			c.post("/set?key=state&value=nonce")
			c.post("/flash")
			for path, value := range map[string]string{"/take": "nonce", "/flashes": "one,two", "/numbers": "[3]"} {
				st.gather("Load", 100)
				var answers []<-chan answer
				for i := range 100 {
					answers = append(answers, apps[i%processes].replay(c.cookies()).later(path))
				}
				winners := 0
				for _, later := range answers {
					got := <-later
					got.want(t, 200, "*")
					switch got.body {
					case value:
						winners++
					case "", "[]":
					default:
						t.Error(path, got.body)
					}
				}
				if winners != 1 {
					t.Errorf("%s, %s: %d requests got the value", name, path, winners)
				}
			}
			c.get("/get?key=cart").want(t, 200, "pen")
		}
	})
	t.Run("commits what the request has changed besides", func(t *testing.T) {
		st := newRig(newMemory(nil))
		a := newApp(t, st)
		a.on("/both", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
			err := s.Set("cart", "ink")
			if _, ok, terr := session.Take[string](r.Context(), s, "state"); !ok {
				t.Error("not taken:", err, terr)
			}
			panic(http.ErrAbortHandler) // it is stored by then
		})
		c := loggedIn(t, a)
		c.post("/set?key=state&value=nonce")
		_, _ = c.try(http.MethodPost, "/both")
		c.get("/get?key=cart").want(t, 200, "ink")
		c.get("/get?key=state").want(t, 200, "")
	})
	t.Run("of nothing stores nothing", func(t *testing.T) {
		st := newRig(newMemory(nil))
		a := newApp(t, st)
		takers(t, a)
		for _, c := range []*client{a.client(), loggedIn(t, a)} {
			writes := st.count() - st.count("Load")
			for _, path := range []string{"/take", "/flashes"} {
				got := c.post(path)
				got.want(t, 200, "")
				if got.setCookie(t) != "" {
					t.Error(got.header)
				}
			}
			if now := st.count() - st.count("Load"); now != writes {
				t.Error("calls:", st.calls)
			}
		}
	})
	t.Run("of another type is ErrType, and the value stays", func(t *testing.T) {
		a := newApp(t, newMemory(nil))
		a.route("/number", func(ctx context.Context, s *session.Session) (string, error) {
			_, ok, err := session.Take[int](ctx, s, "state")
			if ok || !errors.Is(err, session.ErrType) {
				t.Error("Take:", ok, err)
			}
			return "", nil
		})
		c := a.client()
		c.post("/set?key=state&value=nonce")
		c.post("/number").want(t, 200, "")
		c.get("/get?key=state").want(t, 200, "nonce")
	})
	t.Run("of what this very request has set returns it, and stores nothing", func(t *testing.T) {
		st := newRig(newMemory(nil))
		a := newApp(t, st)
		a.route("/both", func(ctx context.Context, s *session.Session) (string, error) {
			err := s.Set("state", "nonce")
			value, _, terr := session.Take[string](ctx, s, "state")
			return value, errors.Join(err, terr)
		})
		got := a.client().post("/both")
		got.want(t, 200, "nonce")
		if st.count() != 0 || got.setCookie(t) != "" {
			t.Error("calls:", st.calls)
		}
	})
	t.Run("that could not be stored takes nothing", func(t *testing.T) {
		st := newRig(newMemory(nil))
		a := newApp(t, st)
		takers(t, a)
		c := a.client()
		c.post("/set?key=state&value=nonce")
		st.lose("Save", forever)
		c.post("/take").want(t, http.StatusServiceUnavailable, "*")
		st.heal()
		c.post("/take").want(t, 200, "nonce")
		c.post("/take").want(t, 200, "")
	})
	t.Run("in a session that ended meanwhile takes nothing", func(t *testing.T) {
		st := newRig(newMemory(nil))
		a := newApp(t, st)
		takers(t, a)
		c := a.client()
		c.post("/set?key=state&value=nonce")
		gate := st.hold("Save")
		slow := c.later("/take")
		<-gate.reached
		a.replay(c.cookies()).post("/logout").want(t, 200, "")
		gate.release()
		got := <-slow
		got.want(t, http.StatusUnauthorized, "*")
		if strings.Contains(got.body, "nonce") {
			t.Error("the value got out")
		}
	})
}

// Two takers write the same bytes, so that the bytes prove nothing.
func TestTakeOfUnknownOutcome(t *testing.T) {
	for path, value := range map[string]string{"/take": "nonce", "/flashes": "one,two"} {
		t.Run(path+": at most one of two processes gets the value, when the other's outcome is unknown", func(t *testing.T) {
			st := newRig(newMemory(nil))
			a, other := newApp(t, st), newApp(t, st.Store)
			takers(t, a)
			takers(t, other)
			c := a.client()
			c.post("/set?key=state&value=nonce")
			c.post("/flash")
			st.fail("Save", 1, fault{err: errCut, before: func() {
				other.replay(c.cookies()).post(path).want(t, 200, value)
			}})
			got := c.post(path)
			if got.status == 200 && got.body == value {
				t.Error("both got it")
			}
		})
		t.Run(path+": one whose own outcome is unknown, and done, gives the value, and once", func(t *testing.T) {
			st := newRig(newMemory(nil))
			a := newApp(t, st)
			takers(t, a)
			c := a.client()
			c.post("/set?key=state&value=nonce")
			c.post("/flash")
			st.cut("Save", 1)
			c.post(path).want(t, 200, value)
			c.post(path).want(t, 200, "")
		})
	}
}

// Two processes flash the same words: the one whose outcome is unknown must not
// take the other's flash for its own.
func TestFlashOfUnknownOutcome(t *testing.T) {
	st := newRig(newMemory(nil))
	a, other := newApp(t, st), newApp(t, st.Store)
	takers(t, a)
	takers(t, other)
	flash := func(_ context.Context, s *session.Session) (string, error) { return "", s.Flash("saved") }
	a.route("/saved", flash)
	other.route("/saved", flash)
	c := loggedIn(t, a)
	st.fail("Save", 1, fault{err: errCut, before: func() {
		other.replay(c.cookies()).post("/saved").want(t, 200, "")
	}})
	want := "saved"
	if c.post("/saved").status == 200 {
		want = "saved,saved"
	}
	c.get("/flashes").want(t, 200, want)
}

func TestFlash(t *testing.T) {
	a := newApp(t, newMemory(nil))
	takers(t, a)
	a.route("/nested", func(ctx context.Context, s *session.Session) (string, error) {
		err := s.Flash("now")
		list, ferr := session.Flashes[string](ctx, s)
		return strings.Join(list, ","), errors.Join(err, ferr)
	})
	c := loggedIn(t, a)
	c.post("/flash").want(t, 200, "")
	c.post("/flash").want(t, 200, "")
	c.get("/flashes").want(t, 200, "one,two,one,two") // oldest first; other types stay
	c.get("/flashes").want(t, 200, "")
	c.get("/numbers").want(t, 200, "[3 3]")
	c.get("/numbers").want(t, 200, "[]")
	c.get("/nested").want(t, 200, "now") // shown in the request that added it
	c.get("/flashes").want(t, 200, "")
	c.get("/me").want(t, 200, "ann") // what else is under our key stays
}

// Two processes count to the same number and write the same bytes but for the
// mark. The one whose outcome is unknown must not take the other's for its own.
func TestUpdateOfUnknownOutcome(t *testing.T) {
	st := newRig(newMemory(nil))
	a, other := newApp(t, st), newApp(t, st.Store)
	c := a.client()
	c.post("/visit").want(t, 200, "1")
	st.fail("Save", 1, fault{err: errCut, before: func() {
		other.replay(c.cookies()).post("/visit").want(t, 200, "2")
	}})
	if got := c.post("/visit"); got.status == 200 && got.body != "3" {
		t.Errorf("two visits are number %s", got.body)
	}
}
