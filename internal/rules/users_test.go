package rules_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session"
	"github.com/echosession/session/store"
)

// patientIndex is a store whose revocations fail when their caller has gone.
type patientIndex struct{ store.Store }

func (patientIndex) Sessions(ctx context.Context, _ string) ([]*store.Record, error) {
	return nil, ctx.Err()
}

func (patientIndex) Revoke(ctx context.Context, _ store.Revocation) (int, error) {
	return 1, ctx.Err()
}

func TestRevokeGoesOnWhenTheClientHasGone(t *testing.T) {
	a := prepare(t, patientIndex{newMemory(nil)})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := a.Revoke(gone, store.Revocation{User: "ann"}); n != 1 || err != nil {
		t.Error("Revoke:", n, err)
	}
	if _, err := a.List(gone, "ann"); err == nil {
		t.Error("a list that nobody waits for was made")
	}
}

// TestWhatIsRevokedInVainIsNotTold: a user or support may paste an id where a handle
// is asked for, and hooks write logs.
func TestWhatIsRevokedInVainIsNotTold(t *testing.T) {
	var told []session.Event
	a := newApp(t, newMemory(nil), func(c *session.Config) {
		c.Hook = session.HookFunc(func(_ context.Context, e session.Event) {
			if e.Kind == session.Revoked {
				told = append(told, e)
			}
		})
	})
	c := loggedIn(t, a)
	_, id, _ := strings.Cut(c.cookies(), "s%3A")
	id, _, _ = strings.Cut(id, ".")
	const unknown = "rU7Mg1CTNgTY0OV-CV17wA"
	for _, v := range []store.Revocation{{Handle: id}, {Handle: c.cookies(), User: "ann"}, {Handle: unknown}, {User: "nobody"}} {
		if n, err := a.Revoke(t.Context(), v); n != 0 || err != nil {
			t.Errorf("%d sessions end, %v", n, err)
		}
	}
	if len(told) != 2 || told[0].Handle != unknown || told[1].User != "nobody" {
		t.Errorf("the hook is told %+v", told)
	}
}

// deadlines is a store that notes how long each revocation may take.
type deadlines struct {
	patientIndex
	left *[]time.Duration
}

func (d deadlines) Revoke(ctx context.Context, _ store.Revocation) (int, error) {
	end, _ := ctx.Deadline()
	*d.left = append(*d.left, time.Until(end))
	return 0, nil
}

// TestRevokeOfEveryoneTakesItsTime: to end millions of sessions takes longer than
// a logout, and must not be given up each time.
func TestRevokeOfEveryoneTakesItsTime(t *testing.T) {
	var left []time.Duration
	a := prepare(t, deadlines{patientIndex{newMemory(nil)}, &left})
	for _, v := range []store.Revocation{{User: "ann"}, {Handle: "h"}, {Everyone: true}} {
		if _, err := a.Revoke(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	}
	if left[0] > time.Minute || left[1] > time.Minute || left[2] < 5*time.Minute {
		t.Errorf("a user's, a handle's and everyone's may take %v", left)
	}
}
