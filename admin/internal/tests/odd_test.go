package tests_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/echosession/session/admin"
	"github.com/echosession/session/store"
)

// gone is a store whose server is away; what this process knows it tells.
type gone struct {
	away
	report store.Report
}

func (s gone) Report(context.Context) (store.Report, error) { return s.report, errAway }

// TestHealthInAnOutage: connections and copies are this process's own, and an
// outage is when somebody wants to see them.
func TestHealthInAnOutage(t *testing.T) {
	t.Parallel()
	st := gone{away{newMemory()}, store.Report{Pool: &store.Pool{InUse: 4, Waited: 70}, Copies: &store.Copies{PollAge: 90 * time.Second, Down: true}}}
	body := newRig(t, st, func(o *admin.Options) { o.Counts = nil }).get("session-health").Body.String()
	const want = `{"status":"unavailable","backends":null,"copies":{"pollAgeSeconds":90,"breaker":"open"},"lastCleanup":null,` +
		`"pool":{"inUse":4,"idle":0,"max":null,"waited":70},"resurrectionsPrevented":null,"process":null,`
	if !strings.HasPrefix(body, want) {
		t.Errorf("it is %s\nnot %s", body, want)
	}
}

// lists is a store whose users all have the same sessions.
type lists struct {
	store.Store
	records []*store.Record
}

func (s lists) Sessions(context.Context, string) ([]*store.Record, error) { return s.records, nil }
func (lists) Revoke(context.Context, store.Revocation) (int, error)       { return 0, nil }

// TestAnAnswerThatCannotBeWritten: a store of somebody else's may say anything.
func TestAnAnswerThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	late := time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)
	r := newRig(t, lists{newMemory(), []*store.Record{{User: "ann", Data: []byte(`{}`), Now: late, Created: late, Expires: late.Add(time.Hour)}}})
	is(t, "a year that JSON has not", r.get("sessions?user=ann"), 500, `{"error":"Internal Server Error"}`)
	if !strings.Contains(r.log.String(), "Session admin failed") {
		t.Errorf("the log: %s", r.log)
	}
}

// TestWhatAStoreCannotDoIsNoFault: the page asks every ten seconds.
func TestWhatAStoreCannotDoIsNoFault(t *testing.T) {
	t.Parallel()
	r := newRig(t, bare{newMemory()})
	if w := r.get("session-stats"); w.Code != 501 || strings.Contains(r.log.String(), "ERROR") {
		t.Errorf("%d, and the log has %s", w.Code, r.log)
	}
}
