package rules_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

// An attack goes through a known vulnerability's steps against an app on a
// store, and says what it achieved: nothing, when all is well. Each is also run
// against a store that has the vulnerability, where it has to achieve something.
type attack func(t *testing.T, st store.Store) (achieved []string)

// withstands runs an attack against a good store and against a broken one.
func withstands(t *testing.T, do attack, broken func(good store.Store) store.Store) {
	t.Helper()
	for _, what := range do(t, newMemory(nil)) {
		t.Error(what)
	}
	if got := do(t, broken(newMemory(nil))); len(got) == 0 {
		t.Error("the attack does not notice a store with the vulnerability")
	}
}

// An upserting store creates what it is asked to save or renew.
type upserting struct{ store.Store }

func (st upserting) Unwrap() store.Store { return st.Store }

func (st upserting) Save(ctx context.Context, r *store.Record) error {
	if err := st.Store.Save(ctx, r); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return st.Store.Create(ctx, r)
}

func (st upserting) Rotate(ctx context.Context, oldID string, r *store.Record) error {
	if err := st.Store.Rotate(ctx, oldID, r); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return st.Store.Create(ctx, r)
}

// An adopting store finds an empty session under every id.
type adopting struct{ upserting }

func (st adopting) Load(ctx context.Context, id string) (*store.Record, error) {
	r, err := st.Store.Load(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		now := time.Now()
		return &store.Record{ID: id, Version: 1, Created: now, Now: now, Expires: now.Add(7 * day)}, nil
	}
	return r, err
}

// A lingering store keeps a session under its old id, too, and after its end.
type lingering struct{ store.Store }

func (st lingering) Rotate(ctx context.Context, _ string, r *store.Record) error {
	r.Handle += "-again"
	return st.Store.Create(ctx, r)
}

func (st lingering) Delete(context.Context, *store.Record) error { return nil }

// A denying store takes an outage for an answer.
type denying struct{ store.Store }

func (st denying) Load(ctx context.Context, id string) (*store.Record, error) {
	r, err := st.Store.Load(ctx, id)
	if err != nil {
		return nil, store.ErrNotFound
	}
	return r, nil
}

// adoption: a stranger plants an id of their own choice, and waits for someone
// to log in under it.
func adoption(t *testing.T, st store.Store) (achieved []string) {
	a := newApp(t, st)
	for _, path := range []string{"/get?key=k", "/set?key=k&value=v", "/login?user=ann", "/visit", "/rotate"} {
		id := fmt.Sprintf("chosen-%d", inside.Add(1))
		got := a.ask("POST", path, signedCookie(id))
		if line := got.sent(t); line != "" && idOf(t, line) == id {
			achieved = append(achieved, path+" sends a cookie with the chosen id")
		}
		if _, err := st.Load(t.Context(), id); err == nil {
			achieved = append(achieved, path+" stored a session under the chosen id")
		}
	}
	return achieved
}

// fixation: a stranger plants the cookie of a session of theirs, and shares it
// once the victim has logged in; with a second factor, once more.
func fixation(t *testing.T, st store.Store) (achieved []string) {
	a := newApp(t, st)
	a.route("/factor", func(_ context.Context, s *session.Session) (string, error) {
		// The same user, who has proved more: the level changes, the name does not.
		return "", errors.Join(s.Set("level", 2), s.Login(s.User()))
	})
	planted := a.ask("POST", "/set?key=theirs&value=1").sent(t)
	cookie := planted
	for _, step := range []string{"/login?user=ann", "/factor", "/rotate"} {
		before := cookie
		if cookie = a.ask("POST", step, before).sent(t); cookie == before || cookie == "" {
			achieved = append(achieved, step+" keeps the id")
			cookie = before
			continue
		}
		for _, old := range []string{planted, before} {
			if a.ask("GET", "/me", old).body != "" || a.ask("GET", "/get?key=theirs", old).body != "" {
				achieved = append(achieved, step+" leaves the old id alive")
			}
		}
		if user := a.ask("GET", "/me", cookie).body; user != "ann" {
			achieved = append(achieved, step+" lost the user")
		}
	}
	return achieved
}

// resurrection: requests that are under way while the session is logged out try
// to write it back.
func resurrection(t *testing.T, st store.Store) (achieved []string) {
	for name, do := range map[string]func(ctx context.Context, s *session.Session) error{
		"a read":              func(_ context.Context, s *session.Session) error { _ = s.User(); return nil },
		"a change":            func(_ context.Context, s *session.Session) error { return s.Set("k", 1) },
		"a change and commit": func(ctx context.Context, s *session.Session) error { return errors.Join(s.Set("k", 1), s.Commit(ctx)) },
		"an update": func(_ context.Context, s *session.Session) error {
			return session.Update(s, "n", func(n int) int { return n + 1 })
		},
		"a rotation":           func(_ context.Context, s *session.Session) error { return s.Rotate() },
		"a longer lifetime":    func(_ context.Context, s *session.Session) error { s.SetLifetime(30 * day); return nil },
		"a flash":              func(_ context.Context, s *session.Session) error { return s.Flash("hello") },
		"a deletion of a key":  func(_ context.Context, s *session.Session) error { s.Delete("cart"); return nil },
		"a renewal, and a set": func(ctx context.Context, s *session.Session) error { return errors.Join(s.Commit(ctx), s.Set("k", 1)) },
	} {
		a := newApp(t, st, func(c *session.Config) { c.TouchEvery = 1 })
		loaded, ended := make(chan struct{}), make(chan struct{})
		a.on("/slow", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
			close(loaded)
			<-ended
			_ = do(r.Context(), s)
		})
		ann := a.client()
		ann.post("/login?user=ann")
		ann.post("/set?key=cart&value=pen")
		cookie := ann.cookies()
		slow := a.replay(cookie).later("/slow")
		<-loaded
		ann.post("/logout").want(t, 200, "")
		close(ended)
		cookies := []string{cookie}
		if got := <-slow; gives(got.setCookie(t)) { // of another session, if at all
			cookies = append(cookies, got.sent(t))
		}
		for _, cookie := range cookies {
			c := a.replay(cookie)
			if user, cart := c.get("/me").body, c.get("/get?key=cart").body; user+cart != "" {
				achieved = append(achieved, name+" brings back "+user+cart)
			}
		}
		if list, err := a.List(t.Context(), "ann"); err != nil || len(list) > 0 {
			achieved = append(achieved, fmt.Sprintf("%s leaves %d sessions of ann, %v", name, len(list), err))
		}
	}
	return achieved
}

// replay: cookies that somebody kept are used after their session's end.
func replay(t *testing.T, st store.Store) (achieved []string) {
	a := newApp(t, st)
	ann := a.client()
	ann.post("/login?user=ann")
	first := ann.cookies()
	ann.post("/logout").want(t, 200, "")
	if ann.cookies() != "" {
		achieved = append(achieved, "the browser keeps the cookie")
	}
	opens := func(when, cookie string) {
		if user := a.ask("GET", "/me", cookie).body; user != "" {
			achieved = append(achieved, when+" an old cookie still opens the session of "+user)
		}
	}
	opens("after a logout", first)
	ann.post("/login?user=ann")
	second := ann.cookies()
	opens("after the next login", first)
	ann.post("/login?user=ann")
	opens("after a login upon it", second)
	return achieved
}

// outage: nobody can say who is asking, so no one may be let in, logged out, or
// taken for a new visitor.
func outage(t *testing.T, st store.Store) (achieved []string) {
	below := newRig(newMemory(nil))
	var above store.Store = below
	if _, broken := st.(denying); broken {
		above = denying{below}
	}
	a := newApp(t, above)
	ran := 0
	a.on("/protected", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { ran++ })
	ann := a.client()
	ann.post("/login?user=ann")
	cookie := ann.cookies()
	below.lose("Load", 3)
	for _, path := range []string{"/protected", "/set?key=k&value=v", "/login?user=ann"} {
		got := ann.post(path)
		if got.status != 503 {
			achieved = append(achieved, fmt.Sprintf("%s is answered with %d", path, got.status))
		}
		if got.setCookie(t) != "" {
			achieved = append(achieved, path+" is answered with a cookie")
		}
	}
	if ran > 0 {
		achieved = append(achieved, "the protected handler ran")
	}
	if ann.cookies() != cookie || ann.get("/me").body != "ann" {
		achieved = append(achieved, "the user is logged out")
	}
	return achieved
}
