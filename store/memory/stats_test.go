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
	short := record("eve")
	short.Idle = time.Minute
	create(t, s, short)
	create(t, s, record("ann"))
	clock.Advance(time.Minute)
	create(t, s, record("ann"))
	create(t, s, record("bob"))
	create(t, s, record(""))
	clock.Advance(time.Minute)
	got, err := s.Stats(t.Context())
	want := store.Stats{
		Active: 4, Expired: 1, LoggedIn: 3, Users: 2, OldestAge: 2 * time.Minute,
		Bytes: roomFor(4, "ann") + roomFor(1, ""),
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
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
