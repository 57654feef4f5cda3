package rules_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

// Each scene begins with ann logged in, and nothing told yet.
var scenes = []struct {
	kind session.Kind
	when string
	play func(t *testing.T, s *scene)
	want session.Event // Kind is the scene's; Handle "own" is the session's
}{
	{session.Created, "a session is stored for the first time", func(t *testing.T, s *scene) {
		c := s.a.client()
		c.post("/set?key=k&value=v").want(t, 200, "")
		s.handle = c.get("/handle").body
	}, session.Event{Handle: "own"}},
	{session.LoggedIn, "a user is bound", func(t *testing.T, s *scene) {
		s.c.post("/login?user=ann").want(t, 200, "")
	}, session.Event{Handle: "own", User: "ann"}},
	{session.Rotated, "the id changes without a login", func(t *testing.T, s *scene) {
		s.c.post("/rotate").want(t, 200, "")
	}, session.Event{Handle: "own", User: "ann"}},
	{session.Committed, "a change is stored", func(t *testing.T, s *scene) {
		s.c.post("/set?key=cart&value=ink").want(t, 200, "")
	}, session.Event{Handle: "own", User: "ann"}},
	{session.LoggedOut, "the session is ended by its own request", func(t *testing.T, s *scene) {
		s.c.post("/logout").want(t, 200, "")
	}, session.Event{Handle: "own", User: "ann"}},
	{session.Revoked, "sessions are ended by someone else", func(t *testing.T, s *scene) {
		if n, err := s.a.Revoke(t.Context(), store.Revocation{User: "ann"}); n != 1 || err != nil {
			t.Error(n, err)
		}
	}, session.Event{User: "ann", Count: 1}},
	{session.Expired, "a cookie comes whose session's lifetime is over", func(t *testing.T, s *scene) {
		s.clock.pass(8 * day)
		s.c.get("/me").want(t, 200, "")
	}, session.Event{}},
	{session.Refused, "no secret of ours signed the cookie", func(t *testing.T, s *scene) {
		s.a.replay(s.c.cookies()+"x").get("/me").want(t, 200, "")
	}, session.Event{Reason: session.BadSignature}},
	{session.Refused, "the cookie is signed by us and the id is not in the store", func(t *testing.T, s *scene) {
		s.a.replay(signedCookie("unknown")).get("/me").want(t, 200, "")
	}, session.Event{Reason: session.UnknownID}},
	{session.Refused, "the session ended while a request used it", func(t *testing.T, s *scene) {
		s.endWithin(t, http.StatusUnauthorized)
	}, session.Event{Reason: session.UsedAfterEnd, Handle: "own", User: "ann"}},
	{session.Refused, "the session is used when its request is over", func(t *testing.T, s *scene) {
		var kept *session.Session
		s.a.on("/keep", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { kept = s })
		s.c.post("/keep").want(t, 200, "")
		if err := kept.Set("cart", "ink"); !errors.Is(err, session.ErrClosed) {
			t.Error(err)
		}
	}, session.Event{Reason: session.UsedAfterRequest, Handle: "own", User: "ann"}},
	{session.Touched, "the lifetime is renewed", func(t *testing.T, s *scene) {
		s.clock.pass(day)
		s.c.get("/me").want(t, 200, "ann")
	}, session.Event{Handle: "own", User: "ann"}},
	{session.TouchSkipped, "it was renewed not long ago", func(t *testing.T, s *scene) {
		s.c.get("/me").want(t, 200, "ann")
	}, session.Event{Handle: "own", User: "ann"}},
	{session.TouchFailed, "it cannot be renewed", func(t *testing.T, s *scene) {
		s.clock.pass(day)
		s.st.lose("Touch", 1)
		s.c.get("/me").want(t, 200, "ann")
	}, session.Event{Handle: "own", User: "ann", Err: errCut}},
	{session.Merged, "another request has saved", func(t *testing.T, s *scene) {
		s.st.meanwhile("Save", func() {
			newApp(t, s.st.Store).replay(s.c.cookies()).post("/set?key=a&value=x").want(t, 200, "")
		})
		s.c.post("/set?key=b&value=x").want(t, 200, "")
	}, session.Event{Handle: "own", User: "ann", Count: 1}},
	{session.LoadFailed, "the store cannot be asked", func(t *testing.T, s *scene) {
		s.st.lose("Load", 1)
		s.c.get("/me").want(t, http.StatusServiceUnavailable, "*")
	}, session.Event{Err: errCut}},
	{session.CommitFailed, "the store does not answer", func(t *testing.T, s *scene) {
		s.st.lose("Save", 2)
		s.c.post("/set?key=a&value=x").want(t, http.StatusServiceUnavailable, "*")
	}, session.Event{Reason: session.Unavailable, Handle: "own", User: "ann", Err: errCut}},
	{session.CommitFailed, "the session ended meanwhile", func(t *testing.T, s *scene) {
		s.endWithin(t, http.StatusUnauthorized)
	}, session.Event{Reason: session.EndedMeantime, Handle: "own", User: "ann", Err: session.ErrEnded}},
	{session.LateChange, "a change comes after the headers and needs a cookie", func(t *testing.T, s *scene) {
		s.a.on("/late", func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
			fmt.Fprint(w, "begun")
			if err := s.Rotate(); err != nil {
				t.Error(err)
			}
		})
		s.c.post("/late").want(t, 200, "begun")
	}, session.Event{Handle: "own", User: "ann", Err: session.ErrLate}},
	{session.Pruned, "expired sessions are removed", func(t *testing.T, s *scene) {
		s.clock.pass(8 * day)
		if n, err := s.a.Cleanup(t.Context()); n != 1 || err != nil {
			t.Error(n, err)
		}
	}, session.Event{Count: 1}},
	{session.PruneFailed, "they cannot be removed", func(t *testing.T, s *scene) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.a.Cleanup(ctx); !errors.Is(err, session.ErrUnavailable) {
			t.Error(err)
		}
	}, session.Event{Err: context.Canceled}},
}

type scene struct {
	a      *app
	c      *client
	st     *rig
	clock  *clock
	handle string
}

// endWithin lets a request save what another one has ended.
func (s *scene) endWithin(t *testing.T, status int) {
	s.st.meanwhile("Save", func() {
		newApp(t, s.st.Store).replay(s.c.cookies()).post("/logout").want(t, 200, "")
	})
	s.c.post("/set?key=cart&value=ink").want(t, status, "*")
}

func TestEvents(t *testing.T) {
	for _, tt := range scenes {
		t.Run(string(tt.kind)+" is told once when "+tt.when, func(t *testing.T) {
			s := &scene{clock: newClock()}
			s.st = newRig(newMemory(s.clock))
			s.a = newApp(t, s.st)
			s.c = loggedIn(t, s.a)
			s.handle = s.c.get("/handle").body
			s.a.events.forget()
			secrets := []string{idOf(t, s.c.cookies())}
			tt.play(t, s)
			if cookie := s.c.cookies(); cookie != "" {
				secrets = append(secrets, idOf(t, cookie))
			}

			var told []session.Event
			for _, e := range s.a.events.of(tt.kind) {
				if e.Reason == tt.want.Reason {
					told = append(told, e)
				}
			}
			if len(told) != 1 {
				t.Fatalf("told %d times; all: %v", len(told), s.a.events.of())
			}
			got, want := told[0], tt.want
			if want.Handle == "own" {
				want.Handle = s.handle
			}
			if got.Handle != want.Handle || got.User != want.User || got.Count != want.Count || !errors.Is(got.Err, want.Err) {
				t.Errorf("got %+v, want %+v", got, want)
			}
			for _, e := range s.a.events.of() {
				for _, secret := range secrets {
					if text := fmt.Sprintf("%+v", e); strings.Contains(text, secret) {
						t.Errorf("an event holds %q: %s", secret, text)
					}
				}
			}
			for _, secret := range secrets {
				if strings.Contains(s.a.log.String(), secret) {
					t.Errorf("the log holds %q: %s", secret, s.a.log)
				}
			}
		})
	}
}

func TestTimedEventsSayHowLongTheStoreTook(t *testing.T) {
	s := &scene{clock: newClock()}
	s.st = newRig(newMemory(s.clock))
	s.a = newApp(t, s.st)
	s.c = loggedIn(t, s.a)
	s.st.meanwhile("Save", func() {
		newApp(t, s.st.Store).replay(s.c.cookies()).post("/set?key=a&value=x").want(t, 200, "")
	})
	s.c.post("/set?key=b&value=x").want(t, 200, "")
	s.c.post("/logout").want(t, 200, "")
	if _, err := s.a.Cleanup(t.Context()); err != nil {
		t.Error(err)
	}
	for _, kind := range []session.Kind{session.Committed, session.Merged, session.LoggedOut, session.Pruned} {
		if e := s.a.events.of(kind); len(e) == 0 || e[len(e)-1].Took <= 0 || e[len(e)-1].Took > time.Minute {
			t.Error(kind, e)
		}
	}
}
