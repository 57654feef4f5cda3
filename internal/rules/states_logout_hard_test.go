package rules_test

import (
	"context"
	"errors"
	"testing"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

// Logouts where something is missing, or went wrong before.

func TestLogoutWithoutAHandle(t *testing.T) {
	st := newStore(t, nil)
	a := newApp(t, st)
	// Express writes rows that have none: only the id finds them.
	r := &store.Record{ID: "of-express", Data: []byte(`{"cookie":{"originalMaxAge":3600000},"passport":{"user":"ann"}}`), Idle: day}
	if err := st.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	c := a.replay(signedCookie("of-express"))
	c.get("/me").want(t, 200, "ann")
	c.post("/logout").want(t, 200, "")
	c.get("/me").want(t, 200, "")
}

func TestLogoutTriedAgainAgainstARotation(t *testing.T) {
	st := newRig(newStore(t, nil))
	a := newApp(t, st)
	c := loggedIn(t, a)
	old := a.replay(c.cookies())
	// The id changes between the two tries: the second has to look by handle, too.
	st.fail("Delete", 1, fault{err: errCut, before: func() { c.post("/rotate").want(t, 200, "") }})
	old.post("/logout").want(t, 200, "")
	if st.count("Delete") != 2 {
		t.Error("calls:", st.calls)
	}
	c.get("/me").want(t, 200, "")
}

func TestLogoutAfterACommitThatFailed(t *testing.T) {
	st := newRig(newStore(t, nil))
	a := newApp(t, st)
	a.route("/out", func(ctx context.Context, s *session.Session) (string, error) {
		if err := errors.Join(s.Set("cart", "ink"), s.Commit(ctx)); !errors.Is(err, session.ErrUnavailable) {
			t.Error("Commit:", err)
		}
		st.heal()
		return "", errors.Join(s.Logout(ctx), s.Set("other", "x"))
	})
	c := loggedIn(t, a)
	before := c.cookies()
	st.lose("Save", forever)
	got := c.post("/out")
	got.want(t, 200, "")
	if !gives(got.setCookie(t)) {
		t.Error("headers:", got.header)
	}
	c.get("/get?key=other").want(t, 200, "x") // the new session knows of no outage
	c.get("/get?key=cart").want(t, 200, "")
	a.replay(before).get("/me").want(t, 200, "")
}
