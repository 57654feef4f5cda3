package memstore_test

import (
	"context"
	"errors"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/echosession/session/store"
	memstore "github.com/echosession/session/store/memory"
)

func TestStats(t *testing.T) {
	clock := newClock()
	s := newStore(t, memstore.Options{Now: clock.Now})
	keep := func(user string, idle time.Duration) {
		r := record(user)
		r.Idle, r.Absolute = idle, 0
		create(t, s, r)
	}
	midnight := clock.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	at := func(sinceMidnight time.Duration) { clock.Advance(midnight.Add(sinceMidnight).Sub(clock.Now())) }
	at(0)
	keep("old", 1000*time.Hour) // thirty days before the last one: of no day
	at(24*time.Hour - 1)
	keep("old", 1000*time.Hour)
	at(24 * time.Hour) // the first that counts
	keep("ann", 1000*time.Hour)
	at(30*24*time.Hour - 1)
	keep("", 24*time.Hour)
	at(30 * 24 * time.Hour) // the last day
	keep("ann", time.Hour-1)
	keep("bob", time.Hour)
	keep("eve", 30*time.Minute)
	keep("", 73*time.Hour)
	at(30*24*time.Hour + 40*time.Minute)
	keep("bob", time.Hour) // not under an hour

	got, err := s.Stats(t.Context())
	want := store.Stats{
		Active: 8, Expired: 1, LoggedIn: 6, Users: 3, OldestAge: 30*24*time.Hour + 40*time.Minute,
		Left:    store.Lifetimes{Hour: 2, Day: 2, Three: 0, More: 4},
		Bytes:   roomFor(1, "old")*2 + roomFor(2, "ann") + roomFor(2, "bob") + roomFor(1, "eve") + roomFor(2, ""),
		Basis:   map[string]store.Basis{"Indexes": store.Unknown},
		Created: make([]store.Day, 30),
	}
	for i := range want.Created {
		want.Created[i].Date = midnight.Add(time.Duration(i+1) * 24 * time.Hour)
	}
	want.Created[0].Sessions, want.Created[28].Sessions, want.Created[29].Sessions = 1, 1, 5
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, %v; want\n%+v", got, err, want)
	}
}

// A report has the last cleanup, also one that was stopped.
func TestReport(t *testing.T) {
	clock := newClock()
	s := newStore(t, memstore.Options{Now: clock.Now})
	if r, err := s.Report(t.Context()); err != nil || r != (store.Report{}) {
		t.Errorf("of a new store: %+v, %v", r, err)
	}
	const n = 2000
	for range n {
		create(t, s, record("ann"))
	}
	clock.Advance(24 * time.Hour)
	ctx := &endsAfter{Context: t.Context()}
	ctx.left.Store(10)
	some, err := s.Prune(ctx)
	if err == nil || some == 0 || some == n {
		t.Fatalf("Prune: %d, %v", some, err)
	}
	for _, removed := range []int{some, n - some, 0} {
		r, err := s.Report(t.Context())
		now := clock.Now()
		if want := (store.Cleanup{Started: now, Finished: now, Removed: int64(removed)}); err != nil || r.Cleanup == nil || *r.Cleanup != want {
			t.Errorf("got %+v, %v; want %+v", r.Cleanup, err, want)
		}
		clock.Advance(time.Minute)
		if _, err := s.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// endsAfter is a context that is over when it has been asked so often.
type endsAfter struct {
	context.Context
	left atomic.Int64
}

func (c *endsAfter) Err() error {
	if c.left.Add(-1) < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// Prune says how many it removed, also beside an error.
func TestPruneStops(t *testing.T) {
	clock := newClock()
	s := newStore(t, memstore.Options{Now: clock.Now})
	const n = 2000
	for range n {
		create(t, s, record("ann"))
	}
	live := record("ann")
	live.Idle = 24 * time.Hour
	create(t, s, live)
	clock.Advance(time.Hour)

	ctx := &endsAfter{Context: t.Context()}
	ctx.left.Store(10)
	some, err := s.Prune(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || some == 0 || some >= n {
		t.Errorf("Prune: %d, %v", some, err)
	}
	stats, err := s.Stats(t.Context())
	if err != nil || stats.Expired != n-some || stats.Active != 1 {
		t.Errorf("after %d were pruned: %+v, %v", some, stats, err)
	}
	rest, err := s.Prune(t.Context())
	if rest != n-some || err != nil {
		t.Errorf("Prune: %d, %v; want %d", rest, err, n-some)
	}
	stay(t, s, "what is live", live)
}

// What is over is found behind what was touched since, of which the heaps do not
// know yet.
func TestPruneBehindTouches(t *testing.T) {
	clock := newClock()
	s := newStore(t, memstore.Options{Now: clock.Now})
	const n = 1000
	for i := range n {
		r := record("ann")
		r.Idle = time.Hour + time.Duration(i)*time.Second
		create(t, s, r)
		if i%3 != 0 {
			r.Idle = 10 * time.Hour
			if err := s.Touch(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
	}
	clock.Advance(2 * time.Hour)
	if got, err := s.Prune(t.Context()); got != n/3+1 || err != nil {
		t.Errorf("Prune: %d, %v; want %d", got, err, n/3+1)
	}
}
