package rules_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/echosession/session"
)

// The lifetime was renewed, which is worth a cookie, and then the session ended.
func TestEndedAfterItWasRenewed(t *testing.T) {
	for name, end := range ends {
		t.Run(name+": the response does not carry the cookie of the renewal", func(t *testing.T) {
			clock := newClock()
			st := newRig(newStore(t, clock))
			a := newApp(t, st)
			c := loggedIn(t, a)
			clock.pass(day)
			a.route("/slow", func(ctx context.Context, s *session.Session) (string, error) {
				if err := s.Commit(ctx); err != nil || st.count("Touch") != 1 {
					t.Error("not renewed:", err, st.calls)
				}
				end(t, a, c)
				if err := errors.Join(s.Set("cart", "ink"), s.Commit(ctx)); !errors.Is(err, session.ErrEnded) {
					t.Error("Commit:", err)
				}
				return "", nil
			})
			got := a.replay(c.cookies()).post("/slow")
			got.want(t, http.StatusOK, "")
			if line := got.setCookie(t); line != "" {
				t.Error("Set-Cookie:", line)
			}
		})
	}
}

// A renewal may be what finds out that the session is gone.
func TestRenewalThatFindsTheEnd(t *testing.T) {
	for name, end := range ends {
		t.Run(name+": reads are empty, it is told, and what is set then begins a new session", func(t *testing.T) {
			clock := newClock()
			a := newApp(t, newStore(t, clock))
			c := loggedIn(t, a)
			clock.pass(day)
			a.route("/slow", func(ctx context.Context, s *session.Session) (string, error) {
				end(t, a, c)
				a.events.forget()
				if err := s.Commit(ctx); err != nil { // a failed renewal is no error
					t.Error("Commit:", err)
				}
				if s.User() != "" || s.Handle() != "" {
					t.Error("reads are not empty")
				}
				return "", s.Set("again", "yes")
			})
			c.post("/slow").want(t, http.StatusOK, "")
			if got := a.reasons(); len(got) != 1 || got[0] != session.UsedAfterEnd {
				t.Errorf("told of %q", got)
			}
			c.get("/get?key=again").want(t, 200, "yes")
			c.get("/get?key=cart").want(t, 200, "")
			c.get("/me").want(t, 200, "")
		})
	}
}
